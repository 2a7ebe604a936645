"""What a person's consents are, and what may happen to them next.

The status is a fold over the ledger (`apply`), never a value that somebody sets. All new facts pass through
`admit`, so that no flow can record a consent without a pending request and an affirmative answer to it
(GDPR Art. 4(11), 7(1)), and nothing can outweigh a withdrawal (Art. 7(3)).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from .evidence import OBJECTION_OFFERED, SOFT_OPT_IN, TOLERANCE, Entry, Fact, Kind, Method, Seen


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
    """The status of one purpose for one person. Times are unix seconds."""

    status: Status = Status.NONE
    since: int = 0
    asked_at: int = 0
    """When the request was made that led to this status."""
    stopped_at: int = 0
    """The latest withdrawal, whatever came after it."""
    paused: bool = False
    expires_at: int = 0
    """For a given consent, when its validity ends."""
    question: str = ""
    """For a given consent, the question that the YES answered."""
    notice: str = ""
    """For a given consent, the version of the privacy notice named in the question."""
    before: Status = Status.NONE
    """For a request, the status before it, which returns if nobody answers."""
    before_since: int = 0
    restricted: bool = False
    """Whether the person restricted the use of their data: nothing is sent until they lift it."""
    renewal_at: int = 0
    """For a given consent, when it was asked for again. It stands until its own end or the answer."""
    restricted_at: int = 0
    """The latest restriction, whatever came after it."""
    doubt: str = ""
    """For a paused consent, the last question whether to stop."""
    ended_by: Method | None = None
    """How it ended: for a withdrawal or an objection, how the latest of them came about; for a consent that ended by
    itself, a new notice, another number, or the end of its time."""
    seen: Seen = Seen.UNKNOWN
    """For a given consent, how its question is known to have reached the person."""
    unseen: bool = False
    """Whether the last question about it ended because it reached nobody."""
    objected: bool = False
    """Whether the person objected (GDPR Art. 21) and has given no consent since."""
    sold_at: int = 0
    """When the company last sold the person something, if a relationship is recorded, or when their number changed
    after that: older sales count for nothing. It is no consent."""
    soft_until: int = 0
    """Until when that relationship may be relied on, see `is_related`; 0 once the number changed."""
    claimed_at: int = 0
    """When an imported file says that it was given elsewhere; 0 if none does. It allows nothing."""

    asked_by: Method | None = None
    """How the first question about it came about: in the chat, or passed on by the company from a form, a call …"""

    @property
    def ended(self) -> bool:
        """Whether it was given and has ended without a word from the person."""
        return self.status in (Status.EXPIRED, Status.STALE)

    @property
    def is_related(self) -> bool:
        """Whether a recorded relationship may stand in for a consent until `soft_until`, as far as the record says.

        It may not once the person withdrew, objected, refused, agreed, or has been asked: the stricter side wins
        (ePrivacy Directive, Art. 13(2)). A status other than `NONE` returns to it only from an unanswered question.
        """
        return self.status is Status.NONE and self.soft_until > 0

    @property
    def legal_basis(self) -> str:
        """On what messages may rest, as far as the record says: `consent`, `soft_opt_in`, or empty."""
        if self.status is Status.GIVEN:
            return "consent"
        return SOFT_OPT_IN if self.is_related else ""

    @property
    def asked_since(self) -> bool:
        """Whether it was asked for again after its end, or asked in vain before the end of its time."""
        return self.asked_at >= self.since or (self.status is Status.EXPIRED and self.renewal_at > 0)

    @property
    def claimed(self) -> bool:
        """Whether a file says that it was given elsewhere, and the person has not been asked here."""
        return self.status is Status.NONE and self.claimed_at > 0

    @property
    def resting(self) -> bool:
        """Whether nothing is sent at the moment, whatever was agreed to."""
        return self.paused or self.restricted


class Pending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The question that waits for an answer."""

    question: str
    purpose: str
    locale: str
    asked_at: int
    """WhatsApp's time of the message that prompted it."""
    asked_on: float
    """Our time when the question was asked."""
    expires_at: int
    wording: bytes
    """SHA-256 of the text shown."""
    notice: str
    """The version of the privacy notice that it named."""

    def until(self, delivered_at: int) -> int:
        """Return the last second in which it may be answered; the time starts on delivery (0: unknown)."""
        return self.expires_at + max(0, delivered_at - self.asked_at)


_NO_CONSENT = Consent()


