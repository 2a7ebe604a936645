"""The Merkle tree over the ledger: which entry is which leaf, and signed checkpoints of the growing tree.

Entries get their leaf number when a checkpoint is made, by one process at a time. Their sequence would not do, since a
transaction with a lower number may commit after a transaction with a higher number. Every 256 leaves make a tile, whose
root is kept, so that a proof reads one tile and the roots of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from ...consent.merkle import Frontier, consistency_proof, inclusion_proof, root_of
from ...consent.verifier import Checkpoint, leaf_hash, signed_note
from ...keys import Signer
from .connect import Connection, Database

TILE = 256
"""Leaves per tile."""

MOST = 10_000
"""Entries added per checkpoint. May be lowered but not raised: `verify` relies on a checkpoint that added fewer entries
having left nothing for the next."""

LONGEST_TRANSACTION = 60
"""Seconds after which an entry not seen yet can no longer appear; a statement may take 20."""

ORIGIN = "consentbot"

_LOCK = 0x636865636B  # "check": one process at a time

_LAST = "SELECT size, edge, horizon, at FROM checkpoints ORDER BY size DESC LIMIT 1"

_NEWEST = "SELECT size, note, public_key FROM checkpoints ORDER BY size DESC LIMIT 1"

_NEW = """
SELECT sequence, entry_hash FROM ledger
WHERE sequence > $1 AND NOT EXISTS (SELECT FROM leaves WHERE leaves.sequence = ledger.sequence)
ORDER BY sequence LIMIT $2
"""

_HORIZON = """
SELECT coalesce(max(sequence), 0) AS horizon FROM leaves WHERE number < (
    SELECT coalesce(max(size), 0) FROM checkpoints WHERE at < $1
)
"""

_LEAVES = """
INSERT INTO leaves (number, sequence, entry_hash)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
"""

_TILES = "INSERT INTO tiles (number, root) SELECT * FROM unnest($1::bigint[], $2::bytea[])"

_CHECKPOINT = """
INSERT INTO checkpoints (size, root, edge, at, horizon, complete, note, public_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof that an entry is a leaf of a signed tree."""

    leaf: int
    """The entry's number in the tree, from 0."""
    steps: Sequence[bytes]
    note: str
    """The signed checkpoint."""
    public_key: bytes


class Checkpoints:
    """Tables `leaves`, `tiles` and `checkpoints`."""

    def __init__(self, database: Database, signer: Signer, *, most: int = MOST) -> None:
        """`most`: entries added per checkpoint."""
        self._database = database
        self._signer = signer
        self._most = most

    async def advance(self, now: float) -> int:
        """Add new entries to the tree and sign it; return how many were added. Raises `Unavailable`."""
        async with self._database.transaction() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK):
                return 0  # another process is doing it
            last = await connection.fetchrow(_LAST)
            frontier = Frontier(last["size"], last["edge"]) if last else Frontier()
            rows = await connection.fetch(_NEW, last["horizon"] if last else 0, self._most)
            if rows:
                await self._grow(connection, frontier, rows, int(now))
            return len(rows)

    async def _grow(
        self,
        connection: Connection,
        frontier: Frontier,
        rows: "Sequence[asyncpg.Record]",
        now: int,
    ) -> None:
        first = frontier.size
        tiles: list[tuple[int, bytes]] = []
        for row in rows:
            frontier.add(leaf_hash(row["entry_hash"]))
            if frontier.size % TILE == 0:
                tiles.append((frontier.size // TILE - 1, await self._tile_root(connection, frontier.size, rows, first)))
        numbers = list(range(first, frontier.size))
        await connection.execute(
            _LEAVES, numbers, [row["sequence"] for row in rows], [row["entry_hash"] for row in rows]
        )
        if tiles:
            await connection.execute(_TILES, *zip(*tiles, strict=True))
        checkpoint = Checkpoint(ORIGIN, frontier.size, frontier.root, now)
        horizon = await connection.fetchval(_HORIZON, now - LONGEST_TRANSACTION)
        signature = self._signer.sign(checkpoint.text.encode())
        note = signed_note(checkpoint, self._signer.public_key, signature)
        complete = len(rows) < self._most
        tree = (frontier.size, frontier.root, frontier.edge)
        await connection.execute(_CHECKPOINT, *tree, now, horizon, complete, note, self._signer.public_key)

    async def _tile_root(
        self,
        connection: Connection,
        end: int,
        rows: "Sequence[asyncpg.Record]",
        first: int,
    ) -> bytes:
        """Return the root of the tile that ends before leaf `end`; the tile may have begun in an earlier checkpoint."""
        begin = end - TILE
        older = await connection.fetch(
            "SELECT entry_hash FROM leaves WHERE number >= $1 AND number < $2 ORDER BY number", begin, first
        )
        newer = rows[max(begin - first, 0) : end - first]
        return root_of([leaf_hash(row["entry_hash"]) for row in (*older, *newer)])

    async def prove(self, sequence: int) -> Proof | None:
        """Return the proof of an entry under the newest checkpoint; None when none covers it yet."""
        async with self._database.transaction("repeatable_read", readonly=True) as connection:
            leaf = await connection.fetchval("SELECT number FROM leaves WHERE sequence = $1", sequence)
            newest = await connection.fetchrow(_NEWEST)
            if leaf is None or newest is None:
                return None
            tile = leaf // TILE
            inside = await self._leaves(connection, tile, newest["size"])
            roots = await self._tile_roots(connection, newest["size"])
        steps = inclusion_proof(inside, leaf % TILE) + inclusion_proof(roots, tile)
        return Proof(leaf, steps, newest["note"], newest["public_key"])

    async def consistency(self, size: int) -> list[bytes]:
        """Return the proof that the newest tree grew from the tree of `size` leaves. Raises `IndexError`."""
        async with self._database.transaction("repeatable_read", readonly=True) as connection:
            newest = await connection.fetchval("SELECT max(size) FROM checkpoints") or 0
            rows = await connection.fetch("SELECT entry_hash FROM leaves WHERE number < $1 ORDER BY number", newest)
        return consistency_proof([leaf_hash(row["entry_hash"]) for row in rows], size)

    async def newest(self) -> str | None:
        """Return the newest signed checkpoint."""
        rows = await self._database.fetch("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")
        return rows[0]["note"] if rows else None

    @staticmethod
    async def _leaves(connection: Connection, tile: int, size: int) -> list[bytes]:
        rows = await connection.fetch(
            "SELECT entry_hash FROM leaves WHERE number >= $1 AND number < $2 ORDER BY number",
            tile * TILE,
            min((tile + 1) * TILE, size),
        )
        return [leaf_hash(row["entry_hash"]) for row in rows]

    async def _tile_roots(self, connection: Connection, size: int) -> list[bytes]:
        """Return the roots of all tiles of a tree; the last may not be full."""
        rows = await connection.fetch("SELECT root FROM tiles WHERE number < $1 ORDER BY number", size // TILE)
        roots: list[bytes] = [row["root"] for row in rows]
        if size % TILE:
            roots.append(root_of(await self._leaves(connection, size // TILE, size)))
        return roots
