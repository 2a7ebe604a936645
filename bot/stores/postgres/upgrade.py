"""Runs the migrations. Imported only to migrate: Alembic and SQLAlchemy take longer to import than everything else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from ...errors import OperatorError, Unavailable
from .connect import reaching_postgres, require_version
from .revision import of_another_version

_LOCK = 0x636F6E73656E74  # "consent": an advisory lock, so that two releases at once migrate one after the other

_CONNECT_SECONDS = 5


async def upgrade(url: str, migrations: Path, **options: Any) -> None:
    """Run `migrations`, a folder, on a database; `options` go to asyncpg (`ssl`). Raises `Unavailable`."""

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS, **options)
        try:
            await require_version(connection)
        except Unavailable:
            connection.terminate()  # SQLAlchemy does not know it yet, and an open connection keeps the loop from ending
            raise
        return connection

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)
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
    try:
        command.upgrade(config, "head")
    except CommandError as error:  # it finds a version that is not among its migrations
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if problem := of_another_version(found):
            raise OperatorError(f"PostgreSQL can't be migrated: {problem}") from None
        raise error


@contextmanager
def _unwrapped() -> Iterator[None]:
    """Raise asyncpg's own errors instead of SQLAlchemy's wrappers."""
    try:
        yield
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig else None
        raise cause or error from None
