"""Requests of data subjects with all their steps."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import asyncpg
from uuid_utils.compat import uuid7

from ...consent.deadlines import Calendar
from ...consent.requests import NotPossible, Request, State, received, reopen
from ...consent.rights import Right
from ...keys import Keyring, PersonKey
from ...service.ports import UNDELIVERED, ChangedMeanwhile, EventType, NewEvent, NoSuchPerson, PersonId, StepTaken
from .connect import Connection, Database
from .events import note

_OPEN = "SELECT * FROM requests WHERE person = $1 AND right_asked = $2 AND state IN ('open', 'extended') FOR UPDATE"

_ADD = """
INSERT INTO requests (id, person, right_asked, received_at, due, state, inbound, details)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (inbound, right_asked) DO NOTHING RETURNING id
"""

_STEP = "INSERT INTO request_steps (request, at, state, actor, reason) VALUES ($1, $2, $3, $4, $5)"

_CHANGE = "UPDATE requests SET state = $2, due = $3 WHERE id = $1 AND state = $4 RETURNING id"

_LOCK = "SELECT FROM requests WHERE id = $1 FOR UPDATE"
"""Steps that say what became of an answer are taken one after the other: each looks at those before."""

_NOTE_ANSWER = """
INSERT INTO request_steps (request, at, state, actor, reason)
SELECT id, $3, state, 'system', $2 FROM requests WHERE id = $1 AND state <> 'open' AND NOT EXISTS (
    SELECT FROM request_steps WHERE request = $1 AND reason IN ($2, $4) AND number > coalesce(
        (SELECT max(number) FROM request_steps WHERE request = $1 AND actor <> 'system'), 0
    )
)
"""

_COUNT_DUE = """
SELECT count(*) FILTER (WHERE due < $1) AS overdue, count(*) FILTER (WHERE due BETWEEN $1 AND $2) AS soon,
       count(*) FILTER (WHERE due > $2) AS later
