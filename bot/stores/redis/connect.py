"""Connections to Redis or Valkey, made alike everywhere."""

import ssl
from pathlib import Path
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

READ_BLOCK_MS = 2000
"""How long a reader waits for new entries; well below any idle time-out of a server."""


def connect(url: str, *, connections: int, verify: bool = True, ca: Path | None = None) -> "Redis[bytes]":
    """Return a client with at most `connections` connections.

    Nothing is retried inside the client: it would repeat a command whose answer was lost. Our scripts may be
    repeated, and their callers do it. Heroku's Key-Value Store presents a self-signed certificate (`verify=False`).
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
        timeout=5,
        socket_timeout=10,
        socket_connect_timeout=5,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **options,
    )
    return Redis(connection_pool=pool)


__all__ = ["READ_BLOCK_MS", "Connection", "SSLConnection", "connect"]
