"""Bring a database's schema up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.stores.postgres.connect import reaching_postgres

_LOCK = 0x636F6E73656E74  # "consent": an advisory lock, so that two releases at once migrate one after the other


async def migrate(url: str, **options: Any) -> None:
    """Create or upgrade the schema; `options` go to asyncpg (`ssl`). Raises `Unavailable`."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), connect_args=options)
    try:
        with reaching_postgres(), _unwrapped():
            async with engine.begin() as connection:
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def expected_revision() -> str | None:
    """Return the schema's version that this version of the program expects."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _upgrade(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _unwrapped() -> Iterator[None]:
    """Let asyncpg's own errors out of SQLAlchemy's."""
    try:
        yield
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig else None
        raise cause or error from None


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
