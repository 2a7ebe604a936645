"""What waits to be worked off: queues that outlive their readers, and the letters that nobody can read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Queued(Generic[T]):
    """An entry of a queue, to be finished by whoever read it."""

    id: bytes
    payload: bytes = field(repr=False)
    item: T
    taken: int = field(default=1, compare=False)
    """How many readers have taken it in hand, this one too."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry of a queue that this version of the program can't read; whoever read it puts it aside."""

    id: bytes
    payload: bytes = field(repr=False)
    taken: int = field(default=1, compare=False)


class Queue(Protocol[T]):
    """A durable queue read by competing consumers: an entry stays until it is finished, whoever dies."""

    @property
    def abandoned_after(self) -> float:
        """Seconds after which an entry that its reader has neither finished nor renewed counts as left."""

    async def read(self, count: int, *, wait: bool = True) -> Sequence[Queued[T] | Unreadable]:
        """Return entries that nobody has read yet; wait a little for the first unless told otherwise."""

    async def reclaim(self, count: int) -> Sequence[Queued[T] | Unreadable]:
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
class DeadLetter:
    """What could not be processed, and why."""

    id: str
    shard: int
    reason: str
    kind: str
    """`event`, `outbound`, `handover` or `task`: an entry of that queue; `raw`: a webhook that no parser took."""
    at: float
    """Our time, unix seconds."""
    size: int
    """Bytes that it takes, sealed."""
    payload: bytes | None = field(repr=False)
    """May hold personal data; never to be logged. None: no key of `SECRET_KEY` opens it."""
    channel: str
    """The name of the channel from which a raw one came; else empty."""
    newest: bool
    """Whether the newest key of `SECRET_KEY` opens it; any other one must be kept on the list for it."""


class DeadLetters(Protocol):
    """Where goes what cannot be processed, with the reason, until someone looks or replays it."""

    async def add(self, payload: bytes, reason: str, kind: str, channel: str = "") -> None:
        """Keep a payload of kind `event`, `outbound`, `handover`, `task` or `raw` (a webhook that no parser took).

        `channel` is the one from which a raw one came.
        """