class Record(msgspec.Struct, frozen=True, array_like=True):
    """All consents of one person, folded from `seq` ledger entries."""

    seq: int = 0
    consents: dict[str, Consent] = {}
    pending: Pending | None = None

    def consent(self, purpose: str) -> Consent:
        """Return the status of `purpose`."""
        return self.consents.get(purpose, _NO_CONSENT)

    def allows(self, purpose: str, at: int) -> bool:
        """Whether something may be sent for `purpose` at `at` (unix seconds)."""
        consent = self.consent(purpose)
        return consent.status is Status.GIVEN and not consent.resting and at < consent.expires_at

    @property
    def given(self) -> tuple[str, ...]:
        """The purposes consented to, also those paused."""
        return tuple(purpose for purpose, consent in self.consents.items() if consent.status is Status.GIVEN)

    @property
    def standing(self) -> tuple[str, ...]:
        """The purposes consented to, and those with a relationship that nothing has ended; also those paused."""
        return tuple(
            purpose
            for purpose, consent in self.consents.items()
            if consent.status is Status.GIVEN or consent.is_related
        )

    @property
    def is_stoppable(self) -> bool:
        """Whether there is anything to stop: a purpose that the person may be written to about, or a question."""
        return bool(self.standing) or self.pending is not None

    @property
    def resting(self) -> tuple[str, ...]:
        """The purposes for which nothing is sent at the moment, whatever was agreed to."""
        return tuple(purpose for purpose, consent in self.consents.items() if consent.resting)

    @property
    def restricted(self) -> bool:
        """Whether the person restricted the use of their data."""
        return any(consent.restricted for consent in self.consents.values())

    @property
    def paused(self) -> bool:
        """Whether the person was asked if they want to stop and has not answered."""
        return any(consent.paused for consent in self.consents.values())


def newest(record: Record) -> int:
    """Return the latest time at which anything of a record happened, unix seconds; 0 when nothing has."""
    times = [record.pending.asked_at if record.pending else 0]
    for consent in record.consents.values():
        times += (consent.since, consent.asked_at, consent.stopped_at, consent.renewal_at, consent.restricted_at)
    return max(times)


def fold(facts: Iterable[Fact]) -> Record:
    """Return the record that results from these facts, in the order of their sequence."""
    record = Record()
    for fact in facts:
        record = apply(record, fact)
    return record


def apply(record: Record, fact: Fact) -> Record:
    """Return the record after one more fact."""
    touched = _touched(record, fact)
    after = {purpose: _after(consent, fact, record.pending) for purpose, consent in touched.items()}
    return Record(record.seq + 1, record.consents | after, _pending(record.pending, fact))


def _touched(record: Record, fact: Fact) -> Mapping[str, Consent]:
    match fact.kind:
        case Kind.ERASED:
            return record.consents
        case Kind.MERGED:  # entries of their own have ended what stood or waited
            return {}
    return {fact.purpose: record.consent(fact.purpose)}


def _after(before: Consent, fact: Fact, pending: Pending | None) -> Consent:
    match fact.kind:
        case Kind.REQUESTED:
            return _requested(before, fact)
        case Kind.GIVEN:
            return _changed(
                before,
                status=Status.GIVEN,
                since=fact.at,
                paused=False,
                expires_at=fact.expires_at,
                question=fact.question,
                notice=fact.notice,
                seen=fact.seen,
                asked_at=_asked_at(before, fact, pending),
                renewal_at=0,
                objected=False,
            )
        case Kind.LAPSED:
            return _changed(_unanswered(before), unseen=fact.method is Method.UNDELIVERED)
        case Kind.WITHDRAWN | Kind.OBJECTED:
            return _withdrawn(before, fact)
        case Kind.RELATIONSHIP:
            return _related(before, fact)
        case Kind.RESTRICTED:
            return _changed(before, restricted=True, restricted_at=max(fact.at, before.restricted_at))
        case Kind.LIFTED:  # a late lift does not end a newer restriction
            return _changed(before, restricted=before.restricted and fact.at <= before.restricted_at)
        case Kind.PAUSED:
            return _changed(before, paused=True, doubt=fact.question)
        case Kind.KEPT:
            return _changed(before, paused=False)
        case Kind.ERASED:
            return _erased(before, fact.at)
        case Kind.EXPIRED | Kind.STALE:
            if before.is_related:  # whoever bought before the number changed may be somebody else
                sold_at = max(before.sold_at, fact.at) if fact.kind is Kind.STALE else before.sold_at
                return _changed(before, soft_until=0, sold_at=sold_at)
            ended = Status(fact.kind.value)
            return _changed(before, status=ended, since=fact.at, paused=False, ended_by=fact.method)
        case Kind.MERGED:
            return before
        case Kind.IMPORTED:
            return _changed(before, claimed_at=max(fact.at, before.claimed_at))
        case Kind.REFUSED:
            return _changed(before, status=Status.REFUSED, since=fact.at, paused=False)


def _asked_at(before: Consent, fact: Fact, pending: Pending | None) -> int:
    """Return when the question of a given consent was asked; 0 for a consent from elsewhere: any withdrawal ends it."""
    if fact.method is Method.IMPORT:
        return 0
    return pending.asked_at if pending and pending.question == fact.question else before.asked_at


