"""Sends events to the company's endpoints, each at its own pace.

An endpoint is served by one worker at a time, in rounds. A round sends what is due again and what is new: the events of
a person one after the other, different persons at once. An event that fails is tried again later, and the person's
later events wait behind it. An endpoint that takes nothing gets one event at a time, at most one a minute, until it
works again. Whatever a crash leaves unmarked is sent again with the same id.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import structlog

from ...errors import OperatorError, where
from .. import metrics
from ..ports import Claimed, Endpoint, Endpoints, Later, Outcome, Pending, Persons, Position, Post
from . import webhook

log = structlog.get_logger(__name__)

TRIED_FOR = 3 * 86400
"""Seconds after which an event that an endpoint does not take is given up."""

LOOK_EVERY = 0.25
"""Seconds between looks for endpoints with something to do."""

HELD = 60
"""Seconds for which a worker has an endpoint: longer than any round."""

_BATCH = 100
"""Events of a round."""

_AT_ONCE = 10
"""Requests to one endpoint at a time."""

_ROUND = 20.0
"""Seconds after which a round begins no further request."""

_AFTER_FAILURE = 10.0
"""Seconds for which an endpoint is left alone if the program or a store failed, and not the endpoint."""

_OUTAGE = 3
"""Failed rounds in a row after which an endpoint counts as down: when it is back, what waits is due at once."""

_LONGEST_REST = 60
"""Seconds between attempts at an endpoint that is down."""


@dataclass(slots=True)
class _Round:
    """What a round has led to so far."""

    position: Position
    delivered: list[Pending] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    status: str = ""


class DeliverEvents:
    """Serves all endpoints that no other worker serves."""

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        persons: Persons,
        post: Post,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoints = endpoints
        self._persons = persons
        self._post = post
        self._clock = clock
        self._worker = uuid4().hex
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._left_until: dict[str, float] = {}
        """When an endpoint is looked at again whose round failed; unix seconds."""
        self._ending = False

    async def look(self) -> None:
        """Begin to serve the endpoints for which there is something to do. Raises `Unavailable`."""
        for endpoint in await self._endpoints.ready(self._worker, self._now()):
            if endpoint not in self._serving and self._clock() >= self._left_until.get(endpoint, 0):
                task = asyncio.create_task(self._serve(endpoint))
                self._serving[endpoint] = task
                task.add_done_callback(partial(self._served, endpoint))

    def _served(self, endpoint: str, _: "asyncio.Task[None]") -> None:
        del self._serving[endpoint]

    async def settle(self) -> None:
        """Wait until no endpoint is being served."""
        while self._serving:
            await asyncio.wait(self._serving.values())

    async def finish(self) -> None:
        """End the rounds under way, and let other workers have the endpoints. Raises `Unavailable`."""
        self._ending = True
        await self.settle()
        await self._endpoints.release(self._worker)

    async def _serve(self, endpoint: str) -> None:
        """Do rounds while there is something to do. If one fails, a later look goes on."""
        self._left_until[endpoint] = self._clock() + _AFTER_FAILURE
        try:
            while not self._ending and await self._round(endpoint):
                pass
            self._left_until[endpoint] = 0
        except OperatorError as error:
            log.warning("endpoint_left", endpoint=endpoint, reason=str(error))
        except Exception as error:
            cure = "it is tried again; report where: it is a bug"
            log.error("endpoint_left", endpoint=endpoint, error=type(error).__name__, where=where(error), cure=cure)

    async def _round(self, endpoint: str) -> bool:
        """Do a round; return whether another may follow at once."""
        now = self._now()
        claimed = await self._endpoints.claim(endpoint, self._worker, now, now + HELD * 1000)
        if claimed is None:
            return False
        most = 1 if claimed.failures else _BATCH
        due = await self._endpoints.due(endpoint, now, most)
        fresh, end = await self._endpoints.fresh(claimed, _BATCH) if len(due) < most else ([], claimed.position)
        if not due and end == claimed.position:
            return False
        outcome = await self._sent(claimed, due, fresh, end, most)
        return await self._endpoints.mark(endpoint, self._worker, outcome) and outcome.rests_until == 0

    async def _sent(
        self, claimed: Claimed, due: Sequence[Pending], fresh: Sequence[Pending], end: Position, most: int
    ) -> Outcome:
        round = _Round(claimed.position)
        chosen = [*due, *self._chosen(fresh, end, most - len(due), round, failing=claimed.failures >= _OUTAGE)]
        ends = asyncio.get_running_loop().time() + _ROUND
        free = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for events in _by_person(chosen):
                group.create_task(self._in_order(claimed.endpoint, events, round, free, ends))
        failures = 0 if round.delivered else claimed.failures + (round.status != "")
        rest = min(2**failures, _LONGEST_REST) if failures and round.status else 0
        return Outcome(
            position=round.position,
            delivered=round.delivered,
            later=round.later,
            failures=failures,
            rests_until=self._now() + rest * 1000 if rest else 0,
            recovered=claimed.failures >= _OUTAGE and not failures,
            status=round.status,
        )

    def _chosen(
        self, fresh: Iterable[Pending], end: Position, most: int, round: _Round, *, failing: bool
    ) -> Iterable[Pending]:
        """Yield the new events to be sent now; those that must wait, or come too late, are noted in the round.

        Only an endpoint that is `failing` had its time: otherwise no worker was there to try.
        """
        for pending in fresh:
            if failing and self._is_over(pending):
                round.later.append(self._given_up(pending))
            elif pending.behind:
                round.later.append(Later(pending, 0, pending.behind))
            elif most:
                most -= 1
                yield pending
            else:
                return
            round.position = pending.position
        round.position = end

    async def _in_order(
        self, endpoint: Endpoint, events: Sequence[Pending], round: _Round, free: asyncio.Semaphore, ends: float
    ) -> None:
        """Send a person's events up to the first that fails."""
        for number, pending in enumerate(events):
            async with free:
                if asyncio.get_running_loop().time() > ends:
                    round.later += [Later(left, left.attempts, 0) for left in events[number:]]
                    return
                sent = await self._send(endpoint, pending, round)
            if not sent:
                failed = self._failed(pending)
                round.later += [failed, *(Later(left, left.attempts, failed.next_at) for left in events[number + 1 :])]
                return
            round.delivered.append(pending)

    async def _send(self, endpoint: Endpoint, pending: Pending, round: _Round) -> bool:
        event = pending.event
        body = webhook.body(event, await self._address(endpoint, pending))
        headers = webhook.headers(event.id, body, endpoint.secrets, self._clock())
        answered = await self._post(endpoint.url, headers, body)
        metrics.EVENT_DELIVERIES.labels("delivered" if answered.ok else "failed").inc()
        round.status = answered.status
        return answered.ok

    async def _address(self, endpoint: Endpoint, pending: Pending) -> str | None:
        """Return the person's address as it is now, if the endpoint gets it; None after an erasure."""
        person = pending.event.person
        if not endpoint.with_address or person is None:
            return None
        known = (await self._persons.load([person])).get(person)
        return known.sender.phone or known.sender.bsuid if known else None

    def _failed(self, pending: Pending) -> Later:
        if self._is_over(pending):
            return self._given_up(pending)
        attempts = pending.attempts + 1
        return Later(pending, attempts, self._now() + wait_after(attempts) * 1000)

    def _given_up(self, pending: Pending) -> Later:
        metrics.EVENT_DELIVERIES.labels("given_up").inc()
        return Later(pending, pending.attempts, 0, dead=True)

    def _is_over(self, pending: Pending) -> bool:
        return self._now() - pending.since >= TRIED_FOR * 1000

    def _now(self) -> int:
        return int(self._clock() * 1000)


def wait_after(attempts: int) -> int:
    """Return the seconds from a failed attempt to the next: 5 at first, then four times as many, at most 6 hours."""
    return min(5 << 2 * min(attempts - 1, 10), 6 * 3600)


def _by_person(events: Iterable[Pending]) -> Iterable[Sequence[Pending]]:
    """Return each person's events in order; those of nobody are independent of each other."""
    found: dict[str, list[Pending]] = {}
    for pending in events:
        found.setdefault(pending.event.person or pending.event.id, []).append(pending)
    return found.values()
