"""The endpoints that events are sent to, and for each what it has not got yet.

An endpoint has a position up to which events are dealt with. What was delivered leaves no row; what must be tried
again, and what waits behind it, has a row in `deliveries`. So an endpoint that works costs one statement a round.
"""

from collections.abc import Sequence

import asyncpg
import msgspec
from uuid_utils.compat import uuid7

from ...keys import Keyring
from ...service.ports import Backlog, Claimed, Endpoint, Outcome, Pending, Position, Secret
from .connect import Connection, Database
from .events import COLUMNS, COMPLETE, event, place

_ADD = f"""
INSERT INTO endpoints (id, sealed, types, with_address, since, xid, number)
VALUES ($1, $2, $3, $4, $5, {COMPLETE}, 0)
"""

_READY = f"""
SELECT id FROM endpoints
WHERE rests_until <= $2 AND (worker = $1 OR held_until < $2) AND (
    EXISTS (SELECT FROM deliveries WHERE endpoint = id AND NOT dead AND next_at <= $2)
    OR EXISTS (
        SELECT FROM events
        WHERE (events.xid, events.number) > (endpoints.xid, endpoints.number) AND events.xid < {COMPLETE}
    )
) ORDER BY id
"""

_CLAIM = """
UPDATE endpoints SET worker = $2, held_until = $4
WHERE id = $1 AND (worker = $2 OR held_until < $3) AND rests_until <= $3
RETURNING id, sealed, types, with_address, since, xid, number, failures
"""

_DUE = f"""
SELECT {COLUMNS}, deliveries.since, attempts
FROM deliveries JOIN events ON (events.xid, events.number) = (deliveries.xid, deliveries.number)
WHERE endpoint = $1 AND NOT dead AND next_at <= $2 AND NOT EXISTS (
    SELECT FROM deliveries AS earlier
    WHERE earlier.endpoint = $1 AND earlier.person = deliveries.person AND NOT earlier.dead
        AND (earlier.xid, earlier.number) < (deliveries.xid, deliveries.number) AND earlier.next_at > $2
)
ORDER BY deliveries.xid, deliveries.number LIMIT $3
"""

_FRESH = f"""
WITH newest AS (SELECT xid, number FROM events WHERE xid < {COMPLETE} ORDER BY xid DESC, number DESC LIMIT 1)
SELECT {COLUMNS}, newest.xid AS last_xid, newest.number AS last_number,
    (extract(epoch FROM recorded_at) * 1000)::bigint AS recorded, coalesce(
        (SELECT max(next_at) FROM deliveries WHERE endpoint = $1 AND deliveries.person = events.person AND NOT dead), 0
    ) AS behind
FROM newest LEFT JOIN LATERAL (
    SELECT * FROM events
    WHERE (xid, number) > ($2, $3) AND (xid, number) <= (newest.xid, newest.number)
        AND ($5::text[] = '{{}}' OR type = ANY($5))
    ORDER BY xid, number LIMIT $4
) AS events ON true ORDER BY events.xid, events.number
"""
"""The newest event is the end of what was looked through, whatever its type."""

_MARK = """
UPDATE endpoints SET xid = $3, number = $4, failures = $5, rests_until = $6,
    status = CASE WHEN $7 = '' THEN status ELSE $7 END
WHERE id = $1 AND worker = $2 RETURNING id
"""

_DELIVERED = """
DELETE FROM deliveries USING unnest($2::bigint[], $3::bigint[]) AS done (xid, number)
WHERE endpoint = $1 AND deliveries.xid = done.xid AND deliveries.number = done.number
"""

_LATER = """
INSERT INTO deliveries (endpoint, xid, number, person, since, attempts, next_at, dead)
SELECT $1, * FROM unnest(
    $2::bigint[], $3::bigint[], $4::uuid[], $5::bigint[], $6::int[], $7::bigint[], $8::bool[]
)
ON CONFLICT (endpoint, xid, number) DO UPDATE
SET attempts = excluded.attempts, next_at = excluded.next_at, dead = excluded.dead
"""

