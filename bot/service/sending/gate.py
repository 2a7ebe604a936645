"""Decides what may be sent, when a message is queued and again right before it leaves. Nothing else decides that.

All of it is pure; `judge` looks up what it needs to know. `docs/gate.md` shows what it says to every combination of
facts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from ...business import Business, Purpose
from ...consent import soft_opt_in
from ...consent.evidence import Method
from ...consent.lifecycle import Consent, Record, Status
from ...messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty, ForPurpose
from ...messages.inbound import Sender
from ...messages.reply import Outbound
from ...quiet import AtMost
from ..ports import PersonId
from .reasons import Reason, Refuse
from .whereabouts import countries, zones

NEVER = -1
"""Instead of an entry number: the person was not looked at."""

WINDOW = 24 * 3600
"""Seconds after a person's message during which anything may be sent to them. Meta: messages/send-messages."""

_TELLS_ERASURE = ByLaw(Duty.ERASURE)


class NoRecord(Enum):
    """The result of a look at a person's ledger that returned no record."""

    UNCHANGED = "unchanged"
    """The ledger ends where it did when the gate last passed a message, so nothing was withdrawn since."""
    ERASED = "erased"
    """The person was erased."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that somebody wants to send, as far as the gate looks at it."""

    person: PersonId | None
    """None: nobody knows them, so nothing was ever agreed to."""
    to: Sender = field(repr=False)
    basis: Basis
    window_ends: int = 0
    """End of the 24 hours after the person's last message, unix seconds; 0: they never wrote."""
    is_template: bool = False


_BY_STATUS = {
    Status.NONE: Reason.NO_CONSENT,
    Status.REFUSED: Reason.NO_CONSENT,
    Status.REQUESTED: Reason.PENDING,
    Status.EXPIRED: Reason.EXPIRED,
    Status.STALE: Reason.STALE,
}


def is_open(wrote_at: int, now: float) -> bool:
    """Whether anything may still be sent to a person who wrote at `wrote_at`; later only templates may."""
    return now <= wrote_at + WINDOW


def reaches(to: Sender, wrote_at: int, now: float) -> bool:
    """Whether an answer to a message that a person wrote at `wrote_at` can still reach them."""
    return to != Sender() and is_open(wrote_at, now)


# --- one message


def withheld(
    outbound: Outbound, seen: Record | NoRecord, at: float, business: Business, sent: Sequence[int] = ()
) -> Refuse | None:
    """Return why a message may not be sent now (`at`, unix seconds); None if it may. See `refusal` for `sent`."""
    return refusal(as_candidate(outbound), seen, at, business, sent)


def refusal(
    candidate: Candidate, seen: Record | NoRecord, at: float, business: Business, sent: Sequence[int] = ()
) -> Refuse | None:
    """Return why a message may not be sent now (`at`, unix seconds); None if it may.

    The lack of a legal basis comes first: no other form of the message would mend that. `sent`: when the person got
    messages of the same purpose, as far as its `at_most` counts them.
    """
    if not candidate.to.addresses:
        return Refuse(Reason.NO_ADDRESS)
    if (reason := refused(candidate.basis, candidate.to, seen, at, business)) is not None:
        return Refuse(reason)
    if at > candidate.window_ends and not (candidate.is_template and _outlasts_window(candidate.basis, business)):
        return Refuse(Reason.OUTSIDE_WINDOW)
    return _too_soon(candidate, at, business, sent)


def as_candidate(outbound: Outbound) -> Candidate:
    """Return what the gate looks at in a message."""
    to, is_template = Sender(outbound.phone, outbound.bsuid), outbound.reply.template is not None
    return Candidate(PersonId(outbound.person), to, outbound.basis, outbound.window_ends, is_template)


def _outlasts_window(basis: Basis, business: Business) -> bool:
    """Whether a template may be sent on this basis to somebody who wrote more than 24 hours ago."""
    match basis:
        case Answer() | ForPurpose(answers=True):
            return False
        case ForPurpose(id) if (purpose := business.purpose(id)) is not None:
            return purpose.legal_basis != "service"
    return True


