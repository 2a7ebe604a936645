"""What the use cases need from the outside, as protocols; `stores` and `channels` implement them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Protocol

from bot.consent.evidence import Entry, Fact
from bot.conversation.inbound import Inbound, MessageId
from bot.conversation.reply import Outbound
from bot.conversation.session import Session

PersonId = NewType("PersonId", str)
"""Opaque UUIDv7 of a person, as text."""


@dataclass(frozen=True, slots=True)
class Append:
    """Entries to add to one person's ledger, if it still ends at number `after`."""

    person: PersonId
    after: int
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class PastFact:
    """A fact of the ledger and the token of the message that caused it."""

    fact: Fact
    inbound: bytes


@dataclass(slots=True)
class Commit:
    """What one person's messages of a batch led to, to be stored in one step."""

    token: bytes
    """The address token under which the session is kept."""
    read: bytes
    """The session as it was read; empty when there was none."""
    session: Session
    messages: list[bytes]
    """The inbox entries that are finished by it."""
    outbound: list[Outbound]
    handed_over: list[Inbound]
    timers: list[tuple[float, Inbound]]
    ended: list[Inbound]
    """Timers no longer needed."""
    superseded: bytes = b""
    """The token under which the session was kept before."""


class Retry(StrEnum):
    """What to do with a message that a channel did not take."""

    NEVER = "never"
    """Permanent: the same message will fail again."""
    BACKOFF = "backoff"
    """Temporary at the channel: exponential back-off with jitter, bounded."""
    THROTTLE = "throttle"
    """The number sends too fast: wait seconds, for all recipients."""
    PAIR = "pair"
    """This recipient got too many: wait 4^X seconds, for this recipient only."""
    LATER = "later"
    """An hourly quota is used up: wait minutes, for all recipients."""
    HALT = "halt"
    """Nothing can be sent until an operator acts (token, permission, payment, lock): keep all, alert."""
    OPT_OUT = "opt_out"
    """The person switched marketing off at the channel: never retry, record a withdrawal."""


class SendError(Exception):
    """A channel did not take a message. Carries the channel's code, never text, address or token."""

    def __init__(self, code: int, retry: Retry, meaning: str) -> None:
        super().__init__(f"send refused with code {code}: {meaning}")
        self.code = code
        self.retry = retry
        self.meaning = meaning

    @property
    def retryable(self) -> bool:
        """Whether the same message may be tried again."""
        return self.retry not in (Retry.NEVER, Retry.OPT_OUT)


class Channel(Protocol):
    """A way to reach people."""

    async def send(self, outbound: Outbound) -> MessageId:
        """Send one message and return the channel's id of it.

        Raises `SendError`; a message that breaks a limit of the channel raises it with `Retry.NEVER` unsent.
        """

    async def mark_read(self, message: MessageId, *, typing: bool) -> None:
        """Show the person that their message was read and, if `typing`, that an answer is coming.

        Raises `SendError`.
        """

    async def close(self) -> None:
        """Release connections."""