_ALL_DUE = "UPDATE deliveries SET next_at = 0 WHERE endpoint = $1 AND NOT dead AND next_at > 0"

_REPLAY_DEAD = """
WITH again AS (
    UPDATE deliveries SET dead = false, attempts = 0, next_at = 0, since = $2 WHERE endpoint = $1 AND dead RETURNING 1
), awake AS (UPDATE endpoints SET failures = 0, rests_until = 0 WHERE id = $1)
SELECT count(*) AS count FROM again
"""

_REPLAY_ALL = """
WITH gone AS (DELETE FROM deliveries WHERE endpoint = $1)
UPDATE endpoints SET xid = 0, number = 0, since = $2, failures = 0, rests_until = 0, worker = '', held_until = 0
WHERE id = $1 RETURNING (SELECT count(*) FROM events WHERE types = '{}' OR type = ANY(types)) AS count
"""

_BACKLOG = """
SELECT endpoints.id, status, waiting, dead, unread, greatest(
    extract(epoch FROM now() - least(oldest, first))::float, 0
) AS age
FROM endpoints
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT dead) AS waiting, count(*) FILTER (WHERE dead) AS dead,
        min(recorded_at) FILTER (WHERE NOT dead) AS oldest
    FROM deliveries JOIN events ON (events.xid, events.number) = (deliveries.xid, deliveries.number)
    WHERE endpoint = endpoints.id
) AS rows
CROSS JOIN LATERAL (
    SELECT count(*) AS unread, min(recorded_at) AS first FROM events
    WHERE (events.xid, events.number) > (endpoints.xid, endpoints.number) AND (types = '{}' OR type = ANY(types))
) AS new
ORDER BY endpoints.id
"""


