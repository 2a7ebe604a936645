"""Tokens of the REST API, and how often each is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Scope(StrEnum):
    """What a token may be used for."""

    OPT_IN = "opt_in"
    READ = "read"
    READ_ADDRESSES = "read_addresses"
    SEND = "send"
    CONVERSATIONS = "conversations"
    WITHDRAW = "withdraw"
    REQUESTS = "requests"
    IMPORT = "import"
    EVENTS = "events"
    ADMIN = "admin"

    @property
    def allows(self) -> str:
        """What the scope allows, as documented."""
        return _ALLOWS[self]


_ALLOWS = {
    Scope.OPT_IN: "ask persons for their consent",
    Scope.READ: "look at persons without their addresses, and at purposes and figures",
    Scope.READ_ADDRESSES: "get addresses of persons; needed besides the scope of the operation",
    Scope.SEND: "send messages, and ask whether they may be sent",
    Scope.CONVERSATIONS: "read what persons write to your staff, and end their conversations",
    Scope.WITHDRAW: "record withdrawals and objections, and suppress addresses",
    Scope.REQUESTS: "answer what persons ask about their data: requests, corrections, restrictions, erasures",
    Scope.IMPORT: "import consents and suppressions",
    Scope.EVENTS: "read events, and manage webhooks",
    Scope.ADMIN: "everything that the other scopes allow",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its secret. Times are unix seconds."""

    id: str
    name: str
    """Whose it is: every look and every change that it makes is recorded under `api:NAME`."""
    scopes: frozenset[Scope]
    reason: str
    """Why it looks at persons, where a call does not say."""
    per_minute: int | None
    """Calls allowed in a minute; None: as the settings say."""
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None
    revoked_at: int | None = None

    @property
    def operator(self) -> str:
        """Who looks, as it is recorded."""
        return f"api:{self.name}"

    def may(self, scope: Scope) -> bool:
        """Whether a call that needs this scope is allowed."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


class KeptTokens(Protocol):
    """The tokens that were made. Every method raises `Unavailable`."""

    async def add(self, token: Token, digest: bytes) -> None:
        """Keep a new token."""

    async def all(self) -> Sequence[Token]:
        """Return all tokens, the oldest first."""

    async def find(self, digest: bytes) -> Token | None:
        """Return the token with this digest."""

    async def note_use(self, token_id: str, at: int) -> None:
        """Note when a token was last used."""

    async def revoke(self, token_id: str, at: int) -> Token | None:
        """End a token for good and return it; None if there is none with this id."""


class Windows(Protocol):
    """Counts the calls of tokens, for all processes together."""

    async def count(self, token_id: str, seconds: int) -> tuple[int, int]:
        """Count a call; return the calls in the present window, and in how many milliseconds it ends.

        Raises `Unavailable`.
        """
