"""The simulated Graph API: its rules, its errors, and the statuses that it reports."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.channels.meta.webhooks import WhatsAppWebhooks
from bot.channels.simulator.graph import PAIR_BURST, PAIR_SECONDS, WINDOW, GraphSimulator, Marked
from bot.channels.simulator.hook import Hook, WebhookRefused
from bot.channels.simulator.media import File
from bot.channels.simulator.webhooks import Identity
from bot.channels.whatsapp.errors import ERRORS
from bot.channels.whatsapp.payloads import parse
from bot.messages.inbound import Delivery, Sender
from bot.messages.reply import Button, Link, Row
from tests.channels.posted import posted

ANA = Identity("+34600000001", "ES.2")
SECRET = "simulated-secret"
TO = "+34600000001"
HELLO = {"body": "Hello"}


HELLO_TEMPLATE: dict[str, Any] = {
    "name": "hello",
    "language": "en",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Hi"},
        {
            "type": "BODY",
            "text": "This is {{brand}}.",
            "example": {"body_text_named_params": [{"param_name": "brand", "example": "Acme"}]},
        },
        {"type": "FOOTER", "text": "Reply STOP"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Undo"}]},
    ],
}
TULIPS = HELLO_TEMPLATE | {"category": "MARKETING", "components": [{"type": "BODY", "text": "Tulips are in."}]}


class Clock:
    now = 1790416800.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


class Caller:
    """Calls the API as any program may."""

    def __init__(self, graph: GraphSimulator, session: aiohttp.ClientSession) -> None:
        self.graph = graph
        self._session = session

    async def post(self, body: Any, *, path: str = "", token: str = "", **more: Any) -> tuple[int, dict[str, Any]]:
        url = self.graph.url + (path or f"/{self.graph.phone_number_id}/messages")
        headers = {"Authorization": f"Bearer {token or self.graph.token}", "Content-Type": "application/json"} | more
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self._session.post(url, data=data, headers=headers) as response:
            return response.status, await response.json()

    async def say(self, content: Any = HELLO, *, type: str = "text", **more: Any) -> int:
        """Send a message; return the error's code, or 0."""
        request = {"messaging_product": "whatsapp", "to": TO, "type": type, type: content} | more
        status, answer = await self.post({name: value for name, value in request.items() if value is not None})
        code: int = answer.get("error", {}).get("code", 0)
        assert (status == 200) == (code == 0)
        return code


@pytest.fixture
async def graph(clock: Clock) -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(clock=clock) as served:
        served.heard(ANA)
        yield served


@pytest.fixture
def caller(graph: GraphSimulator, session: aiohttp.ClientSession) -> Caller:
    return Caller(graph, session)


