"""Reads a TOML file into its model; problems are reported with file, key and cure."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import tomli
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import FileError

Model = TypeVar("Model", bound=BaseModel)

Cure = Callable[[ErrorDetails], str]
"""Turns a problem found by pydantic into `what is wrong; what to do`."""

RESTORE = "restore it from version control"


def load(path: Path, model: type[Model], cure: Cure, *, unreadable: str = RESTORE) -> Model:
    """Return the content of a file. Raises `FileError` with one line for each problem: file, key, cure.

    `unreadable`: what to do when the file is missing or can't be opened.
    """
    try:
        table = _parsed(path, unreadable)
        return model.model_validate(table)
    except ValidationError as error:
        raise FileError("\n".join(_lines(path, error.errors(include_url=False), cure))) from None


def cure_by_example(problem: ErrorDetails, example: str) -> str:
    """Return the cure of a problem not specific to one file; `example` is a file with every key."""
    match problem["type"]:
        case "missing":
            return f"missing; add this key ({example} has an example of each)"
        case "extra_forbidden":
            return f"unknown key; remove it or correct its spelling ({example} has an example of each)"
        case "value_error":
            return problem["msg"].removeprefix("Value error, ")
        case _:
            return f"{problem['msg'][:1].lower()}{problem['msg'][1:]}; {example} has an example of each key"


def _parsed(path: Path, unreadable: str) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: can't be read ({error.strerror}); {unreadable}") from None
    text = decoded(path, content)
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise FileError(f"{path}: not valid TOML: {error}; correct it there") from None
    except RecursionError:
        raise FileError(f"{path}: not valid TOML: brackets in brackets without end; close them") from None


def decoded(path: Path | str, content: bytes) -> str:
    """Return the text of a file. Raises `FileError` when it is not UTF-8."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise FileError(f"{path}: is UTF-16, which Windows calls Unicode; save the file in UTF-8")
    try:
        return content.decode("utf-8-sig")  # Windows' Notepad begins with a mark
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileError(f"{path}: is not UTF-8 in line {line}; save the file in UTF-8") from None


def _lines(path: Path, problems: Sequence[ErrorDetails], cure: Cure) -> Iterator[str]:
    for problem in problems:
        if not _follows(problem, problems):
            key = ".".join(str(part) for part in problem["loc"] if part != "[key]")
            yield ": ".join(part for part in (str(path), key, cure(problem)) if part)


def _follows(problem: ErrorDetails, problems: Sequence[ErrorDetails]) -> bool:
    """Whether a list is too short only because of what is wrong inside it."""
    depth = len(problem["loc"])
    return problem["type"] == "too_short" and any(
        len(other["loc"]) > depth and other["loc"][:depth] == problem["loc"] for other in problems
    )
