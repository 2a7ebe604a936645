"""Tokens of the REST API: made and revoked by operators, and checked at each call.

A token is shown once. Only its SHA-256 is kept: its 256 random bits can't be guessed, so no slow hash is needed.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from ...errors import OperatorError
from ...paths import COMMAND
from ..ports import KeptTokens, Scope, Token, Windows

PREFIX = "cb_"
"""By which secret scanners find a token that was published by mistake."""

_BYTES = 32
"""Random bytes of a token."""

_USE_NOTED_SECONDS = 60
"""The last use of a token is written at most this often."""

_WINDOW_SECONDS = 60
"""The window of the rate limit."""

_a_name = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}").fullmatch


class Denial(StrEnum):
    """Why a call is not let in."""

    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"


class NotLetIn(Exception):
    """The token can't be used."""

    def __init__(self, denial: Denial) -> None:
        super().__init__(denial)
        self.denial = denial


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the rate limit leaves to a token."""

    per_minute: int
    remaining: int
    """Calls left in this window."""
    seconds: int
    """Until the window ends."""
    granted: bool
    """Whether this call is within the limit."""


class Tokens:
    """What operators do with tokens. All methods raise `Unavailable`."""

    def __init__(self, *, kept: KeptTokens, new_id: Callable[[], str], clock: Callable[[], float] = time.time) -> None:
        self._kept = kept
        self._new_id = new_id
        self._clock = clock

    async def create(
        self,
        name: str,
        scopes: Collection[Scope],
        *,
        reason: str = "",
        lasts: int | None = None,
        per_minute: int | None = None,
    ) -> tuple[Token, str]:
        """Make a token; also return its secret, which is not kept. `lasts`: seconds, by default until it is revoked.

        Raises `OperatorError`.
        """
        if not _a_name(name):
            raise OperatorError("the name is recorded; write up to 40 small letters, digits, dots and dashes")
        if not scopes:
            raise OperatorError(f"the token would allow nothing; add a --scope: {', '.join(Scope)}")
        now, secret = int(self._clock()), PREFIX + secrets.token_urlsafe(_BYTES)
        token = Token(
            id=self._new_id(),
            name=name,
            scopes=frozenset(scopes),
            reason=reason or name,
            per_minute=per_minute,
            created_at=now,
            expires_at=None if lasts is None else now + lasts,
        )
        await self._kept.add(token, digest(secret))
        return token, secret

    async def all(self) -> Sequence[Token]:
        """Return all tokens, also those that have ended, the oldest first."""
        return await self._kept.all()

    async def revoke(self, token_id: str) -> Token:
        """End a token at once, for good. Raises `OperatorError` if there is none with this id."""
        try:
            token = await self._kept.revoke(str(UUID(token_id)), int(self._clock()))
        except ValueError:
            token = None
        if token is None:
            raise OperatorError(f"there is no such token; see `{COMMAND} tokens list`")
        return token


class Admission:
    """Lets calls in. All methods raise `Unavailable`."""

    def __init__(
        self, *, kept: KeptTokens, windows: Windows, per_minute: int, clock: Callable[[], float] = time.time
    ) -> None:
        """`per_minute`: the limit of tokens without their own."""
        self._kept = kept
        self._windows = windows
        self._per_minute = per_minute
        self._clock = clock

    async def token(self, secret: str) -> Token:
        """Return the token with this secret. Raises `NotLetIn`.

        Every call asks the database, so that a revoked token ends at once, and so that known and unknown tokens take
        the same work. What is compared there are digests, which say nothing about a secret.
        """
        token, now = await self._kept.find(digest(secret)), int(self._clock())
        if token is None:
            raise NotLetIn(Denial.UNKNOWN)
        if token.revoked_at is not None:
            raise NotLetIn(Denial.REVOKED)
        if token.expires_at is not None and token.expires_at <= now:
            raise NotLetIn(Denial.EXPIRED)
        if token.last_used_at is None or now - token.last_used_at >= _USE_NOTED_SECONDS:
            await self._kept.note_use(token.id, now)
        return token

    async def allowance(self, token: Token) -> Allowance:
        """Count a call of a token; return what it may still do."""
        most = token.per_minute or self._per_minute
        count, milliseconds = await self._windows.count(token.id, _WINDOW_SECONDS)
        return Allowance(most, max(0, most - count), max(1, -(-milliseconds // 1000)), granted=count <= most)


def digest(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
