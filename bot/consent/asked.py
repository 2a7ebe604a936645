"""How far the messages that ask for consent got: a question that nobody saw can't be agreed to (GDPR Art. 4(11)).

WhatsApp's times are compared with WhatsApp's, and ours with ours, as far as there are any: the clocks may differ.
"""

from collections.abc import Collection, Iterable

import msgspec

from .evidence import TOLERANCE, Seen
from .lifecycle import Pending

KEPT = 8
"""How many asking messages are remembered per person."""


class Asked(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """A message that asks a question. Times are unix seconds, 0 while they are not known."""

    question: str
    message: str = ""
    """The reference by which the channel's messages name it; empty while it is queued."""
    accepted_on: float = 0.0
    """When the channel took it, by our clock."""
    sent_at: int = 0
    """When it was sent, by WhatsApp's clock."""
    delivered_at: int = 0
    """When it was delivered or read, by WhatsApp's clock."""

    @property
    def accepted_at(self) -> int:
        """When WhatsApp took it, as stated in evidence."""
        return int(self.accepted_on) or self.sent_at

    @property
    def is_taken(self) -> bool:
        """Whether WhatsApp is known to have it."""
        return bool(self.accepted_on or self.sent_at or self.delivered_at)

    def precedes(self, pending: Pending, *, at: int, received_at: float) -> bool:
        """Whether something written at `at`, which reached us at `received_at`, was written after the question arrived.

        Until WhatsApp reports its own times, two estimates must agree. The first is our own time of acceptance, give or
        take the tolerance between the clocks: messages held back by an outage arrive long after they were written.
        The second is WhatsApp's time of the message that led to the question, plus the time we took to hand it over.
        """
        if told := self.delivered_at or self.sent_at:
            return at >= told
        if not self.accepted_on or received_at < self.accepted_on or at < self.accepted_on - TOLERANCE:
            return False
        return at >= pending.asked_at + int(max(0.0, self.accepted_on - pending.asked_on))


class Reached(msgspec.Struct, frozen=True, gc=False):
    """How a question is known to have reached the person who answers it."""

    seen: Seen = Seen.UNKNOWN
    accepted_at: int = 0
    delivered_at: int = 0


def reached(asked: Iterable[Asked], pending: Pending, *, at: int, received_at: float, by: Seen) -> Reached:
    """Return how the pending question reached whoever answers it.

    `by` is the part of the answer that only somebody who saw the question can give: its own button, or a quote.
    """
    attempts = [attempt for attempt in asked if attempt.question == pending.question]
    before = [attempt for attempt in attempts if attempt.precedes(pending, at=at, received_at=received_at)]
    accepted_at = min((attempt.accepted_at for attempt in attempts if attempt.accepted_at), default=0)
    delivered_at = first_delivery(attempts, pending.question)
    if by.by_the_answer:
        return Reached(by, accepted_at, delivered_at)
    if any(attempt.delivered_at for attempt in before):
        return Reached(Seen.DELIVERED, accepted_at, delivered_at)
    return Reached(Seen.ACCEPTED if before else Seen.UNKNOWN, accepted_at, delivered_at)


def first_delivery(asked: Iterable[Asked], question: str) -> int:
    """Return when a question was first delivered; 0 if no delivery is known."""
    return min(
        (attempt.delivered_at for attempt in asked if attempt.question == question and attempt.delivered_at), default=0
    )


def queued(asked: Collection[Asked], question: str, relevant: Collection[str]) -> tuple[Asked, ...]:
    """Note that a message with this question is queued; forget messages whose question is no longer `relevant`."""
    if any(attempt.question == question and not attempt.message for attempt in asked):
        return tuple(asked)
    return _kept([*asked, Asked(question)], relevant)


def noted(asked: Collection[Asked], news: Asked, relevant: Collection[str]) -> tuple[Asked, ...]:
    """Add what became known about a message."""
    before = _named(asked, news)
    if before is None:
        return _kept([*asked, news], relevant)
    after = Asked(
        news.question,
        news.message,
        before.accepted_on or news.accepted_on,
        _earlier(before.sent_at, news.sent_at),
        _earlier(before.delivered_at, news.delivered_at),
    )
    return tuple(after if attempt is before else attempt for attempt in asked)


def without(asked: Collection[Asked], question: str, message: str) -> tuple[Asked, ...]:
    """Forget a message that reaches nobody; an empty `message` means that it never left."""
    return tuple(attempt for attempt in asked if (attempt.question, attempt.message) != (question, message))


def _named(asked: Iterable[Asked], news: Asked) -> Asked | None:
    """Return what is already known about a message, perhaps only that it is queued."""
    attempts = [
        attempt for attempt in asked if attempt.question == news.question and attempt.message in (news.message, "")
    ]
    return max(attempts, key=lambda attempt: bool(attempt.message), default=None)


def _kept(asked: list[Asked], relevant: Collection[str]) -> tuple[Asked, ...]:
    return tuple(attempt for attempt in asked if attempt.question in relevant)[-KEPT:]


def _earlier(first: int, second: int) -> int:
    return min(first, second) if first and second else first or second
