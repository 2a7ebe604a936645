"""The route of docs/developer.md by which a host program looks at consents: each look is recorded."""

import sys
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import bot
from bot.app.runtime import open_runtime
from bot.messages.inbound import Sender
from bot.service.ports import PersonId
from bot.settings import Settings
from tests.hosts.test_developer_doc import BLOCKS, run_block

ANA = "+447911123456"
PATH = "/support/consents"

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def ana(stores: Settings) -> PersonId:
    async with open_runtime(stores) as runtime:
        (person,) = await runtime.stores.persons.create([Sender(ANA)])
    return person


@pytest.fixture
async def client(stores: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A program with the route of the page, and consentbot inside."""
    monkeypatch.setitem(sys.modules, "consentbot", bot)
    (block,) = (block for block in BLOCKS if "consentbot.OPERATORS" in block)
    app = web.Application()
    app.router.add_post(PATH, run_block(block).consents)
    bot.setup(app, stores, work=False)
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def test_a_look_by_the_host_is_recorded(client: Client, ana: PersonId) -> None:
    answer = await client.post(PATH, json={"person": ANA, "agent": "Mia"})
    known = await answer.json()
    assert (answer.status, known["person"]) == (200, ana)
    assert [(read["operator"], read["command"]) for read in known["reads"]] == [("Mia", "support desk")]


async def test_an_unknown_number_is_reported_with_what_to_type(client: Client) -> None:
    answer = await client.post(PATH, json={"person": ANA, "agent": "Mia"})
    assert answer.status == 404
    assert "type a phone number such as" in (await answer.json())["error"]


async def test_without_an_agent_nothing_is_shown(client: Client, ana: PersonId, stores: Settings) -> None:
    assert (await client.post(PATH, json={"person": ANA, "agent": " "})).status == 500
    async with open_runtime(stores) as runtime:
        assert await runtime.stores.reads.of(ana) == []
