"""Queues that outlive their readers, and dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Queued(Generic[T]):
    """An entry of a queue, to be finished by its reader."""

    id: bytes
    payload: bytes = field(repr=False)
    item: T
    taken: int = field(default=1, compare=False)
    """How many readers have taken it, including this one."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that this version of the program can't read; its reader buries it."""

    id: bytes
    payload: bytes = field(repr=False)
    taken: int = field(default=1, compare=False)


class Queue(Protocol[T]):
    """A durable queue with competing consumers: an entry stays until it is finished, whichever reader dies."""

    @property
    def abandoned_after(self) -> float:
        """Seconds after which an entry that its reader has neither finished nor renewed counts as abandoned."""

    async def read(self, count: int, *, wait: bool = True) -> Sequence[Queued[T] | Unreadable]:
        """Return entries that nobody has read yet; wait a little for the first unless told otherwise."""

    async def reclaim(self, count: int) -> Sequence[Queued[T] | Unreadable]:
        """Take over entries that their reader left unfinished; an entry that was left often comes alone."""

    async def renew(self, entry_ids: Sequence[bytes]) -> None:
        """Renew the claim on these entries, so that nobody takes them over."""

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
    """`event`, `outbound`, `handover` or `task`: an entry of that queue; `raw`: a webhook that no parser accepted."""
    at: float
    """Our time, unix seconds."""
    size: int
    """Size in bytes, sealed."""
    payload: bytes | None = field(repr=False)
    """May hold personal data; never to be logged. None: no key of `SECRET_KEY` opens it."""
    channel: str
    """The name of the channel that a `raw` letter came from; else empty."""
    newest: bool
    """Whether the newest key of `SECRET_KEY` opens it; otherwise an older key must stay on the list."""


class DeadLetters(Protocol):
    """Keeps what cannot be processed, with the reason, until somebody inspects or replays it."""

    async def add(self, payload: bytes, reason: str, kind: str, channel: str = "") -> None:
        """Keep a payload of kind `event`, `outbound`, `handover`, `task` or `raw` (a webhook that no parser accepted).

        `channel` is where a `raw` payload came from.
        """
