"""A text as its author wrote it: its kind, its maximum length, and how its placeholders are filled.

Every text that a customer reads is a `Slot`. Its id is stable (`opt_in.ask`) and is the `msgctxt` of the catalogs;
its English is the `msgid`.
"""

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache


class TextKind(StrEnum):
    """Where in a message a text appears, which sets its limit."""

    BODY = "body"
    TEXT = "text"
    HEADER = "header"
    FOOTER = "footer"
    BUTTON = "button"
    LIST_BUTTON = "list_button"
    ROW = "row"
    ROW_DESCRIPTION = "row_description"
    PHRASE = "phrase"
    """Part of a body, without a limit of its own."""


LIMITS: Mapping[TextKind, int] = {
    TextKind.BODY: 1024,
    TextKind.TEXT: 4096,
    TextKind.HEADER: 60,
    TextKind.FOOTER: 60,
    TextKind.BUTTON: 20,
    TextKind.LIST_BUTTON: 20,
    TextKind.ROW: 24,
    TextKind.ROW_DESCRIPTION: 72,
    TextKind.PHRASE: 1024,
}
"""Characters. Meta: messages/interactive-reply-buttons-messages, interactive-list-messages, text-messages."""


class TextError(ValueError):
    """A text can't be used; the message says which and why."""


def length(text: str) -> int:
    """Count `text` as WhatsApp might: code points or UTF-16 units, whichever is more (Meta just says "characters")."""
    return len(text) if text.isascii() else max(len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2)


@dataclass(frozen=True, slots=True)
class Slot:
    """A text in its source language with everything that a translator must know."""

    id: str
    kind: TextKind
    english: str
    note: str = ""
    legal: bool = False
    """Whether consent depends on it: a locale without it is not offered."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """An example value for each placeholder."""
    source: str = ""
    """The file that contains it."""
    company: bool = False
    """Whether it is the company's own: rewording it leaves its translations in force, until a legal change."""
    superseded: frozenset[str] = frozenset()
    """Its earlier English texts whose translations no longer count, because what they say has changed legally."""

    def accepts(self, english: str) -> bool:
        """Whether a translation made for this English text may be shown."""
        return english == self.english or (self.company and bool(english) and english not in self.superseded)

    @property
    def limit(self) -> int:
        """How many characters the finished text may have."""
        return LIMITS[self.kind]

    @property
    def single_line(self) -> bool:
        """Whether line breaks are refused by WhatsApp."""
        return self.kind not in (TextKind.BODY, TextKind.TEXT, TextKind.PHRASE)


@dataclass(frozen=True, slots=True)
class SourceTexts:
    """All texts in their source language, with their context."""

    slots: tuple[Slot, ...]
    appearances: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Text id → where it appears, in words for translators."""
    together: Sequence[Sequence[str]] = ()
    """Ids of texts that are choices of the same message and must therefore differ."""
    widest: Mapping[str, str] = field(default_factory=dict)
    """The longest possible value of each placeholder."""


_formatter = string.Formatter()


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A text parsed once, so that filling it is a join. Placeholders are `{name}` and nothing else."""

    pieces: tuple[tuple[str, str | None], ...]

    @staticmethod
    @lru_cache(maxsize=8192)  # more than there are texts in all languages; every check of a text parses it again
    def parse(text: str) -> "TextTemplate":
        """Parse `text`. Raises `TextError` on positions, attributes, indexes, conversions and format specs."""
        pieces: list[tuple[str, str | None]] = []
        try:
            fields = list(_formatter.parse(text))
        except ValueError as error:
            cure = "write {{ or }} for a literal brace"
            raise TextError(f"a brace is not closed or opened: {error}; {cure}") from None
        for literal, name, spec, conversion in fields:
            if name is not None and (spec or conversion or not name.isidentifier()):
                raise TextError(f"placeholder {{{name}}} is not plain; only {{name}} is allowed")
            pieces.append((literal, name))
        return TextTemplate(tuple(pieces))

    @property
    def names(self) -> frozenset[str]:
        """The placeholders."""
        return frozenset(name for _, name in self.pieces if name is not None)

    def fill(self, values: Mapping[str, str], put: Callable[[str], str] = str) -> str:
        """Return the finished text, with `put` applied to each value. Raises `TextError` if a value is missing."""
        finished = ""
        try:
            for literal, name in self.pieces:
                finished += literal if name is None else literal + put(values[name])
            return finished
        except KeyError as error:
            raise TextError(f"no value for placeholder {{{error.args[0]}}}") from None
