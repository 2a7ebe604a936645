"""Which operator looked at whose data, when, and how: every look is recorded."""

from collections.abc import Sequence

from ...service.ports import Held, PersonId, Read, Subject
from ...times import iso
from .connect import Database


class Reads:
    """Table `reads`: rows can only be added, and their reasons emptied.

    Implements `ports.Reads` and `ports.DataHolder`.
    """

    name = "reads"
    holds = frozenset({"reads"})

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, persons: Sequence[PersonId], command: str, operator: str, now: float, reason: str = ""
    ) -> None:
        """Record that somebody looks at persons, before anything is shown."""
        await self._database.execute(
            "INSERT INTO reads (at, person, command, operator, reason) "
            "SELECT $1, person, $3, $4, $5 FROM unnest($2::uuid[]) AS looked_at (person)",
            int(now),
            list(persons),
            command,
            operator,
            reason,
        )

    async def of(self, person: PersonId) -> Sequence[Read]:
        """Return who looked at a person's data, the oldest look first."""
        rows = await self._database.fetch("SELECT * FROM reads WHERE person = $1 ORDER BY number", person)
        return [Read(row["at"], row["command"], row["operator"], row["reason"]) for row in rows]

    async def export(self, subject: Subject) -> Held | None:
        """Return when somebody looked, how and why, but not who: that would be the operator's personal data.

        CJEU C-579/21, 22 June 2023: the dates and purposes of looks are the person's data.
        """
        reads = [read for record in subject.records for read in await self.of(record)]
        looks = [{"at": iso(read.at), "how": read.command, "why": read.reason} for read in reads]
        return {"looks": looks} if looks else None

    async def erase(self, subject: Subject) -> int:
        """Empty the reasons, which are free text; the rest names only the operator (GDPR Art. 5(2))."""
        emptied = "UPDATE reads SET reason = '' WHERE person = ANY($1::uuid[]) AND reason <> '' RETURNING 1"
        return len(await self._database.fetch(emptied, subject.records))
