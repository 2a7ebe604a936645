"""The placeholders of texts, and the values that fill them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ..consent.answers import MOST_WORDS
from ..i18n.texts import LIMITS, TextKind
from ..words.keywords import WORDS

KNOWN_VALUES = frozenset(
    {
        *WORDS,
        "business",
        "notice_url",
        "third_parties",
        "storage",
        "proof_time",
        "privacy_contact",
        "contact",
        "address",
    }
)
"""Placeholders that every text may use."""

TOLD_VALUES = frozenset({"since", "link", "until", "due", "right", "words", "number", "language"})
"""Placeholders that can be filled only where a task is done, or a request is answered."""

LONGEST = {"right": LIMITS[TextKind.ROW], "words": MOST_WORDS}
"""Maximum characters of those of them that are long."""


@dataclass(frozen=True)
class LanguageValues:
    """The values for the placeholders of texts in one language, computed once."""

    locale: str
    values: Mapping[str, str]
    purposes: Mapping[str, tuple[str, str]]
    """Purpose id → title, description."""

    def titles(self, purpose_ids: Sequence[str]) -> str:
        """Return the titles of purposes on one line: titles may contain "and", so no word joins them."""
        return " · ".join(self._titles(purpose_ids))

    def lines(self, purpose_ids: Sequence[str]) -> str:
        """Return the titles of purposes, one on each line."""
        return "\n".join(f"• {title}" for title in self._titles(purpose_ids))

    def _titles(self, purpose_ids: Sequence[str]) -> Sequence[str]:
        return [self.purposes[purpose][0] for purpose in purpose_ids if purpose in self.purposes]

    def choices(self, given: Collection[str], resting: Collection[str]) -> str:
        """Return all purposes as a list, one line each, marked: given, given but `resting` for now, or not given."""
        marks = {purpose: "⏸️" if purpose in resting else "✅" for purpose in given}
        return "\n".join(f"{marks.get(purpose, '⬜')} {title}" for purpose, (title, _) in self.purposes.items())


class Values(dict[str, str]):
    """The values of one message: its language's, and the person's, which are computed only when needed."""

    def __init__(self, language: LanguageValues, personal: Mapping[str, Callable[[LanguageValues], str]]) -> None:
        super().__init__(language.values)
        self._language = language
        self._personal = personal
        for name in personal.keys() & self.keys():
            del self[name]

    def __missing__(self, name: str) -> str:
        return self._personal[name](self._language)
