"""How far each import of a file got."""

from collections.abc import Mapping

import orjson

from ...keys import Keyring
from ...service.ports import ImportRun
from .connect import Database

_BEGIN = """
INSERT INTO imports (key, started_at, format, source, operator) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (key) DO UPDATE SET started_at = excluded.started_at, operator = excluded.operator, finished_at = 0,
    position = CASE WHEN imports.finished_at = 0 THEN imports.position ELSE 0 END,
    counts = CASE WHEN imports.finished_at = 0 THEN imports.counts ELSE '{}' END
RETURNING position, counts
"""


class Imports:
    """Table `imports`. Implements `ports.ImportRuns`."""

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def begin(self, what: str, *, format: str, source: str, operator: str, now: float) -> ImportRun:
        """Return where the import of `what` ended when it was interrupted; the start if it never was."""
        rows = await self._database.fetch(_BEGIN, self._key(what), int(now), format, source, operator)
        return ImportRun(rows[0]["position"], orjson.loads(rows[0]["counts"]))

    async def advance(self, what: str, position: int, counts: Mapping[str, int]) -> None:
        """Remember how many rows are done, and what came of them."""
        await self._database.execute(
            "UPDATE imports SET position = $2, counts = $3 WHERE key = $1",
            self._key(what),
            position,
            orjson.dumps(counts).decode(),
        )

    async def finish(self, what: str, now: float) -> None:
        """Remember that all rows are done: the same file begins again from its start."""
        await self._database.execute("UPDATE imports SET finished_at = $2 WHERE key = $1", self._key(what), int(now))

    def _key(self, what: str) -> bytes:
        """The hash of a small file could be guessed, and with it the numbers in the file."""
        return self._keys.message(f"import {what}")
