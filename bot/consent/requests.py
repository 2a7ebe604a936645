"""Requests of data subjects: what may be asked, by when it must be answered, and what may happen to it.

GDPR Art. 12(3)-(4): answered, extended with a reason, or refused with a reason, each within a month. See `deadlines`.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from .deadlines import Calendar, due, extended
from .rights import Right


class State(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    EXTENDED = "extended"
    DONE = "done"
    REFUSED = "refused"

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return self in (State.OPEN, State.EXTENDED)


class NotPossible(ValueError):
    """A request can't take this step; the text says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    id: str
    person: str
    right: Right
    received_at: int
    """WhatsApp's time of the message, unix seconds."""
    due: date
    """The last day on which it may be answered, where the controller is."""
    state: State


def received(id: str, person: str, right: Right, at: int, calendar: Calendar) -> Request:
    """Return a new request."""
    return Request(id, person, right, received_at=at, due=due(at, calendar), state=State.OPEN)


def extend(request: Request, reason: str, now: float, calendar: Calendar) -> Request:
    """Return the request due two months later; the person is told, with the reason (GDPR Art. 12(3)).

    Raises `NotPossible`, and `deadlines.TooLate` after the first month.
    """
    _still_open(request)
    _reasoned(reason)
    if request.state is State.EXTENDED:
        raise NotPossible("it was extended before; there is only one extension (GDPR Art. 12(3))")
    last_day = extended(request.received_at, now, calendar)
    return replace(request, due=last_day, state=State.EXTENDED)


def close(request: Request, state: State, reason: str) -> Request:
    """Return the request answered or refused; a refusal needs its reason (GDPR Art. 12(4)). Raises `NotPossible`."""
    _still_open(request)
    if state.is_open:
        raise NotPossible("a request is closed as done or refused")
    if state is State.REFUSED:
        _reasoned(reason)
    return replace(request, state=state)


def reopen(request: Request, *, was_extended: bool) -> Request:
    """Return a closed request as it was, due on the same day: the answer, or the reason of the refusal, did not arrive.

    Raises `NotPossible`.
    """
    if request.state.is_open:
        raise NotPossible(f"it is {request.state}, not answered")
    state = State.EXTENDED if was_extended else State.OPEN
    return replace(request, state=state)


def _still_open(request: Request) -> None:
    if not request.state.is_open:
        raise NotPossible(f"it is {request.state} already")


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise NotPossible("the person must be told the reason: give one")
