"""Works off what steps asked for outside of the conversation: each task is done, and its answer queued."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from ...conversation.task import Work
from ...errors import Unavailable, where
from ...messages.reply import Outbound
from .. import metrics
from ..ports import Assigned, DeadLetters, Outbox, OutOfReach, Queue, Queued, SendError
from ..sending.in_flight import InFlight
from ..sending.retry import surely
from ..sending.send import is_open
from .rights import Rights

log = structlog.get_logger(__name__)

ATTEMPTS = 5
"""How often a task may fail before a person must look; each time its queue's patience passes in between."""

LONGEST_REST = 900.0
"""Seconds for which a task rests at most that a channel did not let be done; first as long as its queue's patience."""

IN_FLIGHT = 16
"""Tasks at a time: most wait for the document of the same person, or for their turn to have one written."""

_OUT_OF_REACH = "nothing can be sent to the person any more; answer them in another way (see `requests list`)"


class Fulfil:
    """Works off the tasks of one shard."""

    def __init__(
        self,
        rights: Rights,
        queue: Queue[Assigned],
        outbox: Outbox,
        dead: DeadLetters,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rights = rights
        self._queue = queue
        self._outbox = outbox
        self._dead = dead
        self._ending = False
        self._clock = clock
        self._failures: Counter[bytes] = Counter()
        self._rests: dict[bytes, tuple[float, float]] = {}
        """Tasks that the channel is not there for: for how long they rest, and until when (unix seconds)."""
        self._in_flight = InFlight(IN_FLIGHT)

    @property
    def in_flight(self) -> list[bytes]:
        """The entries that are being done."""
        return self._in_flight.ids

    async def room(self) -> int:
        """Wait a while until more tasks may be taken in hand; return how many, perhaps none."""
        return await self._in_flight.room()

    async def take(self, batch: Sequence[Queued[Assigned]]) -> None:
        """Begin to do what was read."""
        for queued in batch:
            if queued.item is None:
                await self._bury(queued, "unreadable by this version")
            elif self._clock() >= self._rests.get(queued.id, (0.0, 0.0))[1]:
                self._in_flight.begin(queued.id, self._do(queued, queued.item))

    async def finish(self) -> None:
        """Wait until everything in hand is done; while a store is away, leave it to the next process."""
        self._ending = True
        await self._in_flight.done()

    async def _do(self, queued: Queued[Assigned], assigned: Assigned) -> None:
        work = assigned.task.work
        try:
            replies = await self._rights.answer(assigned)
            await surely("fulfil", lambda: self._outbox.answer_task(queued.id, replies), lambda: self._ending)
        except Unavailable:
            log.warning("task_left", work=work)  # whoever takes it over does it
        except OutOfReach:
            metrics.TASKS.labels(work, "failed").inc()
            await self._bury(queued, f"{work}: {_OUT_OF_REACH}")
        except SendError as error:
            metrics.TASKS.labels(work, "failed").inc()
            if error.retryable and is_open(assigned.at, self._clock()):
                self._rest(queued, work, error)
            else:
                await self._failed(queued, assigned, error)
        except Exception as error:
            metrics.TASKS.labels(work, "failed").inc()
            await self._failed(queued, assigned, error)
        else:
            self._forget(queued)
            metrics.TASKS.labels(work, "done").inc()

    def _rest(self, queued: Queued[Assigned], work: Work, error: SendError) -> None:
        """Leave it until the channel is there again, as long as the person may be answered: longer each time."""
        rested, _ = self._rests.get(queued.id, (0.0, 0.0))
        rest = min(2 * rested, LONGEST_REST) or self._queue.patience
        self._rests[queued.id] = rest, self._clock() + rest - self._queue.patience
        log.warning("task_rests", work=work, code=error.code, cure=error.meaning)

    def _forget(self, queued: Queued[Assigned]) -> None:
        self._failures.pop(queued.id, None)
        self._rests.pop(queued.id, None)

    async def _failed(self, queued: Queued[Assigned], assigned: Assigned, error: Exception) -> None:
        """Leave it for another try, a few times. Errors may quote the person."""
        self._failures[queued.id] += 1
        code = error.code if isinstance(error, SendError) else None
        attempt = self._failures[queued.id]
        kind = type(error).__name__
        log.error(
            "task_failed",
            work=assigned.task.work,
            error=kind,
            code=code,
            attempt=attempt,
            where=where(error),
            cure=f"after {ATTEMPTS} attempts it is a dead letter: mend what is named, then `deadletter replay`",
        )
        if attempt >= ATTEMPTS:
            excuse = await surely("fulfil", lambda: self._rights.excuse(assigned), lambda: self._ending)
            await self._bury(queued, f"{assigned.task.work} failed {ATTEMPTS} times: {kind}", excuse)

    async def _bury(self, queued: Queued[Assigned], reason: str, said: Sequence[Outbound] = ()) -> None:
        self._forget(queued)
        metrics.DEAD.labels("task").inc()
        await surely("fulfil", lambda: self._dead.add(queued.payload, reason, "task"), lambda: self._ending)
        await surely("fulfil", lambda: self._outbox.answer_task(queued.id, said), lambda: self._ending)
