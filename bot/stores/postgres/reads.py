"""Which operator looked at whose data, when, and how: every look is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...service.ports import Held, PersonId, Subject
from ...times import iso
from .connect import Database


@dataclass(frozen=True, slots=True)
class Read:
    """A recorded look."""

    at: int
    """Unix seconds."""
    command: str
    operator: str


class Reads:
    """Table `reads`: rows can only be added. Implements `places.DataHolder`."""

    name = "reads"
    holds = frozenset({"reads"})

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, person: PersonId, command: str, operator: str, now: float) -> None:
        """Record a look, before anything is shown."""
        await self._database.execute(
            "INSERT INTO reads (at, person, command, operator) VALUES ($1, $2, $3, $4)",
            int(now),
            person,
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
