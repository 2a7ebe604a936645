"""What a person's consents are, and what may happen to them next.

The status is a fold over the ledger (`apply`), never a value that someone sets. New facts are made only by the
functions below, so that no flow can record a consent without a pending request and an affirmative answer to it
(GDPR Art. 4(11), 7(1)), and nothing can weigh more than a withdrawal (Art. 7(3)).
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from bot.consent.evidence import Entry, Fact, Kind


class Status(StrEnum):
    """Where a consent stands."""

    NONE = "none"
    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    STALE = "stale"


class NotAllowed(Exception):
    """The law does not allow this step; the message says which rule."""


class Consent(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """Where one purpose stands with one person. Times are unix seconds."""

    status: Status = Status.NONE
    since: int = 0
    asked_at: int = 0
    """When the request was made that the status follows from."""
    stopped_at: int = 0
    """The newest withdrawal, whatever came later."""
    paused: bool = False
    expires_at: int = 0


class Pending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The question that waits for an answer."""

    question: str
    purpose: str
    locale: str
    asked_at: int
    """WhatsApp's time of the message that led to it."""
    asked_on: float
    """Our time when it was asked."""
    expires_at: int
    wording: bytes
    """SHA-256 of the text shown."""
    notice: str
    """The version of the privacy notice that it named."""


_NO_CONSENT = Consent()


class Record(msgspec.Struct, frozen=True, array_like=True):
    """All consents of one person, folded from `seq` ledger entries."""

    seq: int = 0
    consents: dict[str, Consent] = {}
    pending: Pending | None = None

    def consent(self, purpose: str) -> Consent:
        """Return where `purpose` stands."""
        return self.consents.get(purpose, _NO_CONSENT)

    def allows(self, purpose: str, at: int) -> bool:
        """Whether something may be sent for `purpose` at `at` (unix seconds)."""
        consent = self.consent(purpose)
        return consent.status is Status.GIVEN and not consent.paused and at < consent.expires_at

    @property
    def given(self) -> tuple[str, ...]:
        """The purposes consented to."""
        return tuple(purpose for purpose, consent in self.consents.items() if consent.status is Status.GIVEN)

    @property
    def paused(self) -> bool:
        """Whether the person was asked if they want to stop and has not answered."""
        return any(consent.paused for consent in self.consents.values())


def fold(facts: Iterable[Fact]) -> Record:
    """Return the record that these facts, in the order of their sequence, amount to."""
    record = Record()
    for fact in facts:
        record = apply(record, fact)
    return record


def apply(record: Record, fact: Fact) -> Record:
    """Return the record after one more fact."""
    before = record.consent(fact.purpose)
    pending = record.pending
    match fact.kind:
        case Kind.REQUESTED:
            after = _changed(before, status=Status.REQUESTED, since=fact.at, asked_at=fact.at)
            pending = Pending(
                question=fact.question,
                purpose=fact.purpose,
                locale=fact.locale,
                asked_at=fact.at,
                asked_on=fact.recorded_at,
                expires_at=fact.expires_at,
                wording=fact.wording,
                notice=fact.notice,
            )
        case Kind.GIVEN:
            after = _changed(before, status=Status.GIVEN, since=fact.at, paused=False, expires_at=fact.expires_at)
            pending = None
        case Kind.REFUSED:
            after = _changed(before, status=Status.REFUSED, since=fact.at)
            pending = None
        case Kind.LAPSED:
            lapsed_to = Status.WITHDRAWN if before.stopped_at else Status.NONE
            after = _changed(before, status=lapsed_to, since=fact.at)
            pending = None
        case Kind.WITHDRAWN:
            after = _withdrawn(before, fact.at)
            if pending is not None and pending.purpose == fact.purpose and pending.asked_at <= fact.at:
                pending = None
        case Kind.PAUSED | Kind.KEPT:
            after = _changed(before, paused=fact.kind is Kind.PAUSED)
        case Kind.EXPIRED:
            after = _changed(before, status=Status.EXPIRED, since=fact.at)
        case Kind.STALE:
            after = _changed(before, status=Status.STALE, since=fact.at)
    return Record(record.seq + 1, record.consents | {fact.purpose: after}, pending)


def _changed(consent: Consent, **changes: object) -> Consent:
    return msgspec.structs.replace(consent, **changes)


def _withdrawn(consent: Consent, at: int) -> Consent:
    """A withdrawal undoes every consent and question whose request is not newer than it, in whatever order they come.

    Requests are timed by WhatsApp's clock too, so the comparison is fair; at equal time the withdrawal wins.
    """
    stopped_at = max(at, consent.stopped_at)
    if consent.status in (Status.GIVEN, Status.REQUESTED) and consent.asked_at > at:
        return _changed(consent, stopped_at=stopped_at)
    return _changed(consent, status=Status.WITHDRAWN, since=at, stopped_at=stopped_at, paused=False)


def answerable(record: Record, *, at: int, received_at: float, question: str | None) -> Pending | None:
    """Return the pending request that a message answers, or None.

    `question` is the id that a tapped button carries: it must be the pending one. A typed answer (None) must have
    been written and received after the question was asked; one that was under way before answers nothing.
    """
    pending = record.pending
    if pending is None or at > pending.expires_at:
        return None
    if question is not None:
        return pending if question == pending.question else None
    return pending if at >= pending.asked_at and received_at >= pending.asked_on else None


def give(record: Record, entry: Entry) -> Record:
    """Return the record after a YES. Raises `NotAllowed` unless `entry` answers the pending request.

    A YES that is not newer than the person's last STOP for the purpose never counts (GDPR Art. 7(3)).
    """
    pending = record.pending
    if pending is None or pending.question != entry.question or pending.purpose != entry.purpose:
        raise NotAllowed("a consent needs a pending request that it answers (GDPR Art. 7(1))")
    if entry.at > pending.expires_at:
        raise NotAllowed("the request had lapsed when the answer was written")
    if entry.at <= record.consent(entry.purpose).stopped_at:
        raise NotAllowed("the answer is not newer than the withdrawal (GDPR Art. 7(3))")
    if not entry.wording or not entry.answer or not entry.notice or entry.expires_at <= entry.at:
        raise NotAllowed("a consent needs the wording shown, the notice, the answer and a validity (GDPR Art. 7(1))")
    return apply(record, entry)
