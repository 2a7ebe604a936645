"""Facts to fold, with as little said as a test needs."""

from typing import Any

from bot.consent.evidence import OBJECTION_OFFERED, SOFT_OPT_IN, Entry, Kind, Method, Seen, Wording
from bot.consent.lifecycle import Record, admit, fold

SHOWN = Wording(text="May we write to you?", text_id="opt_in.ask", locale="en")


def entry(kind: Kind, at: int, purpose: str = "offers", **more: Any) -> Entry:
    """Return an entry that lacks nothing that its kind needs."""
    needed: dict[str, Any] = {"inbound": f"wamid.{at}", "question": "", "recorded_at": float(at)}
    if kind is Kind.REQUESTED:
        needed |= {"question": "q1", "expires_at": at + 1000, "shown": SHOWN}
    if kind in (Kind.GIVEN, Kind.REFUSED, Kind.LAPSED):
        needed |= {"question": "q1"}
    if kind is Kind.GIVEN:
        needed |= {"expires_at": at + 10_000, "answer": "yes", "rule": "yes:en:exact", "seen": Seen.DELIVERED}
    if kind is Kind.RELATIONSHIP:
        needed |= {"expires_at": at + 10_000, "answer": "order 17", "rule": f"{OBJECTION_OFFERED}: cut flowers"}
        needed |= {"method": Method.SALE, "legal_basis": SOFT_OPT_IN, "actor": "operator"}
    if kind in (Kind.REQUESTED, Kind.GIVEN):
        needed |= {"wording": SHOWN.sha256, "notice": "2026-10", "locale": "en"}
    return Entry(kind=kind, purpose=purpose, at=at, **needed | more)


def admitted(*entries: Entry) -> Record:
    """Return the record after these entries, each examined."""
    record = Record()
    for one in entries:
        record = admit(record, one)
    assert record == fold(entries)
    return record
