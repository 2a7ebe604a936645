"""What the channel says about each message template. Holds nothing of persons."""

from collections.abc import Sequence

from ...service.ports import TemplateNews, TemplateState
from .connect import Database

_KNOWN = """
INSERT INTO templates (
    name, language, id, status, reason, status_at, category, category_at, quality, quality_at, altered, altered_at,
    checked_at
) VALUES ($1, $2, '', '', '', 0, '', 0, '', 0, FALSE, 0, 0)
ON CONFLICT DO NOTHING
"""

_STATUS = """
UPDATE templates SET status = $4, reason = $5, status_at = $3 WHERE name = $1 AND language = $2 AND status_at <= $3
"""
_CATEGORY = """
UPDATE templates SET category = $4, category_at = $3 WHERE name = $1 AND language = $2 AND category_at <= $3
"""
_QUALITY = """
UPDATE templates SET quality = $4, quality_at = $3 WHERE name = $1 AND language = $2 AND quality_at <= $3
"""
_ALTERED = """
UPDATE templates SET altered = TRUE, altered_at = $3 WHERE name = $1 AND language = $2 AND altered_at <= $3
"""
"""Parts of the news: each counts unless newer news of the same part came before."""

_FORGET = "DELETE FROM templates WHERE greatest(status_at, category_at, quality_at, altered_at, checked_at) <= $1"

_ADOPT = """
INSERT INTO templates AS known (
    name, language, id, status, reason, status_at, category, category_at, quality, quality_at, altered, altered_at,
    checked_at
)
SELECT name, language, id, status, reason, $1, category, $1, quality, $1, altered, $1, $1
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::boolean[])
    AS found (name, language, id, status, reason, category, quality, altered)
ON CONFLICT (name, language) DO UPDATE SET
    id = excluded.id, status = excluded.status, reason = excluded.reason, status_at = excluded.status_at,
    category = excluded.category, category_at = excluded.category_at, quality = excluded.quality,
    quality_at = excluded.quality_at, altered = excluded.altered, altered_at = excluded.altered_at,
    checked_at = excluded.checked_at
WHERE greatest(known.status_at, known.category_at, known.quality_at, known.altered_at) <= excluded.checked_at
"""


class Templates:
    """Table `templates`. Implements `ports.TemplateStates`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[TemplateState]:
        """Return all of them, by name and language."""
        rows = await self._database.fetch("SELECT * FROM templates ORDER BY name, language")
        return [
            TemplateState(
                name=row["name"],
                language=row["language"],
                id=row["id"],
                status=row["status"],
                reason=row["reason"],
                category=row["category"],
                quality=row["quality"],
                altered=row["altered"],
            )
            for row in rows
        ]

    async def note(self, news: Sequence[TemplateNews]) -> None:
        """Note what webhooks say."""
        for item in news:
            which = item.name, item.language
            async with self._database.transaction() as connection:
                await connection.execute(_KNOWN, *which)
                if item.status is not None:
                    await connection.execute(_STATUS, *which, item.at, item.status, item.reason)
                if item.category is not None:
                    await connection.execute(_CATEGORY, *which, item.at, item.category)
                if item.quality is not None:
                    await connection.execute(_QUALITY, *which, item.at, item.quality)
                if item.altered:
                    await connection.execute(_ALTERED, *which, item.at)

    async def adopt(self, states: Sequence[TemplateState], at: float, *, all_there_are: bool) -> None:
        """Note what the channel had at `at`, except where a webhook has told something newer since."""
        parts = ("name", "language", "id", "status", "reason", "category", "quality", "altered")
        columns = [[getattr(state, part) for state in states] for part in parts]
        async with self._database.transaction() as connection:
            if all_there_are:
                await connection.execute(_FORGET, int(at))
            await connection.execute(_ADOPT, int(at), *columns)
