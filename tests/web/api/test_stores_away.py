"""A store that goes away in the middle of a call: 503, never a problem that blames the client."""

from typing import Any

import pytest

from bot.app.simulation import Simulation
from bot.errors import Unavailable
from bot.service.ports import Scope
from tests.web.api.bodies import WELL, path_of
from tests.web.api.conftest import NewClient

STORES = {
    "queryPersons": ("POST", "/persons/query", "persons", "page"),
    "suppressAddresses": ("POST", "/suppressions", "erasures", "suppressed"),
    "importRows": ("POST", "/imports", "persons", "find_all"),
    "listSuppressions": ("GET", "/suppressions", "persons", "page"),
    "listEvents": ("GET", "/events", "events", "after"),
    "addWebhook": ("POST", "/webhooks", "endpoints", "add"),
    "rotateWebhook": ("POST", "/webhooks/{id}/rotate", "endpoints", "find"),
    "removeWebhook": ("DELETE", "/webhooks/{id}", "endpoints", "find"),
}
"""Operation → its call, and a store with the method at which it goes away."""


@pytest.mark.parametrize("operation", STORES)
async def test_a_store_that_goes_away_during_a_call_is_not_the_clients_fault(
    simulation: Simulation, client: NewClient, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    async def gone(*_: Any, **__: Any) -> None:
        raise Unavailable("PostgreSQL is not available: it is gone; see its log")

    method, path, store, name = STORES[operation]
    call = await client(Scope.ADMIN)
    monkeypatch.setattr(getattr(simulation.runtime.stores, store), name, gone)
    status, problem = await call(method, path_of(path), WELL[operation])
    assert (status, problem["type"]) == (503, "/api/docs#unavailable")
