"""The one way to Redis or Valkey: a typed client whose failures are `Unavailable` when trying later may help."""

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)

from bot.service.ports import Unavailable

READ_BLOCK_MS = 500
"""How long a reader waits for new entries: so long, at most, an idle process takes to notice that it is to stop."""

POOL_SECONDS = 5
"""How long a command waits for a connection when all are in use."""

Argument = str | bytes | int | float

_PASSING = {
    "OOM": "it is full: give it more memory; what is queued must not be evicted",
    "MISCONF": "it cannot write to its disk: see its log",
    "READONLY": "it is a replica now",
    "UNBLOCKED": "it became a replica while we waited",
    "LOADING": "it is reading its data",
    "BUSY": "it is busy with a long script",
    "NOREPLICAS": "it has too few replicas",
    "MASTERDOWN": "it has lost its primary",
    "CLUSTERDOWN": "its cluster is not whole",
    "TRYAGAIN": "its cluster is moving keys",
}
"""Error codes that pass, and what they mean to an operator."""


class Client:
    """Sends commands; replies come as the server sends them (bytes, int, list, None).

    Nothing is retried here: a command whose answer was lost would be repeated. Our scripts may be repeated, and
    their callers do it.
    """

    def __init__(self, redis: Redis) -> None:
        redis.response_callbacks.clear()
        self._redis = redis
        self._execute: Callable[..., Awaitable[Any]] = redis.execute_command

    async def run(self, *command: Argument) -> Any:
        """Run a command. Raises `Unavailable`, and redis-py's `ResponseError` for what no waiting cures."""
        try:
            return await self._execute(*command)
        except (RedisError, OSError) as error:
            if isinstance(error, ReadOnlyError):  # after a failover: look up the primary's address again
                await self._redis.connection_pool.disconnect(inuse_connections=False)
            reason = _passing(error)
            if reason is None:
                raise
        raise Unavailable(f"Redis is not available: {reason}")

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose()


def code(error: ResponseError) -> str:
    """Return the code of a server's error reply, e.g. `NOGROUP`; redis-py takes those that it knows off the text."""
    return error.status_code or str(error).partition(" ")[0]


def _passing(error: Exception) -> str | None:
    """Say why a failure may pass, in words that hold nothing of the command; None when it will not."""
    for cause in (error, error.__cause__):  # what a server says while connecting is wrapped
        if isinstance(cause, AuthenticationError):
            return "it refuses the login: see REDIS_URL"
        if isinstance(cause, ResponseError) and (reason := _PASSING.get(code(cause))) is not None:
            return reason
    if isinstance(error, BusyLoadingError):
        return _PASSING["LOADING"]
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    return "it cannot be reached" if isinstance(error, ConnectionError | OSError) else None


def connect(url: str, *, connections: int, verify: bool = True, ca: Path | None = None) -> Client:
    """Return a client with at most `connections` connections; a reader that waits for entries keeps one busy.

    Heroku's Key-Value Store presents a self-signed certificate (`verify=False`).
    """
    options: dict[str, Any] = {}
    if url.startswith("rediss://"):
        options["ssl_cert_reqs"] = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        options["ssl_check_hostname"] = verify
        if ca is not None:
            options["ssl_ca_certs"] = str(ca)
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=POOL_SECONDS,
        socket_timeout=10,
        socket_connect_timeout=5,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **options,
    )
    return Client(Redis.from_pool(pool))
