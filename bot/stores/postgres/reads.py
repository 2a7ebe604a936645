"""Which operator looked at whose data, when, and how: every look is recorded."""

from collections.abc import Sequence

from ...service.ports import Held, PersonId, Read, Subject
from ...times import iso
from .connect import Database


class Reads:
    """Table `reads`: rows can only be added. Implements `ports.Reads` and `ports.DataHolder`."""

    name = "reads"
    holds = frozenset({"reads"})

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, persons: Sequence[PersonId], command: str, operator: str, now: float) -> None:
        """Record that somebody looks at persons, before anything is shown."""
        await self._database.execute(
            "INSERT INTO reads (at, person, command, operator) "
            "SELECT $1, person, $3, $4 FROM unnest($2::uuid[]) AS looked_at (person)",
            int(now),
            list(persons),
            command,
            operator,
        )

    async def of(self, person: PersonId) -> Sequence[Read]:
        """Return who looked at a person's data, the oldest look first."""
        rows = await self._database.fetch("SELECT * FROM reads WHERE person = $1 ORDER BY number", person)
        return [Read(row["at"], row["command"], row["operator"]) for row in rows]

    async def export(self, subject: Subject) -> Held | None:
        """Return when somebody looked, and how, but not who: that would be the operator's personal data."""
        reads = [read for record in subject.records for read in await self.of(record)]
        looks = [{"at": iso(read.at), "how": read.command} for read in reads]
        return {"looks": looks} if looks else None

    async def erase(self, subject: Subject) -> int:
        """Keep them: they name only the operator, who must account for them (GDPR Art. 5(2))."""
        return 0
