"""The Cloud API over real HTTP: against the simulated Graph, and against servers that are no Graph."""

import asyncio
import json
import socket
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.channels.meta.client import CloudApi
from bot.channels.simulator.graph import GraphSimulator, Marked
from bot.channels.simulator.webhooks import Identity
from bot.channels.whatsapp.errors import ERRORS, REFUSED_HERE, UNANSWERED, UNREACHABLE, UNREADABLE
from bot.channels.whatsapp.messages import marketing_request, request
from bot.messages.basis import Answer
from bot.messages.inbound import Inbound, MessageId, Sender, Text
from bot.messages.reply import Button, Outbound, Reply, Template
from bot.service.ports import Channel, Retry, SendError
from tests.channels.meta.scripted import Do, Scripted, scripted

ANA = Identity("+34600000001", "ES.2")
TOKEN = "EAAs3cr3t"

READ = Inbound(MessageId("wamid.A1"), Sender("+34600000001", "ES.2"), 1, Text("Hi"))

QUESTION = Reply("May we write to you?", buttons=(Button("yes", "Yes"), Button("no", "No")), purpose="marketing")


def message(reply: Reply = QUESTION, *, phone: str | None = "+34600000001", bsuid: str | None = "ES.2") -> Outbound:
    return Outbound("job:42", "person", phone, bsuid, reply, Answer())


@asynccontextmanager
async def graph(**more: Any) -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(token=TOKEN, **more) as simulator:
        simulator.heard(ANA)
        yield simulator


@asynccontextmanager
async def api(simulator: GraphSimulator, *, token: str = TOKEN, **more: Any) -> AsyncIterator[CloudApi]:
    opened = CloudApi(simulator.url, simulator.phone_number_id, token, **more)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def api_of(server: Scripted, **more: Any) -> AsyncIterator[CloudApi]:
    opened = CloudApi(f"http://127.0.0.1:{server.port}/v26.0", "1", TOKEN, **more)
    try:
        yield opened
    finally:
        await opened.close()


async def refused(sending: Any) -> SendError:
    """The error, in whose every part neither token nor text nor address may be."""
    with pytest.raises(SendError) as raised:
        await sending
    told = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + repr(vars(raised.value))
    for secret in ("s3cr3t", "May we", "34600000001", "ES.2"):
        assert secret not in told
    assert raised.value.__cause__ is None
    return raised.value


