"""Counts persons by what the ledger says last about them."""

from collections.abc import Sequence

from ...consent.evidence import Kind
from .connect import Database

_PERSONS = "SELECT count(*) FROM persons WHERE merged_into IS NULL"

_LAST = """
SELECT purpose, kind, count(*) AS count FROM (
    SELECT DISTINCT ON (person, purpose) purpose, kind FROM ledger
    WHERE kind = ANY($1::text[]) AND person IN (SELECT id FROM persons WHERE merged_into IS NULL)
    ORDER BY person, purpose, person_seq DESC
) AS last GROUP BY purpose, kind
"""


class Counted:
    """Tables `persons` and `ledger`, counted. Implements `operators.figures.CountedEntries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def persons(self) -> int:
        """Return how many persons are known."""
        (row,) = await self._database.fetch(_PERSONS)
        count: int = row["count"]
        return count

    async def last_words(self, kinds: Sequence[Kind]) -> dict[str, dict[Kind, int]]:
        """Return purpose → kind → known persons whose last entry among these kinds is of that kind."""
        found: dict[str, dict[Kind, int]] = {}
        for row in await self._database.fetch(_LAST, list(kinds)):
            found.setdefault(row["purpose"], {})[Kind(row["kind"])] = row["count"]
        return found
