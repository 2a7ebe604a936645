"""What people asked for about their data, the deadlines, and noting the answers."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from ...consent.deadlines import Calendar, TooLate
from ...consent.requests import NotPossible, Request, State, close, extend
from ...errors import OperatorError
from ...paths import COMMAND
from ...times import iso, iso_if_any
from ..ports import ChangedMeanwhile, PersonId, StepTaken
from .find import Find, Look


@dataclass(frozen=True, slots=True)
class Waiting:
    """What still waits for an answer."""

    requests: Sequence[Request]
    """The most urgent first."""
    today: date
    """Today's date where the controller is, since due days end there."""


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A request with everything that is known about it."""

    request: Request
    steps: Sequence[StepTaken]
    details: str = field(repr=False)
    """The person's own words; empty when there are none, or they are erased."""
    erased_at: int | None
    """When the person was erased, unix seconds; None when they were not."""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        steps = [
            {"at": iso(step.at), "state": step.state, "actor": step.actor, "reason": step.reason} for step in self.steps
        ]
        more = {"details": self.details, "erased_at": iso_if_any(self.erased_at), "steps": steps}
        return as_dict(self.request) | more


def as_dict(request: Request) -> dict[str, object]:
    """Return a request for JSON."""
    return {
        "id": request.id,
        "person": request.person,
        "right": request.right,
        "received_at": iso(request.received_at),
        "due": request.due.isoformat(),
        "state": request.state,
    }


class RequestClosed(OperatorError):
    """A request can't take the step."""


class OpenRequests(Protocol):
    """The requests that people made. Every method raises `Unavailable`."""

    async def page(self, states: Collection[State], after: tuple[date, str] | None, most: int) -> Sequence[Request]:
        """Return requests in some states by due day and id, those after a day and an id."""

    async def waiting(self) -> Sequence[Request]:
        """Return all open requests, the most urgent first."""

    async def details(self, request_id: str) -> str:
        """Return the person's own words of a request; empty when there are none, or they are erased."""

    async def change(self, before: Request, after: Request, *, actor: str, reason: str, now: float) -> None:
        """Take a step. Raises `ChangedMeanwhile`."""


class ErasedAt(Protocol):
    """Who was erased."""

    async def erased_at(self, person: PersonId) -> int | None:
        """Return when a person was erased, unix seconds; None when they were not. Raises `Unavailable`."""


class AnswerRequests:
    """The use cases. All methods raise `Unavailable`, and `OperatorError` for what can't be done."""

    def __init__(
        self,
        *,
        find: Find,
        requests: OpenRequests,
        erasures: ErasedAt,
        calendar: Calendar,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._find = find
        self._requests = requests
        self._erasures = erasures
        self._calendar = calendar
        self._clock = clock

    async def waiting(self) -> Waiting:
        """Return open requests with right and deadline, by id. Only `show` tells whose they are, on record."""
        return Waiting(await self._requests.waiting(), self._calendar.day_of(self._clock()))

    async def page(self, states: Collection[State], after: tuple[date, str] | None, most: int) -> Sequence[Request]:
        """Return requests in some states by due day and id, those after a day and an id, as `waiting` does."""
        return await self._requests.page(states, after, most)

    async def show(self, id: str, look: Look) -> KnownRequest:
        """Return a request with all its steps, and the person's words."""
        looked, request, steps = await self._find.request(id, look)
        erased_at = await self._erasures.erased_at(looked.person)
        return KnownRequest(request, steps, await self._requests.details(request.id), erased_at)

    async def extend(self, id: str, reason: str, look: Look) -> Request:
        """Give a request two more months; the person must be told why within the first month (GDPR Art. 12(3))."""
        return await self._changed(
            id, reason, look, lambda request: extend(request, reason, self._clock(), self._calendar)
        )

    async def close(self, id: str, state: State, reason: str, look: Look) -> Request:
        """Note that a request was answered, or refused."""
        return await self._changed(id, reason, look, lambda request: close(request, state, reason))

    async def _changed(self, id: str, reason: str, look: Look, step: Callable[[Request], Request]) -> Request:
        _, before, _ = await self._find.request(id, look)
        try:
            after = step(before)
            await self._requests.change(before, after, actor=look.actor, reason=reason, now=self._clock())
        except (NotPossible, TooLate, ChangedMeanwhile) as error:
            raise RequestClosed(f"{error}; see `{COMMAND} requests show {before.id}`") from error
        return after
