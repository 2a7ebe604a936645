"""The one way to PostgreSQL: a pool whose failures are `Unavailable` when trying later may help."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

import asyncpg

from ...errors import Unavailable

_CLOSE_SECONDS = 5

_PASSING = (
    OSError,  # refused, reset, unknown host, time-out, TLS
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.ReadOnlySQLTransactionError,  # it is a standby now
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InternalClientError,  # the connection broke between two parts of one statement
    asyncpg.InvalidAuthorizationSpecificationError,  # hosts rotate credentials under a running program
    asyncpg.InvalidCatalogNameError,  # no such database: not made yet, or misspelt
)


@contextmanager
def reaching_postgres() -> Iterator[None]:
    """Turn failures that may pass into `Unavailable`, which names the kind only: the text may quote data."""
    try:
        yield
    except _PASSING as error:
        raise Unavailable(f"PostgreSQL is not available: {type(error).__name__}") from None
    except asyncpg.InterfaceError as error:
        if type(error) is not asyncpg.InterfaceError:  # its subclasses are about wrong arguments
            raise
        raise Unavailable("PostgreSQL is not available: the connection is closed") from None


Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
"""A connection inside a transaction."""


class Database:
    """A pool of connections. Every method raises `Unavailable`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def fetch(self, statement: str, *arguments: Any) -> "list[asyncpg.Record]":
        """Run a statement and return its rows."""
        with reaching_postgres():
            rows: list[asyncpg.Record] = await self._pool.fetch(statement, *arguments)
            return rows

    async def execute(self, statement: str, *arguments: Any) -> None:
        """Run a statement."""
        with reaching_postgres():
            await self._pool.execute(statement, *arguments)

    @asynccontextmanager
    async def transaction(
        self, isolation: Literal["read_committed", "repeatable_read"] = "read_committed", *, readonly: bool = False
    ) -> AsyncIterator[Connection]:
        """Run several statements as one."""
        with reaching_postgres():
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation=isolation, readonly=readonly),
            ):
                yield connection

    async def close(self) -> None:
        """Close all connections, waiting a little for statements under way."""
        with reaching_postgres(), suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._pool.close()


def tls_options(tls: str | None, ca: Path | None) -> dict[str, Any]:
    """Return asyncpg's `ssl` argument for one of libpq's sslmode words; none leaves it to the URL.

    As with libpq, a given CA is checked against even when only encryption was asked for.
    """
    if ca is None or tls == "disable":
        return {"ssl": tls} if tls else {}
    context = ssl.create_default_context(cafile=str(ca))
    context.check_hostname = tls == "verify-full"
    return {"ssl": context}


async def _keep(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Leave a returned connection as it is: no statement of ours sets anything that asyncpg would have to reset."""


async def connect(url: str, *, connections: int, tls: str | None = None, ca: Path | None = None) -> Database:
    """Return a database of at most `connections` connections; they are made when first used."""
    pool = await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=connections,
        command_timeout=20,
        timeout=5,
        reset=_keep,
        server_settings={"application_name": "consentbot"},
        **tls_options(tls, ca),
    )
    return Database(pool)
