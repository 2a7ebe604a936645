"""The endless rounds of a worker: answer the inbox, send the outbox, serve the host, bring back what is due.

A round that fails because a store is unreachable is repeated until it succeeds: entries that were read but not finished
are still there. A message that makes the program itself fail becomes a dead letter; the rest continues.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import structlog

from ..errors import Unavailable, where
from ..messages.inbound import Event
from ..times import DAY
from . import metrics
from .conversations import StaffConversations
from .events.deliver import LOOK_EVERY, DeliverEvents
from .incoming.converse import Converse
from .ports import Checkpoints, Outbox, Queue, Queued, Unreadable
from .retention import Retention
from .rights.due import TellDue
from .sending.retry import AGAIN
from .taker import Taker

log = structlog.get_logger(__name__)

BATCH = 256
"""Messages answered together: one transaction, one commit."""

TAKEN_AT_MOST = 10
"""How many workers may die holding a message before it is buried, since it may be what kills them."""

LOOKS = 6
"""How often a reader renews its entries and looks for abandoned entries, within `abandoned_after` seconds."""

PROMOTE_EVERY = 0.25
"""Seconds between looks for what is due."""

SILENCE_EVERY = 60.0
"""Seconds between looks for conversations that have fallen silent."""

SETTLED = 600.0
"""Delay in seconds before daily jobs, so that a crash-looping process never runs them."""

DAILY = float(DAY)

T = TypeVar("T")


class _Reader(Generic[T]):
    """Reads a queue and, from time to time, what dead readers left unfinished."""

    def __init__(self, queue: Queue[T]) -> None:
        self._queue = queue
        self._next_look = 0.0

    async def read(self, count: int, in_flight: Sequence[bytes] = ()) -> Sequence[Queued[T] | Unreadable]:
        """Return some entries that are not `in_flight` already; wait a little for the first."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + self._queue.abandoned_after / LOOKS
            await self._queue.renew(in_flight)
            held = frozenset(in_flight)
            left = [queued for queued in await self._queue.reclaim(count) if queued.id not in held] if count else []
            if left:
                self._next_look = 0.0
                return left
        return await self._queue.read(count) if count else ()


async def lasting(name: str, round: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Repeat rounds until told to stop; after a failure wait, longer each time, and go on."""
    failures = 0
    while not stopping.is_set():
        try:
            await round()
            failures = 0
        except Exception as error:
            failures += 1
            _note(name, error)
            await pause(min(0.1 * 2**failures, 5.0), stopping)


async def persistently(
    name: str,
    work: Callable[[], Awaitable[None]],
    stopping: asyncio.Event,
    meanwhile: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Do some work, however often the stores are unreachable, until told to stop; between attempts do `meanwhile`."""
    while True:
        try:
            return await work()
        except Unavailable as error:
            _note(name, error)
        await pause(AGAIN, stopping)
        if stopping.is_set():
            return None
        if meanwhile is not None:
            with suppress(Unavailable):
                await meanwhile()


def _ids(batch: Sequence[Queued[T] | Unreadable]) -> list[bytes]:
    return [queued.id for queued in batch]


async def pause(seconds: float, stopping: asyncio.Event) -> None:
    """Wait, but not longer than the program runs."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


def _note(name: str, error: Exception) -> None:
    """Log a failure by its kind and line; its text may quote data."""
    metrics.FAILURES.labels(name).inc()
    if isinstance(error, Unavailable):
        log.warning("store_unavailable", worker=name, reason=str(error), cure=error.cure)
    else:
        cure = "it is retried, and a message that fails on its own is put aside; report where: it is a bug"
        log.error("round_failed", worker=name, error=type(error).__name__, where=where(error), cure=cure)


async def answer_inbox(converse: Converse, inbox: Queue[Event], stopping: asyncio.Event) -> None:
    """Answer what comes in, and what another worker left unanswered."""
    reader = _Reader(inbox)

    async def round() -> None:
        await _answered(await reader.read(BATCH), converse, inbox, stopping)

    await lasting("converse", round, stopping)


async def _answered(
    batch: Sequence[Queued[Event] | Unreadable],
    converse: Converse,
    inbox: Queue[Event],
    stopping: asyncio.Event,
) -> None:
    """Answer a batch, however often the stores are unreachable; one by one if a message in it is poison."""
    if not batch:
        return None
    if batch[0].taken > TAKEN_AT_MOST:
        return await converse.bury(batch[0], f"{TAKEN_AT_MOST} workers ended while they had it in hand")
    try:
        await persistently("converse", lambda: converse.answer(batch), stopping, lambda: inbox.renew(_ids(batch)))
    except Exception as error:
        _note("converse", error)
        if len(batch) == 1:
            await converse.bury(batch[0], f"the program failed: {type(error).__name__}")
        else:
            for queued in batch:
                await _answered([queued], converse, inbox, stopping)


async def work_off(name: str, taker: Taker[T], queue: Queue[T], stopping: asyncio.Event) -> None:
    """Work on what is queued; when told to stop, finish what was begun."""
    reader = _Reader(queue)

    async def round() -> None:
        if batch := await reader.read(await taker.room(), taker.in_flight):
            await taker.take(batch)

    await lasting(name, round, stopping)
    await taker.finish()


async def bring_back(outbox: Outbox, stopping: asyncio.Event, clock: Callable[[], float] = time.time) -> None:
    """Bring back messages and timers when they are due."""

    async def round() -> None:
        if not await outbox.promote(clock()):
            await pause(PROMOTE_EVERY, stopping)

    await lasting("timers", round, stopping)


async def tell(deliver: DeliverEvents, stopping: asyncio.Event) -> None:
    """Send events to the company's endpoints; when told to stop, finish the requests in hand."""

    async def round() -> None:
        await deliver.look()
        await pause(LOOK_EVERY, stopping)

    await lasting("events", round, stopping)
    with suppress(Unavailable):  # then other workers wait a minute
        await deliver.finish()


async def end_silent(conversations: StaffConversations, stopping: asyncio.Event) -> None:
    """Once a minute, end the conversations with the staff that have fallen silent."""

    async def round() -> None:
        await conversations.end_silent()
        await pause(SILENCE_EVERY, stopping)

    await lasting("conversations", round, stopping)


async def keep_to_policy(retention: Retention, stopping: asyncio.Event) -> None:
    """Once a day, end and delete what has been kept long enough; for the first time once the process has settled."""

    await _daily("retention", retention.keep, stopping)


async def remind(due: TellDue, stopping: asyncio.Event) -> None:
    """Once a day, tell of requests that are due soon."""
    await _daily("requests", due.tell, stopping)


async def _daily(name: str, work: Callable[[], Awaitable[object]], stopping: asyncio.Event) -> None:
    async def round() -> None:
        await pause(SETTLED, stopping)
        if not stopping.is_set():
            await work()
            await pause(DAILY - SETTLED, stopping)

    await lasting(name, round, stopping)


async def sign(checkpoints: Checkpoints, interval: float, stopping: asyncio.Event) -> None:
    """Sign the ledger's tree every `interval` seconds; work off a backlog without waiting."""

    async def round() -> None:
        if not await checkpoints.advance(time.time()):
            await pause(interval, stopping)

    await lasting("checkpoint", round, stopping)
