"""Meta's handshake and webhooks: what is answered, and what is stored."""

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import REGISTRY

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.meta.provider import META
from bot.channels.meta.settings import MetaSettings
from bot.channels.meta.webhooks import SIGNATURE_HEADER, sign
from bot.channels.simulator import webhooks
from bot.settings import Settings, load_settings
from tests.web.posting import post, secret_of


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("consentbot_events_total", {"outcome": outcome}) or 0.0


class TestHandshake:
    async def asked(self, simulation: Simulation, http: aiohttp.ClientSession, **query: str) -> tuple[int, str]:
        token = simulation.runtime.settings.of(MetaSettings).whatsapp_verify_token
        assert token is not None
        defaults = {"mode": "subscribe", "verify_token": token.get_secret_value(), "challenge": "1158201444"}
        parameters = {f"hub.{name}": value for name, value in (defaults | query).items()}
        async with http.get(META.path, params=parameters) as response:
            return response.status, await response.text()

    async def test_the_right_token_gets_the_challenge_back(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        assert await self.asked(simulation, http) == (200, "1158201444")

    @pytest.mark.parametrize(
        "wrong", [{"verify_token": "guess"}, {"verify_token": ""}, {"verify_token": "ü"}, {"mode": "unsubscribe"}]
    )
    async def test_a_wrong_token_or_mode_is_refused(
        self, simulation: Simulation, http: aiohttp.ClientSession, wrong: dict[str, str]
    ) -> None:
        status, text = await self.asked(simulation, http, **wrong)
        assert status == 403
        assert "1158201444" not in text

    async def test_a_challenge_containing_html_is_returned_as_plain_text(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        token = simulation.runtime.settings.of(MetaSettings).whatsapp_verify_token
        assert token is not None
        parameters = {
            "hub.mode": "subscribe",
            "hub.verify_token": token.get_secret_value(),
            "hub.challenge": "<script>alert(1)</script>",
        }
        async with http.get(META.path, params=parameters) as response:
            assert response.content_type == "text/plain"


MOST = 3 * 1024 * 1024
"""Bytes of one webhook. Meta: webhooks/overview."""


class TestPost:
    async def test_a_wrongly_signed_webhook_is_refused_and_has_no_effect(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        body = webhooks.text(somebody(), "Hello")
        for headers in (
            {},
            {SIGNATURE_HEADER: sign(body, "another secret")},
            {SIGNATURE_HEADER: sign(body, secret_of(simulation)).upper()},
            {SIGNATURE_HEADER: sign(body + b" ", secret_of(simulation))},
            {SIGNATURE_HEADER: "sha256="},
        ):
            async with http.post(META.path, data=body, headers=headers) as response:
                assert response.status == 401
        await simulation.settled()
        assert simulation.graph.sent == []

    async def test_signature_is_checked_on_the_raw_body_escaped_or_not(
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
        body = b" " * (MOST + 1)

        async def chunks() -> AsyncIterator[bytes]:
            yield body

        signed = {SIGNATURE_HEADER: sign(body, secret_of(simulation))}
        async with http.post(META.path, data=chunks() if chunked else io.BytesIO(body), headers=signed) as response:
            assert response.status == 413

    async def test_a_body_of_three_mebibytes_is_accepted(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        body = webhooks.text(somebody(), "Hello")
        assert await post(simulation, http, body + b" " * (MOST - len(body))) == 200

    async def test_a_small_body_that_decompresses_to_a_huge_one_is_refused(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        bomb = gzip.compress(b" " * (50 * 1024 * 1024))
        assert await post(simulation, http, bomb, **{"Content-Encoding": "gzip"}) == 413

    @pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "zstd"])
    async def test_a_body_that_cannot_be_decompressed_is_refused(
        self, simulation: Simulation, http: aiohttp.ClientSession, packing: str
    ) -> None:
        assert await post(simulation, http, b'{"object":', **{"Content-Encoding": packing}) == 400

    async def test_a_client_that_disconnects_midway_does_not_affect_others(
        self, simulation: Simulation, http: aiohttp.ClientSession
    ) -> None:
        host, port = simulation.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST {META.path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\n{{".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert await post(simulation, http, webhooks.account()) == 200

    @pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"null", b"\xff\xfe", b'{"object":', b"1e999"])
    async def test_a_body_that_is_not_a_webhook_is_answered_with_400(
        self, simulation: Simulation, http: aiohttp.ClientSession, body: bytes
    ) -> None:
        assert await post(simulation, http, body) == 400

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"{}", "object"),
            (b'{"object":"page","entry":[]}', "object"),
            (webhooks.account(), "account"),
            (webhooks.account(field="a_field_of_tomorrow"), "field"),
            (webhooks.error(), "errors"),
            (webhooks.text(somebody(), "Hello", number="999999999999999"), "number"),
        ],
    )
    async def test_an_irrelevant_webhook_is_acknowledged_and_counted(
        self, simulation: Simulation, http: aiohttp.ClientSession, body: bytes, reason: str
    ) -> None:
        before = counted(f"ignored_{reason}")
        assert await post(simulation, http, body) == 200
        assert counted(f"ignored_{reason}") == before + 1
        await simulation.settled()
        assert simulation.graph.sent == []

    async def test_a_malformed_message_is_dead_lettered_and_those_beside_it_are_answered(
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
