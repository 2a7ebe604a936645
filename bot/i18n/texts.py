"""Every text in every offered language: looked up, filled, and never mixed within a message."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from ..errors import FileError
from .bidi import isolated, right_to_left
from .faults import alike, errors
from .slot import LIMITS, Slot, TextError, TextKind, TextTemplate, length

__all__ = ["LIMITS", "MAX_BUTTONS", "MAX_ROWS", "Slot", "TextError", "TextKind", "TextTemplate", "Texts", "length"]

MAX_BUTTONS = 3
MAX_ROWS = 10


class Texts:
    """Every text in every offered language, checked once at start.

    A translation with an error (`bot.i18n.faults`), or of an English text that has changed, is left out as if it
    were missing: a message then falls back as a whole to the next language of the chain, never in part. A language that
    lacks a `legal` text is not offered. The company's own texts are translated anew when the company gets to it: until
    then the translation of their earlier English stays in force (`Slot.accepts`). Raises `FileError` when an English
    text is broken.
    """

    def __init__(
        self,
        slots: Iterable[Slot],
        catalogs: Mapping[str, Mapping[str, tuple[str, str]]],
        *,
        fallbacks: Mapping[str, str] | None = None,
        source_locale: str = "en",
        draft: str = "",
        together: Iterable[Sequence[str]] = (),
    ) -> None:
        """Check what was read.

        `draft`: a language that its translator tries out, offered even if incomplete. `together`: ids of texts that are
        choices of the same message.
        """
        self.slots: Mapping[str, Slot] = {slot.id: slot for slot in slots}
        self._single_lines = frozenset(slot.id for slot in self.slots.values() if slot.single_line)
        self.source_locale = source_locale
        self.problems: list[str] = []
        """What was left out and why, for `doctor` and `/readyz`."""
        self.reworded: dict[str, list[str]] = {}
        """Language → the company's own texts that it says in a translation of their earlier English."""
        self.lacking: dict[str, list[str]] = {}
        """Language that is not offered → the legal texts that it lacks."""
        self._together = tuple(together)
        self._fallbacks = dict(fallbacks or {})
        self._templates: dict[str, dict[str, TextTemplate]] = {
            source_locale: {slot.id: _written(slot) for slot in self.slots.values()}
        }
        for locale, catalog in catalogs.items():
            if locale != source_locale:
                self._add(locale, catalog, whole=locale != draft)
        self.offered: tuple[str, ...] = tuple(self._templates)

    def _add(self, locale: str, catalog: Mapping[str, tuple[str, str]], *, whole: bool) -> None:
        templates = {}
        for slot in self.slots.values():
            english, translation = catalog.get(slot.id, ("", ""))
            if not translation:
                continue
            if not slot.accepts(english):
                self.problems.append(f"{slot.id} [{locale}]: the English has changed since it was translated")
                continue
            faults = errors(slot, translation)
            self.problems += [f"{slot.id} [{locale}]: {fault.message}" for fault in faults]
            if not faults:
                templates[slot.id] = TextTemplate.parse(translation)
                if english != slot.english:
                    self.reworded.setdefault(locale, []).append(slot.id)
        said = {text_id: catalog[text_id][1] for text_id in templates}
        for text_id, same in (pair for group in self._together for pair in alike(group, said)):
            if templates.pop(text_id, None):
                self.problems.append(f"{text_id} [{locale}]: reads like {same}, which stands beside it in one message")
        missing = [slot.id for slot in self.slots.values() if slot.legal and slot.id not in templates]
        if missing and whole:
            self.problems.append(f"[{locale}] is not offered: legal texts missing: {', '.join(missing)}")
            self.lacking[locale] = missing
        else:
            self._templates[locale] = templates

    def has(self, text_id: str, placeholder: str) -> bool:
        """Whether a text contains a placeholder, as its translations then do."""
        return f"{{{placeholder}}}" in self.slots[text_id].english

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
            if text_id in self._single_lines:  # these limits leave no room for invisible characters
                return template.fill(values)
            return template.fill(values, _isolated[right_to_left(locale)])
        except TextError as error:
            raise TextError(f"{text_id} [{locale}]: {error}") from None

    def filled_in_part(self, text_id: str, locale: str, values: Mapping[str, str]) -> TextTemplate:
        """Return a text in which only these `values` are filled in, as `render` would; other placeholders stay."""
        put = _isolated[right_to_left(locale)]
        pieces: list[tuple[str, str | None]] = [("", None)]
        for literal, name in self._templates[locale][text_id].pieces:
            known = name if name is not None and name in values else None
            text = literal if known is None else literal + put(values[known])
            if pieces[-1][1] is None:
                text = pieces.pop()[0] + text
            pieces.append((text, None if known else name))
        return TextTemplate(tuple(pieces))


def put_in(value: str, locale: str) -> str:
    """Return a value as `Texts.render` puts it into a text of several lines."""
    return _isolated[right_to_left(locale)](value)


_isolated = {rtl: partial(isolated, rtl=rtl) for rtl in (False, True)}


def _written(slot: Slot) -> TextTemplate:
    try:
        return TextTemplate.parse(slot.english)
    except TextError as error:
        raise FileError(f"{slot.source}: {slot.id}: {error}") from None
