"""docs/crm.md tells what is sent, and its receivers are played against a CRM that records."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app.operators import operators
from bot.app.simulation import simulate, somebody
from bot.consent.deadlines import Calendar
from bot.consent.evidence import Entry, Kind
from bot.consent.rights import Right
from bot.endpoints.post import Post
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.events.deliver import DeliverEvents
from bot.service.operators.endpoints import ManageEndpoints
from bot.service.ports import Append, EventType, PersonId, Position
from bot.settings import Settings
from bot.stores.postgres.connect import Database, connect
from bot.stores.postgres.endpoints import Endpoints
from bot.stores.postgres.events import Events
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.requests import Requests
from tests.service.events.receiver import Clock
from tests.stores.made import NOTICE, given, readable_events, requested, withdrawn

PAGE = (Path(__file__).parent.parent / "docs" / "crm.md").read_text("utf-8")

AT = "2026-09-21T14:14:20+00:00"
STOPPED = "2026-09-21T14:15:20+00:00"
ERASED = "2026-09-21T14:16:40+00:00"


def receivers() -> dict[str, Any]:
    """What the page's Python defines."""
    blocks = [block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "def " in block]
    defined: dict[str, Any] = {}
    exec("\n".join(blocks), defined)
    return defined


class Crm:
    """Records what it is asked to do; fails as often as it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.fails = 0

    async def handle(self, request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer token"
        if self.fails:
            self.fails -= 1
            return web.Response(status=503)
        self.calls.append((request.method, request.path, await request.json()))
        return web.Response()


class Company:
    """The company's web server with a receiver of the page, and the CRM behind it."""

    def __init__(self, calls: str) -> None:
        self.crm = Crm()
        self.page = receivers()
        self.calls = self.page[calls]
        self.secret = ""
        self.url = ""
        self.took = asyncio.Event()
        self.types: list[str] = []

    async def __aenter__(self) -> "Company":
        self._servers = [TestServer(web.Application()) for _ in range(2)]
        for server, handle in zip(self._servers, (self.crm.handle, self._take), strict=True):
            server.app.router.add_route("*", "/{path:.*}", handle)
            await server.start_server()
        self.url = str(self._servers[1].make_url("/"))
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            await server.close()

    async def _take(self, request: web.Request) -> web.Response:
        body, headers = await request.read(), dict(request.headers)
        crm = str(self._servers[0].make_url("")).rstrip("/")
        await asyncio.to_thread(
            self.page["receive"], headers, body, secret=self.secret, crm=crm, token="token", calls=self.calls
        )
        self.types.append(json.loads(body)["type"])
        self.took.set()
        return web.Response()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await connect(database_url, connections=4)
    yield database
    await database.close()


@pytest.fixture
def keys() -> Keyring:
    return Keyring(["a secret of this test, thirty-two characters"])


def happened() -> list[Entry]:
    erased = Entry(kind=Kind.ERASED, purpose="*", at=1790000200, inbound="erasure", actor="system")
    return [requested("a", "offers"), given("b", "offers"), withdrawn("c", "offers"), erased]


async def played(company: Company, database: Database, keys: Keyring) -> PersonId:
    """Somebody says yes, then stop, and is erased; the CRM fails once, and the event comes again."""
    company.crm.fails = 1
    post = Post(private=True)
    company.secret = (await ManageEndpoints(Endpoints(database, keys), post).add(company.url)).secret
    (person,) = await Persons(database, keys).create([Sender("+4915112345678")])
    company.page["CUSTOMERS"][person] = "gid://shopify/Customer/7"
    await Ledger(database, keys).append([Append(person, 0, happened())])
    clock = Clock(time.time())
    deliver = DeliverEvents(
        endpoints=Endpoints(database, keys), persons=Persons(database, keys), post=post, clock=clock
    )
    await readable_events(database)
    for _ in range(8):
        await deliver.look()
        await deliver.settle()
        clock.now += 4
    await post.close()
    return person


async def test_hubspot_gets_each_consent_once_and_in_order(database: Database, keys: Keyring) -> None:
    async with Company("hubspot") as company:
        person = await played(company, database, keys)
    evidence = [row["sequence"] for row in await database.fetch("SELECT sequence FROM ledger ORDER BY sequence")]
    assert {call[:2] for call in company.crm.calls} == {("POST", "/crm/v3/objects/contacts/batch/upsert")}
    inputs = [call[2]["inputs"] for call in company.crm.calls]
    assert [(one["idProperty"], one["id"]) for (one,) in inputs] == [("consentbot_ref", person)] * 3
    assert [one["properties"] for (one,) in inputs] == [
        {"whatsapp_offers": "in", "whatsapp_offers_since": AT, "whatsapp_offers_evidence": evidence[1]},
        {"whatsapp_offers": "out", "whatsapp_offers_since": STOPPED, "whatsapp_offers_evidence": evidence[2]},
        {"whatsapp_erased": ERASED},
    ]


