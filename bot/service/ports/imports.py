"""How far the import of a file got."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ImportRun:
    """An import of a file, finished up to a row."""

    position: int
    """Rows done."""
    counts: Mapping[str, int]
    """What came of them."""


class ImportRuns(Protocol):
    """Remembers how far each import got. Every method raises `Unavailable`."""

    async def begin(self, what: str, *, format: str, source: str, operator: str, now: float) -> ImportRun:
        """Return where the import of `what` ended when it was interrupted; the start if it never was."""

    async def advance(self, what: str, position: int, counts: Mapping[str, int]) -> None:
        """Remember how many rows are done, and what came of them."""

    async def finish(self, what: str, now: float) -> None:
        """Remember that all rows are done: the same file begins again from its start."""
