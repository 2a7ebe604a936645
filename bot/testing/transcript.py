"""Conversations as files: what the person does, what the bot answers, what the ledger gets.

A transcript is TOML::

    locale = "fr"                        # the language that the person speaks; or
    locales = ["en", "de", "fr"]         # … several: it is played once in each
    as = "+33612345678"                  # or a BSUID; without locale, the country tells the language
    host = true                          # a host's bot is there; or the purpose whose consent it needs
    ask_first = "when_asked"             # instead of business.toml's [first_contact]
    conveys = "accepted"                 # how far WhatsApp brings each question: "nothing", "accepted" or "delivered",
                                         # which is the default

    [[turn]]
    person = "bonjour"                   # or one of:
                                         # tap = "yes"          a button or row, by title or id;
                                         #                      back = 1 is the option shown before it
                                         # payload = "X", label = "STOP"    a button of someone else's message
                                         # react = "👍"  voice = true  picture = "caption"
                                         # edit = "new text"  revoke = true   their last message;
                                         #                      back = 1 is the message before it
                                         # forward = "a text from another chat"
                                         # whatsapp = "accepts"     a question, or "delivers", "fails", "refuses" it;
                                         #                          back = 1 is the question before it
                                         # host_answers = "a text"   the host's bot answers the last message that it got
                                         # again = true         the message that was postponed is looked at again
                                         # preference = "stop"  number_changed = "+33698765432"  wait = "49h"
                                         # business = { opt_in = "order_updates", method = "web_form" }   the company
                                         #                      passes on an opt-in; several: separated by spaces
    quotes = "opt_in.ask"                # the text that `person` replies to; back = 1: shown before the last
    at = "90s"                           # when it was written, since the start; it may come late
    bot = { text_id = "opt_in.ask", choices = ["yes", "no"], says = "Blumen Haas" }
                                         # leads = ["common.hello"]   the texts with which it begins;
                                         # a list if there are several answers, [] if there is none
    ledger = ["requested order_updates fr"]
    status = { order_updates = "requested" }
    tasks = ["access"]                   # work outside of the conversation
    handed_over = false                  # whether the host's bot got it

Whatever a turn does not mention is not compared. Texts and ledger lines may contain `{locale}` and the words of the
language, e.g. `person = "{yes_word}"`; `{code}` is the code that was asked for last.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import ErrorDetails

from .. import toml_file
from ..app import channels
from ..business import AskFirst, FirstContact
from ..consent.evidence import Method
from ..conversation.flow import Flows
from ..conversation.world import World
from ..errors import FileError
from ..i18n.catalogs import SOURCE_LOCALE
from ..i18n.cldr import babel_locale
from ..messages.basis import Answer, ForPurpose, HostBasis
from ..messages.inbound import Choice
from ..messages.reply import Reply
from ..times import parse_duration
from .conversation import Conversation, Conveys, choices_of, line_of

_DOES = (
    "person",
    "tap",
    "payload",
    "react",
    "voice",
    "picture",
    "edit",
    "revoke",
    "forward",
    "preference",
    "number_changed",
    "wait",
    "whatsapp",
    "again",
    "host_answers",
    "business",
)
"""Keys of a turn that say what happens in it."""

EXPECTS = ("bot", "ledger", "status", "tasks", "handed_over")
"""Keys of a turn that say what it must lead to."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Reply(_Table):
    text_id: str
    choices: list[str] = []
    says: str = ""
    leads: list[str] = []


class _Business(_Table):
    opt_in: str
    method: Literal["web_form", "paper", "call", "api"] = "web_form"
    locale: str = ""


