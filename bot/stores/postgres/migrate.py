"""The database schema: which version this program expects, and how a database is upgraded to it."""

from functools import cache
from pathlib import Path
from typing import Any

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(url: str, **options: Any) -> None:
    """Create or upgrade the schema; `options` go to asyncpg (`ssl`). Raises `Unavailable`."""
    from .upgrade import upgrade

    await upgrade(url, MIGRATIONS, **options)


@cache
def expected_revision() -> str:
    """Return the schema version that this program expects: the number of the last migration."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
