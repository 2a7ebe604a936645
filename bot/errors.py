"""Where an error came from, told without anything that it says: its text may quote a message or a number."""

import traceback
from pathlib import Path

from .paths import PACKAGE

_FRAMES = 8


class OperatorError(Exception):
    """An error that an operator can cure; its text names the cure."""


def where(error: BaseException) -> str:
    """Return the places in the code that an error came through, the innermost first."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return " < ".join(f"{_short(frame.filename)}:{frame.lineno}" for frame in reversed(frames))


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(PACKAGE.parent)) if path.is_relative_to(PACKAGE) else path.name
