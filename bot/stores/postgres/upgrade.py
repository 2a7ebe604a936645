"""Runs the migrations. Imported only to migrate: Alembic and SQLAlchemy take longer to import than everything else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from .connect import reaching_postgres

_LOCK = 0x636F6E73656E74  # "consent": an advisory lock, so that two releases at once migrate one after the other


async def upgrade(url: str, migrations: Path, **options: Any) -> None:
    """Run `migrations`, a folder, on a database; `options` go to asyncpg (`ssl`). Raises `Unavailable`."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), connect_args=options)
    try:
        with reaching_postgres(), _unwrapped():
            async with engine.begin() as connection:
                await connection.run_sync(_upgrade, migrations)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, migrations: Path) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _unwrapped() -> Iterator[None]:
    """Raise asyncpg's own errors instead of SQLAlchemy's wrappers."""
    try:
        yield
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig else None
        raise cause or error from None
