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

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import ErrorDetails

from .. import toml_file
from ..business import AskFirst
from ..errors import FileError
from ..i18n.catalogs import SOURCE_LOCALE
from ..i18n.cldr import babel_locale
from ..times import parse_duration
from .conversation import Conveys

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
    bot: list[_Reply] = []
    ledger: list[str] = []
    status: dict[str, str] = {}
    tasks: list[str] = []
    handed_over: bool = False

    @field_validator("bot", mode="before")
    @classmethod
    def _a_single_answer(cls, answers: object) -> object:
        return [answers] if isinstance(answers, dict) else answers

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
        if self.locale and self.locales is not None:
            raise ValueError("locale and locales are both there; keep one of them")
        if len(set(self.locales or ())) < len(self.locales or ()):
            raise ValueError("locales names a language twice; name each once")
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