class _Turn(_Table):
    """`[[turn]]`."""

    person: str = ""
    tap: str = ""
    payload: str = ""
    react: str = ""
    voice: bool = True
    picture: str = ""
    edit: str = ""
    revoke: bool = True
    forward: str = ""
    preference: Literal["stop", "resume"] = "stop"
    number_changed: str = ""
    wait: str = ""
    whatsapp: Literal["accepts", "delivers", "fails", "refuses"] = "accepts"
    again: bool = True
    host_answers: str = ""
    business: _Business = _Business(opt_in="")
    label: str = ""
    quotes: str = ""
    back: int = Field(0, ge=0)
    at: str = ""
    bot: _Reply | list[_Reply] = []
    ledger: list[str] = []
    status: dict[str, str] = {}
    tasks: list[str] = []
    handed_over: bool = False

    @field_validator("wait", "at")
    @classmethod
    def _is_a_duration(cls, text: str) -> str:
        parse_duration(text)
        return text

    @model_validator(mode="after")
    def _does_one_thing(self) -> "_Turn":
        if len(self.model_fields_set & set(_DOES)) != 1:
            raise ValueError(f"not one thing happens; write exactly one of: {', '.join(sorted(_DOES))}")
        return self


class _File(_Table):
    """A whole transcript."""

    locale: str = ""
    locales: list[str] | None = Field(None, min_length=1)
    address: str = Field("+4915112345678", alias="as")
    host: str | bool = False
    ask_first: AskFirst | None = None
    conveys: Conveys = "delivered"
    turn: list[_Turn] = Field([], validate_default=True)

    @field_validator("turn")
    @classmethod
    def _something_happens(cls, turns: list[_Turn]) -> list[_Turn]:
        if not turns:
            raise ValueError("nothing happens; write at least one [[turn]]")
        return turns

    @model_validator(mode="after")
    def _languages_exist(self) -> "_File":
        for code in (self.locale, *(self.locales or ())):
            babel_locale(code or SOURCE_LOCALE)
        return self


@dataclass(frozen=True)
class Transcript:
    """A conversation in one language."""

    path: Path
    locale: str
    address: str
    host: str | bool
    turns: tuple[Mapping[str, Any], ...]
    ask_first: AskFirst | None = None
    conveys: Conveys = "delivered"
    """How far WhatsApp brings each question."""

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}" + (f"[{self.locale}]" if self.locale else "")


def transcript_files(where: str | Path) -> list[Path]:
    """Return the file that was named, or every `*.toml` below a folder. Raises `FileError` if there is none."""
    where = Path(where)
    if not where.exists():
        raise FileError(f"{where}: does not exist; name a transcript, or a folder that has transcripts below it")
    files = sorted(where.rglob("*.toml")) if where.is_dir() else [where]
    if not files:
        raise FileError(f"{where}: has no transcript (*.toml) below it; name a folder such as tests/conversations")
    return files


def find_transcripts(where: str | Path) -> list[Transcript]:
    """Return a transcript, or every transcript below a folder, in each of its languages. Raises `FileError`."""
    return [transcript for path in transcript_files(where) for transcript in load_transcript(path)]


def load_transcript(path: str | Path) -> list[Transcript]:
    """Read a transcript, once for each of its languages. Raises `FileError` naming file, key and cure."""
    path = Path(path)
    file = toml_file.load(path, _File, _cure)
    transcript = Transcript(
        path,
        locale=file.locale,
        address=file.address,
        host=file.host,
        ask_first=file.ask_first,
        turns=tuple(turn.model_dump(exclude_unset=True) for turn in file.turn),
        conveys=file.conveys,
    )
    return [transcript] if file.locales is None else [replace(transcript, locale=locale) for locale in file.locales]


_NESTED: Mapping[str, type[_Table]] = {"bot": _Reply, "business": _Business}


def _cure(problem: ErrorDetails) -> str:
    match problem["type"]:
        case "extra_forbidden":
            nested = next((model for key, model in _NESTED.items() if key in problem["loc"]), _Turn)
            model = _File if len(problem["loc"]) == 1 else nested
            known = sorted(field.alias or name for name, field in model.model_fields.items())
            return f"unknown key; use one of: {', '.join(known)}"
        case "literal_error":
            return f"not a known word; use {problem['ctx']['expected']}"
        case _:
            return toml_file.cure_by_example(problem, "the docstring of testing/transcript.py")


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
        expected = turn["bot"] if isinstance(turn["bot"], list) else [turn["bot"]]
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
