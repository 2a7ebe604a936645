"""The only access to Redis or Valkey: a typed client that raises `Unavailable` for temporary failures."""

import asyncio
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hiredis import pack_command
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NoAnswer

from ...errors import OperatorError, Unavailable

READ_BLOCK_MS = 500
"""How long a reader waits for new entries, and so how long an idle process may take to notice that it should stop."""

POOL_SECONDS = 5
"""How long a command waits for a connection when all are in use."""

ANSWER_SECONDS = 10
"""How long a command waits for its answer."""

Argument = str | bytes | int | float

_PASSING = {
    "OOM": "it is full; give it more memory, as what is queued must not be evicted",
    "MISCONF": "it cannot write to its disk; see its log",
    "READONLY": "it is a replica now; see REDIS_URL",
    "UNBLOCKED": "it became a replica while we waited; see REDIS_URL",
    "LOADING": "it is reading its data; wait",
    "BUSY": "it is busy with a long script; wait",
    "NOREPLICAS": "it has too few replicas; see its replication",
    "MASTERDOWN": "it has lost its primary; see its replication",
    "CLUSTERDOWN": "its cluster is not whole; see its cluster",
    "NOPERM": "its user may not do this; see the rights of the user in REDIS_URL",
    "NOAUTH": "it wants a password; see REDIS_URL",
    "DENIED": "it refuses connections from outside; see its protected mode",
    "TRYAGAIN": "its cluster is moving keys; wait",
}
"""Error codes of failures that pass, or that the operator can end: what they mean, and what to do."""

_REFUSALS = {
    "unknown command": "it lacks a command that we need; use Redis or Valkey 7.2 or newer",
    "Unknown Redis command": "it lacks a command that our scripts need; use Redis or Valkey 7.2 or newer",
    "unknown subcommand": "it lacks a command that we need; use Redis or Valkey 7.2 or newer",
    "DB index is out of range": "it has no database of this number; correct REDIS_URL",
}
"""Parts of other errors' texts."""


class Client:
    """Sends commands; replies come as the server sends them (bytes, int, list, None).

    Nothing is retried here: a command whose answer was lost might run twice. Our scripts are safe to repeat, and their
    callers do so. Connections are redis-py's, used directly: its own client and pool cost three times as much as the
    command.
    """

    def __init__(self, pool: ConnectionPool, connections: int) -> None:
        """`pool` makes connections, but keeps none."""
        self._pool = pool
        self._permits = asyncio.Semaphore(connections)
        self._made: list[AbstractConnection] = []
        self._idle: list[AbstractConnection] = []

    async def run(self, *command: Argument) -> Any:
        """Run a command. Raises `Unavailable`, and redis-py's `ResponseError` for errors that waiting does not cure."""
        try:
            return await self._run(pack_command(command))  # type: ignore[arg-type] # its stub says: a 1-tuple
        except (RedisError, OSError) as error:
            if isinstance(error, ReadOnlyError):  # after a failover: look up the primary's address again
                await self._disconnect(self._idle)
            reason = _passing(error)
            if reason is None:
                raise
        raise Unavailable(f"Redis is not available: {reason}")

    async def _run(self, packed: bytes) -> Any:
        await self._permit()
        connection = self._idle.pop() if self._idle else self._new()  # the last used: surplus connections age
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if connection.is_connected and await connection.can_read():  # unasked: the server has closed it
                    await connection.disconnect(nowait=True)
                await connection.send_packed_command(packed)  # connects first if necessary
                return await connection.read_response()
        finally:
            self._idle.append(connection)
            self._permits.release()

    async def _permit(self) -> None:
        """Wait until a connection may be used."""
        if not self._permits.locked():
            await self._permits.acquire()  # at once
            return
        try:
            async with asyncio.timeout(POOL_SECONDS):
                await self._permits.acquire()
        except TimeoutError:
            raise Unavailable(
                "Redis is not available: all our connections to it are busy; start fewer workers, or see its load"
            ) from None

    def _new(self) -> AbstractConnection:
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        self._made.append(connection)
        return connection

    async def _disconnect(self, connections: Iterable[AbstractConnection]) -> None:
        for connection in connections:
            await connection.disconnect(nowait=True)

    async def close(self) -> None:
        """Close all connections."""
        await self._disconnect(self._made)


def code(error: ResponseError) -> str:
    """Return the code of a server's error reply, e.g. `NOGROUP`; redis-py strips the codes it knows from the text."""
    return error.status_code or str(error).partition(" ")[0]


def _passing(error: Exception) -> str | None:
    """Say why a failure may pass, without quoting the command; None if it will not pass."""
    for cause in (error, error.__cause__):  # errors from the server while connecting are wrapped
        if isinstance(cause, AuthenticationError):
            return "it refuses the login; see REDIS_URL"
        if isinstance(cause, ResponseError) and (reason := _PASSING.get(code(cause))) is not None:
            return reason
    if isinstance(error, BusyLoadingError):
        return _PASSING["LOADING"]
    if isinstance(error, TimeoutError | NoAnswer):
        return "it does not answer in time; see REDIS_URL and the network"
    if isinstance(error, InvalidResponse):
        return "it answers in another language; see whether REDIS_URL leads to a Redis or Valkey"
    if isinstance(error, ResponseError):
        return next((told for said, told in _REFUSALS.items() if said in str(error)), None)
    return "it cannot be reached; see REDIS_URL" if isinstance(error, NotConnected | OSError) else None


def connect(url: str, *, connections: int, verify: bool = True, ca: Path | None = None) -> Client:
    """Return a client with at most `connections` connections; a waiting reader keeps a connection busy.

    Heroku's Key-Value Store presents a self-signed certificate (`verify=False`).
    """
    options: dict[str, Any] = {}
    if url.startswith("rediss://"):
        options["ssl_cert_reqs"] = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        options["ssl_check_hostname"] = verify
        if ca is not None:
            options["ssl_ca_certs"] = str(ca)
    pool = _pool(
        url,
        socket_timeout=None,  # `ANSWER_SECONDS` covers sending and receiving
        socket_connect_timeout=5,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **options,
    )
    return Client(pool, connections)


def _pool(url: str, **options: Any) -> ConnectionPool:
    try:
        pool = ConnectionPool.from_url(url, **options)
        pool.make_connection()  # type: ignore[no-untyped-call]
    except (TypeError, ValueError):  # it may quote the URL
        raise OperatorError("REDIS_URL: has an unknown option; remove what follows the ?") from None
    return pool
