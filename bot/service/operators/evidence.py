"""The evidence: a person's story with its proof, the signed tree, and its verification."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from ...consent.evidence import Kind, Method
from ...consent.verifier import NotProven, check_evidence
from ...errors import OperatorError
from ...paths import COMMAND
from ..ports import BadEntry, PersonId, StoryEntry
from .bundle import bundle
from .find import Looked

_EMPTY = "The ledger is empty.\n"


@dataclass(frozen=True, slots=True)
class Story:
    """Entries as shown to an operator."""

    entries: Sequence[StoryEntry]
    undelivered: frozenset[str]
    """Questions that, according to WhatsApp, never reached the person: their texts were never shown."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A record with its proof."""

    evidence: Mapping[str, Any]
    """The proof in the form that the offline verifier reads."""
    findings: Sequence[str]
    """The checks that passed."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of verifying everything."""

    checked: int
    """How many entries were looked at."""
    bad: BadEntry | None
    """The first entry that was tampered with."""


class ClearLedger(Protocol):
    """The ledger in the clear. Every method raises `Unavailable`."""

    async def story(self, person: PersonId) -> Sequence[StoryEntry]:
        """Return a person's entries with the wordings and notices that they refer to. Raises `Undecipherable`."""

    def verify(self) -> AsyncGenerator[BadEntry | int, None]:
        """Check all entries; yield each bad entry and, from time to time, how many were checked."""


class SignedTree(Protocol):
    """Signed states of the tree over the ledger. Every method raises `Unavailable`."""

    async def advance(self, now: float) -> int:
        """Add new entries to the tree and sign it; return how many were added."""

    async def newest(self) -> str | None:
        """Return the newest signed checkpoint."""

    async def consistency(self, size: int) -> Sequence[bytes]:
        """Return the proof that the newest tree grew from the tree of `size` leaves. Raises `IndexError`."""


class Evidence:
    """The use cases. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        ledger: ClearLedger,
        tree: SignedTree,
        proof_of: Callable[[PersonId], Awaitable[Mapping[str, Any]]],
        verify_tree: Callable[[], AsyncGenerator[BadEntry | int, None]],
        public_key: bytes,
        controller: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`proof_of` returns the proof of a record and raises `NotSignedYet`; `public_key` checks new checkpoints."""
        self._ledger = ledger
        self._tree = tree
        self._proof_of = proof_of
        self._verify_tree = verify_tree
        self._public_key = public_key
        self._controller = controller
        self._clock = clock

    # --- one person

    async def story(self, looked: Looked) -> Story:
        """Return the entries of all records of a person, or only the entry that was named."""
        stories = [await self._ledger.story(record) for record in reversed(looked.records)]
        entries = [entry for story in stories for entry in story]
        shown = [entry for entry in entries if looked.entry in (None, entry.sequence)]
        return Story(shown, _undelivered(entries))

    async def prove(self, looked: Looked) -> Proven:
        """Return the proof of the record that was named, checked. Raises `OperatorError` when it does not hold."""
        evidence = await self._proof_of(looked.person)
        try:
            return Proven(evidence, check_evidence(dict(evidence), bytes.fromhex(evidence["public_key"])))
        except NotProven as error:
            raise OperatorError(f"{error}; `{COMMAND} ledger verify` looks for what was changed") from error

    async def bundle(self, looked: Looked) -> bytes:
        """Return a zip with everything that proves the named record, and the program that checks it."""
        return bundle(await self._proof_of(looked.person), self._controller)

    # --- the whole ledger

    async def checkpoint(self) -> str:
        """Sign the ledger's tree now; return the signed checkpoint."""
        while await self._tree.advance(self._clock()):
            pass
        return await self._tree.newest() or _EMPTY

    async def consistency(self, size: int) -> Sequence[str]:
        """Return the proof that the newest tree only added to the tree of `size` records. Raises `OperatorError`."""
        try:
            return [step.hex() for step in await self._tree.consistency(size)]
        except IndexError:
            cure = "see the second line of the checkpoint"
            raise OperatorError(f"there was never a tree of {size} records; {cure}") from None

    def key(self) -> str:
        """Return the public key that checkpoints are signed with."""
        return self._public_key.hex()

    async def verify(self, told: Callable[[str, int], None]) -> Verified:
        """Check every entry and the signed tree, up to the first fault.

        `told` is called with what is being checked and the progress.
        """
        checked = 0
        async for name, result in self._results():
            if isinstance(result, BadEntry):
                return Verified(checked, result)
            checked = max(checked, result)
            told(name, result)
        return Verified(checked, None)

    async def _results(self) -> AsyncIterator[tuple[str, BadEntry | int]]:
        for name, check in (("each person's entries", self._ledger.verify), ("the signed tree", self._verify_tree)):
            async with aclosing(check()) as results:
                async for result in results:
                    yield name, result


def _undelivered(entries: Iterable[StoryEntry]) -> frozenset[str]:
    """Return the questions that ended because they were not delivered."""
    ends = (Kind.LAPSED, Kind.STALE)
    return frozenset(entry.question for entry in entries if entry.method is Method.UNDELIVERED and entry.kind in ends)
