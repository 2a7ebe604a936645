"""What goes out: the outbox, the right to send, and the channels."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from ...messages.inbound import Delivery, Inbound, MessageId, Sender
from ...messages.reply import Matter, Outbound
from .people import PersonId
from .queues import Queue


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that the channel accepted."""

    id: MessageId
    """Its id at the channel, unlike any other channel's, such as `wamid.…`."""
    held: bool = False
    """Whether the channel holds it back for now, and may drop it: nobody has it before a status says so."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the channel accepted and that something depends on."""

    message: MessageId
    """Its id at the channel."""
    token: bytes
    """The keyed hash of that id, under which statuses find what depends on the message."""
    matter: Matter
    recipient: Sender = field(repr=False)
    news: Inbound | None = None
    """What the person's session must know about it."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What noting a delivery status showed."""

    is_news: bool
    """Whether it tells more than was known: statuses come in any order."""
    stands: bool
    """Whether nothing better is known: a failure means nothing once the message was delivered."""
    matter: Matter
    """What depends on the message, as stored when the channel accepted it."""


class Messages(Queue[Outbound], Protocol):
    """The reading end of the outbox."""

    async def finish_sent(self, entry_id: bytes, sent: Sent) -> None:
        """Take a message that the channel accepted off the queue.

        In the same step, store what depends on it for its statuses, and put the news of it into the inbox, followed by
        statuses that came before this, to be looked at again.
        """


class Outbox(Protocol):
    """What happens to a queued message, apart from reading the queue.

    A person's messages can be read only one at a time, across all processes: a message is finished, or comes back,
    before the next.
    """

    async def retry(self, entry_id: bytes, outbound: Outbound, due: float, *, passed: bool = False) -> None:
        """Take a message off the outbox and bring it back at `due` (unix seconds).

        Messages behind it wait or, if it is `passed`, go on without it; then it comes back behind the newest.
        """

    async def hand_back(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a message that was handed to the host and queue the host's replies, all to one person."""

    async def answer_task(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a task and queue its answers."""

    async def queue(self, message: Outbound) -> None:
        """Queue a message that answers nothing; a message with the same id is queued only once."""

    async def promote(self, now: float) -> int:
        """Bring back messages and timers that are due; return how many."""

    async def note_status(self, message: bytes, delivery: Delivery) -> Noted:
        """Note a delivery status of the message with this token."""


Became = Literal["sent", "delivered", "read", "failed", "refused"]
"""What may become of a message of the company."""


class MessageEvents(Protocol):
    """Tells the company's programs what becomes of its messages."""

    async def note(self, message: str, became: Became, *, at: int, detail: str = "") -> None:
        """Note what became of a message at a moment in unix seconds; only the first time counts.

        `detail`: the gate's reason, or the channel's code. Nothing is noted of messages of erased persons. Raises
        `Unavailable`.
        """

    async def left(self, message: str) -> bool:
        """Whether a message is known to have left us. Raises `Unavailable`."""


class Sendings(Protocol):
    """When messages were sent to persons of the company's own accord, for purposes that limit how many may be."""

    async def since(self, persons: Collection[PersonId], moment: float) -> Mapping[tuple[PersonId, str], Sequence[int]]:
        """Return when each person got a message, by purpose, after a moment; all in unix seconds. Raises `Unavailable`.

        What went to another record of the same person counts, too.
        """

    async def note(self, person: PersonId, purpose: str, at: int, until: int) -> None:
        """Note that a message was sent, and until when that counts. Raises `Unavailable`."""


class Throttle(Protocol):
    """The business number's right to send."""

    async def take(self, wanted: int) -> tuple[int, float]:
        """Ask for the right to send `wanted` messages: how many may go now, and seconds to wait if none."""


class Retry(StrEnum):
    """What to do with a message that a channel did not accept."""

    NEVER = "never"
    """Permanent: the same message will fail again."""
    BACKOFF = "backoff"
    """Temporary at the channel: exponential back-off with jitter, bounded."""
    THROTTLE = "throttle"
    """The number sends too fast: wait seconds; for all recipients, once several were refused like this."""
    PAIR = "pair"
    """This recipient got too many: wait 4^X seconds, for this recipient only."""
    LATER = "later"
    """An hourly quota is used up: wait minutes; for all recipients, once several were refused like this."""
    HALT = "halt"
    """Nothing can be sent until an operator acts (token, permission, payment, lock): keep all, alert.

    The same codes may concern a single recipient, see `bot.service.sending.halting`.
    """
    OPT_OUT = "opt_out"
    """The person switched marketing off at the channel: never retry, record a withdrawal."""


class SendError(Exception):
    """A channel did not accept a message. Carries the channel's code, never text, address or token."""

    def __init__(
        self, code: str, retry: Retry, meaning: str, attempts: int | None = None, *, may_have_arrived: bool = False
    ) -> None:
        """`code` is the channel's own, a number or a word; `retry` says what to do about it.

        `attempts`: how often a message may be tried in all; None: until an operator acts. `may_have_arrived`: nobody
        knows whether the channel took the message, because no answer came.
        """
        super().__init__(f"send refused with code {code}: {meaning}")
        self.code = code
        self.retry = retry
        self.meaning = meaning
        self.attempts = attempts
        self.may_have_arrived = may_have_arrived

    @property
    def retryable(self) -> bool:
        """Whether the same message may be tried again."""
        return self.retry not in (Retry.NEVER, Retry.OPT_OUT)


class Channel(Protocol):
    """A way to reach people. Nothing that it raises, prints or logs holds an address, a text or a token."""

    async def send(self, outbound: Outbound) -> Accepted:
        """Send a message and return its id at the channel.

        Raises `SendError`; for a message that breaks a limit of the channel, with `Retry.NEVER` and before sending.
        What the channel cannot show, such as buttons, becomes text.
        """

    async def mark_read(self, message: Inbound, *, typing: bool) -> None:
        """Show the person that their message was read and, if `typing`, that an answer is coming.

        Raises `SendError`.
        """

    async def upload(self, content: bytes, filename: str, mime: str) -> str:
        """Upload a file to be sent; return its id at the channel. Raises `SendError`."""

    async def delete_media(self, media_id: str) -> None:
        """Delete an uploaded file; it is no error if it is already gone. Raises `SendError`."""

    def failure(self, code: str) -> SendError:
        """Tell what it means when an accepted message is later reported to have failed with this code."""

    async def close(self) -> None:
        """Release connections."""


class Channels(Protocol):
    """All channels in use: each message leaves by the channel that it names."""

    async def send(self, outbound: Outbound) -> Accepted:
        """As `Channel.send`."""

    async def mark_read(self, message: Inbound, *, typing: bool) -> None:
        """As `Channel.mark_read`."""

    async def upload(self, content: bytes, filename: str, mime: str, *, channel: str) -> str:
        """As `Channel.upload`; the returned id also says at which channel the file is."""

    async def delete_media(self, media_id: str) -> None:
        """As `Channel.delete_media`."""

    def failure(self, delivery: Delivery) -> SendError:
        """Tell what it means that an accepted message is now reported to have failed."""

    async def close(self) -> None:
        """Release connections."""
