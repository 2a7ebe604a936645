"""What is kept only for a time, and for how long already."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from .people import PersonId


class Rows(StrEnum):
    """Rows that are not a person's alone, and end by themselves."""

    SUPPRESSIONS = "suppressions"
    PROOFS = "proofs"
    """Ways from an address to the proof of someone erased."""
    EXPORTS = "exports"
    MOVES = "moves"
    """Which address became which."""
    REQUESTS = "requests"
    """Those that were answered or refused."""


@dataclass(frozen=True, slots=True)
class Falling:
    """With whom something may fall due; all times are unix seconds."""

    silent_since: int
    """Who wrote nothing since then."""
    ended_by: int
    """Whose consent or question ends by then."""
    given_by: int = 0
    """Who gave a consent by then."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A person with whom something may fall due."""

    person: PersonId
    last_contact: int
    """The last time that they wrote, or when they became known; unix seconds, perhaps of earlier the same day."""
    held: bool
    """Whether a request of theirs waits for an answer: then they are not erased."""


class Retained(Protocol):
    """What is kept, and for how long already. Every method raises `Unavailable`."""

    def alone(self) -> AbstractAsyncContextManager[bool]:
        """Keep other processes away meanwhile; whether there was none at it."""

    def falling(self, falling: Falling) -> AsyncIterator[Sequence[Silent]]:
        """Yield, page by page, the persons with whom something may fall due, and perhaps some others."""

    async def count(self, rows: Rows, kept: int, moments: Sequence[int]) -> tuple[list[int], int | None]:
        """Return how many rows fall due by each moment when they are kept so many seconds, and when the first does."""

    async def forget(self, rows: Rows, kept: int, now: int) -> int:
        """Delete all rows whose time is over; return how many."""


class OldLetters(Protocol):
    """The dead letters of one shard by their age."""

    async def count_by(self, moments: Sequence[float]) -> tuple[list[int], float | None]:
        """Return how many are older than each moment (unix seconds), and how old the first is. Raises `Unavailable`."""

    async def forget(self, before: float) -> int:
        """Forget what was put aside before a moment; return how many. Raises `Unavailable`."""
