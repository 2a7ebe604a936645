"""The base of everything that works on entries of a queue in the background: `fulfil`, `hand_over` and `deliver`."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import structlog

from ..errors import where
from . import metrics
from .ports import DeadLetters, Queue, Queued, Unreadable
from .sending.retry import surely

log = structlog.get_logger(__name__)

UNREADABLE_ENTRY = "unreadable by this version"

_WAIT = 1.0
"""Maximum seconds to wait for room: entries in flight must be renewed meanwhile."""

T = TypeVar("T")
R = TypeVar("R")


class Taker(ABC, Generic[T]):
    """Works on entries of a queue concurrently, up to a limit."""

    def __init__(self, *, name: str, kind: str, queue: Queue[T], dead: DeadLetters, most: int) -> None:
        """`name`: in metrics and logs; `kind`: of its dead letters; `most`: entries in flight at a time."""
        self._name = name
        self._kind = kind
        self._queue = queue
        self._dead = dead
        self._most = most
        self._running: dict[bytes, asyncio.Task[None]] = {}
        self._ending = False

    @property
    def in_flight(self) -> Sequence[bytes]:
        """The entries that are being worked on."""
        return list(self._running)

    async def room(self) -> int:
        """Wait a while until more entries can be taken; return how many, perhaps none."""
        return await self._room(self._most)

    async def _room(self, most: int) -> int:
        if len(self._running) >= most:
            await asyncio.wait(self._running.values(), timeout=_WAIT, return_when=asyncio.FIRST_COMPLETED)
        return max(0, most - len(self._running))

    async def take(self, batch: Sequence[Queued[T] | Unreadable]) -> None:
        """Start working on what was read; bury what this version of the program can't read."""
        readable = [queued for queued in batch if isinstance(queued, Queued)]
        for queued in batch:
            if isinstance(queued, Unreadable):
                self._begin(queued, self._bury(queued, UNREADABLE_ENTRY))
        if readable:
            await self._take(readable)

    @abstractmethod
    async def _take(self, batch: Sequence[Queued[T]]) -> None:
        """Start working on a batch."""

    def _begin(self, queued: Queued[T] | Unreadable, work: Coroutine[Any, Any, None]) -> None:
        """Work on an entry. If that fails, it stays unfinished for whoever takes it over."""
        task = asyncio.create_task(self._watched(work))
        self._running[queued.id] = task
        task.add_done_callback(partial(self._let_go, queued.id))

    def _let_go(self, entry_id: bytes, _: "asyncio.Task[None]") -> None:
        self._running.pop(entry_id, None)

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            log.warning("entry_left", worker=self._name, error=type(error).__name__, where=where(error))

    async def finish(self) -> None:
        """Wait until everything in flight is done; if a store is unreachable, leave it to the next process."""
        self._ending = True
        while self._running:
            await asyncio.wait(self._running.values())

    async def _surely(self, work: Callable[[], Awaitable[R]]) -> R:
        """Do some work, however often the stores are unreachable. Raises `Unavailable` when the process ends."""
        return await surely(self._name, work, lambda: self._ending)

    async def _put_aside(self, queued: Queued[T] | Unreadable, reason: str) -> None:
        """Make an entry a dead letter without finishing it."""
        metrics.DEAD.labels(self._kind).inc()
        await self._surely(lambda: self._dead.add(queued.payload, reason, self._kind))

    async def _bury(self, queued: Queued[T] | Unreadable, reason: str) -> None:
        """Make an entry a dead letter and finish it."""
        await self._put_aside(queued, reason)
        await self._surely(lambda: self._queue.finish(queued.id))
