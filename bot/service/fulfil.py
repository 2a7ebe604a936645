"""Works off what steps asked for outside of the conversation: each task is done, and its answer queued."""

from collections import Counter
from collections.abc import Sequence

import structlog

from bot.service import metrics
from bot.service.in_hand import InHand
from bot.service.ports import Assigned, DeadLetters, Outbox, Queue, Queued, SendError, Unavailable
from bot.service.retry import surely
from bot.service.rights import Rights
from bot.traces import places

log = structlog.get_logger(__name__)

ATTEMPTS = 5
"""How often a task may fail before a person must look; each time its queue's patience passes in between."""

IN_FLIGHT = 4
"""Tasks at a time: each may hold a document."""


class Fulfil:
    """Works off the tasks of one shard."""

    def __init__(self, rights: Rights, queue: Queue[Assigned], outbox: Outbox, dead: DeadLetters) -> None:
        self._rights = rights
        self._queue = queue
        self._outbox = outbox
        self._dead = dead
        self._ending = False
        self._failures: Counter[bytes] = Counter()
        self._in_hand = InHand(IN_FLIGHT)

    @property
    def in_hand(self) -> list[bytes]:
        """The entries that are being done."""
        return self._in_hand.ids

    async def room(self) -> int:
        """Wait a while until more tasks may be taken in hand; return how many, perhaps none."""
        return await self._in_hand.room()

    async def take(self, batch: Sequence[Queued[Assigned]]) -> None:
        """Begin to do what was read."""
        for queued in batch:
            if queued.item is None:
                await self._bury(queued, "unreadable by this version")
            else:
                self._in_hand.begin(queued.id, self._do(queued, queued.item))

    async def finish(self) -> None:
        """Wait until everything in hand is done; while a store is away, leave it to the next process."""
        self._ending = True
        await self._in_hand.done()

    async def _do(self, queued: Queued[Assigned], assigned: Assigned) -> None:
        work = assigned.task.work
        try:
            replies = await self._rights.answer(assigned)
            await surely("fulfil", lambda: self._outbox.answer_task(queued.id, replies), lambda: self._ending)
        except Unavailable:
            log.warning("task_left", work=work)  # whoever takes it over does it
        except Exception as error:
            metrics.TASKS.labels(work, "failed").inc()
            await self._failed(queued, assigned, error)
        else:
            self._failures.pop(queued.id, None)
            metrics.TASKS.labels(work, "done").inc()

    async def _failed(self, queued: Queued[Assigned], assigned: Assigned, error: Exception) -> None:
        """Leave it for another try, a few times: a channel may be away. Errors may quote the person."""
        self._failures[queued.id] += 1
        code = error.code if isinstance(error, SendError) else None
        attempt = self._failures[queued.id]
        kind = type(error).__name__
        log.error("task_failed", work=assigned.task.work, error=kind, code=code, attempt=attempt, where=places(error))
        if attempt >= ATTEMPTS:
            del self._failures[queued.id]
            await self._bury(queued, f"{assigned.task.work} failed {ATTEMPTS} times: {kind}")

    async def _bury(self, queued: Queued[Assigned], reason: str) -> None:
        metrics.DEAD.labels("task").inc()
        await surely("fulfil", lambda: self._dead.add(queued.payload, reason, "task"), lambda: self._ending)
        await self._queue.finish(queued.id)
