"""After a backup was restored: again erases everybody erased since, and suppresses what they withdrew.

It may break off and be repeated. Nobody's data is shown: an erasure holds ids and keyed hashes. The person's ledger
records the erasure.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from ...consent.erasure import Erasure, merged, still_kept
from ...errors import OperatorError
from ..ports import PersonId, Persons, Subject
from ..rights.erase import Erase


@dataclass(frozen=True, slots=True)
class ListContent:
    """The content of a list of erasures."""

    path: Path
    erasures: Sequence[Erasure] = ()
    broken: int = 0
    """How many lines are incomplete."""


class Lists(Protocol):
    """Lists of erasures in files."""

    def read(self, path: Path) -> tuple[Sequence[Erasure], int]:
        """Return the erasures in a file, and how many of its lines are incomplete. Raises `OSError`."""

    def write(self, path: Path, erasures: Iterable[Erasure]) -> None:
        """Write a whole list anew. Raises `OSError`."""


class AllErasures(Protocol):
    """What erasures left in the database. Every method raises `Unavailable`."""

    def all(self) -> AsyncIterator[Erasure]:
        """Yield every erasure with what is left of it."""

    async def keep(self, erasure: Erasure) -> int:
        """Note an erasure with everything it leaves; return when it was first done. Repeating it changes nothing."""


class ReplayErasures:
    """The use cases. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        lists: Lists,
        own_list: Path,
        erasures: AllErasures,
        persons: Persons,
        erase: Erase,
        suppression_seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`own_list`: the list to which each erasure is added.

        `suppression_seconds`: how long the withdrawals of an erased person are kept.
        """
        self._lists = lists
        self._own_list = own_list
        self._erasures = erasures
        self._persons = persons
        self._erase = erase
        self._suppression_seconds = suppression_seconds
        self._clock = clock

    def listed(self, path: Path | None) -> ListContent:
        """Read a list, by default our own, which may not exist yet. Raises `OperatorError`."""
        chosen = path or self._own_list
        try:
            erasures, broken = self._lists.read(chosen)
        except FileNotFoundError:
            if path is None:
                return ListContent(chosen)
            raise OperatorError(f"{chosen}: there is no such file; name another, or none") from None
        except OSError as error:
            raise OperatorError(f"{chosen}: can't be read ({error.strerror}); see who may read it") from error
        ours = [erasure for erasure in erasures if not erasure.person or _is_id(erasure.person)]
        return ListContent(chosen, ours, broken + len(erasures) - len(ours))

    def write(self, path: Path, erasures: Iterable[Erasure]) -> None:
        """Write a list to be kept with the backups. Raises `OperatorError`."""
        try:
            self._lists.write(path, erasures)
        except OSError as error:
            raise OperatorError(f"{path}: can't be written ({error.strerror}); name another file") from error

    async def known(self, listed: Iterable[Erasure]) -> Sequence[Erasure]:
        """Return every erasure in a list and the database, with what must still be kept.

        So an old list brings back nothing that has expired.
        """
        whole = merged([*listed, *[erasure async for erasure in self._erasures.all()]])
        kept = [still_kept(erasure, self._clock(), self._suppression_seconds) for erasure in whole]
        return [erasure for erasure in kept if erasure.person or erasure.suppressions]

    async def replay(self, erasures: Iterable[Erasure]) -> AsyncIterator[bool]:
        """Repeat erasures; yield for each whether the person had come back."""
        for erasure in erasures:
            await self._erasures.keep(erasure)
            person = PersonId(erasure.person)
            back = bool(erasure.person and await self._persons.load([person]))
            if back:
                await self._erase.erase(Subject(person), reason=erasure.reason, at=erasure.at, actor="system")
            yield back


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
