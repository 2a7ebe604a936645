"""Renews everything with the newest `SECRET_KEY`, and reports what still needs an older key."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..ports import Older, Renewed


@dataclass(frozen=True, slots=True)
class StillNeeded:
    """What only an older key can open or find."""

    rows: Older
    """Rows of erased persons."""
    letters: int
    """Dead letters."""


class OlderRows(Protocol):
    """What erasures left."""

    async def older(self) -> Older:
        """Return how many rows were made with a key other than the newest. Raises `Unavailable`."""


class SealedLetters(Protocol):
    """The dead letters of one shard."""

    async def sealed_before(self) -> int:
        """Return how many letters the newest key does not open. Raises `Unavailable`."""


class RotateKeys:
    """The use case. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        count: Callable[[], Awaitable[int]],
        rotate: Callable[[], AsyncIterator[Renewed]],
        erasures: OlderRows,
        letters: Sequence[SealedLetters],
    ) -> None:
        """`count` says how many persons there are, `rotate` renews them page by page."""
        self._count = count
        self._rotate = rotate
        self._erasures = erasures
        self._letters = letters

    async def persons(self) -> int:
        """Return how many persons will be looked at."""
        return await self._count()

    def renew(self) -> AsyncIterator[Renewed]:
        """Renew persons page by page; yield what was done for each page. It may break off and be repeated."""
        return self._rotate()

    async def still_needed(self) -> StillNeeded:
        """Return what still needs an older key."""
        letters = sum([await shard.sealed_before() for shard in self._letters])
        return StillNeeded(await self._erasures.older(), letters)
