"""Nothing that is posted, signed or not, breaks the running program or costs a neighbour its answer."""

import json
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from bot.app.simulation import Simulation, simulate
from bot.channels.simulator import webhooks
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.webhooks import Identity
from bot.settings import Settings
from tests.channels.whatsapp.test_payloads_survive import mutated, nested, values
from tests.web.posting import post

pytestmark = pytest.mark.slow

DEEP_AND_WIDE = [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 100_000, b'{"object":1e99999}', b'"\\ud800"', b"\xff"]

over_http = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

_numbers = count(1)


@pytest.fixture
async def simulation(stores: Settings) -> AsyncIterator[Simulation]:
    """Whoever a made-up webhook is from may be answered; in the end no round of a worker has failed on any."""
    before = failures()
    async with simulate(stores, graph=GraphSimulator(window=False)) as simulation:
        yield simulation
        await simulation.settled()
        assert failures() == before
        async for letter in simulation.runtime.stores.shards[0].dead.all():
            assert letter.kind != "event", letter.reason


def failures() -> float:
    workers = ("converse", "deliver")
    return sum(REGISTRY.get_sample_value("consentbot_failures_total", {"worker": name}) or 0.0 for name in workers)


def somebody_new() -> Identity:
    return Identity(None, f"GB.{next(_numbers):017d}")


@over_http
@given(
    st.binary(max_size=300)
    | (values | nested).map(lambda value: json.dumps(value).encode())
    | st.sampled_from(
        [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 100_000, b'{"object":1e99999}', b'"\\ud800"', b"\xff"]
    )
)
async def test_arbitrary_bytes_and_json_are_answered_with_200_or_400(
    simulation: Simulation, http: aiohttp.ClientSession, body: bytes
) -> None:
    assert await post(simulation, http, body) in (200, 400)


@over_http
@given(mutated())
async def test_message_beside_a_mutated_webhook_is_answered(
    simulation: Simulation, http: aiohttp.ClientSession, wild: dict[str, Any]
) -> None:
    who = somebody_new()
    (good,) = json.loads(webhooks.text(who, "Hello"))["entry"]
    entries = wild.get("entry")
    body = {"object": "whatsapp_business_account", "entry": [*(entries if isinstance(entries, list) else []), good]}
    assert await post(simulation, http, json.dumps(body).encode()) == 200
    await answered(simulation, who)


@over_http
@given(junk=values | nested, content=st.text(max_size=50) | st.sampled_from(["\0", "\ud83d", "STOP\0", "y" * 60_000]))
async def test_message_of_any_text_between_junk_is_answered(
    simulation: Simulation, http: aiohttp.ClientSession, junk: object, content: str
) -> None:
    who = somebody_new()
    good = json.loads(webhooks.text(who, content or "Hello"))
    value = good["entry"][0]["changes"][0]["value"]
    value["messages"] = [junk, *value["messages"], junk]
    assert await post(simulation, http, json.dumps(good).encode()) == 200
    await answered(simulation, who)


async def answered(simulation: Simulation, who: Identity) -> None:
    await simulation.graph.wait_until(lambda: any(sent.recipient == who.bsuid for sent in simulation.graph.sent))
