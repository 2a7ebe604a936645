"""When messages were sent of the company's own accord, for purposes with an `at_most`; kept for as long as it says.

It is in PostgreSQL so that a lost Redis sends nobody more than they were told, and so that all shards count together.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from ...batcher import Batcher
from ...service.ports import Held, PersonId, Subject
from ...times import iso
from .connect import Database

_SINCE = """
SELECT coalesce(persons.merged_into, persons.id) AS person, purpose, at
FROM sendings JOIN persons ON persons.id = sendings.person
WHERE at > $2 AND sendings.person IN (
    SELECT record.id FROM persons AS record WHERE record.id = ANY($1::uuid[]) OR record.merged_into = ANY($1::uuid[])
) ORDER BY at
"""

_NOTE = """
INSERT INTO sendings (at, until, person, purpose)
SELECT at, until, persons.id, purpose
FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[]) AS sent (at, until, person, purpose)
JOIN persons ON persons.id = sent.person -- nobody erased meanwhile
"""

_Sending = tuple[int, int, PersonId, str]


class Sendings:
    """Table `sendings`. Implements `ports.Sendings` and `ports.DataHolder`."""

    name = "sendings"
    holds = frozenset({"sendings"})

    def __init__(self, database: Database) -> None:
        self._database = database
        self._notes: Batcher[_Sending, None] = Batcher(self._note)

    async def since(self, persons: Collection[PersonId], moment: float) -> dict[tuple[PersonId, str], Sequence[int]]:
        """Return when each person got a message, by purpose, after a moment; all in unix seconds."""
        found: defaultdict[tuple[PersonId, str], list[int]] = defaultdict(list)
        for row in await self._database.fetch(_SINCE, list(persons), int(moment)):
            found[PersonId(str(row["person"])), row["purpose"]].append(row["at"])
        return dict(found)

    async def note(self, person: PersonId, purpose: str, at: int, until: int) -> None:
        """Note that a message was sent, and until when that counts; many at once are one statement."""
        await self._notes.add((at, until, person, purpose))

    async def _note(self, batch: Sequence[_Sending]) -> Sequence[None]:
        await self._database.execute(_NOTE, *map(list, zip(*batch, strict=True)))
        return [None] * len(batch)

    async def export(self, subject: Subject) -> Held | None:
        """Return when each message was sent, and for which purpose."""
        rows = await self._database.fetch(
            "SELECT at, purpose FROM sendings WHERE person = ANY($1::uuid[]) ORDER BY at", subject.records
        )
        sent = [{"what": "sent_to_you", "since": iso(row["at"]), "text": row["purpose"]} for row in rows]
        return {"waiting": sent} if sent else None

    async def erase(self, subject: Subject) -> int:
        """Delete them."""
        deleted = "DELETE FROM sendings WHERE person = ANY($1::uuid[]) RETURNING 1"
        return len(await self._database.fetch(deleted, subject.records))
