"""How a database is upgraded to the schema that this program expects."""

from typing import Any

from .revision import MIGRATIONS


async def migrate(url: str, **options: Any) -> None:
    """Create or upgrade the schema; `options` go to asyncpg (`ssl`). Raises `Unavailable`."""
    from .upgrade import upgrade

    await upgrade(url, MIGRATIONS, **options)
