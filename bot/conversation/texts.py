"""Typed texts: what kind each is, how long it may be, and how its placeholders are filled.

Every text that a customer reads is a `Slot` of a flow file (or of `business.toml`). Its id is stable
(`opt_in.ask`) and is the `msgctxt` of the catalogs; its English is the `msgid`.
"""

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Where in a message a text stands; sets its limit."""

    BODY = "body"
    TEXT = "text"
    HEADER = "header"
    FOOTER = "footer"
    BUTTON = "button"
    LIST_BUTTON = "list_button"
    ROW = "row"
    ROW_DESCRIPTION = "row_description"
    PHRASE = "phrase"
    """Part of a body: no limit of its own."""


LIMITS: Mapping[Kind, int] = {
    Kind.BODY: 1024,
    Kind.TEXT: 4096,
    Kind.HEADER: 60,
    Kind.FOOTER: 60,
    Kind.BUTTON: 20,
    Kind.LIST_BUTTON: 20,
    Kind.ROW: 24,
    Kind.ROW_DESCRIPTION: 72,
    Kind.PHRASE: 1024,
}
"""Characters. Meta: messages/interactive-reply-buttons-messages, interactive-list-messages, text-messages."""

MAX_BUTTONS = 3
MAX_ROWS = 10


class TextError(ValueError):
    """A text can't be used; the message says which and why."""


def length(text: str) -> int:
    """Count `text` as WhatsApp might: code points or UTF-16 units, whichever is more (Meta says "characters" only)."""
    return len(text) if text.isascii() else max(len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2)


@dataclass(frozen=True, slots=True)
class Slot:
    """A text in its source language with what a translator must know."""

    id: str
    kind: Kind
    english: str
    note: str = ""
    legal: bool = False
    """Consent depends on it: a locale without it is not offered."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """An example value of each placeholder."""
    source: str = ""
    """File in which it stands."""

    @property
    def limit(self) -> int:
        """How many characters the finished text may have."""
        return LIMITS[self.kind]

    @property
    def single_line(self) -> bool:
        """Whether line breaks are refused by WhatsApp."""
        return self.kind not in (Kind.BODY, Kind.TEXT, Kind.PHRASE)


class _Strict(string.Formatter):
    """`{name}` only: no positions, attributes, indexes, conversions or format specs."""

    def parsed(self, template: str) -> list[tuple[str, str | None]]:
        pieces: list[tuple[str, str | None]] = []
        try:
            fields = list(self.parse(template))
        except ValueError as error:
            raise TextError(f"a brace is not closed or opened: {error}; write {{{{ or }}}} for a literal one") from None
        for literal, name, spec, conversion in fields:
            if name is not None and (spec or conversion or not name.isidentifier()):
                raise TextError(f"placeholder {{{name}}} is not plain; only {{name}} is allowed")
            pieces.append((literal, name))
        return pieces


_strict = _Strict()


@dataclass(frozen=True, slots=True)
class Template:
    """A text taken apart once, so that filling it is a join."""

    pieces: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Take `text` apart. Raises `TextError` on anything but plain `{name}` placeholders."""
        return cls(tuple(_strict.parsed(text)))

    @property
    def names(self) -> frozenset[str]:
        """The placeholders."""
        return frozenset(name for _, name in self.pieces if name is not None)

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the finished text. Raises `TextError` when a value is missing."""
        try:
            return "".join(
                literal + (values[name] if name is not None else "") for literal, name in self.pieces
            )
        except KeyError as error:
            raise TextError(f"no value for placeholder {{{error.args[0]}}}") from None


class Texts:
    """Every text in every offered language, checked once at start.

    A translation whose placeholders differ from the English is left out, as if it were missing: a message then
    falls back as a whole to the next language of the chain, never in part. A language that lacks a `legal` text
    is not offered.
    """

    def __init__(
        self,
        slots: Iterable[Slot],
        catalogs: Mapping[str, Mapping[str, tuple[str, str]]],
        fallbacks: Mapping[str, str] | None = None,
        source_locale: str = "en",
    ) -> None:
        self.slots: Mapping[str, Slot] = {slot.id: slot for slot in slots}
        self.source_locale = source_locale
        self.problems: list[str] = []
        """What was left out and why, for `flows lint` and the log."""
        self._fallbacks = dict(fallbacks or {})
        source = {slot.id: self._parse(slot, slot.english, source_locale) for slot in self.slots.values()}
        self._templates: dict[str, dict[str, Template]] = {
            source_locale: {text_id: template for text_id, template in source.items() if template is not None}
        }
        for locale, catalog in catalogs.items():
            if locale != source_locale:
                self._add(locale, catalog)
        self.offered: tuple[str, ...] = tuple(self._templates)

    def _parse(self, slot: Slot, text: str, locale: str) -> Template | None:
        try:
            return Template.parse(text)
        except TextError as error:
            self.problems.append(f"{slot.id} [{locale}]: {error}")
            return None

    def _add(self, locale: str, catalog: Mapping[str, tuple[str, str]]) -> None:
        templates = {}
        for slot in self.slots.values():
            english, translation = catalog.get(slot.id, ("", ""))
            if not translation:
                continue
            if english != slot.english:
                self.problems.append(f"{slot.id} [{locale}]: the English has changed since it was translated")
                continue
            template = self._parse(slot, translation, locale)
            if template is None:
                continue
            if template.names != self._templates[self.source_locale][slot.id].names:
                self.problems.append(f"{slot.id} [{locale}]: its placeholders differ from the English text's")
                continue
            templates[slot.id] = template
        missing = [slot.id for slot in self.slots.values() if slot.legal and slot.id not in templates]
        if missing:
            self.problems.append(f"[{locale}] is not offered: legal texts missing: {', '.join(missing)}")
        else:
            self._templates[locale] = templates

    def missing(self, locale: str) -> list[str]:
        """Return the ids of the texts that `locale` lacks."""
        return [text_id for text_id in self.slots if text_id not in self._templates.get(locale, {})]

    def locale_for(self, text_ids: Iterable[str], locale: str) -> str:
        """Return the first language of `locale`'s fallback chain that has all these texts."""
        wanted = tuple(text_ids)
        while locale != self.source_locale:
            templates = self._templates.get(locale, {})
            if templates and all(text_id in templates for text_id in wanted):
                return locale
            locale = self._fallbacks.get(locale, self.source_locale)
        return locale

    def render(self, text_id: str, locale: str, values: Mapping[str, str]) -> str:
        """Return a finished text; `locale` has been settled by `locale_for`. Raises `TextError`."""
        try:
            template = self._templates[locale][text_id]
        except KeyError:
            raise TextError(f"no text {text_id!r} in {locale!r}") from None
        try:
            return template.fill(values)
        except TextError as error:
            raise TextError(f"{text_id} [{locale}]: {error}") from None
