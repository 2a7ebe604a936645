"""Phrases that customers may type, and what each must mean: `locales/<language>/tests.toml`, read and tried.

Whoever adds a word to `keywords.toml` sees at once what it does to the others: `python -m bot i18n check`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import ErrorDetails

from .. import toml_file
from ..errors import FileError
from ..toml_lines import key_lines, line_of
from ..words.intents import Intent, Keywords, Match
from ..words.keywords import COMMANDS, TALK
from ..words.role_words import Words

FILE = "tests.toml"

ENOUGH = 40
"""Minimum number of phrases per language."""

NOTHING = "nothing"
"""The meaning of a phrase that must be neither an answer nor a command."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WhileAsked(_Table):
    """Typed while a question in this language waits."""

    yes: Words = ()
    no: Words = ()
    nothing: Words = ()


AT_ANY_TIME = (*(intent.value for intent in Intent if intent in COMMANDS), NOTHING)
"""What may be meant whether a question waits or not."""


def _at_any_time(meaning: str) -> str:
    if meaning not in AT_ANY_TIME:
        raise ValueError("means nothing")
    return meaning


class AnyTime(_Table):
    """Typed at any time: the meaning is the same whether a question waits or not."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[Annotated[str, AfterValidator(_at_any_time)], Words]


class Phrases(_Table):
    """One file."""

    asked: WhileAsked = WhileAsked()
    any_time: AnyTime = AnyTime()

    def every(self) -> Iterator[tuple[str, str, bool]]:
        """Yield each phrase with what it must mean, and whether it is typed while a question waits."""
        for table, waits in ((self.asked, (True,)), (self.any_time, (True, False))):
            for meaning, phrases in table:
                for phrase in phrases:
                    yield from ((phrase, meaning, waiting) for waiting in waits)


class Failure(NamedTuple):
    """A phrase that means something else, or a file that can't be used."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        """Return `file: message`."""
        return f"{self.path}: {self.message}"


def path_of(folder: Path, language: str) -> Path:
    """Return the path of a language's phrases."""
    return folder / language / FILE


def read(path: Path) -> Phrases:
    """Return the phrases of one file. Raises `FileError` with a line for each key that can't be used."""
    return toml_file.load(path, Phrases, _cure)


def count(path: Path) -> int:
    """Return how many different phrases a file has: 0 if it is missing, enough if `failures` reports it."""
    try:
        return len({phrase for phrase, _, _ in read(path).every()})
    except FileError:
        return ENOUGH if path.exists() else 0


def failures(folder: Path, language: str, keywords: Keywords) -> Iterator[Failure]:
    """Try the phrases of a language; a language without a file has none."""
    path = path_of(folder, language)
    if not path.exists():
        return
    try:
        phrases = read(path)
    except FileError as error:
        lines = key_lines(path.read_text("utf-8-sig", errors="replace"))
        for line in str(error).splitlines():
            message = line.removeprefix(f"{path}: ")
            yield Failure(path, line_of(lines, message.partition(":")[0]), message)
        return
    text = path.read_text("utf-8-sig")
    for phrase, meaning, waiting in phrases.every():
        match = keywords.classify(phrase, asked_in=language if waiting else None, spoken=(language,))
        if match and match.unasked:
            match = None  # no answer
        if match and match.intent is Intent.YES and not keywords.assent.is_plain(phrase, language):
            match = None  # asked for once more
        if match and match.intent in TALK and meaning == NOTHING:
            match = None  # neither an answer nor a command
        if (match.intent.value if match else NOTHING) != meaning:
            yield Failure(path, _line(text, phrase), _difference(phrase, meaning, match, waiting=waiting))


def _difference(phrase: str, meaning: str, match: Match | None, *, waiting: bool) -> str:
    when = "as an answer" if waiting else "without a question"
    meant = f"{match.intent.value} (rule {match.rule})" if match else NOTHING
    return (
        f"phrase {phrase!r} should mean {meaning} but means {meant} {when}; "
        "correct keywords.toml beside it, or the phrase if it is in doubt"
    )


def _cure(problem: ErrorDetails) -> str:
    if problem["type"] not in ("extra_forbidden", "value_error"):
        return 'not a list of phrases; put them in brackets and quotes, e.g. stop = ["stop please"]'
    keys = {"asked": tuple(WhileAsked.model_fields), "any_time": AT_ANY_TIME}
    known = keys.get(str(problem["loc"][0]), tuple(Phrases.model_fields))
    return f"unknown key; it can be {', '.join(known)}"


def _line(text: str, phrase: str) -> int:
    """Return the first line that contains `phrase` between quotes; 1 if it is escaped there."""
    lines = (number for number, line in enumerate(text.splitlines(), 1) if f'"{phrase}"' in line)
    return next(lines, 1)