def refused(basis: Basis, to: Sender, seen: Record | NoRecord, at: float, business: Business) -> Reason | None:
    """Return why nothing may be sent on this basis, whatever its content and however often; None if something may."""
    purpose = business.purpose(basis.purpose) if isinstance(basis, ForPurpose) else None
    if isinstance(basis, ForPurpose) and purpose is None:
        return Reason.UNKNOWN_PURPOSE
    if seen is NoRecord.ERASED:
        return None if basis == _TELLS_ERASURE else Reason.ERASED
    if seen is NoRecord.UNCHANGED:
        return None
    match basis:
        case ForPurpose() if purpose is not None:
            return _baseless(seen, purpose, to, at, business)
        case AsksConsent(question) if seen.pending is None or seen.pending.question != question:
            return Reason.QUESTION_CLOSED
        case AsksConsent(purpose=id) if id and seen.restricted:
            return Reason.RESTRICTED
        case AsksConsent(purpose=id) if id and seen.paused:
            return Reason.PAUSED
        case Answer() if seen.restricted:
            return Reason.RESTRICTED
    return None


def _baseless(record: Record, purpose: Purpose, to: Sender, at: float, business: Business) -> Reason | None:
    """Return why the purpose's legal basis does not hold; where several conflict, the stricter wins."""
    consent = record.consent(purpose.id)
    if consent.status is Status.WITHDRAWN:
        return _stopped(consent)
    match purpose.legal_basis:
        case "service" if consent.status is Status.REFUSED:
            return Reason.NO_CONSENT
        case "service":
            return _resting(record, consent)
        case "soft_opt_in" if consent.is_related:
            return _resting(record, consent) or _unrelated(consent, to, at)
    return _unconsented(record, purpose, at, business)


def _stopped(consent: Consent) -> Reason:
    if consent.objected:
        return Reason.OBJECTED
    match consent.ended_by:
        case Method.SUPPRESSION:
            return Reason.SUPPRESSED
        case Method.WHATSAPP_SETTING:
            return Reason.MARKETING_OFF
    return Reason.WITHDRAWN


def _unrelated(consent: Consent, to: Sender, at: float) -> Reason | None:
    if at >= consent.soft_until:
        return Reason.EXPIRED
    return None if soft_opt_in.allowed(countries(to), consent.sold_at, at) else Reason.NO_CONSENT


def _unconsented(record: Record, purpose: Purpose, at: float, business: Business) -> Reason | None:
    consent = record.consent(purpose.id)
    if (reason := _BY_STATUS.get(consent.status)) is not None:
        return reason
    if consent.restricted:
        return Reason.RESTRICTED
    if consent.paused:
        return Reason.PAUSED
    if not record.allows(purpose.id, int(at)):
        return Reason.EXPIRED
    return None if business.notice_stands(consent.notice) else Reason.STALE


def _resting(record: Record, consent: Consent) -> Reason | None:
    """Return what holds back messages without a consent: a restriction of any purpose does (GDPR Art. 18)."""
    if record.restricted:
        return Reason.RESTRICTED
    return Reason.PAUSED if consent.paused else None


def _too_soon(candidate: Candidate, at: float, business: Business, sent: Sequence[int]) -> Refuse | None:
    """Leave people alone at quiet times, and after enough messages."""
    purpose = _of_own_accord(candidate.basis, business)
    if purpose is None:
        return None
    at_most = cap(candidate.basis, business)
    again = at_most.again_at(sent, at) if at_most is not None else None
    free: int | None = int(at) if again is None else again
    if purpose.quiet is not None and free is not None:
        free = purpose.quiet.ends_at(free, zones(candidate.to, business.controller.timezone))
    if again is not None:
        return Refuse(Reason.FREQUENCY_CAP, free)
    return Refuse(Reason.QUIET_HOURS, free) if free is None or free > at else None


def _of_own_accord(basis: Basis, business: Business) -> Purpose | None:
    """Return the purpose of a message that nothing prompted; None for an answer and for what the law asks for."""
    match basis:
        case ForPurpose(id, answers=False) | AsksConsent(purpose=id):
            return business.purpose(id)
    return None


def passes_at(basis: Basis, to: Sender, record: Record, at: float, business: Business) -> int:
    """Return the ledger entry at which a basis passes a message; `NEVER` if it does not."""
    return NEVER if refused(basis, to, record, at, business) else record.seq


def cap(basis: Basis, business: Business) -> AtMost | None:
    """Return how many messages on this basis a person may get; None: no limit."""
    purpose = _of_own_accord(basis, business) if isinstance(basis, ForPurpose) else None
    return purpose.at_most if purpose is not None else None
