"""Reads variables of the environment, and of files `.env`, into frozen values.

A real environment variable wins over every file, the file in the company's folder (`APP_DIR`) over that of the working
directory, and a variable that is empty or blank counts as not set. Nothing is left out in silence: a file that cannot
be read, and a line that no parser understands, are problems like a wrong value. No problem says a value.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from dotenv.parser import parse_stream
from pydantic import ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import OperatorError

ENV_FILE = Path(".env")
"""Read at the command line and by `setup`, from the working directory."""

_FILE_CURE = "save it as a text file in UTF-8 that this user may read"

_LINE_CURE = "write NAME=value there, close its quotes, or begin the line with #"

_OPENING, _CLOSING = "\"'“‘„«", "\"'”’“»"
"""Quotes that are pasted along with a value."""


class SettingsError(OperatorError):
    """The environment cannot be used; the text says which variable to change and how, never its value."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable that is not set and is needed before webhooks can be answered."""

    name: str
    cure: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """A variable that is set to something that cannot be used, or a file with settings that cannot be read."""

    name: str
    """In capitals; empty if it is a file."""
    problem: str
    cure: str

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}; {self.cure}" if self.name else f"{self.problem}; {self.cure}"


class Environment(BaseSettings):
    """Reads environment variables that have the names of its fields in capitals.

    A field's description is what an operator reads when it is missing or wrong.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if not (isinstance(value, str) and not value.strip())}

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        return bare(value) if isinstance(value, str) else value


def bare(text: str) -> str:
    """Return a value without blanks and line ends around it: it may be pasted from a web page.

    Raises `ValueError` if quotes are around it. A shell and a file `.env` take them away; `docker run --env-file` and a
    host's web page keep them.
    """
    text = text.strip()
    if len(text) > 1 and text[0] in _OPENING and text[-1] in _CLOSING:
        raise ValueError("has quotes around it, which belong to no value")
    return text


class _AppDir(Environment):
    """What must be known before anything else is read."""

    app_dir: Path | None = None


E = TypeVar("E", bound=Environment)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the variables come from: these files, the environment, and `overrides`, which win over both."""

    files: Sequence[Path] = ()
    overrides: Mapping[str, Any] | None = None

    def read(self, model: type[E]) -> E:
        """Read a model. Raises pydantic's `ValidationError`."""
        with _without_dotenv_s_warnings():
            return model(_env_file=self.files, **self.overrides or {})

    def required(self, model: type[E]) -> E:
        """Read a model. Raises `SettingsError`, with nothing in its traceback that knows a value."""
        try:
            return self.read(model)
        except ValidationError as error:
            wrong = [problem for _, problem in problems(model, error)]
        raise SettingsError("\n".join(map(str, wrong)))

    def over(self, changes: Mapping[str, Any]) -> "Source":
        """Return the same with more overrides (names of fields)."""
        return Source(self.files, {**(self.overrides or {}), **changes})


@contextmanager
def _without_dotenv_s_warnings() -> Iterator[None]:
    """Lines that it cannot read are told by `find`, with their file."""
    logger = logging.getLogger("dotenv.main")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def find(env_file: Path | None, overrides: Mapping[str, Any]) -> tuple[Source, Sequence[Wrong]]:
    """Find the files, and tell what is wrong with them; those that cannot be read are left out.

    The file of the company's folder is usually read from inside it, and calls it `.`: which folder that is, is known by
    then.
    """
    files, wrong = list[Path](), list[Wrong]()
    if env_file is None:
        return Source((), overrides), ()
    _add(env_file, files, wrong)
    folder = overrides.get("app_dir") or Source(files).read(_AppDir).app_dir
    if folder is None:
        return Source(files, overrides), wrong
    inside = Path(folder) / ENV_FILE.name
    if inside.absolute() != env_file.absolute():
        _add(inside, files, wrong)
    return Source(files, {**overrides, "app_dir": folder}), wrong


def _add(file: Path, files: list[Path], wrong: list[Wrong]) -> None:
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        wrong.append(Wrong("", f"{file}: can't be read", _FILE_CURE))
        return
    files.append(file)
    wrong += [Wrong("", f"{file}: line {number} sets no variable", _LINE_CURE) for number in _malformed(text)]


def _malformed(text: str) -> Iterator[int]:
    """Yield the numbers of the lines from which no variable can be read."""
    for binding in parse_stream(StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            blank = len(binding.original.string) - len(binding.original.string.lstrip("\n"))
            yield binding.original.line + blank


def problems(model: type[Environment], error: ValidationError) -> Iterator[tuple[str, Wrong]]:
    """Yield the fields that are wrong, each with what an operator reads about it."""
    for found in error.errors(include_input=False, include_url=False):
        name = str(found["loc"][0])
        yield name, Wrong(name.upper(), _in_words(found), f"expected: {cure_of(name, model)}")


_WORDS: Mapping[str, str] = {
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "bool_parsing": "is neither true nor false",
    "literal_error": "is none of {expected}",
    "greater_than_equal": "is below {ge}",
    "less_than_equal": "is above {le}",
    "too_short": "is shorter than {min_length} characters",
    "string_too_short": "is shorter than {min_length} characters",
}
"""What pydantic says of a value, in words for whoever deploys; what is missing here is said as pydantic does."""


def _in_words(found: ErrorDetails) -> str:
    """Return what is wrong, without the value: a context holds only what was expected."""
    if words := _WORDS.get(found["type"]):
        return words.format(**found.get("ctx", {}))
    message = found["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}"


def cure_of(name: str, model: type[BaseSettings]) -> str:
    """What the variable is and where to find it; `name` in any case."""
    return model.model_fields[name.lower()].description or ""


def missing(model: type[Environment], needed: Mapping[str, object]) -> tuple[Missing, ...]:
    """Return those of the needed fields that have no value."""
    return tuple(Missing(name.upper(), cure_of(name, model)) for name, value in needed.items() if not value)


def complain(wrong: Iterable[Wrong]) -> None:
    """Raise `SettingsError` with a line for each problem, if there is one."""
    if lines := list(dict.fromkeys(map(str, wrong))):
        raise SettingsError("\n".join(lines))
