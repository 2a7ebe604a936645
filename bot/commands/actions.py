"""What a person can do in `chat` besides typing and tapping, each as a command that begins with a slash."""

import difflib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from ..channels.simulator.person import SimulatedPerson

Act = Callable[[SimulatedPerson, str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a person does in WhatsApp."""

    usage: str
    about: str
    shown: str
    """How the chat shows it; `{}` is what was typed after the command."""
    act: Act
    """Begins it, with what was typed after the command. Raises `LookupError`, which says what to type instead."""

    @property
    def command(self) -> str:
        """The word that is typed."""
        return self.usage.partition(" ")[0]


def _reply(person: SimulatedPerson, rest: str) -> Awaitable[object]:
    """Quote a message of the bot: the last, or the one whose number follows `#`."""
    number, _, text = rest.partition(" ") if rest.startswith("#") else ("", "", rest)
    if not text.strip():
        raise LookupError("Type what you reply: /reply yes, or /reply #2 yes for the message with that number.")
    messages = person.replies
    place = int(number[1:]) if number[1:].isdecimal() else len(messages) if not number else 0
    if not 0 < place <= len(messages):
        raise LookupError(f"There is no message {number or 'to reply to'}; the bot's messages carry their numbers.")
    return person.say(text, replies=0, quoted=messages[place - 1].id)


def _edit(person: SimulatedPerson, text: str) -> Awaitable[object]:
    if not text:
        raise LookupError("Type the new text: /edit yes please")
    return person.edit(_last_typed(person), text, replies=0)


def _unsend(person: SimulatedPerson, _: str) -> Awaitable[object]:
    return person.revoke(_last_typed(person), replies=0)


def _last_typed(person: SimulatedPerson) -> str:
    if not person.typed:
        raise LookupError("You have typed nothing yet.")
    return person.typed[-1]


def _forward(person: SimulatedPerson, text: str) -> Awaitable[object]:
    if not text:
        raise LookupError("Type the text that you pass on: /forward Sale tomorrow!")
    return person.forward(text, replies=0)


def _switch(person: SimulatedPerson, value: str) -> Awaitable[object]:
    match value:
        case "stop" | "resume":
            return person.prefer(value, replies=0)
    raise LookupError("Type /setting stop or /setting resume.")


ACTIONS: Mapping[str, Action] = {
    action.command: action
    for action in (
        Action("/reply TEXT", "quote the bot's last message; /reply #2 TEXT quotes its second", "↩ {}", _reply),
        Action("/voice", "send a voice note", "(voice note)", lambda person, _: person.speak(replies=0)),
        Action(
            "/picture TEXT",
            "send a picture with a caption",
            "(picture) {}",
            lambda person, text: person.show(text or None, replies=0),
        ),
        Action("/sticker", "send a sticker", "(sticker)", lambda person, _: person.stick(replies=0)),
        Action("/location", "send where you are", "(location)", lambda person, _: person.locate(replies=0)),
        Action(
            "/react EMOJI",
            "react to the last message",
            "({} on the last message)",
            lambda person, emoji: person.react(emoji, replies=0),
        ),
        Action("/forward TEXT", "pass on a text from another chat", "(forwarded) {}", _forward),
        Action("/edit TEXT", "change what you typed last", "(edited) {}", _edit),
        Action("/unsend", "delete what you typed last", "(deleted)", _unsend),
        Action(
            "/setting stop",
            "use WhatsApp's own marketing switch (or /setting resume)",
            "(WhatsApp's own switch: {})",
            _switch,
        ),
    )
}

_DEFAULTS = {"/react": "👍", "/setting": "stop"}
"""What is meant when nothing is typed after the command."""

_OTHERS = (
    ("/1 /2 …", "tap a button or a row of the last message"),
    ("/code", "type the code that the bot asks for"),
    *((action.usage, action.about) for action in ACTIONS.values()),
    ("/wait 49h", "let time pass: s, m, h or d"),
    ("/who", "see whom you are playing"),
    ("//TEXT", "type a text that begins with a slash"),
    ("/help", "see this list"),
    ("/quit", "leave (or Ctrl-D)"),
)

HELP = "Type what a customer would type, or:\n" + "\n".join(f"  {usage:14} {about}" for usage, about in _OTHERS)
"""All that can be typed in a chat."""

_COMMANDS = [*ACTIONS, "/code", "/wait", "/who", "/help", "/quit", "/1"]


def argument(command: str, typed: str) -> str:
    """Return what was typed after a command, or what is meant by nothing."""
    return typed.strip() or _DEFAULTS.get(command, "")


def unknown(command: str) -> str:
    """Return what to say about a command that there isn't, with those that are spelled like it."""
    near = difflib.get_close_matches(command.lower(), _COMMANDS, n=2, cutoff=0.7)
    asked = f"Did you mean {' or '.join(near)}? " if near else ""
    return f"There is no command {command}. {asked}/help lists all; //{command[1:]} types it as a message."
