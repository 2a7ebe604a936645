"""Checks that the signed Merkle tree still matches the ledger, in one pass and in constant memory."""

from collections.abc import AsyncGenerator, Collection, Iterator, Sequence

import asyncpg

from ...consent.merkle import Frontier, root_of
from ...consent.verifier import NotProven, leaf_hash, opened
from ...service.ports import BadEntry, PersonId
from .checkpoints import LONGEST_TRANSACTION, MOST, TILE
from .connect import Database

_PAGE = 1000

_LEAVES = """
SELECT leaves.number, leaves.sequence, leaves.entry_hash AS signed_hash, ledger.entry_hash, ledger.person,
    ledger.recorded_at, tiles.root AS tile_root, checkpoints.root, checkpoints.edge, checkpoints.note,
    checkpoints.public_key, checkpoints.at AS checkpoint_at
FROM leaves
LEFT JOIN ledger ON ledger.sequence = leaves.sequence
LEFT JOIN tiles ON (leaves.number + 1) % 256 = 0 AND tiles.number = leaves.number / 256
LEFT JOIN checkpoints ON checkpoints.size = leaves.number + 1
ORDER BY leaves.number
"""

_UNCOVERED = """
SELECT sequence, person FROM ledger
WHERE recorded_at < 1000 * ((SELECT coalesce(max(at), 0) FROM checkpoints) - $1::bigint)
AND NOT EXISTS (SELECT FROM leaves WHERE leaves.sequence = ledger.sequence) ORDER BY sequence
"""

_COUNTED = """
SELECT (SELECT coalesce(max(size), 0) FROM checkpoints) AS signed, (SELECT count(*) FROM checkpoints) AS checkpoints,
    (SELECT count(*) FROM tiles) AS tiles
"""

_NOBODY = PersonId("")


async def verify_tree(
    database: Database, public_keys: Collection[bytes], *, most: int = MOST
) -> AsyncGenerator[BadEntry | int, None]:
    """Check every leaf, tile and checkpoint; yield what is wrong, and from time to time how many were checked.

    A checkpoint not signed by one of `public_keys` is wrong. `most`: see `Checkpoints`. Raises `Unavailable`.
    """
    checked = 0
    tree = _Tree(public_keys, most)
    async with database.transaction("repeatable_read", readonly=True) as connection:
        async for row in connection.cursor(_LEAVES, prefetch=_PAGE, timeout=None):
            for reason in tree.faults(row):
                yield BadEntry(row["sequence"], _person(row), reason)
            checked += 1
            if checked % _PAGE == 0:
                yield checked
        for reason in tree.miscounted(await connection.fetchrow(_COUNTED)):
            yield BadEntry(0, _NOBODY, reason)
        async for row in connection.cursor(_UNCOVERED, LONGEST_TRANSACTION, prefetch=_PAGE, timeout=None):
            yield BadEntry(row["sequence"], _person(row), "was put in after the checkpoint that should cover it")
    yield checked


def _person(row: "asyncpg.Record") -> PersonId:
    return PersonId(str(row["person"])) if row["person"] else _NOBODY


class _Tree:
    """Grows the tree again, leaf by leaf."""

    def __init__(self, public_keys: Collection[bytes], most: int) -> None:
        self._public_keys = public_keys
        self._most = most
        self._signed = 0
        """Number of leaves in the last checkpoint."""
        self._checkpoints = 0
        self._frontier = Frontier()
        self._tile: list[bytes] = []
        self._signed_at = 0
        """When the tree had caught up with the ledger."""

    def faults(self, row: "asyncpg.Record") -> Iterator[str]:
        """Yield what is wrong with the next leaf."""
        if row["number"] != self._frontier.size:
            yield f"is leaf {row['number']}, but leaf {self._frontier.size} is missing before it"
        if row["entry_hash"] is None:
            yield "was taken away after it was signed"
        elif row["entry_hash"] != row["signed_hash"]:
            yield "was replaced after it was signed"
        elif row["recorded_at"] < 1000 * (self._signed_at - LONGEST_TRANSACTION):
            yield "claims to be older than the checkpoint before it"
        leaf = leaf_hash(row["signed_hash"])
        self._frontier.add(leaf)
        self._tile.append(leaf)
        if len(self._tile) == TILE:
            yield from self._tile_faults(row)
        if row["note"] is not None:
            yield from self._checkpoint_faults(row)

    def _tile_faults(self, row: "asyncpg.Record") -> Iterator[str]:
        tile: Sequence[bytes] = self._tile
        self._tile = []
        if row["tile_root"] != root_of(tile):
            yield f"or one of the {TILE - 1} before it is not the one that was signed"

    def miscounted(self, found: "asyncpg.Record") -> Iterator[str]:
        """Yield what is missing or superfluous after the last leaf."""
        size = self._frontier.size
        if found["signed"] != size:
            yield f"the tree has {size} leaves, and the newest checkpoint signs {found['signed']}"
        if found["checkpoints"] != self._checkpoints:
            yield f"there are {found['checkpoints']} checkpoints, of which {self._checkpoints} belong to the tree"
        if found["tiles"] != size // TILE:
            yield f"there are {found['tiles']} tiles, and {size} leaves make {size // TILE}"

    def _checkpoint_faults(self, row: "asyncpg.Record") -> Iterator[str]:
        if self._frontier.size - self._signed < self._most:  # nothing was left for the next checkpoint
            self._signed_at = row["checkpoint_at"]
        self._signed = self._frontier.size
        self._checkpoints += 1
        if row["public_key"] not in self._public_keys:
            yield "is covered by a checkpoint of another key"
            return
        try:
            checkpoint = opened(row["note"], row["public_key"])
        except NotProven as error:
            yield f"is covered by a checkpoint that does not hold: {error}"
            return
        if (checkpoint.size, checkpoint.root) != (self._frontier.size, self._frontier.root):
            yield "or one before it is not the one that was signed"
        written = (row["root"], row["edge"], row["checkpoint_at"])
        if written != (checkpoint.root, self._frontier.edge, checkpoint.at):
            yield "is covered by a checkpoint whose row differs from what was signed"
