"""What people asked for about their data, the deadlines, and answering them."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from ...consent.answers import MOST_WORDS, Said, check
from ...consent.deadlines import Calendar, TooLate
from ...consent.requests import NotPossible, Request, State, close, extend
from ...errors import OperatorError
from ...paths import COMMAND
from ...times import iso, iso_if_any
from ..ports import UNDELIVERED, ChangedMeanwhile, PersonId, StepTaken
from ..sending.reasons import Reason
from .find import Find, Look
from .reach import Reach, ReachPersons, why_not


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
    reach: Reach
    """How they can be answered."""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        steps = [
            {"at": iso(step.at), "state": step.state, "actor": step.actor, "reason": step.reason} for step in self.steps
        ]
        more = {
            "details": self.details,
            "erased_at": iso_if_any(self.erased_at),
            "reach": self.reach.as_dict(),
            "steps": steps,
        }
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


@dataclass(frozen=True, slots=True)
class Answered:
    """A request after a step, and whether the person is told in the chat."""

    request: Request
    untold: str
    """Why they are not told, and nobody can tell them here any more; empty if they are."""


class RequestClosed(OperatorError):
    """A request can't take the step."""


class CannotTell(OperatorError):
    """The person can't be told in the chat, so that somebody must tell them in another way."""

    def __init__(self, text: str, withheld: Reason | None = None) -> None:
        """`withheld`: why nothing may be sent; None if the answer itself does not fit."""
        super().__init__(text)
        self.withheld = withheld


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
        reach: ReachPersons,
        calendar: Calendar,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._find = find
        self._requests = requests
        self._erasures = erasures
        self._reach = reach
        self._calendar = calendar
        self._clock = clock

    async def waiting(self) -> Waiting:
        """Return open requests with right and deadline, by id. Only `show` tells whose they are, on record."""
        return Waiting(await self._requests.waiting(), self._calendar.day_of(self._clock()))

    async def page(self, states: Collection[State], after: tuple[date, str] | None, most: int) -> Sequence[Request]:
        """Return requests in some states by due day and id, those after a day and an id, as `waiting` does."""
        return await self._requests.page(states, after, most)

    async def show(self, id: str, look: Look) -> KnownRequest:
        """Return a request with all its steps, the person's words, and how they can be answered."""
        looked, request, steps = await self._find.request(id, look)
        erased_at = await self._erasures.erased_at(looked.person)
        details, reach = await self._requests.details(request.id), await self._reach.how(looked.person)
        return KnownRequest(request, steps, details, erased_at, reach)

    async def answer(self, id: str, outcome: State, said: Said, look: Look, *, told: str = "") -> Answered:
        """Do, refuse or extend what was asked for, and tell the person in the chat, in their language.

        `told` is how they were told in another way, e.g. `by phone`: then nothing is sent (GDPR Art. 12(3)-(4)).
        Repeating a call takes no second step and tells them once. Raises `CannotTell` and changes nothing if somebody
        must tell them in another way.
        """
        if told:
            return await self._note(id, outcome, _recorded(said, told), look)
        if (length := len(said.words)) > MOST_WORDS:
            raise CannotTell(f"the reason has {length} characters, and {MOST_WORDS} fit into the message; shorten it")
        looked, before, steps = await self._find.request(id, look)
        is_repeated = _is_repeated(before, steps, outcome, said)
        if is_repeated and not _is_by_people(steps[-1]):
            return Answered(before, "")  # what became of the answer is noted already
        withheld = await self._reach.obstacle(looked.person)
        if withheld not in (None, Reason.ERASED):
            cure = "tell them in another way, and repeat this with --told and how you did, e.g. --told 'by phone'"
            raise CannotTell(f"they can't be told in the chat: {why_not(withheld)}; {cure}", withheld)
        after = before if is_repeated else await self._take(before, outcome, said, look)
        if withheld is not None:
            return Answered(after, why_not(withheld))
        earlier = sum(map(_is_by_people, steps)) - is_repeated
        await self._reach.tell(after, said, name=f"request {after.id} {earlier}")
        return Answered(after, "")

    async def _note(self, id: str, outcome: State, said: Said, look: Look) -> Answered:
        _, before, steps = await self._find.request(id, look)
        is_repeated = _is_repeated(before, steps, outcome, said)
        return Answered(before if is_repeated else await self._take(before, outcome, said, look), untold="")

    async def _take(self, before: Request, outcome: State, said: Said, look: Look) -> Request:
        reason = str(said)
        try:
            check(said, before.right, outcome)
            if outcome is State.EXTENDED:
                after = extend(before, reason, self._clock(), self._calendar)
            else:
                after = close(before, outcome, reason)
            await self._requests.change(before, after, actor=look.actor, reason=reason, now=self._clock())
        except (NotPossible, TooLate, ChangedMeanwhile) as error:
            raise RequestClosed(f"{error}; see `{COMMAND} requests show {before.id}`") from error
        return after


def _is_by_people(step: StepTaken) -> bool:
    return step.actor not in ("person", "system")


def _is_repeated(before: Request, steps: Sequence[StepTaken], outcome: State, said: Said) -> bool:
    """Return whether the last step of people was this one: the call before broke off, or nobody saw its answer.

    Not if the person could not be told of it: then nobody may believe that they were.
    """
    for step in reversed(steps):
        if _is_by_people(step):
            return before.state is outcome and step.reason == str(said)
        if step.reason == UNDELIVERED:
            return False
    return False


def _recorded(said: Said, told: str) -> Said:
    return Said(said.because, "; ".join(filter(None, (said.words.strip(), f"told {told}"))))