def _pending(pending: Pending | None, fact: Fact) -> Pending | None:
    """Return the question that waits after `fact`: a new question, the same question, or none."""
    if fact.kind is Kind.REQUESTED:
        return Pending(
            question=fact.question,
            purpose=fact.purpose,
            locale=fact.locale,
            asked_at=fact.at,
            asked_on=fact.recorded_at,
            expires_at=fact.expires_at,
            wording=fact.wording,
            notice=fact.notice,
        )
    if fact.kind is Kind.ERASED:
        return None
    if pending is None or pending.purpose != fact.purpose:
        return pending
    if fact.kind in (Kind.GIVEN, Kind.REFUSED, Kind.LAPSED):
        return None
    return None if fact.kind in (Kind.WITHDRAWN, Kind.OBJECTED) and pending.asked_at <= fact.at else pending


def _changed(consent: Consent, **changes: object) -> Consent:
    return msgspec.structs.replace(consent, **changes)


def _requested(consent: Consent, fact: Fact) -> Consent:
    consent = _changed(consent, unseen=False, asked_by=consent.asked_by or fact.method)
    if consent.status is Status.GIVEN:
        return _changed(consent, renewal_at=fact.at)
    again = consent.status is Status.REQUESTED
    return _changed(
        consent,
        status=Status.REQUESTED,
        since=fact.at,
        asked_at=fact.at,
        before=consent.before if again else consent.status,
        before_since=consent.before_since if again else consent.since,
    )


def _unanswered(consent: Consent) -> Consent:
    """Return to the state before an unanswered question, unless a withdrawal came late.

    A consent that was asked for again has stood, or ended by itself, in the meantime.
    """
    if consent.status is not Status.REQUESTED:
        return consent
    if consent.stopped_at > consent.before_since:
        return _changed(consent, status=Status.WITHDRAWN, since=consent.stopped_at, paused=False)
    return _changed(consent, status=consent.before, since=consent.before_since, paused=False)


def _related(consent: Consent, fact: Fact) -> Consent:
    """A newer sale prolongs the relationship; after a no, the status keeps it from counting."""
    if fact.at <= consent.sold_at:
        return consent
    return _changed(consent, sold_at=fact.at, soft_until=fact.expires_at)


def _withdrawn(consent: Consent, fact: Fact) -> Consent:
    """A withdrawal undoes every consent and question whose request is not newer, in whatever order the facts arrive.

    Requests carry WhatsApp's time as well, so the comparison is fair; at the same second the withdrawal wins.
    """
    stopped_at = max(fact.at, consent.stopped_at)
    stands = consent.asked_at > fact.at and consent.status in (Status.GIVEN, Status.REQUESTED)
    consent = _changed(
        consent,
        stopped_at=stopped_at,
        ended_by=fact.method if fact.at == stopped_at else consent.ended_by,
        objected=consent.objected or (fact.kind is Kind.OBJECTED and not (stands and consent.status is Status.GIVEN)),
    )
    return consent if stands else _changed(consent, status=Status.WITHDRAWN, since=stopped_at, paused=False)


def _erased(consent: Consent, at: int) -> Consent:
    """An erasure ends every consent and question, like a withdrawal; earlier withdrawals keep their own time."""
    if consent.status is Status.WITHDRAWN:
        return consent
    stopped_at = max(at, consent.stopped_at)
    return _changed(consent, status=Status.WITHDRAWN, since=stopped_at, stopped_at=stopped_at, paused=False)


def answerable(
    record: Record, *, at: int, received_at: float, question: str | None, delivered_at: int = 0
) -> Pending | None:
    """Return the pending request that a message answers, or None.

    An answer must be written between the question and its end (which moves with a late delivery, `delivered_at`), and
    after the person's last withdrawal. `question` is the id carried by a tapped button or by the quoted message; it
    must be the id of the pending question. Any other typed answer (None) must also have been received after the
    question was asked: a message that was already on its way answers nothing.
    """
    pending = record.pending
    if pending is None or not pending.asked_at <= at <= pending.until(delivered_at):
        return None
    if at <= record.consent(pending.purpose).stopped_at:
        return None
    answers = received_at >= pending.asked_on if question is None else question == pending.question
    return pending if answers else None


def admit(record: Record, entry: Entry) -> Record:
    """Return the record after a new fact. Raises `NotAllowed` when the law does not allow it.

    Facts that end or limit something are always allowed; facts that begin or answer something are checked.
    """
    match entry.kind:
        case Kind.REQUESTED:
            _may_ask(record, entry)
        case Kind.IMPORTED:
            _may_claim(record, entry)
        case Kind.GIVEN if entry.method is Method.IMPORT:
            _may_count(record, entry)
        case Kind.GIVEN:
            _answers(record, entry)
            _may_give(record, entry)
        case Kind.REFUSED | Kind.LAPSED:
            _answers(record, entry)
        case Kind.RELATIONSHIP:
            _may_relate(record, entry)
    return apply(record, entry)