class TestRequests:
    async def test_a_message_gets_the_same_answer_as_from_graph(self, caller: Caller) -> None:
        request = {"messaging_product": "whatsapp", "to": TO, "type": "text", "text": HELLO}
        status, answer = await caller.post(request)
        (sent,) = caller.graph.sent
        assert status == 200
        assert answer == {
            "messaging_product": "whatsapp",
            "contacts": [{"input": TO, "wa_id": "34600000001"}],
            "messages": [{"id": sent.id}],
        }
        assert (sent.recipient, sent.text, sent.raw) == (TO, "Hello", request)

    async def test_a_message_to_a_bsuid_returns_the_bsuid_as_contact(self, caller: Caller) -> None:
        request = {"messaging_product": "whatsapp", "recipient": "ES.2", "type": "text", "text": HELLO}
        _, answer = await caller.post(request)
        assert answer["contacts"] == [{"input": "ES.2", "user_id": "ES.2"}]
        assert caller.graph.sent[0].recipient == "ES.2"

    async def test_a_template_is_answered_with_the_status_accepted(self, caller: Caller) -> None:
        template = {"name": "hello", "language": {"code": "en"}}
        caller.graph.templates.add(TULIPS)
        request = {"messaging_product": "whatsapp", "to": TO, "type": "template", "template": template}
        _, answer = await caller.post(request)
        assert answer["messages"][0]["message_status"] == "accepted"

    @pytest.mark.parametrize(
        ("wrong", "status", "code"),
        [
            ({"token": "other"}, 401, 190),
            ({"Authorization": ""}, 401, 190),
            ({"path": "/1/messages"}, 400, 100),
            ({"path": "/../v1.0/200000000000002/messages"}, 400, 100),
            ({"path": "/200000000000002/media"}, 400, 100),
            ({"Content-Type": "text/plain"}, 400, 100),
            ({"body": b"{"}, 400, 100),
            ({"body": b"[]"}, 400, 100),
            ({"body": {"to": TO}}, 400, 100),
        ],
        ids=str,
    )
    async def test_a_wrong_request_is_refused(self, caller: Caller, wrong: Any, status: int, code: int) -> None:
        request = {"messaging_product": "whatsapp", "to": TO, "type": "text", "text": HELLO}
        got, answer = await caller.post(wrong.pop("body", request), **wrong)
        assert (got, answer["error"]["code"]) == (status, code)
        assert caller.graph.sent == []
        assert caller.graph.requests == 1

    async def test_an_unknown_field_is_refused(self, caller: Caller) -> None:
        assert await caller.say(preview=True) == 100

    async def test_a_number_without_plus_is_refused(self, caller: Caller) -> None:
        assert await caller.say(to="34600000001") == 131009

    async def test_a_read_receipt_is_recorded_and_sends_no_message(self, caller: Caller) -> None:
        request = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A1"}
        assert await caller.post(request) == (200, {"success": True})
        await caller.post(request | {"typing_indicator": {"type": "text"}})
        assert caller.graph.marked == [Marked("wamid.A1", typing=False), Marked("wamid.A1", typing=True)]
        assert caller.graph.sent == []

    async def test_the_simulator_can_be_slow(self, caller: Caller) -> None:
        caller.graph.latency = 0.1
        before = asyncio.get_running_loop().time()
        await caller.say()
        assert asyncio.get_running_loop().time() - before >= 0.1


class TestWindow:
    """Meta: messages/send-messages. Anything within 24 hours after the person wrote; later only templates."""

    async def test_the_window_is_open_for_24_hours(self, caller: Caller, clock: Clock) -> None:
        clock.now += WINDOW
        assert await caller.say() == 0

    async def test_the_window_is_closed_after_24_hours(self, caller: Caller, clock: Clock) -> None:
        clock.now += WINDOW + 1
        assert await caller.say() == 131047

    async def test_the_window_reopens_when_the_person_writes(self, caller: Caller, clock: Clock) -> None:
        clock.now += WINDOW + 1
        caller.graph.heard(ANA)
        assert await caller.say() == 0

    async def test_the_window_is_closed_for_a_person_who_never_wrote(self, caller: Caller) -> None:
        assert await caller.say(to="+34600000009") == 131047
        assert await caller.say(to=None, recipient="ES.9") == 131047

    async def test_the_window_is_open_for_both_addresses_of_a_person(self, caller: Caller) -> None:
        assert await caller.say(to=None, recipient="ES.2") == 0

    async def test_a_template_needs_no_open_window(self, caller: Caller) -> None:
        template = {"name": "hello", "language": {"code": "en"}}
        caller.graph.templates.add(TULIPS)
        assert await caller.say(template, type="template", to="+34600000009") == 0

    async def test_the_window_check_can_be_disabled(self, session: aiohttp.ClientSession) -> None:
        async with GraphSimulator(window=False) as graph:
            assert await Caller(graph, session).say() == 0


