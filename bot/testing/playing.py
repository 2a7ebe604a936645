"""Plays transcripts: does what each turn says, and compares what it leads to."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..app import channels
from ..business import FirstContact
from ..consent.evidence import Method
from ..conversation.flow import Flows
from ..conversation.world import World
from ..errors import FileError
from ..messages.basis import Answer, ForPurpose, HostBasis
from ..messages.inbound import Choice
from ..messages.reply import Reply
from .conversation import Conversation, choices_of, line_of
from .transcript import EXPECTS, Transcript


def run_transcript(transcript: Transcript, world: World, flows: Flows) -> None:
    """Play a transcript. Raises `AssertionError`, which shows the chat so far, where something else happens, also
    where a turn can't be played, and for a transcript that expects nothing: it could never fail.
    """
    for number, (turn, chat, lines) in enumerate(played(transcript, world, flows), 1):
        for complaint in _complaints(turn, chat, lines):
            raise AssertionError(f"{transcript.path}: turn {number}: {complaint}\n\n{chat.transcript()}")
    if not any(key in turn for turn in transcript.turns for key in EXPECTS):
        raise AssertionError(
            f"{transcript.path}: expects nothing; write what each turn leads to ({', '.join(EXPECTS)}), or let "
            "--update write it"
        )


Played = Iterator[tuple[Mapping[str, Any], Conversation, list[str]]]
"""A turn with its words filled in, the chat after it, and the lines that it added to the ledger."""


def played(transcript: Transcript, world: World, flows: Flows) -> Played:
    """Play a transcript turn by turn."""
    _check_names(transcript, world)
    phone, bsuid = (transcript.address, None) if transcript.address.startswith("+") else (None, transcript.address)
    world = replace(world, host=_host(transcript.host))
    if transcript.ask_first is not None:
        first_contact = FirstContact(ask=transcript.ask_first)
        world = replace(world, business=world.business.model_copy(update={"first_contact": first_contact}))
    chat = Conversation(world, flows, locale=transcript.locale, phone=phone, bsuid=bsuid)
    chat.conveys = transcript.conveys
    words = dict(world.language(transcript.locale).values) | {"locale": transcript.locale} if transcript.locale else {}
    for number, turn in enumerate(transcript.turns, 1):
        try:
            filled = _filled(turn, words | {"code": chat.session.code})
        except (LookupError, ValueError, AttributeError):
            known = ", ".join(sorted({*words, "code"}))
            raise FileError(
                f"{transcript.path}: turn {number}: has braces around no known word; use one of {known}"
            ) from None
        before = len(chat.entries)
        try:
            _do(chat, filled)
        except LookupError as error:
            raise AssertionError(f"{transcript.path}: turn {number}: {error.args[0]}") from None
        yield filled, chat, [line_of(entry) for entry in chat.entries[before:]]


def _host(host: str | bool) -> HostBasis | None:
    if isinstance(host, str):
        return ForPurpose(host, answers=True)
    return Answer() if host else None


def _check_names(transcript: Transcript, world: World) -> None:
    """Raise `FileError` for an address, a language or a purpose that is none: nothing would be compared."""
    if channels.address(transcript.address) is None:
        raise FileError(f"{transcript.path}: as: {transcript.address!r} is no address; use +4915112345678 or DE.123")
    purposes = [purpose.id for purpose in world.business.purposes]
    if transcript.locale and transcript.locale not in (known := world.texts.offered):
        raise FileError(
            f"{transcript.path}: locale: {transcript.locale!r} is not offered; use one of {', '.join(sorted(known))}"
        )
    named = [("host", transcript.host)] if isinstance(transcript.host, str) else []
    for number, turn in enumerate(transcript.turns):
        named += [(f"turn.{number}.status", purpose) for purpose in turn.get("status", {})]
        named += [
            (f"turn.{number}.business", purpose) for purpose in turn.get("business", {}).get("opt_in", "").split()
        ]
    for key, purpose in named:
        if purpose not in purposes:
            cure = f"use one of {', '.join(purposes)}"
            raise FileError(f"{transcript.path}: {key}: {purpose!r} is no purpose of business.toml; {cure}")


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    """Return a value of a transcript with `{…}` replaced in every text."""
    match value:
        case str():
            return value.format_map(words) if words else value
        case list():
            return [_filled(item, words) for item in value]
        case dict():
            return {key: _filled(item, words) for key, item in value.items()}
    return value


def _do(chat: Conversation, turn: Mapping[str, Any]) -> None:
    at = turn.get("at", "")
    match turn:
        case {"person": text}:
            chat.says(text, at=at, quotes=turn.get("quotes", ""), back=turn.get("back", 0))
        case {"tap": choice}:
            chat.taps(choice, back=turn.get("back", 0), at=at)
        case {"payload": payload}:
            chat.receives(Choice(payload, turn.get("label", "")), at=at)
        case {"react": emoji}:
            chat.reacts(emoji, at=at)
        case {"voice": _}:
            chat.sends_voice(at=at)
        case {"picture": caption}:
            chat.sends_picture(caption, at=at)
        case {"forward": text}:
            chat.forwards(text, at=at)
        case {"edit": text}:
            chat.edits(text, back=turn.get("back", 0), at=at)
        case {"revoke": _}:
            chat.revokes(back=turn.get("back", 0), at=at)
        case {"preference": value}:
            chat.prefers(value, at=at)
        case {"number_changed": phone}:
            chat.changes_number(phone, at=at)
        case {"wait": time}:
            chat.waits(time)
        case {"whatsapp": what}:
            {"accepts": chat.accepts, "delivers": chat.delivers, "fails": chat.fails, "refuses": chat.refuses}[what](
                back=turn.get("back", 0)
            )
        case {"again": _}:
            chat.looks_again()
        case {"host_answers": text}:
            chat.host_answers(text)
        case {"business": opted_in}:
            method = Method(opted_in.get("method", Method.WEB_FORM))
            chat.is_invited(*opted_in["opt_in"].split(), method=method, locale=opted_in.get("locale", ""))


def _complaints(turn: Mapping[str, Any], chat: Conversation, lines: list[str]) -> Iterator[str]:
    if "bot" in turn:
        expected = turn["bot"]
        if [answer["text_id"] for answer in expected] != chat.said:
            yield f"expected {[answer['text_id'] for answer in expected]}, the bot said {chat.said}"
        for answer, reply in zip(expected, chat.replies, strict=False):
            yield from _differences(answer, reply)
    if "ledger" in turn and turn["ledger"] != lines:
        yield f"expected in the ledger {turn['ledger']}, there came {lines}"
    for purpose, status in turn.get("status", {}).items():
        if chat.status(purpose) != status:
            yield f"expected {purpose} to be {status}, it is {chat.status(purpose)}"
    if "tasks" in turn and turn["tasks"] != (tasks := [str(task.right) for task in chat.tasks]):
        yield f"expected the tasks {turn['tasks']}, there are {tasks}"
    if turn.get("handed_over", chat.handed_over) != chat.handed_over:
        yield "the host's bot got it" if chat.handed_over else "the host's bot did not get it"


def _differences(expected: Mapping[str, Any], reply: Reply) -> Iterator[str]:
    if expected.get("choices", choices_of(reply)) != choices_of(reply):
        yield f"expected the choices {expected['choices']}, there are {choices_of(reply)}"
    if expected.get("leads", list(reply.leads)) != list(reply.leads):
        yield f"expected {reply.text_id} to begin with {expected['leads']}, it begins with {list(reply.leads)}"
    if expected.get("says", "") not in reply.wording():
        yield f"expected {reply.text_id} to say {expected['says']!r}"
