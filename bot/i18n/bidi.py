"""Values of the other writing direction inside a text: a phone number in Arabic, a Hebrew name in English.

Without isolation, the sign after them or the groups of a number are drawn on the wrong side (Unicode TR9; Fluent does
the same). The isolating characters are invisible; keywords are matched without them.
"""

import unicodedata
from functools import lru_cache

from .cldr import babel_locale

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"

_ISOLATES = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


@lru_cache(maxsize=256)
def right_to_left(code: str) -> bool:
    """Whether a language is written from right to left."""
    return babel_locale(code).text_direction == "rtl"


def isolated(value: str, *, rtl: bool) -> str:
    """Return `value`, isolated line by line, for a text of the given direction.

    A web address is left alone: apps would take the isolating characters for a part of it.
    """
    if not rtl and value.isascii():
        return value
    return "\n".join(_isolated(line, rtl=rtl) for line in value.split("\n"))


def plain(text: str) -> str:
    """Return a text without the invisible characters that isolate a writing direction."""
    return text.translate(_ISOLATES)


def _isolated(line: str, *, rtl: bool) -> str:
    if not line or "://" in line or runs_right_to_left(line) == rtl:
        return line
    return f"{FIRST_STRONG_ISOLATE}{line}{POP_ISOLATE}"


def runs_right_to_left(line: str) -> bool:
    """Whether the first letter of `line` that is not isolated runs right to left (Unicode TR9, P2)."""
    depth = 0
    for character in line:
        match unicodedata.bidirectional(character):
            case "LRI" | "RLI" | "FSI":
                depth += 1
            case "PDI":
                depth = max(depth - 1, 0)
            case "L" | "R" | "AL" as direction if not depth:
                return direction != "L"
    return False
