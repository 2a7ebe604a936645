"""Tokens of the REST API, found by the digest of their secret."""

from collections.abc import Sequence

import asyncpg

from ...service.ports import Scope, Token
from .connect import Database

_ADD = """
INSERT INTO tokens (id, digest, name, scopes, reason, per_minute, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_REVOKE = "UPDATE tokens SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING *"


class Tokens:
    """Table `tokens`. Implements `ports.KeptTokens`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: Token, digest: bytes) -> None:
        """Keep a new token."""
        await self._database.execute(
            _ADD,
            token.id,
            digest,
            token.name,
            sorted(token.scopes),
            token.reason,
            token.per_minute,
            token.created_at,
            token.expires_at,
        )

    async def all(self) -> Sequence[Token]:
        """Return all tokens, the oldest first."""
        return [_token(row) for row in await self._database.fetch("SELECT * FROM tokens ORDER BY created_at, id")]

    async def find(self, digest: bytes) -> Token | None:
        """Return the token with this digest."""
        rows = await self._database.fetch("SELECT * FROM tokens WHERE digest = $1", digest)
        return _token(rows[0]) if rows else None

    async def note_use(self, token_id: str, at: int) -> None:
        """Note when a token was last used."""
        await self._database.execute("UPDATE tokens SET last_used_at = $2 WHERE id = $1", token_id, at)

    async def revoke(self, token_id: str, at: int) -> Token | None:
        """End a token for good and return it; None if there is none with this id. The first time counts."""
        rows = await self._database.fetch(_REVOKE, token_id, at)
        return _token(rows[0]) if rows else None


def _token(row: "asyncpg.Record") -> Token:
    return Token(
        id=str(row["id"]),
        name=row["name"],
        scopes=frozenset(map(Scope, row["scopes"])),
        reason=row["reason"],
        per_minute=row["per_minute"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