def answer(status: int, body: bytes, *fields: bytes) -> bytes:
    head = [b"HTTP/1.1 %d Whatever" % status, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


ACCEPTED = b'{"messaging_product":"whatsapp","contacts":[],"messages":[{"id":"wamid.1"}]}'


OFFER = Reply(body="Tulips are in.", template=Template("tulips", "en", marketing=True))
TULIPS: dict[str, Any] = {
    "name": "tulips",
    "language": "en",
    "category": "MARKETING",
    "parameter_format": "NAMED",
    "components": [{"type": "BODY", "text": "Tulips are in."}],
}


class TestTemplates:
    @pytest.mark.parametrize("enabled", [True, False])
    @pytest.mark.parametrize("marketing", [True, False])
    async def test_marketing_goes_by_the_marketing_messages_api_where_that_is_enabled(
        self, enabled: bool, marketing: bool
    ) -> None:
        async with graph() as simulator, api(simulator, marketing_messages=enabled) as channel:
            simulator.marketing_messages = True
            simulator.templates.add(TULIPS)
            await channel.send(message(Reply(template=Template("tulips", "en", marketing=marketing))))
            await channel.send(message())
            assert [sent.marketing for sent in simulator.sent] == [enabled and marketing, False]

    async def test_what_people_read_is_not_shared_and_nothing_is_sent_another_way(self) -> None:
        body = json.loads(marketing_request(message(OFFER)))
        assert (body["message_activity_sharing"], body["product_policy"]) == (False, "STRICT")
        assert body["template"] == {"name": "tulips", "language": {"code": "en"}}

    async def test_an_account_without_the_terms_is_told_the_cure(self) -> None:
        async with graph() as simulator, api(simulator, marketing_messages=True) as channel:
            simulator.templates.add(TULIPS)
            error = await refused(channel.send(message(OFFER)))
            assert (error.code, error.retry) == ("131063", Retry.NEVER)
            assert "WHATSAPP_MARKETING_MESSAGES" in error.meaning
            assert "WhatsApp Manager > Overview" in error.meaning

    @pytest.mark.parametrize("holding", [True, False])
    async def test_a_template_that_meta_holds_back_is_known_to_be_held(self, holding: bool) -> None:
        async with graph() as simulator, api(simulator) as channel:
            simulator.templates.add(TULIPS)
            simulator.holding = holding
            assert (await channel.send(message(OFFER))).held is holding
            assert (await channel.send(message())).held is False

    async def test_what_a_template_shows_is_not_sent_beside_it(self) -> None:
        reply = Reply(
            body="Tulips",
            footer="STOP",
            buttons=(Button("a", "A"),),
            template=Template("tulips", "en", payloads=("a",)),
        )
        body = json.loads(request(message(reply)))
        assert (body["type"], "interactive" in body, "Tulips" in json.dumps(body)) == ("template", False, False)


class TestAccepted:
    async def test_a_message_is_sent(self) -> None:
        async with graph() as simulator, api(simulator) as channel:
            accepted = await channel.send(message())
            (sent,) = simulator.sent
            assert (sent.id, sent.recipient, sent.reference) == (accepted.id, "+34600000001", "job:42")
            assert [button.title for button in sent.buttons] == ["Yes", "No"]

    async def test_a_person_without_a_number_is_reached(self) -> None:
        async with graph() as simulator, api(simulator) as channel:
            await channel.send(message(phone=None))
            assert simulator.sent[0].recipient == "ES.2"

    @pytest.mark.parametrize("typing", [True, False])
    async def test_a_message_is_marked_as_read(self, typing: bool) -> None:
        async with graph() as simulator, api(simulator) as channel:
            await channel.mark_read(READ, typing=typing)
            assert simulator.marked == [Marked("wamid.A1", typing)]

    async def test_many_concurrent_messages_share_few_connections(self) -> None:
        async with scripted(*[answer(200, ACCEPTED)] * 50) as server, api_of(server, connections=5) as channel:
            await asyncio.gather(*(channel.send(message()) for _ in range(50)))
            assert (len(server.requests), server.connections) == (50, 5)

    async def test_a_trailing_slash_in_graph_url_is_accepted(self) -> None:
        async with graph() as simulator:
            channel: Channel = CloudApi(simulator.url + "/", simulator.phone_number_id, TOKEN)
            assert (await channel.send(message())).id
            await channel.close()


class TestRefused:
    """By Graph, with its codes and HTTP statuses."""

    @pytest.mark.parametrize("code", sorted(code for code in ERRORS if code not in range(201, 300)))
    async def test_each_error_code_of_graph_is_mapped_to_its_retry_policy(self, code: int) -> None:
        async with graph() as simulator, api(simulator) as channel:
            simulator.fail_next(code)
            error = await refused(channel.send(message()))
            assert (error.code, error.retry) == (str(code), ERRORS[code].retry)
            assert simulator.sent == []
            assert (await channel.send(message())).id, "the connection is still good"

    async def test_a_wrong_token_stops_everything(self) -> None:
        async with graph() as simulator, api(simulator, token="EAAs3cr3told") as channel:
            error = await refused(channel.send(message()))
            assert (error.code, error.retry, error.attempts) == ("190", Retry.HALT, None)
            assert "WHATSAPP_TOKEN" in error.meaning

    async def test_a_message_outside_the_window_is_not_retried(self) -> None:
        async with graph() as simulator, api(simulator) as channel:
            error = await refused(channel.send(message(phone="+34600000009")))
            assert (error.code, error.retry) == ("131047", Retry.NEVER)

    async def test_a_refused_read_receipt_raises_its_error_code(self) -> None:
        async with graph() as simulator, api(simulator, token="EAAs3cr3told") as channel:
            assert (await refused(channel.mark_read(READ, typing=True))).code == "190"

    async def test_a_message_that_breaks_a_limit_is_not_sent(self) -> None:
        async with graph() as simulator, api(simulator) as channel:
            error = await refused(channel.send(message(Reply("s3cr3t" * 1000))))
            assert (error.code, error.retry) == (REFUSED_HERE, Retry.NEVER)
            assert simulator.requests == 0

    @pytest.mark.parametrize(
        ("status", "body", "code", "retry"),
        [
            (500, b"<html>s3cr3t", UNREADABLE, Retry.BACKOFF),
            (503, b"", UNREADABLE, Retry.BACKOFF),
            (429, b"", UNREADABLE, Retry.THROTTLE),
            (401, b"s3cr3t", UNREADABLE, Retry.HALT),
            (404, b"<html>s3cr3t", UNREADABLE, Retry.HALT),
            (400, b"<html>s3cr3t", UNREADABLE, Retry.NEVER),
            (400, b'{"error":{"code":999999,"message":"s3cr3t"}}', "999999", Retry.NEVER),
            (500, b'{"error":{"code":999999,"message":"s3cr3t"}}', "999999", Retry.BACKOFF),
        ],
    )
    async def test_an_error_without_a_known_code_is_judged_by_its_http_status(
        self, status: int, body: bytes, code: str, retry: Retry
    ) -> None:
        async with scripted(answer(status, body)) as server, api_of(server) as channel:
            error = await refused(channel.send(message()))
            assert (error.code, error.retry) == (code, retry)

    async def test_a_redirect_is_not_followed(self) -> None:
        async with scripted() as elsewhere:
            moved = answer(307, b"", b"Location: " + elsewhere.url.encode())
            async with scripted(moved) as server, api_of(server) as channel:
                error = await refused(channel.send(message()))
                assert error.retry is Retry.HALT
                assert "GRAPH_URL" in error.meaning
            assert elsewhere.requests == []


class TestAcceptedUnread:
    """Graph said 200: sent again, the message would arrive twice."""

    @pytest.mark.parametrize(
        "line",
        [
            answer(200, b"s3cr3t"),
            answer(200, b""),
            answer(200, b"[]"),
            answer(200, b'{"messages":[]}'),
            answer(200, b'{"messages":[{"id":1}]}'),
            answer(200, b'{"messages":[{"id":"\xff"}]}'),
            answer(200, b"[" * 100_000),
            (answer(200, ACCEPTED)[:-1], Do.CLOSE),
            (answer(200, ACCEPTED)[:-1], Do.WAIT),
        ],
        ids=lambda line: repr(line)[-30:],
    )
    async def test_a_message_with_an_unreadable_acceptance_is_never_resent(self, line: Any) -> None:
        async with scripted(line) as server, api_of(server, timeout=1.0) as channel:
            error = await refused(channel.send(message()))
            assert (error.code, error.retry, error.attempts) == (UNREADABLE, Retry.NEVER, 1)
            assert len(server.requests) == 1


class TestUnanswered:
    """Nobody knows whether the message was accepted: a few attempts, not many."""

    async def test_a_message_that_timed_out_has_three_attempts(self) -> None:
        async with graph() as simulator, api(simulator, timeout=0.1) as channel:
            simulator.latency = 0.3
            error = await refused(channel.send(message()))
            assert (error.code, error.retry, error.attempts) == (UNANSWERED, Retry.BACKOFF, 3)

    async def test_a_message_whose_connection_was_closed_has_three_attempts(self) -> None:
        async with scripted(Do.CLOSE) as server, api_of(server) as channel:
            error = await refused(channel.send(message()))
            assert (error.code, error.retry, error.attempts) == (UNANSWERED, Retry.BACKOFF, 3)

    async def test_an_answer_that_is_not_http_counts_as_unanswered(self) -> None:
        async with scripted(b"SSH-2.0-OpenSSH_9.2\r\n\r\n") as server, api_of(server) as channel:
            assert (await refused(channel.send(message()))).code == UNANSWERED


class TestUnreachable:
    """Nothing went out: many attempts."""

    async def test_a_refused_connection_has_sixty_attempts(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        error = await refused(CloudApi(f"http://127.0.0.1:{port}/v26.0", "1", TOKEN).send(message()))
        assert (error.code, error.retry, error.attempts) == (UNREACHABLE, Retry.BACKOFF, 60)
        assert error.meaning == "no connection to Graph (ConnectionRefusedError)"

    async def test_sending_resumes_when_graph_comes_back(self) -> None:
        simulator = GraphSimulator(token=TOKEN)
        await simulator.start()
        simulator.heard(ANA)
        port = int(simulator.url.split(":")[2].split("/")[0])
        async with api(simulator) as channel:
            assert (await channel.send(message())).id
            await simulator.close()
            assert (await refused(channel.send(message()))).code == UNREACHABLE
            again = GraphSimulator(token=TOKEN)
            again.heard(ANA)
            await again.start(port=port)
            assert (await channel.send(message())).id
            await again.close()


@pytest.mark.parametrize("token", ["", "two words", "s3cr3t\n", "s3cr3t\r\nX: 1", "s3cr3té", "s3cr3t\0"])
def test_an_invalid_token_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ValueError, match=r"^WHATSAPP_TOKEN must be one line") as error:
        CloudApi("http://localhost/v26.0", "1", token)
    assert "s3cr3t" not in str(error.value)


def test_a_repr_shows_the_host_and_nothing_secret() -> None:
    assert repr(CloudApi("https://graph.facebook.com/v26.0", "1", TOKEN)) == "CloudApi(graph.facebook.com)"


@pytest.mark.parametrize(
    ("code", "retry"),
    [
        ("131050", Retry.OPT_OUT),
        ("131049", Retry.NEVER),
        ("131026", Retry.NEVER),
        ("131042", Retry.HALT),
        ("999999", Retry.NEVER),
    ],
)
def test_a_failure_reported_later_has_the_retry_policy_of_its_code(code: str, retry: Retry) -> None:
    failure = CloudApi("http://localhost/v26.0", "1", TOKEN).failure(code)
    assert (failure.code, failure.retry, bool(failure.meaning)) == (code, retry, True)
