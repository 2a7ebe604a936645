"""Works off the tasks that conversations leave: each is done, and its answer queued."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from ...consent.rights import Right
from ...errors import Unavailable, where
from .. import metrics
from ..ports import Assigned, DeadLetters, OutOfReach, Queue, Queued, SendError
from ..sending.gate import is_open
from ..sending.send import Send
from ..taker import Taker
from .rights import Rights

log = structlog.get_logger(__name__)

ATTEMPTS = 5
"""How often a task may fail before somebody must look. Between attempts it waits to be taken over."""

LONGEST_REST = 900.0
"""Maximum seconds for which a task rests when the channel is unavailable; at first until it counts as abandoned."""

TASKS_AT_ONCE = 16
"""Tasks at a time: most wait for the same person's document, or for their turn to have a document written."""

_OUT_OF_REACH = "nothing can be sent to the person any more; answer them in another way (see `requests list`)"


class Fulfil(Taker[Assigned]):
    """Works off the tasks of one shard."""

    def __init__(
        self,
        *,
        rights: Rights,
        queue: Queue[Assigned],
        send: Send,
        dead: DeadLetters,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name="fulfil", kind="task", queue=queue, dead=dead, most=TASKS_AT_ONCE)
        self._rights = rights
        self._send = send
        self._clock = clock
        self._failures: Counter[bytes] = Counter()
        self._rests: dict[bytes, tuple[float, float]] = {}
        """Tasks waiting for the channel: how long they rest, and until when (unix seconds)."""

    async def _take(self, batch: Sequence[Queued[Assigned]]) -> None:
        for queued in batch:
            if self._clock() >= self._rests.get(queued.id, (0.0, 0.0))[1]:
                self._begin(queued, self._do(queued, queued.item))

    async def _do(self, queued: Queued[Assigned], assigned: Assigned) -> None:
        work = assigned.task.right
        try:
            replies = await self._rights.answer(assigned)
            await self._surely(lambda: self._send.answer_task(queued.id, replies))
        except Unavailable:
            raise
        except OutOfReach:
            metrics.TASKS.labels(work, "failed").inc()
            await self._bury(queued, f"{work}: {_OUT_OF_REACH}")
            self._forget(queued)
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

    def _rest(self, queued: Queued[Assigned], work: Right, error: SendError) -> None:
        """Leave a task until the channel is back, longer each time, while the person may still be answered."""
        rested, _ = self._rests.get(queued.id, (0.0, 0.0))
        rest = min(2 * rested, LONGEST_REST) or self._queue.abandoned_after
        self._rests[queued.id] = rest, self._clock() + rest - self._queue.abandoned_after
        log.warning("task_rests", work=work, code=error.code, cure=error.meaning)

    def _forget(self, queued: Queued[Assigned]) -> None:
        self._failures.pop(queued.id, None)
        self._rests.pop(queued.id, None)

    async def _failed(self, queued: Queued[Assigned], assigned: Assigned, error: Exception) -> None:
        """Leave a task for another try, a few times. Errors may quote the person, so they are not logged."""
        self._failures[queued.id] += 1
        code = error.code if isinstance(error, SendError) else None
        attempt = self._failures[queued.id]
        kind = type(error).__name__
        log.error(
            "task_failed",
            work=assigned.task.right,
            error=kind,
            code=code,
            attempt=attempt,
            where=where(error),
            cure=f"after {ATTEMPTS} attempts it is a dead letter: mend what is named, then `deadletter replay`",
        )
        if attempt >= ATTEMPTS:
            excuse = await self._surely(lambda: self._rights.excuse(assigned))
            await self._put_aside(queued, f"{assigned.task.right} failed {ATTEMPTS} times: {kind}")
            await self._surely(lambda: self._send.answer_task(queued.id, excuse))
            self._forget(queued)
