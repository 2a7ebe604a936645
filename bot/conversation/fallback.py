"""A message that no dialogue claims: it goes to the company's staff or to the host's bot, or is not understood."""

from ..words.intents import Intent
from . import staff_chat
from .compose import Option
from .guards import nothing_recorded
from .navigation import DialogueTurn
from .questions import ask_again, ask_anew
from .turn import Turn

MOST_UNCLEAR_MESSAGES = 3
"""How many consecutive messages that match nothing get an answer."""


def unclaimed(turn: DialogueTurn, *, readable: bool = True, ours: bool = False) -> None:
    """Handle a message that nothing claims; `ours`: it answers something that we asked, but does not fit."""
    session = turn.session
    session.unanswered = turn.token(turn.inbound.id)
    if not ours and staff_chat.is_open(turn):
        staff_chat.pass_on_unheard(turn)
    elif not ours and is_hosts(turn):
        turn.handed_over = True
        session.unclear = session.repeats = 0
    elif not session.flow and nothing_recorded(turn):
        _first_contact(turn)
    elif not ours and turn.position != turn.flows.doubt and staff_chat.begins_unasked(turn):
        staff_chat.pass_on(turn, "not_understood")
        turn.say("human.handed")
    elif session.unclear < MOST_UNCLEAR_MESSAGES:
        session.unclear += 1
        _not_understood(turn, readable)


def is_hosts(turn: Turn) -> bool:
    """Whether the host's bot gets messages that none of our dialogues claims."""
    purpose = turn.world.host_purpose
    return purpose is not None and turn.record.allows(purpose, turn.inbound.at)


def _first_contact(turn: DialogueTurn) -> None:
    """Ask for consent when a person first writes; before that, ask for their language if nothing reveals it."""
    known = turn.session.locale or len(turn.world.texts.offered) == 1
    turn.open(Intent.START if known else Intent.LANGUAGE)


def _not_understood(turn: DialogueTurn, readable: bool) -> None:
    flow, pending = turn.flow, turn.record.pending
    if flow is not None and (unclear := flow.state(turn.session.state).table.unclear):
        in_another_language = turn.is_at_question and pending is not None and pending.locale != turn.locale
        if not (in_another_language and ask_again(turn)):
            flow.state(turn.session.state).speak(turn, unclear)
    elif not turn.record.given:
        if ask_anew(turn):
            return
        _say_with_ways(turn, "help.unsubscribed", "start", "privacy", "human")
    else:
        text_id = "common.not_understood" if readable else "common.text_only"
        _say_with_ways(turn, text_id, "my_choices", "privacy", "human")


def _say_with_ways(turn: Turn, text_id: str, *ways: str) -> None:
    turn.say(text_id, [Option(way, f"common.{way}") for way in ways])
