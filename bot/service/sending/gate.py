"""Decides what may be sent, when a message is queued and again right before it leaves. Nothing else decides that.

What was allowed when queued may no longer be (GDPR Art. 7(3)). Cost: an `Answer`, and what the law requires, needs no
look at the ledger unless it has waited for a retry.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, StrEnum
from typing import Literal

from ...business import Business
from ...consent.lifecycle import Record, Status, fold
from ...messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty, ForPurpose
from ...messages.inbound import Sender
from ...messages.reply import Outbound
from ..ports import HandedOver, Ledger, PersonId

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


class Reason(StrEnum):
    """Why something is not sent."""

    NO_ADDRESS = "no_address"
    """No address of the person is known any more."""
    ERASED = "erased"
    """The person was erased (GDPR Art. 17)."""
    UNKNOWN_PURPOSE = "unknown_purpose"
    """`business.toml` has no such purpose, so nobody can have been told about it (GDPR Art. 13(1)(c))."""
    OUTSIDE_WINDOW = "outside_window"
    """The person wrote more than 24 hours ago, and the message is not a template. Meta: messages/send-messages."""
    QUESTION_CLOSED = "question_closed"
    """It asks for a consent, and the question is no longer pending."""
    RESTRICTED = "restricted"
    """The person restricted the use of their data (GDPR Art. 18)."""
    NO_CONSENT = "no_consent"
    """Nobody asked for the consent, or the person refused it."""
    PENDING = "pending"
    """The person has not answered the question yet."""
    PAUSED = "paused"
    """The person was asked if they want to stop, and has not answered."""
    WITHDRAWN = "withdrawn"
    SUPPRESSED = "suppressed"
    """Something was stopped under the address of somebody who is not known, or not any more."""
    TEMPLATE_MISSING = "template_missing"
    EXPIRED = "expired"
    STALE = "stale"
    """The privacy notice has changed materially since the consent."""


_BY_STATUS = {
    Status.NONE: Reason.NO_CONSENT,
    Status.REFUSED: Reason.NO_CONSENT,
    Status.REQUESTED: Reason.PENDING,
    Status.WITHDRAWN: Reason.WITHDRAWN,
    Status.EXPIRED: Reason.EXPIRED,
    Status.STALE: Reason.STALE,
}


def is_open(wrote_at: int, now: float) -> bool:
    """Whether anything may still be sent to a person who wrote at `wrote_at`; later only templates may."""
    return now <= wrote_at + WINDOW


def reaches(to: Sender, wrote_at: int, now: float) -> bool:
    """Whether an answer to a message that a person wrote at `wrote_at` can still reach them."""
    return to != Sender() and is_open(wrote_at, now)


def withheld(outbound: Outbound, seen: Record | NoRecord, at: float, business: Business) -> Reason | None:
    """Return why a message may not be sent now (`at`, unix seconds); None if it may."""
    if not (outbound.phone or outbound.bsuid):
        return Reason.NO_ADDRESS
    if at > outbound.window_ends and (outbound.reply.template is None or isinstance(outbound.basis, Answer)):
        return Reason.OUTSIDE_WINDOW
    return refused(outbound.basis, seen, at, business)


def refused(basis: Basis, seen: Record | NoRecord, at: float, business: Business) -> Reason | None:
    """Return why nothing may be sent on this basis now, whatever its content; None if something may."""
    if isinstance(basis, ForPurpose) and business.purpose(basis.purpose) is None:
        return Reason.UNKNOWN_PURPOSE
    if seen is NoRecord.ERASED:
        return None if basis == _TELLS_ERASURE else Reason.ERASED
    if seen is NoRecord.UNCHANGED:
        return None
    match basis:
        case ForPurpose(purpose):
            return _unconsented(seen, purpose, at, business)
        case AsksConsent(question) if seen.pending is None or seen.pending.question != question:
            return Reason.QUESTION_CLOSED
        case Answer() if seen.restricted:
            return Reason.RESTRICTED
    return None


def _unconsented(record: Record, purpose: str, at: float, business: Business) -> Reason | None:
    consent = record.consent(purpose)
    if (reason := _BY_STATUS.get(consent.status)) is not None:
        return reason
    if consent.restricted:
        return Reason.RESTRICTED
    if consent.paused:
        return Reason.PAUSED
    if not record.allows(purpose, int(at)):
        return Reason.EXPIRED
    return None if business.notice_stands(consent.notice) else Reason.STALE


def passes_at(basis: Basis, record: Record, at: float, business: Business) -> int:
    """Return the ledger entry at which a basis passes a message; `NEVER` if it does not."""
    return NEVER if refused(basis, record, at, business) else record.seq


def last_seen(outbound: Outbound, business: Business) -> int | None:
    """Return the ledger entry at which the gate passed a message, for `looks`.

    None: it may go without another look. `NEVER`: more than the ledger may have changed, because the message waited
    for long or the privacy notice changed.
    """
    if outbound.attempt or outbound.refused_at:
        return NEVER
    match outbound.basis:
        case ForPurpose():
            return outbound.ledger_seq if outbound.notice == business.notice.version else NEVER
        case AsksConsent():
            return outbound.ledger_seq
    return NEVER if outbound.ledger_seq == NEVER else None


async def judge(messages: Sequence[Outbound], ledger: Ledger, at: float, business: Business) -> list[Reason | None]:
    """Look again; return for each message why it may not be sent now, or None if it may. Raises `Unavailable`."""
    last = ((PersonId(message.person), last_seen(message, business)) for message in messages)
    seen = await looks(ledger, ((person, number) for person, number in last if number is not None))
    return [
        withheld(message, seen.get(PersonId(message.person), NoRecord.UNCHANGED), at, business) for message in messages
    ]


async def judge_for_host(
    messages: Sequence[HandedOver], basis: Basis, ledger: Ledger, at: float, business: Business
) -> list[Reason | None]:
    """Return for each message why the host's bot may not get it now, or None if it may. Raises `Unavailable`."""
    notice = business.notice.version
    seen = await looks(
        ledger, ((message.person, message.ledger_seq if message.notice == notice else NEVER) for message in messages)
    )
    return [refused(basis, seen.get(message.person, NoRecord.UNCHANGED), at, business) for message in messages]


async def looks(
    ledger: Ledger, last: Iterable[tuple[PersonId, int]]
) -> Mapping[PersonId, Record | Literal[NoRecord.ERASED]]:
    """Look at persons' ledgers; return the results for those that no longer end where they did.

    For persons left out, nothing was withdrawn since. Raises `Unavailable`.
    """
    then: Sequence[tuple[PersonId, int]] = list(last)
    if not then:
        return {}
    now = await ledger.sequences({person for person, _ in then})
    changed = {person for person, number in then if now.get(person) != number}
    past = await ledger.facts(changed & now.keys()) if changed else {}
    return {
        person: fold(entry.fact for entry in past.get(person, ())) if person in now else NoRecord.ERASED
        for person in changed
    }
