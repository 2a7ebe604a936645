"""The route of docs/developer.md by which a host program looks at consents: each look is recorded."""

import sys
from types import ModuleType

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import bot
from bot.app.runtime import open_runtime
from bot.messages.inbound import Sender
from bot.settings import Settings
from tests.hosts.test_developer_doc import BLOCKS

ANA = "+447911123456"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setitem(sys.modules, "consentbot", bot)
    module = ModuleType("support_desk")
    (block,) = (block for block in BLOCKS if "consentbot.OPERATORS" in block)
    exec(compile(block, "docs/developer.md", "exec"), module.__dict__)
    return module


async def test_a_look_by_the_host_is_recorded(stores: Settings, page: ModuleType) -> None:
    async with open_runtime(stores) as runtime:
        (ana,) = await runtime.stores.persons.create([Sender(ANA)])
    app = web.Application()
    app.router.add_post("/support/consents", page.consents)
    bot.setup(app, stores, work=False)
    async with TestClient(TestServer(app)) as client:
        answer = await client.post("/support/consents", json={"person": ANA, "agent": "Mia"})
        known = await answer.json()
        assert (answer.status, known["person"]) == (200, ana)
        assert [(read["operator"], read["command"]) for read in known["reads"]] == [("Mia", "support desk")]

        answer = await client.post("/support/consents", json={"person": "+447911000000", "agent": "Mia"})
        assert answer.status == 404
        assert "type a phone number such as" in (await answer.json())["error"]


async def test_without_an_agent_nothing_is_shown(stores: Settings, page: ModuleType) -> None:
    async with open_runtime(stores) as runtime:
        (ana,) = await runtime.stores.persons.create([Sender(ANA)])
    app = web.Application()
    app.router.add_post("/support/consents", page.consents)
    bot.setup(app, stores, work=False)
    async with TestClient(TestServer(app)) as client:
        assert (await client.post("/support/consents", json={"person": ANA, "agent": " "})).status == 500
    async with open_runtime(stores) as runtime:
        assert await runtime.stores.reads.of(ana) == []
