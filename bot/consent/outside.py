"""What persons said outside of the chat, by letter, e-mail or phone, as facts for the ledger. Pure.

A withdrawal must be as easy as the consent was (GDPR Art. 7(3)), and no form may be prescribed for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .evidence import Clock, Entry, Fact, Kind, Method
from .lifecycle import Consent, Record, Status, newest


class Way(StrEnum):
    """The ways by which persons say something outside of the chat."""

    EMAIL = "email"
    LETTER = "letter"
    PHONE = "phone"
    IN_PERSON = "in_person"
    WEB = "web"
    OTHER = "other"

    @property
    def method(self) -> Method:
        """The same as the ledger names it."""
        return Method(self.value)


@dataclass(frozen=True, slots=True)
class Said:
    """What an operator notes of it."""

    kind: Kind
    """`WITHDRAWN`, `OBJECTED`, `RESTRICTED` or `LIFTED`."""
    method: Method
    actor: str
    """Who notes it, e.g. `operator:ben`."""
    reason: str
    """In the operator's words; the ledger stores it encrypted with the person's key."""
    cause: str
    """Identifies it: the same cause is recorded only once."""


def entries(said: Said, facts: Sequence[Fact], record: Record, purposes: Iterable[str], now: float) -> list[Entry]:
    """Return what the ledger still lacks; `record` is folded from `facts`. Times are unix seconds."""
    last = {fact.purpose: fact.kind for fact in facts if fact.kind in _ABOUT_CONSENT}
    lacking = [purpose for purpose in purposes if _is_news(said.kind, last, purpose, record.consent(purpose))]
    return [
        _entry(said, purpose, _at(said.kind, record, record.consent(purpose), int(now)), now) for purpose in lacking
    ]


_ABOUT_CONSENT = frozenset(Kind) - {Kind.RESTRICTED, Kind.LIFTED, Kind.PAUSED, Kind.KEPT, Kind.MERGED}


def _is_news(kind: Kind, last: Mapping[str, Kind], purpose: str, consent: Consent) -> bool:
    match kind:
        case Kind.RESTRICTED:
            return not consent.restricted
        case Kind.LIFTED:
            return consent.restricted
    return last.get(purpose) is not kind or consent.status is not Status.WITHDRAWN  # it may have come late


def _at(kind: Kind, record: Record, consent: Consent, now: int) -> int:
    """Return the time of a fact, so that it outweighs whatever is known by now, although clocks differ."""
    return max(now, consent.restricted_at + 1 if kind is Kind.LIFTED else newest(record))


def _entry(said: Said, purpose: str, at: int, now: float) -> Entry:
    return Entry(
        kind=said.kind,
        purpose=purpose,
        at=at,
        recorded_at=round(now, 3),
        inbound=said.cause,
        method=said.method,
        answer=said.reason,
        actor=said.actor,
        clock=Clock.ARRIVAL,
    )
