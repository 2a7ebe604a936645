"""The wording of a document in one language: its texts, and CLDR's dates, languages and countries."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_timezone_name
from babel.lists import format_list

from ..consent.answers import Because
from ..consent.evidence import EVERY, OBJECTION_OFFERED, SOFT_OPT_IN, Method
from ..consent.requests import State
from ..consent.rights import Right
from ..conversation.compose import DOCUMENT
from ..conversation.world import World
from ..i18n.bidi import right_to_left
from ..i18n.cldr import babel_locale, in_a_row, territory_name
from ..service.rights.my_data import KEPT_AFTER_ERASURE, Happened, InQueue

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
    "claimed": "noted",
    "relationship": "bought",
}
"""Kind of a ledger entry, or status of a consent → the text that names it."""


STATES = {State.EXTENDED: "extended", State.DONE: "done", State.REFUSED: "declined"}
"""State of a request → the text that names it; an open one shows its deadline instead."""

METHODS = {
    Method.CHAT: "by_chat",
    Method.WEB_FORM: "by_website",
    Method.WEB: "by_website",
    Method.PAPER: "by_paper",
    Method.LETTER: "by_paper",
    Method.CALL: "by_phone",
    Method.PHONE: "by_phone",
    Method.EMAIL: "by_email",
    Method.IN_PERSON: "in_person",
    Method.API: "by_program",
    Method.IMPORT: "by_file",
    Method.SALE: "by_sale",
    Method.WHATSAPP_SETTING: "by_whatsapp",
    Method.ADDRESS_CHANGE: "by_number",
    Method.NOTICE_CHANGE: "by_notice",
    Method.TIMER: "by_time",
    Method.MERGE: "by_merge",
    Method.ERASURE: "by_erasure",
    Method.SUPPRESSION: "by_earlier_stop",
    Method.UNDELIVERED: "by_failure",
    Method.OTHER: "by_other",
}
"""How an entry came about → the text that says it."""

RULES = {
    "button": "by_button",
    "label": "by_button",
    "payload": "by_button",
    "edit": "by_change",
    "revoke": "by_deletion",
    "superseded": "by_new_question",
    "unused_lapse": "by_silence",
}
"""How an answer was understood, or why something ended → the text that says it. Others are typed words, or for us."""

BASES = {"consent": "your_consent", SOFT_OPT_IN: "your_purchase"}
"""Legal basis → the text that names it."""

WAITING = {
    "from_you": "from_you",
    "to_you": "to_you",
    "sent_to_you": "sent_to_you",
    "reminder": "reminder",
    "handed_over": "handed_over",
    "to_staff": "to_staff",
    "task": "task",
    "put_aside": "put_aside",
    "document": "document",
    "moves": "moved",
    KEPT_AFTER_ERASURE: "kept",
}
"""What a data holder calls something stored → the text that names it; `message.…` is news about a message."""

_PROOF_UNTIL = "proof until "
"""How a data holder writes until when a proof is kept; a date follows."""


class DocumentWords:
    """The wording of a document in one language. It falls back as a whole if a text is missing."""

    def __init__(self, world: World, locale: str, zone: str = "UTC") -> None:
        """`zone`: the time zone (IANA) in which times are written."""
        ids = [text_id for text_id in world.texts.slots if text_id.startswith(f"{DOCUMENT}.")]
        ids += [f"rights.{right.intent}" for right in Right]
        ids += [f"answered.{reason}" for reason in Because]
        self._texts = world.texts
        self._zone = ZoneInfo(zone)
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

    def in_a_row(self, items: Iterable[str]) -> str:
        """Return what there is of `items`, with commas between them."""
        return in_a_row(filter(None, items), self.locale)

    def time(self, at: datetime | None) -> str:
        """Return a moment, e.g. `25.11.2026, 11:00:00 MEZ`."""
        if at is None:
            return "–"
        moment = format_datetime(at, "medium", tzinfo=self._zone, locale=self._babel)
        name = format_datetime(at, "z", tzinfo=self._zone, locale=self._babel)
        return f"{moment} {_offset(at.astimezone(self._zone)) if name[:1] in '+-' else name}"

    def zone(self) -> str:
        """Return the name of the time zone, e.g. `Mitteleuropäische Zeit (Europe/Berlin)`."""
        name = get_timezone_name(self._zone, "long", locale=self._babel, zone_variant="generic")
        return f"{name} ({self._zone.key})" if name != self._zone.key else name

    def day(self, at: date) -> str:
        """Return a day."""
        if isinstance(at, datetime):
            at = at.astimezone(self._zone).date()
        return format_date(at, "medium", locale=self._babel)

    def how(self, event: Happened) -> str:
        """Return how something came about and how an answer was understood, e.g. `in this chat, with a button`."""
        method = METHODS[Method(event.method)] if event.method in METHODS else ""
        return self.in_a_row([self(method) if method else "", self._rule(event)])

    def _rule(self, event: Happened) -> str:
        if event.method in (Method.IMPORT, Method.SALE):
            return event.rule.removeprefix(f"{OBJECTION_OFFERED}: ")  # in the company's own words
        if known := RULES.get(event.rule.rpartition(":")[2]):
            return self(known)
        return self("by_words") if event.answer and event.rule else ""

    def basis(self, event: Happened) -> str:
        """Return the legal basis."""
        return self(BASES[event.legal_basis]) if event.legal_basis in BASES else event.legal_basis

    def right(self, name: str) -> str:
        """Return a right with its article, e.g. `See my data (GDPR Art. 15)`."""
        right = Right(name)
        return f"{self(f'rights.{right.intent}')} ({self('article', article=right.article)})"

    def stored(self, entry: InQueue) -> tuple[str, str]:
        """Return what something stored is, and what it says."""
        name = "delivery" if entry.what.startswith("message.") else WAITING.get(entry.what)
        return self(name) if name else entry.what, self._said(entry)

    def _said(self, entry: InQueue) -> str:
        match entry.what:
            case "sent_to_you":
                return self.purpose(entry.text, entry.text)
            case "task":
                return self.right(entry.text) if entry.text in set(Right) else entry.text
            case _ if entry.what == KEPT_AFTER_ERASURE:
                if entry.text.startswith(_PROOF_UNTIL):
                    return self.day(date.fromisoformat(entry.text.removeprefix(_PROOF_UNTIL)))
                return self.purpose(entry.text, entry.text)
        return entry.text

    def language(self, code: str) -> str:
        """Return the name of a language."""
        return (babel_locale(code).get_display_name(self._babel) or code) if code else "–"

    def country(self, code: str) -> str:
        """Return the name of a country."""
        return territory_name(code, self.locale)


def _offset(at: datetime) -> str:
    """Return how far a time zone without a short name in this language is from UTC, e.g. `UTC+5:30`."""
    minutes = int((at.utcoffset() or timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"
