"""What goes out: the outbox, the right to send, and the channels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ...messages.inbound import Delivery, Inbound, MessageId, Sender
from ...messages.reply import Matter, Outbound
from .queues import Queue


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the channel took and that something hangs on."""

    message: MessageId
    """The channel's id of it."""
    token: bytes
    """The keyed hash of that, under which statuses find what hangs on it."""
    matter: Matter
    recipient: Sender = field(repr=False)
    news: Inbound | None = None
    """What the person's session must know of it."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What a delivery status came to."""

    is_news: bool
    """Whether as much was not known before: statuses come in any order."""
    stands: bool
    """Whether nothing better is known: a failure says nothing of what was delivered."""
    matter: Matter
    """What hangs on the message, as stored when the channel took it."""


class Messages(Queue[Outbound], Protocol):
    """The outbox as it is read."""

    async def finish_sent(self, entry_id: bytes, sent: Sent) -> None:
        """Take a message off the queue that the channel took.

        In the same step what hangs on it is stored for its statuses, and the news of it put into the inbox; with them
        statuses that came before this, to be looked at again.
        """


class Outbox(Protocol):
    """What happens to a queued message, apart from reading the queue.

    Of one person's messages one at a time can be read, over all processes; it is finished, or comes back, before the
    next.
    """

    async def retry(self, entry_id: bytes, outbound: Outbound, due: float) -> None:
        """Take a message off the outbox and bring it back at `due` (unix seconds); those behind it wait."""

    async def hand_back(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a message that was handed to the host and queue the host's replies, all to one person."""

    async def answer_task(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a task and queue what its person is told."""

    async def promote(self, now: float) -> int:
        """Bring back messages and timers that are due; return how many."""

    async def note_status(self, message: bytes, delivery: Delivery) -> Noted:
        """Note a delivery status of the message with this token."""


class Throttle(Protocol):
    """The business number's right to send."""

    async def take(self, wanted: int) -> tuple[int, float]:
        """Ask for the right to send `wanted` messages: how many may go now, and seconds to wait if none."""


class Retry(StrEnum):
    """What to do with a message that a channel did not take."""

    NEVER = "never"
    """Permanent: the same message will fail again."""
    BACKOFF = "backoff"
    """Temporary at the channel: exponential back-off with jitter, bounded."""
    THROTTLE = "throttle"
    """The number sends too fast: wait seconds; for all recipients, once several are told so."""
    PAIR = "pair"
    """This recipient got too many: wait 4^X seconds, for this recipient only."""
    LATER = "later"
    """An hourly quota is used up: wait minutes; for all recipients, once several are told so."""
    HALT = "halt"
    """Nothing can be sent until an operator acts (token, permission, payment, lock): keep all, alert.

    The same codes come for one recipient alone, see `bot.service.sending.halting`.
    """
    OPT_OUT = "opt_out"
    """The person switched marketing off at the channel: never retry, record a withdrawal."""


class SendError(Exception):
    """A channel did not take a message. Carries the channel's code, never text, address or token."""

    def __init__(self, code: int, retry: Retry, meaning: str, attempts: int | None = None) -> None:
        """`attempts`: how often a message may be sent in all; None until an operator acts."""
        super().__init__(f"send refused with code {code}: {meaning}")
        self.code = code
        self.retry = retry
        self.meaning = meaning
        self.attempts = attempts

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

    async def upload(self, content: bytes, filename: str, mime: str) -> str:
        """Hand over a file that is to be sent; return the channel's id of it. Raises `SendError`."""

    async def delete_media(self, media_id: str) -> None:
        """Delete a file that was uploaded; one that is there no more is no error. Raises `SendError`."""

    def failure(self, code: int) -> SendError:
        """Tell what it means when a message that was accepted is reported later to have failed with this code."""

    async def close(self) -> None:
        """Release connections."""
