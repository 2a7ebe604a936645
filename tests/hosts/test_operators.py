"""A program with consentbot inside looks at people's consents as operators do: it is recorded."""

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import bot
from bot.app.runtime import open_runtime
from bot.hosts.aiohttp_app import OPERATORS
from bot.messages.inbound import Sender
from bot.service.operators.find import Look
from bot.settings import Settings

ANA = "+447911123456"


async def test_a_host_s_look_at_a_person_is_recorded(stores: Settings) -> None:
    async with open_runtime(stores) as runtime:
        (ana,) = await runtime.persons.create([Sender(ANA)])
    app = web.Application()
    bot.setup(app, stores, work=False)
    async with TestClient(TestServer(app)):
        operators = app[OPERATORS]
        looked = await operators.find.person(ANA, Look(operator="shop", way="order page"))
        known = await operators.person.show(looked)
    assert known.person == ana
    assert [(read.operator, read.command) for read in known.reads] == [("shop", "order page")]