def _may_ask(record: Record, entry: Entry) -> None:
    consent = record.consent(entry.purpose)
    if consent.status is Status.GIVEN:
        _may_renew(record, entry)
    if entry.at < consent.stopped_at:
        raise NotAllowed("the wish to be asked is older than the withdrawal (GDPR Art. 7(3))")
    if record.pending is not None and record.pending.purpose != entry.purpose:
        raise NotAllowed("one question at a time: close the pending question first (GDPR Art. 7(2))")
    if not entry.question or not entry.wording or not entry.notice or entry.expires_at <= entry.at:
        raise NotAllowed("a request needs an id, its wording, the notice and an end (GDPR Art. 7(1))")


def _may_renew(record: Record, entry: Entry) -> None:
    """A consent is asked for again once, in the second half of its validity; more would be nagging (rec. 32, 42)."""
    consent = record.consent(entry.purpose)
    repeated = record.pending is not None and record.pending.purpose == entry.purpose
    if consent.renewal_at and not repeated:
        raise NotAllowed("a given consent is asked for again only once")
    if 2 * entry.at < consent.since + consent.expires_at:
        raise NotAllowed("a given consent is not asked for again before half of its validity is over")
    if consent.resting:
        raise NotAllowed("nothing is asked while the person may have meant to stop, or has restricted the use of data")


def _may_claim(record: Record, entry: Entry) -> None:
    """Nothing that a file says outweighs what the person said here (GDPR Art. 7(3), 18, 21(3))."""
    consent = record.consent(entry.purpose)
    if consent.stopped_at:
        raise NotAllowed("nothing imported lifts a withdrawal or an objection (GDPR Art. 7(3), 21(3))")
    if record.restricted or record.paused:
        raise NotAllowed("nothing imported ends a restriction or a doubt (GDPR Art. 18)")
    if consent.status is not Status.NONE:
        raise NotAllowed("the person was asked here, and their own answer counts")
    if entry.method is not Method.IMPORT or not entry.rule:
        raise NotAllowed("a claim needs its source (GDPR Art. 14(2)(f))")


def _may_count(record: Record, entry: Entry) -> None:
    """A consent from elsewhere counts once the controller has confirmed the evidence for it (GDPR Art. 7(1))."""
    _may_claim(record, entry)
    if not record.consent(entry.purpose).claimed:
        raise NotAllowed("a consent from elsewhere needs its claim first (GDPR Art. 7(1))")
    if not entry.notice or entry.expires_at <= entry.at:
        raise NotAllowed("a consent from elsewhere needs its notice and a validity (GDPR Art. 7(1))")


def _answers(record: Record, entry: Entry) -> None:
    pending = record.pending
    if pending is None or pending.question != entry.question or pending.purpose != entry.purpose:
        raise NotAllowed("an answer needs the pending request that it answers (GDPR Art. 7(1))")


def _may_give(record: Record, entry: Entry) -> None:
    """A YES never counts if it is late, not newer than the last STOP, or answers a question that nobody saw."""
    if record.pending is not None and entry.at > record.pending.until(entry.delivered_at):
        raise NotAllowed("the request had lapsed when the answer was written")
    if entry.at <= record.consent(entry.purpose).stopped_at:
        raise NotAllowed("the answer is not newer than the withdrawal (GDPR Art. 7(3))")
    if not entry.seen:
        raise NotAllowed("the question is not known to have reached the person (GDPR Art. 4(11), 7(1))")
    if not entry.wording or not entry.answer or not entry.notice or entry.expires_at <= entry.at:
        raise NotAllowed("a consent needs the wording shown, the notice, the answer and a validity (GDPR Art. 7(1))")


def _may_relate(record: Record, entry: Entry) -> None:
    """A sale is a basis only for somebody who could object and never did (ePrivacy Directive, Art. 13(2))."""
    consent = record.consent(entry.purpose)
    if consent.stopped_at or consent.status is Status.REFUSED:
        raise NotAllowed("the person withdrew, objected or refused, which a sale does not undo (ePrivacy Art. 13(2))")
    if record.restricted:
        raise NotAllowed("the person restricted the use of their data (GDPR Art. 18)")
    if entry.legal_basis != SOFT_OPT_IN or not entry.rule.startswith(OBJECTION_OFFERED):
        raise NotAllowed("a relationship needs an objection that was offered at the sale (ePrivacy Art. 13(2))")
    if not entry.answer or entry.at > entry.recorded_at + TOLERANCE or entry.expires_at <= entry.at:
        raise NotAllowed("a relationship needs the sale's reference, its date in the past, and an end")