class Endpoints:
    """Tables `endpoints` and `deliveries`. Implements `ports.Endpoints`; the rest is for operators."""

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    # --- for operators

    async def add(self, url: str, secret: str, *, types: Sequence[str], with_address: bool, now: int) -> Endpoint:
        """Add an endpoint, which gets the events from now on (unix milliseconds)."""
        endpoint = Endpoint(str(uuid7()), url, [Secret(secret, None)], types, with_address)
        await self._database.execute(_ADD, endpoint.id, self._sealed(endpoint), list(types), with_address, now)
        return endpoint

    async def all(self) -> Sequence[Endpoint]:
        """Return all endpoints, the oldest first. Raises `Undecipherable`."""
        rows = await self._database.fetch("SELECT id, sealed, types, with_address FROM endpoints ORDER BY id")
        return [_endpoint(self._keys, row) for row in rows]

    async def find(self, endpoint: str) -> Endpoint | None:
        """Return an endpoint. Raises `Undecipherable`."""
        rows = await self._database.fetch(
            "SELECT id, sealed, types, with_address FROM endpoints WHERE id = $1", endpoint
        )
        return _endpoint(self._keys, rows[0]) if rows else None

    async def keep_secrets(self, endpoint: Endpoint) -> None:
        """Store an endpoint's secrets."""
        await self._database.execute(
            "UPDATE endpoints SET sealed = $2 WHERE id = $1", endpoint.id, self._sealed(endpoint)
        )

    async def remove(self, endpoint: str) -> None:
        """Forget an endpoint with everything that waits for it."""
        await self._database.execute("DELETE FROM endpoints WHERE id = $1", endpoint)

    async def replay(self, endpoint: str, now: int, *, all: bool) -> int:
        """Send again what was given up, or everything that is still kept; return how many events that is."""
        (row,) = await self._database.fetch(_REPLAY_ALL if all else _REPLAY_DEAD, endpoint, now)
        return int(row["count"])

    async def backlog(self) -> Sequence[Backlog]:
        """Return how far each endpoint is."""
        return [
            Backlog(str(row["id"]), row["waiting"] + row["unread"], row["age"] or 0.0, row["dead"], row["status"])
            for row in await self._database.fetch(_BACKLOG)
        ]

    # --- for workers

    async def ready(self, worker: str, now: int) -> Sequence[str]:
        """Return the endpoints for which this worker may have something to do."""
        return [str(row["id"]) for row in await self._database.fetch(_READY, worker, now)]

    async def claim(self, endpoint: str, worker: str, now: int, until: int) -> Claimed | None:
        """Keep other workers off an endpoint for a while; None if it is gone or another worker has it.

        Raises `Undecipherable`.
        """
        rows = await self._database.fetch(_CLAIM, endpoint, worker, now, until)
        if not rows:
            return None
        (row,) = rows
        return Claimed(_endpoint(self._keys, row), place(row), row["failures"], row["since"])

    async def release(self, worker: str) -> None:
        """Let other workers have this worker's endpoints."""
        await self._database.execute("UPDATE endpoints SET worker = '', held_until = 0 WHERE worker = $1", worker)

    async def due(self, endpoint: str, now: int, limit: int) -> Sequence[Pending]:
        """Return what is to be tried again, each person's events in order."""
        return [
            Pending(place(row), event(row), row["since"], row["attempts"], stored=True)
            for row in await self._database.fetch(_DUE, endpoint, now, limit)
        ]

    async def fresh(self, claimed: Claimed, limit: int) -> tuple[Sequence[Pending], Position]:
        """Return the next events after the endpoint's position, and up to where that is all that it wants."""
        endpoint = claimed.endpoint
        rows = await self._database.fetch(_FRESH, endpoint.id, *claimed.position, limit, list(endpoint.types))
        found = [
            Pending(place(row), event(row), max(row["recorded"], claimed.since), behind=row["behind"])
            for row in rows
            if row["number"] is not None
        ]
        if len(found) == limit:
            return found, found[-1].position
        return found, max([claimed.position, *(Position(row["last_xid"], row["last_number"]) for row in rows)])

    async def mark(self, endpoint: str, worker: str, outcome: Outcome) -> bool:
        """Note what a round led to, all or nothing; False if another worker has the endpoint meanwhile."""
        async with self._database.transaction() as connection:
            held = await connection.fetchval(
                _MARK,
                endpoint,
                worker,
                *outcome.position,
                outcome.failures,
                outcome.rests_until,
                outcome.status,
            )
            if held is None:
                return False
            await _keep(connection, endpoint, outcome)
            return True

    def _sealed(self, endpoint: Endpoint) -> bytes:
        secrets = [(secret.text, secret.until) for secret in endpoint.secrets]
        return self._keys.encrypt(msgspec.msgpack.encode((endpoint.url, secrets)))


async def renew(database: Database, keys: Keyring) -> None:
    """Seal every endpoint with the newest key. Raises `Undecipherable`."""
    async with database.transaction() as connection:
        for row in await connection.fetch("SELECT id, sealed FROM endpoints ORDER BY id FOR UPDATE"):
            if not keys.is_newest(row["sealed"]):
                sealed = keys.encrypt(keys.decrypt(row["sealed"]))
                await connection.execute("UPDATE endpoints SET sealed = $2 WHERE id = $1", row["id"], sealed)


async def _keep(connection: Connection, endpoint: str, outcome: Outcome) -> None:
    if done := [pending.position for pending in outcome.delivered if pending.stored]:
        await connection.execute(_DELIVERED, endpoint, *map(list, zip(*done, strict=True)))
    if outcome.later:
        rows = [
            (
                *later.pending.position,
                later.pending.event.person,
                later.pending.since,
                later.attempts,
                later.next_at,
                later.dead,
            )
            for later in outcome.later
        ]
        await connection.execute(_LATER, endpoint, *map(list, zip(*rows, strict=True)))
    if outcome.recovered:
        await connection.execute(_ALL_DUE, endpoint)


_read = msgspec.msgpack.Decoder(tuple[str, list[tuple[str, int | None]]]).decode


def _endpoint(keys: Keyring, row: "asyncpg.Record") -> Endpoint:
    url, secrets = _read(keys.decrypt(row["sealed"]))
    return Endpoint(
        id=str(row["id"]),
        url=url,
        secrets=[Secret(text, until) for text, until in secrets],
        types=row["types"],
        with_address=row["with_address"],
    )
