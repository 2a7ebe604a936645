"""Errors: what an operator can cure, what passes by itself, and where any other error came from."""

import traceback
from pathlib import Path

from .paths import COMMAND, PACKAGE

_FRAMES = 8


class OperatorError(Exception):
    """An error that an operator can cure.

    Each line of its text is a problem: what is wrong, a semicolon, what to do. It holds no personal data and no secret.
    """


class FileError(OperatorError):
    """A file can't be used; each line of the text begins with the file and, where there is one, the key."""


class Unavailable(OperatorError):
    """A store can't be reached now; the same call may work later."""

    cure = f"it is tried again until the store is back; `{COMMAND} doctor` says what is wrong with its URL"


def curable(error: BaseException) -> list[OperatorError]:
    """Return the curable errors in an error or a group; empty if any of them is the program's own."""
    if isinstance(error, OperatorError):
        return [error]
    if not isinstance(error, BaseExceptionGroup):
        return []
    found = [curable(inner) for inner in error.exceptions]
    return [inner for errors in found for inner in errors] if all(found) else []


def problem_and_cure(line: str) -> tuple[str, str]:
    """Return the two parts of a line of an `OperatorError`."""
    problem, _, cure = line.partition("; ")
    return problem, cure


def with_cure(line: str) -> str:
    """Return a line of an `OperatorError`; a problem without a cure of its own must be corrected where it is."""
    return line if "; " in line else f"{line}; correct it there"


def where(error: BaseException) -> str:
    """Return the code locations that an error came through, the innermost first.

    The error's text is left out: it may quote a message or a number.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return " < ".join(f"{_short(frame.filename)}:{frame.lineno}" for frame in reversed(frames))


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(PACKAGE.parent)) if path.is_relative_to(PACKAGE) else path.name
