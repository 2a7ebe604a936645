"""What has been kept long enough: persons for whom something falls due, and rows past their end."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ...service.ports import Falling, PersonId, Rows, Silent
from .calls import REPEATABLE_FOR
from .connect import Database

PAGE = 200
"""Persons per statement: few, so that a worker answering at the same time is not held up."""

BATCH = 500
"""Rows deleted by one statement."""

_LOCK = 0x6B656570  # "keep": one process at a time

_FIRST_UUID = UUID(int=0)

_PAGE = """
WITH page AS (
    SELECT id, (
        SELECT max(greatest(record.last_contact, extract(epoch FROM record.created_at)::bigint))
        FROM persons AS record WHERE record.id = persons.id OR record.merged_into = persons.id
    ) AS contact
    FROM persons WHERE id > $1 AND merged_into IS NULL ORDER BY id LIMIT $2
), looked AS (
    SELECT id, contact, contact < $3 OR EXISTS (
        SELECT FROM ledger AS begun
        WHERE begun.person = page.id AND begun.kind IN ('given', 'requested')
            AND (begun.expires_at <= $4 OR begun.kind = 'given' AND begun.at <= $5)
            AND NOT EXISTS (
                SELECT FROM ledger AS later
                WHERE later.person = begun.person AND later.purpose IN (begun.purpose, '*')
                    AND later.person_seq > begun.person_seq AND later.at >= begun.at
                    AND (later.kind IN ('given', 'refused', 'withdrawn', 'objected', 'expired', 'stale', 'erased')
                        OR begun.kind = 'requested' AND later.kind IN ('requested', 'lapsed'))
            )
    ) AS falling
    FROM page
)
SELECT id, contact, falling, falling AND EXISTS (
    SELECT FROM requests WHERE state IN ('open', 'extended')
        AND person IN (
            SELECT record.id FROM persons AS record WHERE record.id = looked.id OR record.merged_into = looked.id
        )
) AS held
FROM looked WHERE falling OR id = (SELECT id FROM page ORDER BY id DESC LIMIT 1) ORDER BY id
"""
"""The last person of a page is always returned, since the next page begins after them.

Merged records go with the record they were merged into: they hold no consent in force, and nobody writes to them."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table whose rows expire."""

    name: str
    due: str
    """SQL for the end of a row's time, unix seconds; `$1` is how long the rule keeps it."""
    which: str = "true"


_CLOSED = "(SELECT max(at) FROM request_steps WHERE request = requests.id) + $1::bigint"

_TOLD = """
NOT EXISTS (
    SELECT FROM deliveries
    WHERE (deliveries.xid, deliveries.number) = (events.xid, events.number) AND NOT deliveries.dead
) AND NOT EXISTS (SELECT FROM endpoints WHERE (endpoints.xid, endpoints.number) < (events.xid, events.number))
"""
"""Every endpoint got it, or it was given up there."""

_TABLES = {
    Rows.SUPPRESSIONS: _Table("suppressions", "since + $1::bigint"),
    Rows.PROOFS: _Table("retained", "extract(epoch FROM until + 1)::bigint + 0 * $1::bigint"),
    Rows.EXPORTS: _Table("exports", "expires_at + 0 * $1::bigint"),
    Rows.MOVES: _Table("moves", "until + 0 * $1::bigint"),
    Rows.SENDINGS: _Table("sendings", "until + 0 * $1::bigint"),
    Rows.EVENTS: _Table("events", "extract(epoch FROM recorded_at)::bigint + $1::bigint", _TOLD),
    Rows.MESSAGES: _Table("messages", "at + $1::bigint"),
    Rows.CONVERSATIONS: _Table("conversations", "until + 0 * $1::bigint", "ended > 0"),
    Rows.CALLS: _Table("calls", f"at + {REPEATABLE_FOR} + 0 * $1::bigint"),
    Rows.REQUESTS: _Table("requests", _CLOSED, "state IN ('done', 'refused')"),
}

_DELETE = """
WITH ended AS (SELECT ctid AS row FROM {table} WHERE {which} AND {due} <= $2 LIMIT $3)
DELETE FROM {table} WHERE ctid IN (SELECT row FROM ended) RETURNING 1
"""

_DELETE_REQUESTS = """
WITH ended AS (SELECT id FROM requests WHERE {which} AND {due} <= $2 LIMIT $3),
steps AS (DELETE FROM request_steps WHERE request IN (SELECT id FROM ended))
DELETE FROM requests WHERE id IN (SELECT id FROM ended) RETURNING 1
"""


class Retained:
    """Finds what falls due and deletes rows. Implements `ports.Retained`."""

    def __init__(self, database: Database, *, page: int = PAGE, batch: int = BATCH) -> None:
        """`page`: persons per statement; `batch`: rows deleted per statement."""
        self._database = database
        self._page = page
        self._batch = batch

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        """Keep other processes out meanwhile; yield whether none was already at work. Raises `Unavailable`."""
        async with self._database.transaction() as connection:
            yield bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK))

    async def falling(self, falling: Falling) -> AsyncIterator[Sequence[Silent]]:
        """Yield, page by page, the persons for whom something may fall due, and perhaps some others."""
        last = _FIRST_UUID
        moments = (falling.silent_since, falling.ended_by, falling.given_by)
        while rows := await self._database.fetch(_PAGE, last, self._page, *moments):
            last = rows[-1]["id"]
            yield [Silent(PersonId(str(row["id"])), row["contact"], row["held"]) for row in rows if row["falling"]]

    async def count(self, rows: Rows, kept: int, moments: Sequence[int]) -> tuple[list[int], int | None]:
        """Return how many rows kept for `kept` seconds fall due by each moment, and when the first does."""
        (found,) = await self._database.fetch(_count(_TABLES[rows], len(moments)), kept, *moments)
        return [found[f"by_{number}"] for number in range(len(moments))], found["first"]

    async def forget(self, rows: Rows, kept: int, now: int) -> int:
        """Delete all rows whose time is over, in small batches; return how many."""
        table, done = _TABLES[rows], 0
        statement = (_DELETE_REQUESTS if rows is Rows.REQUESTS else _DELETE).format_map(_named(table))
        while deleted := len(await self._database.fetch(statement, kept, now, self._batch)):
            done += deleted
        return done


def _named(table: _Table) -> Mapping[str, Any]:
    return {"table": table.name, "due": table.due, "which": table.which}


def _count(table: _Table, moments: int) -> str:
    counts = ", ".join(f"count(*) FILTER (WHERE due <= ${number + 2}) AS by_{number}" for number in range(moments))
    return (
        f"SELECT min(due) AS first, {counts} "
        f"FROM (SELECT {table.due} AS due FROM {table.name} WHERE {table.which}) AS ended"
    )
