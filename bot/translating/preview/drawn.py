"""Texts of one language as WhatsApp draws them, with the examples of their placeholders."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup, escape

from ...i18n.bidi import isolated, right_to_left
from ...i18n.catalogs import SOURCE_LOCALE
from ...i18n.cldr import day, period, territory_name
from ...i18n.po import PoEntry
from ...i18n.slot import Slot, SourceTexts, TextError, TextTemplate, length
from ...i18n.texts import LIMITS

_MARKS = {"*": "b", "_": "i", "~": "s"}
_MARKED = re.compile(r"(?<!\w)([*_~])(\S(?:[^\n]*?\S)?)\1(?!\w)")
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as it is drawn."""

    id: str
    kind: str
    limit: int
    size: int
    worst: int
    """Characters with the longest possible values of its placeholders."""
    state: str
    """done, fuzzy or missing."""
    text: str
    """As it is sent."""
    html: Markup
    english: Markup
    note: str
    legal: bool

    @property
    def too_long(self) -> bool:
        """Whether WhatsApp would refuse it."""
        return self.size > self.limit


class Texts:
    """The texts of one language."""

    def __init__(
        self, code: str, sources: SourceTexts, entries: Mapping[str, PoEntry], words: Mapping[str, str]
    ) -> None:
        """`entries` are its catalog (empty for English), `words` the keywords that it shows, by their placeholders."""
        self._code = code
        self._words = words
        self._inside = {"European Union": territory_name("EU", code)} | {
            slot.english: entries[slot.id].translation
            for slot in sources.slots
            if slot.id.startswith("purpose.") and slot.id in entries and entries[slot.id].translation
        }
        self._rtl = right_to_left(code)
        self._slots = {slot.id: slot for slot in sources.slots}
        self._widest = sources.widest
        self._entries = entries

    def __contains__(self, text_id: str) -> bool:
        return text_id in self._slots

    def slot(self, text_id: str) -> Slot:
        """Return a text's slot."""
        return self._slots[text_id]

    def has(self, text_id: str, placeholder: str) -> bool:
        """Whether a text contains a placeholder."""
        return f"{{{placeholder}}}" in self._slots[text_id].english

    @property
    def titles(self) -> Sequence[str]:
        """The ids of the titles of purposes."""
        return [text_id for text_id in self._slots if text_id.startswith("purpose.") and text_id.endswith(".title")]

    def shown(self, text_id: str) -> Shown:
        """Draw a text: its translation, or the English text if there is none."""
        slot = self._slots[text_id]
        entry = self._entries.get(text_id)
        text, state = slot.english, "done" if self._code == SOURCE_LOCALE else "missing"
        if entry is not None and entry.translation:
            looked_at = not entry.fuzzy and entry.english == slot.english
            text, state = entry.translation, "done" if looked_at else "fuzzy"
        examples = {name: localized(value, self._code, self._inside) for name, value in slot.examples.items()}
        examples |= self._words
        filled = self._filled(text, examples)
        return Shown(
            id=slot.id,
            kind=slot.kind.value.replace("_", " "),
            limit=LIMITS[slot.kind],
            size=length(filled),
            worst=length(self._filled(text, {**examples, **self._widest})),
            state=state,
            text=filled,
            html=formatted(filled),
            english=formatted(self._filled(slot.english, slot.examples)),
            note=slot.note,
            legal=slot.legal,
        )

    def _filled(self, text: str, values: Mapping[str, str]) -> str:
        try:
            return TextTemplate.parse(text).fill(dict(values), lambda value: isolated(value, rtl=self._rtl))
        except TextError:
            return text  # reported by `i18n check`


def formatted(text: str) -> Markup:
    """Return a text as WhatsApp draws it: *bold*, _italic_, ~struck~, links, line breaks."""
    html = str(escape(text))
    for _ in range(3):
        html = _MARKED.sub(lambda mark: f"<{_MARKS[mark[1]]}>{mark[2]}</{_MARKS[mark[1]]}>", html)
    html = _LINK.sub(lambda link: f'<span class="link" dir="ltr">{link[0]}</span>', html)
    return Markup(html)


_DAY = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_YEARS = re.compile(r"(\d+) years?")


def localized(example: str, code: str, translations: Mapping[str, str]) -> str:
    """Return `example`, written in English in the flows, in the language `code`.

    `translations`: English text → translation, for texts that may be part of a value, such as titles of purposes.
    """
    if years := _YEARS.fullmatch(example):
        return period(timedelta(days=365 * int(years[1])), code)
    if _DAY.fullmatch(example):
        number, month, year = example.split()
        return day(date(int(year), _MONTHS.index(month[:3]) // 3 + 1, int(number)), code)
    for english, translation in translations.items():
        example = example.replace(english, translation)
    return example
