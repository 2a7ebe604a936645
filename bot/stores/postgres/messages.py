"""What the company wanted to send: a row for each message, without what it says."""

from collections.abc import Sequence

import asyncpg

from ...batcher import Batcher
from ...service.ports import Became, Decision, Held, PersonId, Subject
from ...times import iso
from .connect import Database

_FIND = "SELECT * FROM messages WHERE id = ANY($1::uuid[])"

_LAST = "SELECT * FROM messages WHERE person = $1 ORDER BY at DESC, id DESC LIMIT 1"

_KEEP = """
WITH kept AS (
    INSERT INTO messages (id, at, person, purpose, reason, retry_at, caller)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::text[])
        AS new (id, at, person, purpose, reason, retry_at, caller)
    ORDER BY id ON CONFLICT DO NOTHING RETURNING *
)
INSERT INTO events (type, at, person, subject, data)
SELECT 'message.refused', at, person, id::text, jsonb_build_object('purpose', purpose, 'reason', reason)
FROM kept WHERE reason <> '' ORDER BY id
"""

_NOTE = """
INSERT INTO events (type, at, person, subject, data)
SELECT 'message.' || new.became, new.at, messages.person, new.id::text, jsonb_build_object('purpose', purpose) || (
    CASE WHEN new.detail = '' THEN '{}'
    ELSE jsonb_build_object(CASE new.became WHEN 'refused' THEN 'reason' ELSE 'code' END, new.detail) END
)
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[]) AS new (id, became, at, detail)
JOIN messages USING (id) ORDER BY new.id, new.at
ON CONFLICT (subject, type) WHERE type LIKE 'message.%' DO NOTHING
"""

_LEFT = """
SELECT 1 FROM events WHERE subject = $1 AND type IN ('message.sent', 'message.delivered', 'message.read') LIMIT 1
"""

_Note = tuple[str, Became, int, str]


class SentMessages:
    """Table `messages`. Implements `ports.Decisions` and `ports.MessageEvents`, and is its data holder."""

    name = "messages"
    holds = frozenset({"messages"})

    def __init__(self, database: Database) -> None:
        self._database = database
        self._finding: Batcher[str, Decision | None] = Batcher(self._find)
        self._noting: Batcher[_Note, None] = Batcher(self._note)
        self._keeping: Batcher[Decision, Decision] = Batcher(self._keep)

    async def find(self, id: str) -> Decision | None:
        """Return the decision about a message; None if there is none."""
        return await self._finding.add(id)

    async def keep(self, decision: Decision) -> Decision:
        """Keep a decision; return the one that was kept first."""
        return await self._keeping.add(decision)

    async def last(self, person: PersonId) -> Decision | None:
        """Return the decision about the last message to a person; None if there was none."""
        rows = await self._database.fetch(_LAST, person)
        return _decision(rows[0]) if rows else None

    async def note(self, message: str, became: Became, *, at: int, detail: str = "") -> None:
        """Note what became of a message; only the first time counts."""
        await self._noting.add((message, became, at, detail))

    async def left(self, message: str) -> bool:
        """Whether a message is known to have left us."""
        return bool(await self._database.fetch(_LEFT, message))

    async def _note(self, batch: Sequence[_Note]) -> Sequence[None]:
        await self._database.execute(_NOTE, *map(list, zip(*batch, strict=True)))
        return [None] * len(batch)

    async def _find(self, ids: Sequence[str]) -> Sequence[Decision | None]:
        found = {str(row["id"]): _decision(row) for row in await self._database.fetch(_FIND, ids)}
        return [found.get(id) for id in ids]

    async def _keep(self, decisions: Sequence[Decision]) -> Sequence[Decision]:
        await self._database.execute(
            _KEEP,
            [decision.id for decision in decisions],
            [decision.at for decision in decisions],
            [decision.person for decision in decisions],
            [decision.purpose for decision in decisions],
            [decision.reason for decision in decisions],
            [decision.retry_at for decision in decisions],
            [decision.caller for decision in decisions],
        )
        kept = await self._find([decision.id for decision in decisions])
        return [first or decision for first, decision in zip(kept, decisions, strict=True)]

    async def export(self, subject: Subject) -> Held | None:
        """Return what was sent to a person, and for which purpose."""
        rows = await self._database.fetch(
            "SELECT * FROM messages WHERE person = ANY($1::uuid[]) ORDER BY at, id", list(subject.records)
        )
        sent = [
            {"id": str(row["id"]), "at": iso(row["at"]), "purpose": row["purpose"], "withheld": row["reason"]}
            for row in rows
        ]
        return {"messages": sent} if sent else None

    async def erase(self, subject: Subject) -> int:
        """Delete the rows."""
        rows = await self._database.fetch(
            "DELETE FROM messages WHERE person = ANY($1::uuid[]) RETURNING 1", list(subject.records)
        )
        return len(rows)


def _decision(row: "asyncpg.Record") -> Decision:
    return Decision(
        id=str(row["id"]),
        at=row["at"],
        person=PersonId(str(row["person"])) if row["person"] else None,
        purpose=row["purpose"],
        reason=row["reason"],
        retry_at=row["retry_at"],
        caller=row["caller"],
    )
