"""What is kept only for a time, and since when."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from .people import PersonId


class Rows(StrEnum):
    """Rows that do not belong to one person alone and expire by themselves."""

    SUPPRESSIONS = "suppressions"
    PROOFS = "proofs"
    """Ways from an address to the proof of an erased person."""
    EXPORTS = "exports"
    MOVES = "moves"
    """Which address became which."""
    SENDINGS = "sendings"
    """When messages were sent that a cap counts."""
    REQUESTS = "requests"
    """Requests that were answered or refused."""
    EVENTS = "events"
    """What the company's systems are told."""
    MESSAGES = "messages"
    """Which messages the company sent, or wanted to send."""
    CONVERSATIONS = "conversations"
    """What persons wrote to the staff, in conversations that ended."""
    CALLS = "calls"
    """Calls that the company's programs may repeat."""


@dataclass(frozen=True, slots=True)
class Falling:
    """A search for persons for whom something may fall due; all times are unix seconds."""

    silent_since: int
    """Persons who have written nothing since then."""
    ended_by: int
    """Persons whose consent or question ends by then."""
    given_by: int = 0
    """Persons who gave a consent by then."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A person for whom something may fall due."""

    person: PersonId
    last_contact: int
    """When they last wrote or became known; unix seconds, accurate to the day."""
    held: bool
    """Whether they have an open request, so that they are not erased."""


class Retained(Protocol):
    """What is stored, and since when. Every method raises `Unavailable`."""

    def alone(self) -> AbstractAsyncContextManager[bool]:
        """Keep other processes out meanwhile; yield whether none was already at work."""

    def falling(self, falling: Falling) -> AsyncIterator[Sequence[Silent]]:
        """Yield, page by page, the persons for whom something may fall due, and perhaps some others."""

    async def count(self, rows: Rows, kept: int, moments: Sequence[int]) -> tuple[list[int], int | None]:
        """Return how many rows kept for `kept` seconds fall due by each moment, and when the first does."""

    async def forget(self, rows: Rows, kept: int, now: int) -> int:
        """Delete all rows whose time is over; return how many."""


class OldLetters(Protocol):
    """The dead letters of one shard by their age."""

    async def count_by(self, moments: Sequence[float]) -> tuple[list[int], float | None]:
        """Return how many are older than each moment, and the oldest's time (unix seconds). Raises `Unavailable`."""

    async def forget(self, before: float) -> int:
        """Forget what was put aside before a moment; return how many. Raises `Unavailable`."""
