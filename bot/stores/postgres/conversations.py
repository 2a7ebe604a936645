"""Conversations of persons with the company's staff. What the persons wrote is sealed with their own keys."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from ...keys import Keyring
from ...service.ports import (
    Change,
    Conversation,
    EndedBy,
    EventType,
    Held,
    NewEvent,
    NoSuchPerson,
    PersonId,
    Subject,
    Written,
)
from ...times import iso
from .connect import Connection, Database
from .events import note

_OWNER = """
SELECT owner.id FROM persons AS named JOIN persons AS owner ON owner.id = coalesce(named.merged_into, named.id)
WHERE named.id = $1 FOR UPDATE OF owner
"""

_RECORDS = "SELECT id FROM persons WHERE id = $1 OR merged_into = $1"
"""The records of a person, named by the one that is left of them."""

_KNOWN = f"""
SELECT message.id, message.conversation, conversations.person
FROM conversation_messages AS message JOIN conversations ON conversations.id = message.conversation
WHERE conversations.person IN ({_RECORDS}) AND message.id = ANY($2)
"""

_OPEN = f"""
UPDATE conversations SET last = greatest(last, $2) WHERE ended = 0 AND id = (
    SELECT id FROM conversations WHERE ended = 0 AND person IN ({_RECORDS}) ORDER BY id DESC LIMIT 1
) RETURNING id, person
"""

_BEGIN = "INSERT INTO conversations (id, person, began, last) VALUES ($1, $2, $3, $3)"

_WRITE = "INSERT INTO conversation_messages (conversation, id, at, kind, text) VALUES ($1, $2, $3, $4, $5)"

_CORRECT = "UPDATE conversation_messages SET text = $3 WHERE conversation = $1 AND id = $2"

_SHOW = """
SELECT conversations.*, coalesce(persons.merged_into, persons.id) AS owner
FROM conversations JOIN persons ON persons.id = conversations.person
WHERE {which}
"""

_PAGE = f"{_SHOW} AND conversations.id > $1 ORDER BY conversations.id LIMIT $2"

_WRITTEN = """
SELECT message.*, persons.key
FROM conversation_messages AS message
JOIN conversations ON conversations.id = message.conversation
JOIN persons ON persons.id = conversations.person
WHERE {which} ORDER BY message.at, message.number
"""

_END = """
WITH done AS (
    UPDATE conversations SET ended = $2, ended_by = $3, until = $4 WHERE ended = 0 AND {which} RETURNING id, person
), told AS (
    INSERT INTO events (type, at, person, subject, data)
    SELECT 'conversation.ended', $2, person, id::text, jsonb_build_object('by', $3::text) FROM done ORDER BY id
)
SELECT FROM done
"""

_IS_OPEN = f"{_KNOWN} AND conversations.ended = 0"

_LAST_WRITTEN = """
SELECT coalesce(record.merged_into, record.id) AS person, max(conversations.last) AS last
FROM persons AS record JOIN conversations ON conversations.person = record.id AND conversations.ended = 0
WHERE record.id = ANY($1::uuid[]) OR record.merged_into = ANY($1::uuid[]) GROUP BY 1
"""

_ERASE = "DELETE FROM conversations WHERE person = ANY($1::uuid[]) RETURNING 1"

_FIRST = "00000000-0000-0000-0000-000000000000"


class Conversations:
    """Tables `conversations` and `conversation_messages`.

    Implements `ports.Conversations` and `ports.OpenConversations`, and is their data holder.
    """

    name = "conversations"
    holds = frozenset({"conversations", "conversation_messages"})

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def take(self, person: PersonId, written: Written, why: str) -> None:
        """Keep a message, once, in the person's open conversation or in a new one."""
        async with self._database.transaction() as connection:
            owner = await _owner(connection, person)
            if owner is None:
                raise NoSuchPerson
            if await connection.fetchrow(_KNOWN, owner, [written.id, *written.older_ids]) is not None:
                return
            found = await connection.fetchrow(_OPEN, owner, written.at)
            id, record = found or (await self._begin(connection, owner, written.at, why), owner)
            sealed = await self._sealed(connection, record, written)
            await connection.execute(_WRITE, id, written.id, written.at, written.kind, sealed)
            told = {"message": written.id, "kind": written.kind}
            await note(connection, NewEvent(EventType.CONVERSATION_MESSAGE, written.at, owner, str(id), told))

    async def correct(self, person: PersonId, written: Written, change: Change) -> bool:
        """Replace what the person wrote in a message; False if it was not written to the staff."""
        async with self._database.transaction() as connection:
            owner = await _owner(connection, person)
            found = await connection.fetchrow(_KNOWN, owner, [written.id, *written.older_ids]) if owner else None
            if found is None:
                return False
            id, conversation = found["id"], found["conversation"]
            sealed = await self._sealed(connection, found["person"], written)
            await connection.execute(_CORRECT, conversation, id, sealed)
            told = {"message": id, "kind": change}
            await note(connection, NewEvent(EventType.CONVERSATION_MESSAGE, written.at, owner, str(conversation), told))
            return True

    async def _sealed(self, connection: Connection, record: UUID | PersonId, written: Written) -> bytes:
        key = await connection.fetchval("SELECT key FROM persons WHERE id = $1", record)
        return self._keys.person(key).seal(written.text)

    async def _begin(self, connection: Connection, person: PersonId, at: int, why: str) -> UUID:
        id = uuid7()
        await connection.execute(_BEGIN, id, person, at)
        await note(connection, NewEvent(EventType.CONVERSATION_BEGAN, at, person, str(id), {"why": why}))
        return id

    async def page(self, after: str, most: int, *, ended: bool) -> Sequence[Conversation]:
        """Return conversations in the order in which they began, after an id."""
        which = "conversations.ended > 0" if ended else "conversations.ended = 0"  # each has an index of its own
        rows = await self._database.fetch(_PAGE.format(which=which), after or _FIRST, most)
        return [_conversation(row) for row in rows]

    async def find(self, id: str) -> Conversation | None:
        """Return a conversation."""
        rows = await self._database.fetch(_SHOW.format(which="conversations.id = $1"), id)
        return _conversation(rows[0]) if rows else None

    async def written(self, id: str) -> Sequence[Written]:
        """Return what the person wrote, the oldest first."""
        rows = await self._database.fetch(_WRITTEN.format(which="message.conversation = $1"), id)
        return [self._read(row) for row in rows]

    def _read(self, row: "asyncpg.Record") -> Written:
        text = self._keys.person(row["key"]).open(row["text"])
        return Written(id=row["id"], at=row["at"], kind=row["kind"], text=text)

    async def end(self, id: str, at: int, until: int) -> None:
        """Note that the staff ended a conversation, unless it had ended."""
        await self._database.fetch(_END.format(which="id = $1"), id, at, "staff", until)

    async def end_silent(self, before: int, at: int, until: int, by: EndedBy = "silence") -> int:
        """End the conversations in which the person wrote nothing since a moment; return how many."""
        return len(await self._database.fetch(_END.format(which="last < $1"), before, at, by, until))

    async def is_open(self, person: PersonId, message: str) -> bool:
        """Whether a message is part of the person's open conversation."""
        return bool(await self._database.fetch(_IS_OPEN, person, [message]))

    async def last_written(self, persons: Collection[PersonId]) -> Mapping[PersonId, int]:
        """Return when these persons last wrote in a conversation that goes on."""
        rows = await self._database.fetch(_LAST_WRITTEN, list(persons))
        return {PersonId(str(row["person"])): row["last"] for row in rows}

    async def export(self, subject: Subject) -> Held | None:
        """Return what the person wrote."""
        which = "conversations.person = ANY($1::uuid[])"
        rows = await self._database.fetch(_WRITTEN.format(which=which), subject.records)
        wrote = [self._read(row) for row in rows]
        held = [{"what": "to_staff", "since": iso(one.at), "text": one.text or one.kind} for one in wrote]
        return {"waiting": held} if held else None

    async def erase(self, subject: Subject) -> int:
        """Delete the rows, with what was written."""
        return len(await self._database.fetch(_ERASE, subject.records))


async def _owner(connection: Connection, person: PersonId) -> PersonId | None:
    """Return the person that is left of a record, who is held until the end of the transaction."""
    owner = await connection.fetchval(_OWNER, person)
    return PersonId(str(owner)) if owner else None


def _conversation(row: "asyncpg.Record") -> Conversation:
    return Conversation(
        id=str(row["id"]),
        person=PersonId(str(row["owner"])),
        began=row["began"],
        last=row["last"],
        ended=row["ended"],
        ended_by=row["ended_by"],
    )
