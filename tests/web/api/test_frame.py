"""Tokens, limits, and what is counted and logged of a call."""

import io
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.app.operators import Operators, operators
from bot.app.processes import listening
from bot.app.routes import own_routes, routes
from bot.app.simulation import Simulation, simulate, somebody
from bot.errors import OperatorError
from bot.service.ports import Scope
from bot.settings import Settings
from bot.web.api import frame
from tests.web.api.conftest import NewClient


class Clock:
    """Stands still, but for tests."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def timed(stores: Settings) -> AsyncIterator[tuple[Simulation, Clock]]:
    clock = Clock()
    async with simulate(stores, clock=clock) as simulation:
        yield simulation, clock


async def status_of(simulation: Simulation, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.request("GET", f"{simulation.url}/api/v1/purposes", headers=headers) as response:
        return response.status


async def test_a_revoked_token_stops_at_once(simulation: Simulation, given: Operators) -> None:
    token, secret = await given.tokens.create("crm", [Scope.READ])
    assert await status_of(simulation, secret) == 200
    await given.tokens.revoke(token.id)
    assert await status_of(simulation, secret) == 401


async def test_an_expired_token_is_refused(timed: tuple[Simulation, Clock]) -> None:
    simulation, clock = timed
    _, secret = await operators(simulation.runtime).tokens.create("crm", [Scope.READ], lasts=60)
    clock.now += 59
    assert await status_of(simulation, secret) == 200
    clock.now += 1
    assert await status_of(simulation, secret) == 401


async def test_the_last_use_is_noted_at_most_once_a_minute(timed: tuple[Simulation, Clock]) -> None:
    simulation, clock = timed
    tokens = operators(simulation.runtime).tokens
    _, secret = await tokens.create("crm", [Scope.READ])
    start, seen = int(clock.now), []
    for seconds in (0, 59, 60):
        clock.now = start + seconds
        await status_of(simulation, secret)
        (token,) = await tokens.all()
        seen.append((token.last_used_at or 0) - start)
    assert seen == [0, 0, 60]


async def test_a_secret_is_kept_nowhere(simulation: Simulation, given: Operators) -> None:
    _, secret = await given.tokens.create("crm", [Scope.READ])
    assert secret.startswith("cb_")
    assert len(secret) == 46
    (row,) = await simulation.runtime.stores.database.fetch("SELECT * FROM tokens")
    assert secret not in repr(row)
    assert len(row["digest"]) == 32


@pytest.mark.parametrize("name", ["", "With Space", "a" * 41, "ä", "-a"])
async def test_a_name_that_does_not_belong_in_records_is_refused(given: Operators, name: str) -> None:
    with pytest.raises(OperatorError, match="small letters"):
        await given.tokens.create(name, [Scope.READ])


async def test_a_token_that_allows_nothing_is_refused(given: Operators) -> None:
    with pytest.raises(OperatorError, match="--scope"):
        await given.tokens.create("crm", [])


async def test_calls_are_limited_per_token(simulation: Simulation, client: NewClient, stores: Settings) -> None:
    call, other = await client(Scope.READ, per_minute=3), await client(Scope.READ)
    left = []
    for _ in range(3):
        async with call.http.get("/api/v1/purposes") as response:
            assert response.headers["RateLimit-Policy"] == '"token";q=3;w=60'
            left.append(response.headers["RateLimit"].split(";t=")[0])
    assert left == ['"token";r=2', '"token";r=1', '"token";r=0']
    async with call.http.get("/api/v1/purposes") as response:
        assert response.status == 429
        assert (await response.json(content_type=None))["type"] == "/api/docs#rate_limited"
        assert 0 < int(response.headers["Retry-After"]) <= 60
        assert response.headers["RateLimit"].startswith('"token";r=0;t=')
    assert (await other("GET", "/purposes"))[0] == 200


async def test_too_many_calls_at_once_are_sent_away(client: NewClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "AT_ONCE", 0)
    status, answer = await (await client())("GET", "/purposes")
    assert (status, answer["type"]) == (503, "/api/docs#busy")


async def test_metrics_count_calls_by_operation_and_kind_of_status(simulation: Simulation, client: NewClient) -> None:
    call = await client(Scope.READ)
    await call("GET", "/purposes")
    await call("GET", "/nothing/+4915112345678")
    async with call.http.get("/metrics") as response:
        measured = await response.text()
    assert 'consentbot_api_calls_total{operation="listPurposes",status="2xx"}' in measured
    assert 'consentbot_api_calls_total{operation="unknown",status="4xx"}' in measured
    assert "4915112345678" not in measured


async def test_nothing_that_a_client_sends_gets_into_logs(
    logged: io.StringIO, simulation: Simulation, client: NewClient
) -> None:
    who, call = somebody("en"), await client()
    await simulation.introduce(who, "en")
    _, found = await call("POST", "/persons/search", {"address": who.phone, "reason": "planted reason"})
    said = {"channel": "phone", "reason": "planted reason"}
    await call("POST", f"/persons/{found['person']}/corrections", said | {"details": "planted words"})
    await call("POST", f"/persons/{found['person']}/withdrawals", said | {"all": True, "planted": 1})
    await call("POST", f"/persons/{found['person']}/withdrawals", said | {"all": True})
    assert found["person"] in logged.getvalue()
    for planted in ("planted", str(who.phone), str(who.bsuid), str(call.http.headers["Authorization"])[7:]):
        assert planted not in logged.getvalue()


async def test_a_fault_of_the_program_is_told_without_its_text(
    logged: io.StringIO, simulation: Simulation, client: NewClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("planted")

    call = await client()
    monkeypatch.setattr(type(simulation.runtime.stores.counted), "persons", broken)
    status, answer = await call("GET", "/stats")
    assert (status, answer["type"]) == (500, "/api/docs#internal")
    assert "planted" not in json.dumps(answer) + logged.getvalue()
    assert "api_failed" in logged.getvalue()


async def test_calls_get_503_while_settings_are_missing_and_the_documentation_is_there(settings: Settings) -> None:
    app = web.Application()
    app.add_routes(own_routes(settings, lambda: None))
    async with (
        listening(app, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
        http.get("/api/v1/purposes") as answer,
        http.get("/api/v1/openapi.json") as document,
        http.get("/api/docs") as page,
    ):
        assert (answer.status, document.status, page.status) == (503, 200, 200)
        assert "healthz" in (await answer.json(content_type=None))["cure"]


async def test_a_host_keeps_its_own_routes_beside_the_api(settings: Settings) -> None:
    async def own(_: web.Request) -> web.Response:
        return web.Response(text="own")

    app = web.Application()
    app.add_routes(routes(settings, lambda: None))
    app.add_routes([web.get("/api/v1/orders", own)])
    async with (
        listening(app, "127.0.0.1", 0) as port,
        aiohttp.request("GET", f"http://127.0.0.1:{port}/api/v1/orders") as answer,
    ):
        assert await answer.text() == "own"
