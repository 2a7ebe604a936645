"""What the company starts: what was decided about its messages, and its calls that may be repeated."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .events import Event
from .people import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about a message of the company."""

    id: str
    at: int
    """Unix seconds."""
    person: PersonId | None
    """None: nobody is known by the address."""
    purpose: str
    """Empty for an answer."""
    reason: str
    """Why it is not sent, in the gate's words; empty: it is on its way."""
    retry_at: int | None
    """When it may be asked about again, unix seconds."""
    caller: str
    """Who wants it sent."""


class Decisions(Protocol):
    """Keeps what was decided. Every method raises `Unavailable`."""

    async def find(self, id: str) -> Decision | None:
        """Return the decision about a message; None if there is none."""

    async def keep(self, decision: Decision) -> Decision:
        """Keep a decision, and the event that tells of a refusal; return the one that was kept first."""


class EventsOf(Protocol):
    """What became of messages."""

    async def of(self, subject: str) -> Sequence[Event]:
        """Return the events of a message, the oldest first. Raises `Unavailable`."""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to a call."""

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Repeated:
    """A call that was made before, or begins now."""

    id: str
    """A UUID for what it makes: the same at each repetition, so nothing is made twice."""
    same: bool
    """Whether it asks for the same as the first call with its key."""
    given: Given | None
    """The first answer; None if it is not known, since the first call broke off."""


class Calls(Protocol):
    """Remembers calls. Every method raises `Unavailable`."""

    async def begin(self, caller: str, key: str, content: bytes) -> Repeated:
        """Note a call with a key of the caller's choice, or find the first with this key; `content`: what it asks."""

    async def finish(self, caller: str, key: str, given: Given) -> None:
        """Keep the answer to a call for its repetitions."""
