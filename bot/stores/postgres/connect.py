"""Connections to PostgreSQL, made alike everywhere."""

import ssl
from pathlib import Path
from typing import Any

import asyncpg


def tls_options(tls: str | None, ca: Path | None) -> dict[str, Any]:
    """Return asyncpg's `ssl` argument for one of libpq's sslmode words; none leaves it to the URL."""
    if tls is None:
        return {}
    if ca is None or tls in ("disable", "prefer", "require"):
        return {"ssl": tls}
    context = ssl.create_default_context(cafile=str(ca))
    context.check_hostname = tls == "verify-full"
    return {"ssl": context}


async def connect(
    url: str, *, connections: int, tls: str | None = None, ca: Path | None = None
) -> "asyncpg.Pool[asyncpg.Record]":
    """Return a pool with at most `connections` connections; it connects when first used."""
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=connections,
        command_timeout=20,
        timeout=5,
        server_settings={"application_name": "consentbot"},
        **tls_options(tls, ca),
    )
