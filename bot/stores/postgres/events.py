"""Events, written by the statement or in the transaction that does what they tell (a transactional outbox).

Numbers are drawn before transactions commit, so a later number may become visible first. Events are therefore read in
the order of (transaction, number), and only those older than every transaction under way: whatever commits later comes
after them. A transaction that stays open for long holds readers up, and none of ours does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from ...service.ports import Event, NewEvent, PersonId, Position
from .connect import Connection, Database

COMPLETE = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
"""SQL for the oldest transaction under way: the events of all before it are there."""

COLUMNS = "events.xid, events.number, events.id, events.type, events.at, events.person, events.subject, events.data"

FROM_LEDGER = """
INSERT INTO events (type, at, person, data)
SELECT
    CASE kind WHEN 'erased' THEN 'person.erased' WHEN 'merged' THEN 'person.merged' ELSE 'consent.' || kind END,
    at, person,
    CASE kind
        WHEN 'erased' THEN jsonb_build_object('evidence', sequence)
        WHEN 'merged' THEN jsonb_build_object('into', rule, 'evidence', sequence)
        ELSE jsonb_build_object(
            'purpose', purpose, 'method', method, 'notice', notice, 'locale', locale, 'evidence', sequence
        )
    END
FROM added WHERE kind NOT IN ('imported', 'relationship') ORDER BY sequence
"""
"""Tells of the ledger entries in `added`, in the statement that adds them.

Claims and sales are no consents, and an import may bring a million of them: nobody is told.
"""

_NOTE = """
INSERT INTO events (type, at, person, subject, data)
SELECT type, at, person, subject, data
FROM json_to_recordset($1::json) AS new (n int, type text, at bigint, person uuid, subject text, data jsonb) ORDER BY n
"""

_OF = f"SELECT {COLUMNS} FROM events WHERE subject = $1 AND subject <> '' ORDER BY xid, number"

_AFTER = f"""
SELECT {COLUMNS} FROM events WHERE (xid, number) > ($1, $2) AND xid < {COMPLETE} ORDER BY xid, number LIMIT $3
"""

_CURRENT = "SELECT pg_current_xact_id()::text::bigint AS xid"

_FOREIGN = """
SELECT EXISTS (SELECT FROM events WHERE xid > $1) OR EXISTS (SELECT FROM endpoints WHERE xid > $1)
"""

_GO_BACK = """
UPDATE endpoints SET xid = 0, number = coalesce(
    (SELECT min(number) - 1 FROM events WHERE (events.xid, events.number) > (endpoints.xid, endpoints.number)),
    (SELECT max(number) FROM events), 0
)
"""

_ALL_OLD = "UPDATE events SET xid = 0 WHERE xid <> 0"


class Events:
    """Table `events`. Implements `ports.Events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, *events: NewEvent) -> None:
        """Note events in this order."""
        await self._database.execute(_NOTE, _rows(events))

    async def of(self, subject: str) -> Sequence[Event]:
        """Return the events of a message or request, the oldest first."""
        return [event(row) for row in await self._database.fetch(_OF, subject)]

    async def after(self, position: Position, limit: int) -> Sequence[tuple[Position, Event]]:
        """Return the events after a position in order; none that is noted later ever comes before them."""
        (current,) = await self._database.fetch(_CURRENT)
        xid = position.xid if position.xid <= current["xid"] else 0  # of the server before, see `settle_in`
        rows = await self._database.fetch(_AFTER, xid, position.number, limit)
        return [(place(row), event(row)) for row in rows]

    async def settle_in(self) -> None:
        """After a backup was restored into a new server, whose transactions count from the beginning, go on from there.

        Events that were there are the oldest then, in the order of their numbers. Endpoints may get some of them twice.
        """
        async with self._database.transaction() as connection:
            if await connection.fetchval(_FOREIGN, await connection.fetchval(_CURRENT)):
                await connection.execute(_GO_BACK)
                await connection.execute(_ALL_OLD)


async def note(connection: Connection, *events: NewEvent) -> None:
    """Note events in the transaction that does what they tell."""
    await connection.execute(_NOTE, _rows(events))


def _rows(events: Sequence[NewEvent]) -> str:
    return orjson.dumps(
        [
            {
                "n": number,
                "type": new.type.value,
                "at": new.at,
                "person": new.person,
                "subject": new.subject,
                "data": new.data,
            }
            for number, new in enumerate(events)
        ]
    ).decode()


def place(row: "asyncpg.Record | Mapping[str, Any]") -> Position:
    """Return where the event in a row stands."""
    return Position(row["xid"], row["number"])


def event(row: "asyncpg.Record | Mapping[str, Any]") -> Event:
    """Return the event in a row with `COLUMNS`."""
    return Event(
        id=str(row["id"]),
        type=row["type"],
        at=row["at"],
        person=PersonId(str(row["person"])) if row["person"] else None,
        subject=row["subject"],
        data=orjson.loads(row["data"]),
    )