FROM requests WHERE state IN ('open', 'extended')
"""

_DUE_UNTOLD = """
SELECT * FROM requests WHERE state IN ('open', 'extended') AND due <= $1 AND NOT EXISTS (
    SELECT FROM events
    WHERE subject = requests.id::text AND type = 'request.due' AND data ->> 'due' = requests.due::text
) ORDER BY due, id
"""

_TYPES = {
    State.OPEN: EventType.REQUEST_OPENED,
    State.EXTENDED: EventType.REQUEST_EXTENDED,
    State.DONE: EventType.REQUEST_CLOSED,
    State.REFUSED: EventType.REQUEST_CLOSED,
}

_AFTER = """
SELECT * FROM requests WHERE state = ANY($1::text[]) AND (due, id) > ($2, $3) ORDER BY due, id LIMIT $4
"""

_FIRST = (date.min, "00000000-0000-0000-0000-000000000000")


class Requests:
    """Tables `requests` and `request_steps`. Implements `rights.Requests`; the rest is for operators."""

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def open(
        self,
        person: PersonId,
        right: Right,
        *,
        at: int,
        inbound: bytes,
        now: float,
        calendar: Calendar,
        details: str = "",
    ) -> tuple[Request, bool]:
        """Note the request made by a message; also return whether it is new.

        Asking again while the same request is open returns that request, unless there are `details`, the person's own
        words. The same message never makes two requests. Raises `NoSuchPerson` if the person is gone.
        """
        async with self._database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"request {person}")
            waiting = await connection.fetchrow(_OPEN, person, right)
            if waiting is not None and not details:
                return _request(waiting), False
            request = received(str(uuid7()), person, right, at, calendar)
            sealed = (await self._key(connection, person)).seal(details) if details else b""
            added = await connection.fetchval(
                _ADD, request.id, person, right, request.received_at, request.due, request.state, inbound, sealed
            )
            if added is None:
                known = await connection.fetchrow(
                    "SELECT * FROM requests WHERE inbound = $1 AND right_asked = $2", inbound, right
                )
                return _request(known), False
            await connection.execute(_STEP, request.id, int(now), State.OPEN, "person", "")
            await note(connection, _told(request, int(now)))
            return request, True

    async def change(self, before: Request, after: Request, *, actor: str, reason: str, now: float) -> None:
        """Take a step that `bot.consent.requests` allowed. Raises `ChangedMeanwhile`."""
        async with self._database.transaction() as connection:
            if await connection.fetchval(_CHANGE, after.id, after.state, after.due, before.state) is None:
                raise ChangedMeanwhile("the request was changed meanwhile; look again")
            await connection.execute(_STEP, after.id, int(now), after.state, actor, reason)
            await note(connection, _told(after, int(now)))
            if after.right is Right.RECTIFICATION and after.state is State.DONE:
                about = {"request": after.id}
                await note(
                    connection, NewEvent(EventType.PERSON_CORRECTED, int(now), PersonId(after.person), data=about)
                )

    async def reopen(self, request_id: str, reason: str, now: float) -> bool:
        """Reopen a request that was closed, or note it beside an extended one; False if it never was answered."""
        found = await self.find(request_id)
        if found is None:
            return False
        before, steps = found
        if before.state is State.EXTENDED:
            async with self._database.transaction() as connection:
                await connection.execute(_LOCK, before.id)
                await connection.execute(_STEP, before.id, int(now), before.state, "system", reason)
            return True
        try:
            after = reopen(before, was_extended=any(step.state is State.EXTENDED for step in steps))
            await self.change(before, after, actor="system", reason=reason, now=now)
        except (NotPossible, ChangedMeanwhile):
            return False
        return True

    async def note_answer(self, request_id: str, became: str, at: int) -> None:
        """Note how far an answer to a request got; only the first time since its last step.

        Nothing is noted once a part of the answer has reached nobody.
        """
        async with self._database.transaction() as connection:
            await connection.execute(_LOCK, request_id)
            await connection.execute(_NOTE_ANSWER, request_id, f"the answer was {became}", at, UNDELIVERED)

    async def tell_due(self, by: date, now: float) -> int:
        """Note an event for each open request due by a day, once for each day that it is due; return how many."""
        async with self._database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('requests due', 0))")
            rows = await connection.fetch(_DUE_UNTOLD, by)
            await note(connection, *(_told(_request(row), int(now), EventType.REQUEST_DUE) for row in rows))
        return len(rows)

    async def count_due(self, today: date, by: date) -> Mapping[str, int]:
        """Count the open requests whose day is over (`overdue`), comes until `by` (`soon`), or after it (`later`)."""
        (row,) = await self._database.fetch(_COUNT_DUE, today, by)
        return dict(row)

    async def find(self, request_id: str) -> tuple[Request, Sequence[StepTaken]] | None:
        """Return a request with all its steps."""
        rows = await self._database.fetch("SELECT * FROM requests WHERE id = $1", request_id)
        if not rows:
            return None
        steps = await self._database.fetch("SELECT * FROM request_steps WHERE request = $1 ORDER BY number", request_id)
        return _request(rows[0]), [
            StepTaken(row["at"], State(row["state"]), row["actor"], row["reason"]) for row in steps
        ]

    async def details(self, request_id: str) -> str:
        """Return a request in the person's own words; empty if there are none or they were erased."""
        rows = await self._database.fetch(
            "SELECT details, key FROM requests JOIN persons ON persons.id = person WHERE requests.id = $1", request_id
        )
        if not rows or not rows[0]["details"]:
            return ""
        return self._keys.person(rows[0]["key"]).open(rows[0]["details"])

    async def _key(self, connection: Connection, person: PersonId) -> PersonKey:
        wrapped = await connection.fetchval("SELECT key FROM persons WHERE id = $1", person)
        if wrapped is None:
            raise NoSuchPerson
        return self._keys.person(wrapped)

    async def waiting(self) -> list[Request]:
        """Return all open requests, the most urgent first."""
        rows = await self._database.fetch(
            "SELECT * FROM requests WHERE state IN ('open', 'extended') ORDER BY due, received_at"
        )
        return [_request(row) for row in rows]

    async def page(self, states: Collection[State], after: tuple[date, str] | None, most: int) -> list[Request]:
        """Return requests in some states by due day and id, those after a day and an id."""
        rows = await self._database.fetch(_AFTER, list(states), *(after or _FIRST), most)
        return [_request(row) for row in rows]

    async def of(self, person: PersonId) -> list[Request]:
        """Return all requests of a person, the oldest first."""
        rows = await self._database.fetch("SELECT * FROM requests WHERE person = $1 ORDER BY received_at, id", person)
        return [_request(row) for row in rows]


def _told(request: Request, at: int, type: EventType | None = None) -> NewEvent:
    """Return the event that tells of a request as it is now."""
    facts = {"right": request.right.value, "state": request.state.value, "due": request.due.isoformat()}
    return NewEvent(type or _TYPES[request.state], at, PersonId(request.person), request.id, facts)


def _request(row: "asyncpg.Record") -> Request:
    return Request(
        id=str(row["id"]),
        person=str(row["person"]),
        right=Right(row["right_asked"]),
        received_at=row["received_at"],
        due=row["due"],
        state=State(row["state"]),
    )
