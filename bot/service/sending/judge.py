"""Asks the gate about many messages, with as few looks at the stores as it takes.

What was allowed when queued may no longer be (GDPR Art. 7(3)), so `deliver` asks again. Cost: an `Answer`, and what the
law requires, needs no look at the ledger unless it has waited for a retry.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...business import Business
from ...consent.evidence import Kind
from ...consent.lifecycle import Record, fold
from ...messages.basis import AsksConsent, Basis, ForPurpose
from ...messages.reply import Outbound
from ...quiet import LONGEST_CAP
from ..ports import HandedOver, Ledger, PastFact, PersonId, Sendings
from .gate import NEVER, Candidate, NoRecord, as_candidate, cap, refusal, refused, withheld
from .reasons import Reason, Refuse


@dataclass(frozen=True, slots=True)
class Send:
    """A message may be sent."""

    seq: int
    """The person's last ledger entry, for the job: `Outbound.ledger_seq`, with the present notice's version."""


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


async def judged(
    candidates: Sequence[Candidate], *, ledger: Ledger, sendings: Sendings, at: float, business: Business
) -> list[Send | Refuse]:
    """Judge what somebody wants to queue, or only asks about; two queries in all. Raises `Unavailable`.

    The persons are those that addresses lead to now: of merged records, the one that goes on.
    """
    past = await ledger.facts({candidate.person for candidate in candidates if candidate.person is not None})
    sent = await _sent(candidates, sendings, at, business)
    decisions: list[Send | Refuse] = []
    for candidate, times in zip(candidates, sent, strict=True):
        seen = _seen(past.get(candidate.person, ()) if candidate.person is not None else ())
        refuse = refusal(candidate, seen, at, business, times)
        decisions.append(refuse or Send(seen.seq if isinstance(seen, Record) else NEVER))
    return decisions


def _seen(past: Sequence[PastFact]) -> Record | Literal[NoRecord.ERASED]:
    if any(entry.fact.kind is Kind.ERASED for entry in past):
        return NoRecord.ERASED
    return fold(entry.fact for entry in past)


async def judge(
    messages: Sequence[Outbound], *, ledger: Ledger, sendings: Sendings, at: float, business: Business
) -> list[Refuse | None]:
    """Look again; return for each message why it may not be sent now, or None if it may. Raises `Unavailable`."""
    last = ((PersonId(message.person), last_seen(message, business)) for message in messages)
    seen = await looks(ledger, ((person, number) for person, number in last if number is not None))
    sent = await _sent([as_candidate(message) for message in messages], sendings, at, business)
    return [
        withheld(message, seen.get(PersonId(message.person), NoRecord.UNCHANGED), at, business, times)
        for message, times in zip(messages, sent, strict=True)
    ]


async def _sent(
    candidates: Sequence[Candidate], sendings: Sendings, at: float, business: Business
) -> list[Sequence[int]]:
    """Return for each message when the person got others that count with it; looked up only where a cap counts."""
    counted = [_counted(candidate, business) for candidate in candidates]
    persons = {key[0] for key in counted if key is not None}
    if not persons:
        return [()] * len(candidates)
    found = await sendings.since(persons, at - LONGEST_CAP.total_seconds())
    return [found.get(key, ()) if key is not None else () for key in counted]


def _counted(candidate: Candidate, business: Business) -> tuple[PersonId, str] | None:
    """Return the person and purpose whose messages a cap counts; None if none does."""
    person, basis = candidate.person, candidate.basis
    if person is None or not isinstance(basis, ForPurpose) or cap(basis, business) is None:
        return None
    return person, basis.purpose


async def judge_for_host(
    messages: Sequence[HandedOver], basis: Basis, ledger: Ledger, at: float, business: Business
) -> list[Reason | None]:
    """Return for each message why the host's bot may not get it now, or None if it may. Raises `Unavailable`."""
    notice = business.notice.version
    seen = await looks(
        ledger, ((message.person, message.ledger_seq if message.notice == notice else NEVER) for message in messages)
    )
    return [
        refused(basis, message.inbound.sender, seen.get(message.person, NoRecord.UNCHANGED), at, business)
        for message in messages
    ]


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
