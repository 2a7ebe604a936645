"""Meta's handshake and webhooks: what is answered, what is stored, and that nothing a client sends breaks anything."""

import gzip
import io
import json
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.simulator import webhooks
from bot.channels.simulator.webhooks import Identity
from bot.channels.whatsapp.signature import HEADER, sign
from bot.settings import Settings, load_settings
from bot.simulation import Simulation, simulate, somebody
from bot.web.webhook import LARGEST, PATH


@pytest.fixture
async def http(simulation: Simulation) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(simulation.url) as session:
        yield session


def secret_of(simulation: Simulation) -> str:
    secret = simulation.runtime.settings.whatsapp_app_secret
    assert secret is not None
    return secret.get_secret_value()


async def post(simulation: Simulation, http: aiohttp.ClientSession, body: bytes, **headers: str) -> int:
    """Post a signed body; return the status."""
    signed = {HEADER: sign(body, secret_of(simulation)), "Content-Type": "application/json"} | headers
    async with http.post(PATH, data=io.BytesIO(body), headers=signed) as response:
        return response.status


async def queued(simulation: Simulation) -> int:
    return sum((await simulation.runtime.queued()).values())


class TestHandshake:
    async def asked(self, simulation: Simulation, http: aiohttp.ClientSession, **query: str) -> tuple[int, str]:
        token = simulation.runtime.settings.whatsapp_verify_token
        assert token is not None
        defaults = {"mode": "subscribe", "verify_token": token.get_secret_value(), "challenge": "1158201444"}
        parameters = {f"hub.{name}": value for name, value in (defaults | query).items()}
        async with http.get(PATH, params=parameters) as response:
            return response.status, await response.text()

    async def test_who_knows_the_token_gets_the_challenge_back(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        assert await self.asked(simulation, http) == (200, "1158201444")

    @pytest.mark.parametrize(
        "wrong", [{"verify_token": "guess"}, {"verify_token": ""}, {"verify_token": "ü"}, {"mode": "unsubscribe"}]
    )
    async def test_others_don_t(
        self, simulation: Simulation, http: aiohttp.ClientSession, wrong: dict[str, str]
    ) -> None:
        status, text = await self.asked(simulation, http, **wrong)
        assert status == 403
        assert "1158201444" not in text

    async def test_a_challenge_is_plain_text_whatever_it_holds(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        token = simulation.runtime.settings.whatsapp_verify_token
        assert token is not None
        parameters = {
            "hub.mode": "subscribe",
            "hub.verify_token": token.get_secret_value(),
            "hub.challenge": "<script>alert(1)</script>",
        }
        async with http.get(PATH, params=parameters) as response:
            assert response.content_type == "text/plain"


class TestPost:
    async def test_a_forged_one_is_refused_and_nothing_is_stored(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        body = webhooks.text(somebody(), "Hello")
        for headers in (
            {},
            {HEADER: sign(body, "another secret")},
            {HEADER: sign(body, secret_of(simulation)).upper()},
            {HEADER: sign(body + b" ", secret_of(simulation))},
            {HEADER: "sha256="},
        ):
            async with http.post(PATH, data=body, headers=headers) as response:
                assert response.status == 401
        await simulation.settled()
        assert simulation.graph.sent == []

    async def test_an_escaped_body_is_verified_as_it_came(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        who = somebody()
        simulation.graph.heard(who)
        body = webhooks.text(who, "äöå </> %")
        assert b"\\u00e4" in body
        assert await post(simulation, http, body) == 200
        unescaped = json.dumps(json.loads(body), ensure_ascii=False).encode()
        assert await post(simulation, http, unescaped) == 200

    @pytest.mark.parametrize("chunked", [False, True])
    async def test_a_body_over_three_mebibytes_is_refused(
        self, simulation: Simulation, http: aiohttp.ClientSession, chunked: bool
    ) -> None:
        body = b" " * (LARGEST + 1)

        async def chunks() -> AsyncIterator[bytes]:
            yield body

        signed = {HEADER: sign(body, secret_of(simulation))}
        async with http.post(PATH, data=chunks() if chunked else io.BytesIO(body), headers=signed) as response:
            assert response.status == 413

    async def test_a_body_of_three_mebibytes_is_taken(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        body = webhooks.text(somebody(), "Hello")
        assert await post(simulation, http, body + b" " * (LARGEST - len(body))) == 200

    async def test_a_small_body_that_unfolds_to_a_huge_one_is_refused(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        bomb = gzip.compress(b" " * (50 * 1024 * 1024))
        assert await post(simulation, http, bomb, **{"Content-Encoding": "gzip"}) in (400, 413)

    @pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"null", b"\xff\xfe", b'{"object":', b"1e999"])
    async def test_what_is_no_webhook_is_told_so(
        self, simulation: Simulation, http: aiohttp.ClientSession, body: bytes
    ) -> None:
        assert await post(simulation, http, body) == 400

    @pytest.mark.parametrize(
        "body",
        [
            b"{}",
            b'{"object":"page","entry":[]}',
            webhooks.account(),
            webhooks.account(field="a_field_of_tomorrow"),
            webhooks.error(),
            webhooks.text(somebody(), "Hello", number="999999999999999"),
        ],
    )
    async def test_what_does_not_concern_us_is_acknowledged(
        self, simulation: Simulation, http: aiohttp.ClientSession, body: bytes
    ) -> None:
        assert await post(simulation, http, body) == 200
        await simulation.settled()
        assert simulation.graph.sent == []

    async def test_a_malformed_message_becomes_a_dead_letter_and_its_neighbours_are_answered(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        ana, ben = somebody(), somebody()
        simulation.graph.heard(ana)
        simulation.graph.heard(ben)
        broken = json.loads(webhooks.text(somebody(), "Hello"))
        broken["entry"][0]["changes"][0]["value"]["messages"][0]["text"] = 5
        body = webhooks.together(webhooks.text(ana, "Hello"), json.dumps(broken).encode(), webhooks.text(ben, "Hello"))
        assert await post(simulation, http, body) == 200
        await simulation.graph.wait_for(2)
        assert {sent.recipient for sent in simulation.graph.sent} == {ana.phone, ben.phone}
        assert (await simulation.runtime.queued())["dead"] == 1


async def test_a_full_inbox_asks_meta_to_try_again(stores: Settings) -> None:
    tight = load_settings(None, **(stores.model_dump(exclude_unset=True) | {"inbox_limit": 2}))
    async with simulate(tight) as simulation, aiohttp.ClientSession(simulation.url) as http:
        statuses = [
            await post(simulation, http, webhooks.together(*(webhooks.text(somebody(), "Hello") for _ in range(20))))
        ]
        assert statuses == [503]


_strangers = count(1)


def wild(depth: int = 4) -> st.SearchStrategy[Any]:
    """Any JSON, with the names that a webhook has."""
    names = st.sampled_from(
        ["object", "entry", "changes", "field", "value", "messages", "statuses", "from", "id", "timestamp", "type",
         "text", "body", "contacts", "wa_id", "user_id", "metadata", "phone_number_id", "interactive", "errors"]
    )  # fmt: skip
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5))


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_whatever_is_sent_never_breaks_anything(
    simulation: Simulation, http: aiohttp.ClientSession, data: st.DataObject
) -> None:
    """Bytes, wrong shapes, a real webhook with something replaced: no 5xx, and the neighbour is always answered."""
    who = Identity(None, f"GB.{next(_strangers):017d}")
    good = json.loads(webhooks.text(who, "Hello"))
    value = good["entry"][0]["changes"][0]["value"]
    choice = data.draw(st.sampled_from(["bytes", "json", "neighbour", "changed"]))
    if choice == "bytes":
        assert await post(simulation, http, data.draw(st.binary(max_size=300))) < 500
        return
    junk = data.draw(wild())
    if choice == "json":
        assert await post(simulation, http, json.dumps(junk).encode()) < 500
        return
    if choice == "changed":
        value[data.draw(st.sampled_from(sorted(value)))] = junk
        assert await post(simulation, http, json.dumps(good).encode()) < 500
        return
    value["messages"] = [junk, *value["messages"], junk]
    simulation.graph.heard(who)
    before = len(simulation.graph.sent)
    assert await post(simulation, http, json.dumps(good).encode()) == 200
    await simulation.graph.wait_until(
        lambda: any(sent.recipient == who.bsuid for sent in simulation.graph.sent[before:])
    )


class TestHealth:
    async def test_it_is_alive_and_ready(self, simulation: Simulation, http: aiohttp.ClientSession) -> None:
        async with http.get("/healthz") as response:
            assert (response.status, (await response.json())["status"]) == (200, "alive")
        async with http.get("/readyz") as response:
            answer = await response.json()
            assert response.status == 200, answer
            assert {check["name"] for check in answer["checks"]} == {"settings", "redis", "database", "texts"}

    async def test_it_measures(self, simulation: Simulation, http: aiohttp.ClientSession) -> None:
        ana = simulation.person(somebody())
        await ana.say("Hello", replies=1)
        async with http.get("/metrics") as response:
            text = await response.text()
        for metric in ("webhooks_total", "messages_total", "ledger_entries_total", "sent_total", "queued"):
            assert f"consentbot_{metric}{{" in text

    async def test_it_says_which_store_is_gone(self, simulation: Simulation, http: aiohttp.ClientSession) -> None:
        await simulation.runtime.database.execute("UPDATE alembic_version SET version_num = '0000'")
        async with http.get("/readyz") as response:
            answer = await response.json()
        assert response.status == 503
        (bad,) = [check for check in answer["checks"] if not check["ok"]]
        assert (bad["name"], bad["cure"]) == ("database", "run `python -m bot migrate`")