class TestPairLimit:
    """Meta: about-the-platform. One message in 6 seconds to a person, and a burst borrowed from later."""

    @pytest.fixture
    async def graph(self, clock: Clock) -> AsyncIterator[GraphSimulator]:
        async with GraphSimulator(clock=clock, window=False, pair_limit=True) as served:
            yield served

    async def test_after_a_burst_further_messages_to_a_person_are_refused(self, caller: Caller) -> None:
        assert [await caller.say() for _ in range(PAIR_BURST + 2)] == [0] * PAIR_BURST + [131056] * 2

    async def test_after_a_burst_messages_to_others_are_still_accepted(self, caller: Caller) -> None:
        for _ in range(PAIR_BURST):
            await caller.say()
        assert await caller.say(to="+34600000009") == 0

    async def test_after_a_burst_one_message_per_six_seconds_is_accepted(self, caller: Caller, clock: Clock) -> None:
        for _ in range(PAIR_BURST):
            await caller.say()
        clock.now += 2 * PAIR_SECONDS
        assert [await caller.say() for _ in range(3)] == [0, 0, 131056]

    async def test_a_full_burst_is_available_again_after_a_pause(self, caller: Caller, clock: Clock) -> None:
        for _ in range(PAIR_BURST):
            await caller.say()
        clock.now += 10 * PAIR_BURST * PAIR_SECONDS
        assert [await caller.say() for _ in range(PAIR_BURST + 1)] == [0] * PAIR_BURST + [131056]


class TestFailures:
    @pytest.mark.parametrize("code", sorted(code for code in ERRORS if code >= 0 and code not in range(201, 300)))
    async def test_each_error_code_is_returned_in_graph_s_format(self, caller: Caller, code: int) -> None:
        caller.graph.fail_next(code)
        request = {"messaging_product": "whatsapp", "to": TO, "type": "text", "text": HELLO}
        status, answer = await caller.post(request)
        error = answer["error"]
        assert status >= 400
        assert error["code"] == code
        assert error["message"].startswith(f"(#{code}) ")
        assert error["type"] == "OAuthException"
        assert error["error_data"]["messaging_product"] == "whatsapp"

    async def test_fail_next_fails_the_given_number_of_times(self, caller: Caller) -> None:
        caller.graph.fail_next(131000, 2)
        caller.graph.fail_next(130429)
        assert [await caller.say() for _ in range(4)] == [131000, 131000, 130429, 0]

    async def test_every_message_is_refused_until_refusing_is_reset(self, caller: Caller) -> None:
        caller.graph.refusing = 190
        assert [await caller.say() for _ in range(3)] == [190] * 3
        caller.graph.refusing = None
        assert await caller.say() == 0
        assert len(caller.graph.sent) == 1


