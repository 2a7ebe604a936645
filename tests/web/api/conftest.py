"""The running program, and clients with tokens."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack
from typing import Any, Protocol

import aiohttp
import pytest

from bot.app.operators import Operators, operators
from bot.app.simulation import Simulation
from bot.service.ports import Scope


class Client:
    """Calls the API with one token."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Return status and answer."""
        sent = {} if body is None else {"json": body}
        async with self.http.request(method, f"/api/v1{path}", headers=headers, **sent) as response:
            return response.status, await response.json(content_type=None)


class NewClient(Protocol):
    async def __call__(self, *scopes: Scope, name: str = "crm", **more: Any) -> Client: ...


@pytest.fixture
def given(simulation: Simulation) -> Operators:
    """What operators can do."""
    return operators(simulation.runtime)


@pytest.fixture
async def client(simulation: Simulation, given: Operators) -> AsyncIterator[NewClient]:
    """Make clients, each with a new token."""
    async with AsyncExitStack() as stack:

        async def make(*scopes: Scope, name: str = "crm", **more: Any) -> Client:
            wanted: Collection[Scope] = scopes or list(Scope)
            _, secret = await given.tokens.create(name, wanted, **more)
            headers = {"Authorization": f"Bearer {secret}"}
            return Client(await stack.enter_async_context(aiohttp.ClientSession(simulation.url, headers=headers)))

        yield make
