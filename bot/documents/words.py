"""The wording of a document in one language: its texts, and CLDR's dates, languages and countries."""

from datetime import UTC, date, datetime

from babel.dates import format_date, format_datetime
from babel.lists import format_list

from ..consent.evidence import EVERY
from ..conversation.compose import DOCUMENT
from ..conversation.world import World
from ..i18n.bidi import right_to_left
from ..i18n.cldr import babel_locale, territory_name

NOTICE = "privacy.notice"
"""The chat's short privacy notice is also part of the document: why, who else, where, how long, rights."""

TEXTS = {
    "requested": "asked",
    "given": "agreed",
    "kept": "agreed",
    "refused": "refused",
    "withdrawn": "stopped",
    "objected": "stopped",
    "erased": "stopped",
    "lapsed": "ended",
    "expired": "ended",
    "stale": "ended",
    "merged": "ended",
    "paused": "paused",
    "restricted": "paused",
    "lifted": "resumed",
    "imported": "noted",
    "relationship": "bought",
}
"""Kind of a ledger entry, or status of a consent → the text that names it."""


class DocumentWords:
    """The wording of a document in one language. It falls back as a whole if a text is missing."""

    def __init__(self, world: World, locale: str) -> None:
        ids = [text_id for text_id in world.texts.slots if text_id.startswith(f"{DOCUMENT}.")]
        self._texts = world.texts
        self.locale = world.texts.locale_for([*ids, NOTICE, "common.privacy"], locale)
        self._values = world.language(self.locale).values
        self._purposes = world.language(self.locale).purposes
        self._babel = babel_locale(self.locale)
        self.rtl = right_to_left(self.locale)

    def __call__(self, name: str, **values: str) -> str:
        """Return a text of the flow `document`, or another text by its full id."""
        text_id = name if "." in name else f"{DOCUMENT}.{name}"
        return self._texts.render(text_id, self.locale, {**self._values, **values})

    def happened(self, kind: str) -> str:
        """Return the word for a status or for what happened."""
        return self(TEXTS[kind]) if kind in TEXTS else "–"

    def purpose(self, purpose_id: str, title: str) -> str:
        """Return the title of a purpose, or of all purposes; `title` if the business no longer has it."""
        if purpose_id == EVERY:
            return format_list([title for title, _ in self._purposes.values()], locale=self._babel)
        return self._purposes.get(purpose_id, (title, ""))[0]

    def time(self, at: datetime | None) -> str:
        """Return a moment, e.g. `25 Nov 2026, 10:00:00 UTC`."""
        return f"{format_datetime(at, 'medium', tzinfo=UTC, locale=self._babel)} UTC" if at else "–"

    def day(self, at: date) -> str:
        """Return a day."""
        if isinstance(at, datetime):
            at = at.astimezone(UTC).date()
        return format_date(at, "medium", locale=self._babel)

    def language(self, code: str) -> str:
        """Return the name of a language."""
        return (babel_locale(code).get_display_name(self._babel) or code) if code else "–"

    def country(self, code: str) -> str:
        """Return the name of a country."""
        return territory_name(code, self.locale)