class Bot:
    """Takes webhooks, and answers with the status that it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[bytes] = []
        self.genuine: list[bool] = []

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        self.genuine.append(WhatsAppWebhooks(SECRET, "").authentic(posted(body, request.headers)))
        return web.Response(status=self.status)

    @property
    def deliveries(self) -> list[Delivery]:
        events = [event for body in self.bodies for event in parse(body).events]
        return [event for event in events if isinstance(event, Delivery)]


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
async def hook(bot: Bot, session: aiohttp.ClientSession) -> AsyncIterator[Hook]:
    app = web.Application()
    app.router.add_post("/webhooks/whatsapp", bot.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield Hook(f"http://127.0.0.1:{port}/webhooks/whatsapp", SECRET, session)
    await runner.cleanup()


class TestStatuses:
    async def test_the_statuses_of_a_message_are_posted_in_order(self, caller: Caller, hook: Hook, bot: Bot) -> None:
        caller.graph.report_to(hook)
        await caller.say(biz_opaque_callback_data="job:42")
        await caller.graph.reported()
        id = caller.graph.sent[0].id
        told = [(one.id, one.status, one.reference, one.recipient) for one in bot.deliveries]
        ana = Sender(ANA.phone, ANA.bsuid)
        assert told == [(id, status, "job:42", ana) for status in ("sent", "delivered", "read")]
        assert bot.genuine == [True] * 3

    async def test_only_the_requested_statuses_are_posted(self, caller: Caller, hook: Hook, bot: Bot) -> None:
        caller.graph.report_to(hook, ["delivered"])
        await caller.say()
        await caller.graph.reported()
        assert [one.status for one in bot.deliveries] == ["delivered"]

    async def test_a_message_may_fail_after_it_was_accepted(self, caller: Caller, hook: Hook, bot: Bot) -> None:
        caller.graph.report_to(hook)
        caller.graph.fail_next(131050, later=True)
        assert [await caller.say(), await caller.say()] == [0, 0]
        await caller.graph.reported()
        assert sorted((one.status, one.code) for one in bot.deliveries if one.code) == [("failed", "131050")]
        assert len(bot.deliveries) == 1 + 3

    async def test_statuses_name_a_person_without_a_number_by_bsuid(self, caller: Caller, hook: Hook, bot: Bot) -> None:
        hidden = Identity(None, "ES.7")
        caller.graph.heard(hidden)
        caller.graph.report_to(hook, ["sent"])
        await caller.say(to=None, recipient="ES.7")
        await caller.graph.reported()
        assert [one.recipient for one in bot.deliveries] == [Sender(None, "ES.7")]

    async def test_a_status_refused_by_the_bot_is_recorded(self, caller: Caller, hook: Hook, bot: Bot) -> None:
        bot.status = 503
        caller.graph.report_to(hook, ["sent"])
        await caller.say()
        await caller.graph.reported()
        (error,) = caller.graph.unreported
        assert isinstance(error, WebhookRefused)
        assert error.status == 503

    async def test_without_a_hook_no_statuses_are_posted(self, caller: Caller, bot: Bot) -> None:
        await caller.say()
        await caller.graph.reported()
        assert bot.bodies == []


class TestWaiting:
    async def test_wait_for_returns_after_the_given_number_of_messages(self, caller: Caller) -> None:
        waiting = asyncio.create_task(caller.graph.wait_for(2))
        await caller.say()
        await asyncio.sleep(0.02)
        assert not waiting.done()
        await caller.say()
        assert len(await waiting) == 2

    async def test_wait_for_times_out(self, caller: Caller) -> None:
        with pytest.raises(TimeoutError):
            await caller.graph.wait_for(1, 0.05)


BUTTONS = {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]}
ROWS = {"button": "Options", "sections": [{"rows": [{"id": "1", "title": "One", "description": "First"}]}]}
LINK = {"name": "cta_url", "parameters": {"display_text": "Read", "url": "https://example.org"}}
TEMPLATE = {
    "name": "hello",
    "language": {"code": "en"},
    "components": [
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "brand", "text": "Acme"}]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "undo:42"}],
        },
    ],
}


class TestSent:
    """What a person sees of a message."""

    async def test_a_sent_message_shows_its_buttons(self, caller: Caller) -> None:
        parts = {
            "header": {"type": "text", "text": "Blumen Haas"},
            "body": {"text": "May we?"},
            "footer": {"text": "Reply STOP"},
        }
        await caller.say({"type": "button", **parts, "action": BUTTONS}, type="interactive")
        (sent,) = caller.graph.sent
        assert sent.choices == sent.buttons == (Button("yes", "Yes"),)
        assert sent.shown == "Blumen Haas\n\nMay we?\n\nReply STOP"

    async def test_a_sent_list_shows_its_rows(self, caller: Caller) -> None:
        await caller.say({"type": "list", "body": {"text": "Choose"}, "action": ROWS}, type="interactive")
        (sent,) = caller.graph.sent
        assert sent.choices == sent.rows == (Row("1", "One", "First"),)
        assert (sent.shown, sent.list_button) == ("Choose", "Options")

    async def test_a_sent_link_is_shown(self, caller: Caller) -> None:
        await caller.say({"type": "cta_url", "body": {"text": "Notice"}, "action": LINK}, type="interactive")
        (sent,) = caller.graph.sent
        assert sent.link == Link("Read", "https://example.org")
        assert sent.choices == ()

    async def test_a_sent_document_shows_its_file_and_caption(self, caller: Caller) -> None:
        caller.graph.media["1"] = File("1", "data.pdf", "application/pdf", b"%PDF")
        await caller.say({"id": "1", "filename": "my-data.pdf", "caption": "Your data"}, type="document")
        (sent,) = caller.graph.sent
        assert (sent.document, sent.shown, sent.file) == ("my-data.pdf", "Your data", b"%PDF")

    async def test_a_document_that_was_never_uploaded_is_refused(self, caller: Caller) -> None:
        assert await caller.say({"id": "1", "filename": "my-data.pdf"}, type="document") == 100

    async def test_a_sent_template_shows_its_text_and_buttons(self, caller: Caller) -> None:
        caller.graph.templates.add(HELLO_TEMPLATE)
        await caller.say(TEMPLATE, type="template")
        (sent,) = caller.graph.sent
        assert (sent.template, sent.language, sent.shown) == ("hello", "en", "Hi\n\nThis is Acme.\n\nReply STOP")
        assert sent.choices == (Button("undo:42", "Undo"),)


class TestTemplates:
    """Only what was approved is sent, with the values that it wants. Meta: support/error-codes."""

    @pytest.mark.parametrize(
        ("status", "change", "code"),
        [
            ("APPROVED", {}, 0),
            ("PENDING", {}, 132001),
            ("REJECTED", {}, 132001),
            ("PAUSED", {}, 132015),
            ("DISABLED", {}, 132016),
            ("APPROVED", {"name": "other"}, 132001),
            ("APPROVED", {"language": {"code": "de"}}, 132001),
            ("APPROVED", {"components": []}, 132000),
        ],
    )
    async def test_a_template_that_may_not_be_sent_is_refused(
        self, caller: Caller, status: str, change: dict[str, Any], code: int
    ) -> None:
        caller.graph.templates.add(HELLO_TEMPLATE, status=status)
        assert await caller.say(TEMPLATE | change, type="template") == code

    @pytest.mark.parametrize(
        ("onboarded", "policy", "category", "code"),
        [
            (True, "STRICT", "MARKETING", 0),
            (False, "STRICT", "MARKETING", 131063),
            (False, "CLOUD_API_FALLBACK", "MARKETING", 0),
            (True, "STRICT", "UTILITY", 131009),
            (True, "strict", "MARKETING", 100),
        ],
    )
    async def test_the_marketing_messages_api_takes_marketing_of_those_who_accepted_its_terms(
        self, caller: Caller, onboarded: bool, policy: str, category: str, code: int
    ) -> None:
        caller.graph.marketing_messages = onboarded
        caller.graph.templates.add(HELLO_TEMPLATE | {"category": category})
        request = {"messaging_product": "whatsapp", "to": TO, "type": "template", "template": TEMPLATE}
        path = f"/{caller.graph.phone_number_id}/marketing_messages"
        _, answer = await caller.post(request | {"product_policy": policy}, path=path)
        assert answer.get("error", {}).get("code", 0) == code
        assert [sent.marketing for sent in caller.graph.sent] == [True] * (code == 0)

    async def test_a_template_that_is_held_back_reaches_the_person_when_released(self, caller: Caller) -> None:
        caller.graph.templates.add(HELLO_TEMPLATE)
        caller.graph.holding = True
        request = {"messaging_product": "whatsapp", "to": TO, "type": "template", "template": TEMPLATE}
        _, answer = await caller.post(request)
        assert answer["messages"][0]["message_status"] == "held_for_quality_assessment"
        assert caller.graph.sent == []
        caller.graph.release()
        assert [sent.id for sent in caller.graph.sent] == [answer["messages"][0]["id"]]

    async def test_a_template_that_is_dropped_after_all_is_reported_as_failed(
        self, caller: Caller, hook: Hook, bot: Bot
    ) -> None:
        caller.graph.templates.add(HELLO_TEMPLATE)
        caller.graph.report_to(hook)
        caller.graph.holding = True
        assert await caller.say(TEMPLATE, type="template") == 0
        await caller.graph.reported()
        assert bot.deliveries == []
        caller.graph.drop()
        await caller.graph.reported()
        assert [(one.status, one.code) for one in bot.deliveries] == [("failed", "132015")]
        assert caller.graph.sent == []
