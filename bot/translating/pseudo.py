"""Pseudo-languages that show what real languages bring: longer texts, other letters, the other writing direction.

Run the dialogues in a pseudo-language: whatever appears without brackets is hard-coded instead of being a flow's text.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from ..i18n.slot import Slot, TextTemplate, length

ENGLISH, ARABIC = "en@pseudo", "ar@pseudo"

GROWTH = 0.35
"""How much longer than English a text may become in translation."""

_ACCENTED = str.maketrans(
    "abcdefghijklmnoprstuwxyzABCDEFGHIJKLMNOPRSTUWXYZ",
    "áƀçđéƒğĥíĵķłɱñóþřšťúŵẋýžÁƁÇĐÉƑĞĤÍĴĶŁṀÑÓÞŘŠŤÚŴẊÝŽ",
)
_ARABIC = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,?;",
    "ابثدعفغهيجكلمنوبقرستوفوخيزابثدعفغهيجكلمنوبقرستوفوخيز،؟؛",
)

_KEPT = re.compile(r"(\{\w+\}|https?://\S+|\S+@\S+|[\w-]+(?:\.[a-z][\w-]+)+(?:/[\w/-]+)?)")


def catalogs(slots: Iterable[Slot]) -> dict[str, Mapping[str, tuple[str, str]]]:
    """Return both pseudo-languages in the form of `bot.i18n.catalogs.read`."""
    slots = tuple(slots)
    return {
        code: {slot.id: (slot.english, _made(slot, letters)) for slot in slots}
        for code, letters in ((ENGLISH, _accented), (ARABIC, _arabic))
    }


def tight(slots: Iterable[Slot]) -> list[tuple[Slot, int]]:
    """Return the texts whose English leaves too little room for a longer language, with the characters left."""
    found = []
    for slot in slots:
        size = length(TextTemplate.parse(slot.english).fill(slot.examples))
        if size * (1 + GROWTH) > slot.limit:
            found.append((slot, slot.limit - size))
    return found


def _made(slot: Slot, letters: Callable[[str], str]) -> str:
    """Bracket and lengthen a text as far as its limit allows."""
    text = "".join(part if _KEPT.fullmatch(part) else letters(part) for part in _KEPT.split(slot.english))
    size = length(TextTemplate.parse(slot.english).fill(slot.examples))
    padding = max(0, min(int(size * GROWTH), slot.limit - size - 3))
    return f"[{text}{' ' + '·' * padding if padding else ''}]"


def _accented(text: str) -> str:
    return text.translate(_ACCENTED)


def _arabic(text: str) -> str:
    return text.translate(_ARABIC)
