"""What the use cases need from the outside, as protocols; `stores` and `channels` implement them.

Values that cross the border stand here, too. A protocol that one use case alone needs stands beside it.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, NewType, Protocol, TypeVar

import msgspec

from bot.consent.evidence import Entry, Fact
from bot.conversation.inbound import Event, Inbound, MessageId, Sender
from bot.conversation.reply import Outbound
from bot.conversation.session import Session
from bot.conversation.task import Task

PersonId = NewType("PersonId", str)
"""Opaque UUIDv7 of a person, as text."""

T = TypeVar("T")


# --- what comes in


class NotAWebhook(ValueError):
    """The body is not a JSON object."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """An update of a webhook that could not be read."""

    reason: str
    """The field that is missing or wrong; holds nothing of the message."""
    raw: bytes = field(repr=False)
    """A webhook of its own with only this update, so that it can be parsed again; personal data, never to be logged.
    Empty when it is nested too deeply to be written."""


@dataclass(slots=True)
class Parsed:
    """What one webhook held."""

    events: list[Event] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    """Reason → how many well-formed updates became no event."""

    def ignore(self, reason: str) -> None:
        """Count one."""
        self.ignored[reason] = self.ignored.get(reason, 0) + 1


class Webhooks(Protocol):
    """A channel's way in."""

    def authentic(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether these raw bytes come from the channel."""

    def parse(self, body: bytes, received_at: float) -> Parsed:
        """Read a webhook; `received_at` is our time in unix seconds. Raises `NotAWebhook`."""


# --- queues


class Unavailable(Exception):
    """A store can't be reached now; the same call may work later."""


@dataclass(frozen=True, slots=True)
class Queued(Generic[T]):
    """An entry of a queue, to be finished by whoever read it."""

    id: bytes
    payload: bytes = field(repr=False)
    item: T | None
    """None when the payload cannot be read by this version of the program."""
    taken: int = field(default=1, compare=False)
    """How many readers have taken it in hand, this one too."""


class Queue(Protocol[T]):
    """A durable queue read by competing consumers: an entry stays until it is finished, whoever dies."""

    @property
    def patience(self) -> float:
        """Seconds after which an entry that its reader has neither finished nor renewed counts as left."""

    async def read(self, count: int, *, wait: bool = True) -> Sequence[Queued[T]]:
        """Return entries that nobody has read yet; wait a little for the first unless told otherwise."""

    async def reclaim(self, count: int) -> Sequence[Queued[T]]:
        """Take over entries that their reader has left unfinished; one that was left often comes alone."""

    async def renew(self, entry_ids: Sequence[bytes]) -> None:
        """Say that these are still in hand, so that nobody takes them over."""

    async def finish(self, entry_id: bytes) -> None:
        """Take a finished entry off the queue."""

    async def length(self) -> int:
        """Return how many entries are unfinished."""

    async def leave(self) -> None:
        """Give up this reader's name, if it leaves nothing unfinished under it."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event to be stored: the digest of its id, the day it belongs to (days since 1970), and the event."""

    digest: bytes
    day: int
    event: Event = field(repr=False)
    older: Sequence[bytes] = ()
    """The digests of its id by older keys of `SECRET_KEY`, under which it may have been stored before."""


class Taken(StrEnum):
    """What became of an event that was to be stored."""

    STORED = "stored"
    KNOWN = "known"
    """It had been stored before."""
    FULL = "full"
    """The inbox has no room: the sender must try again later."""


class Inbox(Protocol):
    """The writing end of one shard's inbox."""

    async def add(self, incoming: Incoming) -> Taken:
        """Store an event once, whoever else stores it too. Raises `Unavailable`."""

    async def knows(self, digest: bytes, day: int) -> bool:
        """Tell whether an event with this digest was stored here before. Raises `Unavailable`."""

    async def confirm(self) -> int:
        """Store again what the store, having failed, may have lost of the last seconds; return how much it had.

        To be called every second. Raises `Unavailable`.
        """

    async def forward(self, event: Event) -> None:
        """Put an event of another shard, or of our own, into this inbox without looking whether it was there."""


class DeadLetters(Protocol):
    """Where goes what cannot be processed, with the reason, until someone looks or replays it."""

    async def add(self, payload: bytes, reason: str, kind: str) -> None:
        """Keep a payload of kind `event`, `outbound`, `handover`, `task` or `raw` (a webhook that no parser took)."""


# --- persons and evidence


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the database knows them."""

    id: PersonId
    locale: str
    sender: Sender = field(repr=False)
    """All current addresses."""


class AddressTaken(Exception):
    """Someone else has just made a person with this address."""


class Persons(Protocol):
    """Who an address belongs to."""

    async def find(self, addresses: Iterable[str]) -> dict[str, PersonId]:
        """Return the person of each address that is known, whichever key of `SECRET_KEY` made its token."""

    async def load(self, persons: Iterable[PersonId]) -> dict[PersonId, Person]:
        """Return persons with their addresses in the clear."""

    async def create(self, senders: Sequence[Sender]) -> list[PersonId]:
        """Make a person for each sender. Raises `AddressTaken` when someone else just did."""

    async def set_addresses(self, person: PersonId, sender: Sender, *, forget: str | None = None) -> None:
        """Give a person these addresses beside those that they have, and take `forget` away.

        An address that was someone else's becomes theirs.
        """

    async def set_locales(self, locales: Mapping[PersonId, str]) -> None:
        """Remember the language of persons."""

    async def note_contacts(self, contacts: Mapping[PersonId, int]) -> None:
        """Remember when persons last wrote or tapped something, unix seconds."""


class Suppressions(Protocol):
    """What someone erased had withdrawn, found by their addresses alone."""

    async def suppressed(self, addresses: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """Return what may not be written for: address → purpose, or `*` for all → since (unix seconds)."""


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


class Ledger(Protocol):
    """The append-only facts about consent."""

    async def facts(self, persons: Iterable[PersonId]) -> Mapping[PersonId, Sequence[PastFact]]:
        """Return each person's facts in the order of their sequence; persons without any are left out."""

    async def sequences(self, persons: Iterable[PersonId]) -> dict[PersonId, int]:
        """Return how many entries each person has now."""

    async def append(self, appends: Sequence[Append]) -> set[PersonId]:
        """Append each person's entries, all or none of one person's; return the persons for whom it was done.

        Left out are persons whose sequence is no longer the one that `Append.after` names.
        """


class Checkpoints(Protocol):
    """Signed states of the tree over the ledger."""

    async def advance(self, now: float) -> int:
        """Take new entries into the tree and sign it; return how many were new. Raises `Unavailable`."""


# --- retention


class Rows(StrEnum):
    """Rows that are not a person's alone, and end by themselves."""

    SUPPRESSIONS = "suppressions"
    PROOFS = "proofs"
    """Ways from an address to the proof of someone erased."""
    EXPORTS = "exports"
    REQUESTS = "requests"
    """Those that were answered or refused."""


@dataclass(frozen=True, slots=True)
class Falling:
    """With whom something may fall due; all times are unix seconds."""

    silent_since: int
    """Who wrote nothing since then."""
    ended_by: int
    """Whose consent or question ends by then."""
    given_by: int = 0
    """Who gave a consent by then."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A person with whom something may fall due."""

    person: PersonId
    last_contact: int
    """The last time that they wrote, or when they became known; unix seconds, perhaps of earlier the same day."""
    held: bool
    """Whether a request of theirs waits for an answer: then they are not erased."""


class Retained(Protocol):
    """What is kept, and for how long already. Every method raises `Unavailable`."""

    def alone(self) -> AbstractAsyncContextManager[bool]:
        """Keep other processes away meanwhile; whether there was none at it."""

    def falling(self, falling: Falling) -> AsyncIterator[Sequence[Silent]]:
        """Yield, page by page, the persons with whom something may fall due, and perhaps some others."""

    async def count(self, rows: Rows, kept: int, moments: Sequence[int]) -> tuple[list[int], int | None]:
        """Return how many rows fall due by each moment when they are kept so many seconds, and when the first does."""

    async def forget(self, rows: Rows, kept: int, now: int) -> int:
        """Delete all rows whose time is over; return how many."""


class OldLetters(Protocol):
    """The dead letters of one shard by their age."""

    async def count_by(self, moments: Sequence[float]) -> tuple[list[int], float | None]:
        """Return how many are older than each moment (unix seconds), and how old the first is. Raises `Unavailable`."""

    async def forget(self, before: float) -> int:
        """Forget what was put aside before a moment; return how many. Raises `Unavailable`."""


# --- sessions and what is to be sent


class HandedOver(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A message for the host's bot, on its way there."""

    inbound: Inbound
    person: PersonId
    locale: str
    ledger_seq: int
    """The person's last ledger entry when consent was checked: unchanged means that nothing was withdrawn since."""
    notice: str = ""
    """The version of the privacy notice in force then."""


class Assigned(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A task on its way to whoever does it. Holds the addresses, so that an erased person can still be told."""

    task: Task
    inbound: MessageId
    """The message that asked for it."""
    at: int
    """WhatsApp's time of that message, unix seconds."""
    person: PersonId
    sender: Sender
    locale: str
    ledger_seq: int
    """The person's last ledger entry after the step."""


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
    outbound: list[Outbound] = field(default_factory=list)
    handed_over: list[HandedOver] = field(default_factory=list)
    tasks: list[Assigned] = field(default_factory=list)
    timers: list[tuple[float, Inbound]] = field(default_factory=list)
    ended: list[Inbound] = field(default_factory=list)
    """Timers no longer needed."""
    superseded: bytes = b""
    """The token under which the session was kept before."""


class Sessions(Protocol):
    """Where each person stands; may be lost."""

    async def load(self, tokens: Sequence[bytes]) -> list[tuple[Session, bytes] | None]:
        """Return the session of each token with the bytes that it was read from; None where there is none."""

    async def commit(self, commits: Sequence[Commit]) -> list[bool]:
        """Finish each person's messages, or leave a person as is whose session changed meanwhile."""


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

    async def raise_status(self, message: bytes, status: str) -> bool:
        """Note a delivery status of the message with this token; whether it is news: statuses come in any order."""


class Throttle(Protocol):
    """The business number's right to send."""

    async def take(self, wanted: int) -> tuple[int, float]:
        """Ask for the right to send `wanted` messages: how many may go now, and seconds to wait if none."""


# --- what persons get about themselves


@dataclass(frozen=True, slots=True)
class Export:
    """What was made for a person: a document that the channel holds, and a file behind a link that works once."""

    id: str
    made_at: int
    """Unix seconds."""
    expires_at: int
    """When the link ends, unix seconds."""
    secret: str = field(repr=False)
    """What the link ends with; whoever knows it may fetch the file. Never to be logged."""
    file: bytes = field(repr=False)
    """What the link gives; empty when there is no link to it."""
    media_id: str
    """Of the document at the channel."""


class Exports(Protocol):
    """What was made ready for persons; files are sealed with their keys. Every method raises `Unavailable`."""

    async def keep(self, person: PersonId, file: bytes, media_id: str, made_at: int, expires_at: int) -> Export:
        """Keep a file behind a new link, beside the document that tells the same. Raises `NoSuchPerson`."""

    async def newest(self, person: PersonId, now: float) -> Export | None:
        """Return the newest whose link still works, to send it again."""

    async def media(self, person: PersonId) -> list[str]:
        """Return the channel's ids of all documents of a person, to delete them there."""

    async def language(self, secret: str, now: float) -> str | None:
        """Return the language of the person whose link this is; None when there is no such link any more."""

    async def fetch(self, secret: str, now: float) -> bytes | None:
        """Return the file behind a link, once; None when there is no such link any more."""

    async def expire(self, now: float) -> list[str]:
        """Delete all whose link has ended by itself; return the channel's ids of their documents."""


class NoSuchPerson(Exception):
    """The person was erased meanwhile."""


class ChangedMeanwhile(Exception):
    """Somebody else has changed the request; look again."""


class OutOfReach(Exception):
    """Nothing can be said to the person in the chat any more, so somebody must answer them in another way."""


# --- channels


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

    def withdraws(self, code: int) -> bool:
        """Tell whether a failure with this code means that the person switched marketing messages off."""

    async def close(self) -> None:
        """Release connections."""