async def test_salesforce_gets_each_consent_once_and_in_order(database: Database, keys: Keyring) -> None:
    async with Company("salesforce") as company:
        person = await played(company, database, keys)
    objects = "/services/data/v62.0/sobjects"
    assert [call[:2] for call in company.crm.calls] == [
        ("PATCH", f"{objects}/PartyConsent/Consentbot_Id__c/{person}-offers"),
        ("PATCH", f"{objects}/PartyConsent/Consentbot_Id__c/{person}-offers"),
        ("PATCH", f"{objects}/Individual/Consentbot_Ref__c/{person}"),
    ]
    sent = [call[2] for call in company.crm.calls]
    assert [(one["PrivacyConsentStatus"], one["CaptureDate"]) for one in sent[:2]] == [
        ("OptIn", AT),
        ("OptOut", STOPPED),
    ]
    assert sent[0]["Party"] == {"Consentbot_Ref__c": person}
    assert sent[2] == {"ShouldForget": True}


async def test_shopify_gets_the_marketing_consent_once_and_in_order(database: Database, keys: Keyring) -> None:
    async with Company("shopify") as company:
        await played(company, database, keys)
    assert [call[:2] for call in company.crm.calls] == [("POST", "/admin/api/2026-07/graphql.json")] * 2
    assert [call[2]["variables"]["input"] for call in company.crm.calls] == [
        {
            "customerId": "gid://shopify/Customer/7",
            "whatsAppMarketingConsent": {"state": "SUBSCRIBED", "updatedAt": AT, "optInLevel": "CONFIRMED_OPT_IN"},
        },
        {
            "customerId": "gid://shopify/Customer/7",
            "whatsAppMarketingConsent": {"state": "UNSUBSCRIBED", "updatedAt": STOPPED},
        },
    ]


@pytest.mark.parametrize(("method", "level"), [("chat", "CONFIRMED_OPT_IN"), ("import", None)])
def test_shopify_is_told_of_a_double_opt_in_only_where_it_was_one(method: str, level: str | None) -> None:
    page = receivers()
    page["CUSTOMERS"]["p"] = "gid://shopify/Customer/7"
    event = {"type": "consent.given", "at": AT, "person": "p", "data": {"purpose": "offers", "method": method}}
    ((_, _, content),) = page["shopify"](event)
    assert content["variables"]["input"]["whatsAppMarketingConsent"].get("optInLevel") == level


async def test_a_conversation_reaches_the_crm_while_it_goes_on(stores: Settings) -> None:
    """The whole program: its worker sends what people say in the chat."""
    async with Company("hubspot") as company, simulate(stores.changed(webhooks_private=True)) as simulation:
        endpoints = operators(simulation.runtime).endpoints
        company.secret = (await endpoints.add(company.url)).secret
        ana = simulation.person(somebody())
        await ana.say("Hello", replies=1)
        await ana.say("YES", replies=1)
        await ana.say("STOP", replies=1)
        async with asyncio.timeout(20):
            while "consent.withdrawn" not in company.types:
                company.took.clear()
                await company.took.wait()
    assert company.types[:2] == ["consent.requested", "consent.given"]
    statuses = [next(iter(one["properties"].values())) for call in company.crm.calls for one in call[2]["inputs"]]
    assert (statuses[0], statuses[-1]) == ("in", "out")


def test_the_table_has_every_type() -> None:
    assert sorted(re.findall(r"^\| `([a-z_.]+)` \| [A-Z]", PAGE, re.MULTILINE)) == sorted(EventType)


async def test_payloads_of_the_page_have_the_fields_that_are_sent(database: Database, keys: Keyring) -> None:
    (person,) = await Persons(database, keys).create([Sender("+4915112345678")])
    await Ledger(database, keys).append([Append(person, 0, [requested("a"), given("b")])])
    await Requests(database, keys).open(
        person, Right.ACCESS, at=1790000000, inbound=b"a", now=1790000000, calendar=Calendar("DE", "Europe/Berlin")
    )
    await readable_events(database)
    noted = await Events(database).after(Position(0, 0), 10)
    real = {event.type: event.as_dict() for _, event in noted}
    blocks = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    shown = [block for block in blocks if "type" in block]
    assert len(shown) == 2
    for example in shown:
        assert {**example, "data": sorted(example["data"])}.keys() == real[example["type"]].keys()
        assert sorted(example["data"]) == sorted(real[example["type"]]["data"])
    assert shown[0]["data"]["notice"] == NOTICE
