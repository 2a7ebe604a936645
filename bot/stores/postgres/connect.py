"""The only access to PostgreSQL: a pool that raises `Unavailable` for failures that may pass later."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

import asyncpg

from ...errors import Unavailable, problem_and_cure
from .revision import of_another_version

OLDEST = 14
"""The oldest major version of PostgreSQL that we run with."""

_CLOSE_SECONDS = 5

_PASSING: Mapping[type[Exception], str] = {
    asyncpg.CannotConnectNowError: "it is starting or ending; wait, or see its log",
    asyncpg.AdminShutdownError: "it was shut down; see its log",
    asyncpg.CrashShutdownError: "it crashed; see its log",
    asyncpg.InsufficientResourcesError: "it has no more room, or too many connections; give it more",
    asyncpg.ReadOnlySQLTransactionError: "it is a standby now; see DATABASE_URL",
    asyncpg.QueryCanceledError: "it took too long; see its load",
    asyncpg.DeadlockDetectedError: "two statements waited for each other; try again",
    asyncpg.SerializationError: "two transactions met; try again",
    # hosts rotate credentials under a running program
    asyncpg.InvalidAuthorizationSpecificationError: "it refuses the login; see DATABASE_URL and DATABASE_TLS",
    asyncpg.InvalidCatalogNameError: "it has no such database; create it, or correct DATABASE_URL",
    asyncpg.InsufficientPrivilegeError: "its user may not do this; grant it, or see the user in DATABASE_URL",
    asyncpg.PostgresConnectionError: "the connection broke; see DATABASE_URL",
    asyncpg.ProtocolError: "it does not understand us; see whether DATABASE_URL leads to a PostgreSQL",
    # between two parts of one statement; or a server of another kind
    asyncpg.InternalClientError: "the connection broke; see whether DATABASE_URL leads to a PostgreSQL",
    asyncpg.ClientConfigurationError: "the address is not whole; correct DATABASE_URL",
    asyncpg.UndefinedObjectError: "it knows no such option; take it out of DATABASE_URL",
    TimeoutError: "it does not answer in time; see DATABASE_URL and the network",
    OSError: "it cannot be reached; see DATABASE_URL and DATABASE_TLS",
}
"""Failures that pass, or that the operator can end, and what to do; a subclass comes before its base."""

_KINDS = tuple(_PASSING)

_OTHER_TABLES = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidColumnReferenceError,
)
"""Errors of a database whose tables are of another version."""


@contextmanager
def reaching_postgres() -> Iterator[None]:
    """Turn temporary failures into `Unavailable`, which names only their kind, since their text may quote data."""
    try:
        yield
    except _KINDS as error:
        told = next(told for kind, told in _PASSING.items() if isinstance(error, kind))
        problem, cure = problem_and_cure(told)
        raise Unavailable(f"PostgreSQL is not available: {problem} ({type(error).__name__}); {cure}") from None
    except asyncpg.InterfaceError as error:
        if type(error) is not asyncpg.InterfaceError:  # its subclasses report wrong arguments
            raise
        raise Unavailable("PostgreSQL is not available: the connection is closed; see its log") from None


Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
"""A connection inside a transaction."""


class Database:
    """A pool of connections. Every method raises `Unavailable`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def fetch(self, statement: str, *arguments: Any) -> "list[asyncpg.Record]":
        """Run a statement and return its rows."""
        async with self._reaching():
            rows: list[asyncpg.Record] = await self._pool.fetch(statement, *arguments)
            return rows

    async def execute(self, statement: str, *arguments: Any) -> None:
        """Run a statement."""
        async with self._reaching():
            await self._pool.execute(statement, *arguments)

    @asynccontextmanager
    async def transaction(
        self, isolation: Literal["read_committed", "repeatable_read"] = "read_committed", *, readonly: bool = False
    ) -> AsyncIterator[Connection]:
        """Run several statements as a single transaction."""
        async with (
            self._reaching(),
            self._pool.acquire() as connection,
            connection.transaction(isolation=isolation, readonly=readonly),
        ):
            yield connection

    async def revision(self) -> str | None:
        """Return the version of the tables; None when there are none."""
        (made,) = await self.fetch("SELECT to_regclass('alembic_version') IS NOT NULL AS made")
        rows = await self.fetch("SELECT version_num FROM alembic_version") if made["made"] else []
        return rows[0]["version_num"] if rows else None

    @asynccontextmanager
    async def _reaching(self) -> AsyncIterator[None]:
        """Raise `Unavailable` for what may pass, and for tables of another version."""
        with reaching_postgres():
            try:
                yield
            except _OTHER_TABLES:
                if problem := of_another_version(await self.revision()):
                    raise Unavailable(f"PostgreSQL is not available: {problem}") from None
                raise

    async def close(self) -> None:
        """Close all connections, waiting a little for statements under way."""
        with reaching_postgres(), suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._pool.close()


def tls_options(tls: str | None, ca: Path | None) -> dict[str, Any]:
    """Return asyncpg's `ssl` argument for an sslmode of libpq; None leaves it to the URL.

    As in libpq, the server's certificate is checked against a given CA even if only encryption was asked for.
    """
    if ca is None or tls == "disable":
        return {"ssl": tls} if tls else {}
    context = ssl.create_default_context(cafile=str(ca))
    context.check_hostname = tls == "verify-full"
    return {"ssl": context}


async def _keep(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Don't reset a returned connection: no statement of ours changes anything that would need it."""


async def require_version(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Refuse a server that is too old, where our statements would fail in their own ways. Raises `Unavailable`."""
    major = connection.get_server_version().major
    if major < OLDEST:
        raise Unavailable(f"PostgreSQL is not available: it is version {major}, too old; use {OLDEST} or newer")


async def connect(url: str, *, connections: int, tls: str | None = None, ca: Path | None = None) -> Database:
    """Return a database with at most `connections` connections, which are opened on first use."""
    pool = await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=connections,
        command_timeout=20,
        timeout=5,
        reset=_keep,
        init=require_version,
        server_settings={"application_name": "consentbot"},
        **tls_options(tls, ca),
    )
    return Database(pool)
