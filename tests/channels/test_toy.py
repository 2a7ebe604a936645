"""The whole program with a channel that it has never heard of: only the registry has one more line."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from bot.app import channels
from bot.app.processes import listening, working
from bot.app.routes import routes
from bot.app.runtime import Runtime, open_runtime
from bot.app.simulation import somebody
from bot.channels.meta.provider import META
from bot.channels.meta.webhooks import SIGNATURE_HEADER, sign
from bot.channels.simulator import webhooks
from bot.channels.simulator.graph import GraphSimulator
from bot.consent.lifecycle import Record, fold
from bot.conversation.dialogue import Dialogue, Step
from bot.conversation.session import Session
from bot.messages.inbound import Inbound, Lapse
from bot.service.incoming.receive import Receipt
from bot.service.ports import Subject
from bot.settings import Settings
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.wire import read_event
from tests.channels.contract import SECRET
from tests.channels.toy.channel import TOY
from tests.channels.toy.service import ToyService, signed, update

ANA = "+447911123456"
BASE_URL = "https://bot.example"

_ids = count(1)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "PROVIDERS", [META, TOY])


@pytest.fixture
async def service() -> AsyncIterator[ToyService]:
    async with ToyService(SECRET) as served:
        yield served


@pytest.fixture
def settings(stores: Settings, service: ToyService) -> Settings:
    return stores.changed(toy_secret=SECRET, toy_url=service.url, base_url=BASE_URL)


class Phone:
    """Somebody who writes by the toy."""

    def __init__(self, runtime: Runtime, service: ToyService, session: aiohttp.ClientSession) -> None:
        self.runtime = runtime
        self._service = service
        self.session = session

    async def post(self, body: bytes) -> int:
        target = f"{TOY.path}?account=1"
        headers = signed(BASE_URL + target, body, SECRET)
        async with self.session.post(target, data=body, headers=headers) as response:
            return response.status

    async def say(self, text: str, *, arrives: bool = True) -> list[str]:
        """Type a text; return the answers, each of which arrives or is never reported about."""
        before = len(self._service.sent)
        assert await self.post(self.update(kind="text", text=text)) == 200
        await self.settled()
        for number in range(before, len(self._service.sent) if arrives else before):
            assert await self.post(self.update(f"sent{number + 1}", kind="delivered")) == 200
        await self.settled()
        return [message["text"] for message in self._service.sent[before:]]

    def update(self, id: str = "", **fields: str) -> bytes:
        return update(id=id or f"in{next(_ids)}", at=int(time.time()), person=ANA, **fields)

    async def settled(self) -> None:
        async with asyncio.timeout(30):
            while sum(number for name, number in (await self.runtime.queued()).items() if name != "dead"):
                await asyncio.sleep(0.005)

    async def record(self) -> Record:
        owner = (await self.runtime.stores.persons.find([ANA]))[ANA]
        return fold(past.fact for past in (await self.runtime.stores.ledger.facts([owner])).get(owner, ()))

    async def ledger(self) -> list[str]:
        owner = (await self.runtime.stores.persons.find([ANA]))[ANA]
        return [f"{entry.kind} {entry.purpose}" for entry in await self.runtime.stores.ledger.story(owner)]


@asynccontextmanager
async def running(settings: Settings, service: ToyService) -> AsyncIterator[Phone]:
    async with open_runtime(settings) as runtime, working(runtime, asyncio.Event()):
        app = web.Application()
        app.add_routes(routes(settings, lambda: runtime))
        async with (
            listening(app, "127.0.0.1", 0) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        ):
            yield Phone(runtime, service, session)


async def test_yes_subscribes_and_stop_ends_it(settings: Settings, service: ToyService) -> None:
    async with running(settings, service) as ana:
        (asked,) = await ana.say("START")
        assert "Yes, I agree" in asked
        await ana.say("YES")
        assert (await ana.record()).given == ("order_updates",)
        await ana.say("NO")
        (stopped,) = await ana.say("STOP")
        assert stopped
        assert not (await ana.record()).given
        story = await ana.ledger()
        assert [line for line in story if line.startswith("given")] == ["given order_updates"]
        assert "withdrawn order_updates" in story
        assert all(message["to"] == ANA for message in service.sent)


async def test_an_unreadable_post_is_reread_only_by_the_channel_it_came_from(
    settings: Settings, service: ToyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(settings, service) as ana:
        await ana.say("START")
        await ana.say("YES")
        with monkeypatch.context() as older_version:
            older_version.setattr("tests.channels.toy.channel._phone", lambda text: None)
            assert await ana.post(ana.update(kind="text", text="STOP")) == 200
        await ana.settled()
        assert (await ana.record()).given
        (letter,) = [letter async for letter in ana.runtime.stores.shards[0].dead.all()]
        assert (letter.kind, letter.channel, letter.reason) == ("raw", "toy", "person")
        receive = ana.runtime.receive
        assert receive is not None
        for other in ("whatsapp", "", "nobody's"):
            assert await receive.again(other, letter.payload or b"", letter.at) is Receipt.UNREADABLE
        assert await receive.again(letter.channel, letter.payload or b"", letter.at) is Receipt.STORED
        await ana.settled()
        assert not (await ana.record()).given


async def test_no_setting_is_missing_while_one_channel_is_complete(settings: Settings, stores: Settings) -> None:
    assert list(channels.missing(settings)) == []
    assert list(channels.webhooks(settings)) == ["toy"]
    assert {one.name for one in channels.missing(stores)} >= {"WHATSAPP_TOKEN"}
    assert [check.name async for check in channels.checks(settings)] == ["toy"]


async def test_a_channel_set_up_in_part_is_reported_with_what_it_needs(settings: Settings, stores: Settings) -> None:
    only = stores.changed(toy_secret=SECRET, base_url=BASE_URL)
    assert [one.name for one in channels.missing(only)] == ["TOY_URL"]

    beside = settings.changed(whatsapp_token="a-token")
    assert list(channels.missing(beside)) == []
    _, whatsapp = [check async for check in channels.checks(beside)]
    assert (whatsapp.name, whatsapp.ok, whatsapp.required) == ("whatsapp", False, False)
    assert "WHATSAPP_PHONE_NUMBER_ID" in whatsapp.detail
    assert "WHATSAPP_PHONE_NUMBER_ID: " in whatsapp.cure
    assert "WHATSAPP_TOKEN" not in whatsapp.detail


async def test_a_base_url_alone_begins_no_channel(stores: Settings) -> None:
    assert list(channels.unfinished(stores.changed(base_url=BASE_URL))) == []


async def test_posts_that_are_forged_or_for_an_unused_channel_are_refused(
    settings: Settings, service: ToyService
) -> None:
    async with running(settings, service) as ana:
        body = ana.update(kind="text", text="STOP")
        for path, headers in (
            (TOY.path, signed(f"{BASE_URL}{TOY.path}?account=1", body, SECRET)),
            (META.path, signed(f"{BASE_URL}{META.path}", body, SECRET)),
        ):
            async with ana.session.post(path, data=body, headers=headers) as response:
                assert response.status == 401
        assert (await ana.runtime.queued())["inbox"] == 0


@pytest.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator() as served:
        yield served


@pytest.fixture
def both(settings: Settings, graph: GraphSimulator) -> Settings:
    return settings.changed(
        whatsapp_token=graph.token,
        whatsapp_app_secret=SECRET,
        whatsapp_verify_token=SECRET,
        whatsapp_phone_number_id=graph.phone_number_id,
        graph_url=graph.url,
    )


def taken(outcome: str) -> float:
    return REGISTRY.get_sample_value("consentbot_events_total", {"outcome": outcome}) or 0.0


async def test_two_channels_may_give_the_same_ids(both: Settings, service: ToyService) -> None:
    """Neither takes what came by the other for its own message that comes again."""
    async with running(both, service) as ana:
        receive = ana.runtime.receive
        assert receive is not None
        parsed = channels.webhooks(both)["toy"].parse(ana.update("twice", kind="text", text="START"), time.time())
        before = taken("stored"), taken("known")
        for name in ("toy", "toy", "whatsapp"):
            assert await receive.store(name, parsed, time.time()) is Receipt.STORED
        assert (taken("stored") - before[0], taken("known") - before[1]) == (2, 1)
        await ana.settled()


async def test_each_person_is_answered_on_the_channel_they_wrote_on(
    both: Settings, service: ToyService, graph: GraphSimulator
) -> None:
    lucia = somebody("en")
    graph.heard(lucia)
    async with running(both, service) as ana:
        await ana.say("START")
        body = webhooks.text(lucia, "START")
        async with ana.session.post(META.path, data=body, headers={SIGNATURE_HEADER: sign(body, SECRET)}) as response:
            assert response.status == 200
        await ana.settled()
        assert [message["to"] for message in service.sent] == [ANA]
        assert [message.recipient for message in graph.sent] == [lucia.phone]


async def test_a_consent_that_did_not_count_is_reported_by_the_channel_of_its_question(
    both: Settings, service: ToyService, graph: GraphSimulator
) -> None:
    async with running(both, service) as ana:
        await ana.say("START", arrives=False)
        await ana.say("YES", arrives=False)
        assert (await ana.record()).given == ("order_updates",)
        before = len(service.sent)
        assert await ana.post(ana.update("sent1", kind="failed", error="no_such_person")) == 200
        await ana.settled()
        assert not (await ana.record()).given
        assert {message["to"] for message in service.sent[before:]} == {ANA}
        assert graph.requests == 0


async def test_every_event_of_our_own_keeps_the_channel_of_its_message(
    both: Settings, service: ToyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepped: list[tuple[str, str]] = []
    step = Dialogue.step

    def watched(self: Dialogue, session: Session, inbound: Inbound, *more: Any) -> Step:
        stepped.append((type(inbound.content).__name__, inbound.channel))
        return step(self, session, inbound, *more)

    monkeypatch.setattr(Dialogue, "step", watched)
    async with running(both, service) as ana:
        await ana.say("START")
        service.refusing = "no_such_person"
        await ana.say("YES", arrives=False)  # the next question can't be sent
        service.refusing = "blocked_you"
        await ana.say("START", arrives=False)
        service.refusing = None
        await ana.say("START", arrives=False)
        (timer,) = await ana.runtime.stores.client.run("ZRANGE", ShardKeys(0).timers, 0, -1)
        lapse = read_event(timer)
        assert isinstance(lapse, Inbound)
        assert (type(lapse.content), lapse.channel) == (Lapse, "toy")
    assert {kind for kind, _ in stepped} >= {"Text", "QuestionStatus", "Preference"}
    assert {channel for _, channel in stepped} == {"toy"}


async def test_a_document_is_uploaded_sent_and_deleted_on_the_requesting_channel(
    both: Settings, service: ToyService, graph: GraphSimulator
) -> None:
    async with running(both, service) as ana:
        await ana.say("START")
        await ana.say("YES")
        await ana.say("MY DATA")
        (id,) = service.files
        assert [message["file"] for message in service.sent if message["file"]] == [id]
        owner = (await ana.runtime.stores.persons.find([ANA]))[ANA]
        await ana.runtime.use_cases.erase.erase(Subject(owner), reason="asked by e-mail", actor="operator")
        assert (service.files, graph.media, graph.sent) == ({}, {}, [])
