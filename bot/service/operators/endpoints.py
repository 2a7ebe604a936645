"""The company's systems that events are sent to: add, try, change their secrets, send again. Shows nobody."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from ...errors import OperatorError
from ...paths import COMMAND
from ..events import webhook
from ..ports import Backlog, Endpoint, Event, EventType, Post, Secret

BOTH_VALID = 86400
"""Seconds after a rotation during which the old secret signs as well."""


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """What is told of an endpoint; the rest of its URL may hold a secret."""

    id: str
    host: str
    types: Sequence[str]
    with_address: bool
    backlog: Backlog

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "id": self.id,
            "host": self.host,
            "types": list(self.types),
            "with_address": self.with_address,
            "waiting": self.backlog.waiting,
            "oldest_seconds": round(self.backlog.oldest),
            "given_up": self.backlog.dead,
            "status": self.backlog.status,
        }


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint's new secret, shown this once."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tried:
    """How an endpoint answered a test event."""

    ok: bool
    status: str
    seconds: float


class UnknownEndpoint(OperatorError):
    """There is no endpoint with this id."""


class StoredEndpoints(Protocol):
    """The endpoints. Every method raises `Unavailable`."""

    async def add(self, url: str, secret: str, *, types: Sequence[str], with_address: bool, now: int) -> Endpoint:
        """Add an endpoint, which gets the events from now on (unix milliseconds)."""

    async def all(self) -> Sequence[Endpoint]:
        """Return all endpoints, the oldest first."""

    async def find(self, endpoint: str) -> Endpoint | None:
        """Return an endpoint."""

    async def keep_secrets(self, endpoint: Endpoint) -> None:
        """Store an endpoint's secrets."""

    async def remove(self, endpoint: str) -> None:
        """Forget an endpoint with everything that waits for it."""

    async def replay(self, endpoint: str, now: int, *, all: bool) -> int:
        """Send again what was given up, or everything that is still kept; return how many events that is."""

    async def backlog(self) -> Sequence[Backlog]:
        """Return how far each endpoint is."""


class ManageEndpoints:
    """The use cases. All methods raise `Unavailable`, and `OperatorError` for what can't be done."""

    def __init__(self, endpoints: StoredEndpoints, post: Post, clock: Callable[[], float] = time.time) -> None:
        self._endpoints = endpoints
        self._post = post
        self._clock = clock

    async def add(self, url: str, *, types: Sequence[str] = (), with_address: bool = False) -> WithSecret:
        """Add an endpoint, which gets the events of these types (none: of all) from now on."""
        if problem := self._post.refuses(url):
            raise OperatorError(problem)
        if unknown := sorted(set(types) - set(EventType)):
            raise OperatorError(f"there is no event {', '.join(unknown)}; there are {', '.join(EventType)}")
        secret = webhook.new_secret()
        now = int(self._clock() * 1000)
        added = await self._endpoints.add(url, secret, types=sorted(set(types)), with_address=with_address, now=now)
        return WithSecret(added.id, secret)

    async def list(self) -> Sequence[EndpointLine]:
        """Return a line per endpoint, the oldest first."""
        backlog = {line.endpoint: line for line in await self._endpoints.backlog()}
        return [
            EndpointLine(one.id, urlsplit(one.url).hostname or "", one.types, one.with_address, backlog[one.id])
            for one in await self._endpoints.all()
            if one.id in backlog
        ]

    async def backlog(self) -> Sequence[Backlog]:
        """Return how far each endpoint is."""
        return await self._endpoints.backlog()

    async def test(self, id: str) -> Tried:
        """Send a test event, which is of nobody, and return how it was answered."""
        endpoint = await self._found(id)
        event = Event(str(uuid4()), EventType.TEST, int(self._clock()), None, "", {})
        body = webhook.body(event)
        headers = webhook.headers(event.id, body, endpoint.secrets, self._clock())
        began = time.perf_counter()
        answered = await self._post(endpoint.url, headers, body)
        return Tried(answered.ok, answered.status, time.perf_counter() - began)

    async def rotate(self, id: str) -> WithSecret:
        """Give an endpoint a new secret; for a day the one before signs as well."""
        endpoint = await self._found(id)
        secret, until = webhook.new_secret(), int(self._clock()) + BOTH_VALID
        before = replace(endpoint.secrets[0], until=until)
        await self._endpoints.keep_secrets(replace(endpoint, secrets=[Secret(secret, None), before]))
        return WithSecret(endpoint.id, secret)

    async def remove(self, id: str) -> None:
        """Forget an endpoint with everything that waits for it."""
        await self._endpoints.remove((await self._found(id)).id)

    async def replay(self, id: str, *, all: bool) -> int:
        """Send again what was given up, or everything that is still kept; return how many events that is."""
        endpoint = await self._found(id)
        return await self._endpoints.replay(endpoint.id, int(self._clock() * 1000), all=all)

    async def _found(self, id: str) -> Endpoint:
        try:
            found = await self._endpoints.find(str(UUID(id)))
        except ValueError:
            found = None
        if found is None:
            raise UnknownEndpoint(f"there is no endpoint with this id; see `{COMMAND} webhooks list`")
        return found
