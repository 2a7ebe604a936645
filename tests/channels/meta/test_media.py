"""Files go to Graph over real HTTP, come back as ids, are sent as documents, and can be deleted."""

import asyncio
import socket
from typing import Any

import aiohttp
import pytest

from bot.channels.meta import media
from bot.channels.meta.client import CloudApi
from bot.channels.meta.http_response import MOST
from bot.channels.whatsapp import limits
from bot.channels.whatsapp.errors import REFUSED_HERE, UNANSWERED, UNREACHABLE, UNREADABLE
from bot.messages.reply import Document, Reply
from bot.service.ports import Retry
from tests.channels.meta.scripted import Do, scripted
from tests.channels.meta.test_client import TOKEN, answer, api, api_of, graph, message, refused

PDF = "application/pdf"
CONTENT = bytes(range(256)) * 300 + b"\r\n--boundary--\r\n"


async def test_an_uploaded_file_is_sent_unchanged() -> None:
    async with graph() as simulator, api(simulator) as channel:
        media_id = await channel.upload(CONTENT, "my-data.pdf", PDF)
        assert simulator.media[media_id].content == CONTENT
        await channel.send(message(Reply("Here", document=Document("data-2026.pdf", media_id))))
        (sent,) = simulator.sent
        assert (sent.file, sent.document, sent.text) == (CONTENT, "data-2026.pdf", "Here")


async def test_an_upload_has_the_form_that_graph_documents() -> None:
    async with scripted(answer(200, b'{"id": "1"}')) as server, api_of(server) as channel:
        assert await channel.upload(b"%PDF", "my data.pdf", PDF) == "1"
        (request,) = server.requests
    head, _, form = request.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    assert first == b"POST /v26.0/1/media HTTP/1.1"
    assert {b"Authorization: Bearer " + TOKEN.encode(), b"Accept-Encoding: identity"} <= set(fields)
    (boundary,) = [field.partition(b"boundary=")[2] for field in fields if field.startswith(b"Content-Type: ")]
    parts = [part.strip(b"\r\n").partition(b"\r\n\r\n") for part in form.split(b"--" + boundary)[1:-1]]
    assert [value for _, _, value in parts] == [b"whatsapp", PDF.encode(), b"%PDF"]
    assert b'name="file"; filename="my data.pdf"' in parts[2][0]


async def test_a_large_file_is_sent_without_holding_up_others() -> None:
    """Where it would, aiohttp warns, and warnings are errors here."""
    async with graph() as simulator, api(simulator) as channel:
        media_id = await channel.upload(CONTENT * 100, "a.pdf", PDF)
        assert simulator.media[media_id].content == CONTENT * 100


async def test_at_most_four_uploads_run_at_once() -> None:
    async with scripted(*[answer(200, b'{"id": "1"}')] * 12) as server, api_of(server) as channel:
        await asyncio.gather(*(channel.upload(b"%PDF", "a.pdf", PDF) for _ in range(12)))
        assert (len(server.requests), server.most_at_once) == (12, 4)


async def test_many_uploads_at_once_are_not_mixed_up() -> None:
    async with graph() as simulator, api(simulator) as channel:
        contents = [b"%%PDF %d" % number for number in range(12)]
        ids = await asyncio.gather(*(channel.upload(content, "a.pdf", PDF) for content in contents))
        assert [simulator.media[id].content for id in ids] == contents


async def test_a_deleted_file_can_be_deleted_again_but_not_sent() -> None:
    async with graph() as simulator, api(simulator) as channel:
        media_id = await channel.upload(CONTENT, "a.pdf", PDF)
        await channel.delete_media(media_id)
        assert simulator.media == {}
        await channel.delete_media(media_id)
        error = await refused(channel.send(message(Reply(document=Document("a.pdf", media_id)))))
        assert (error.code, error.retry) == ("100", Retry.NEVER)


@pytest.mark.parametrize(
    ("content", "filename", "mime"),
    [
        (b"", "a.pdf", PDF),
        (b"x", "a.json", "application/json"),
        (b"x", "a.pdf", "text/plain"),
        (b"x", "pdf", "text/plain"),
        (b"x", 'a".pdf', PDF),
        (b"x", "a\r\n.pdf", PDF),
        (b"x", "données.pdf", PDF),
    ],
)
async def test_a_file_whatsapp_would_refuse_is_not_uploaded(content: bytes, filename: str, mime: str) -> None:
    async with graph() as simulator, api(simulator) as channel:
        error = await refused(channel.upload(content, filename, mime))
        assert (error.code, error.retry, simulator.requests) == (REFUSED_HERE, Retry.NEVER, 0)


async def test_a_file_that_is_too_large_is_not_uploaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCUMENT_BYTES", 3)
    async with graph() as simulator, api(simulator) as channel:
        assert (await refused(channel.upload(b"%PDF", "a.pdf", PDF))).code == REFUSED_HERE


@pytest.mark.parametrize("media_id", ["", "../1/messages", "12 34", "１"])
async def test_deleting_an_invalid_media_id_sends_no_request(media_id: str) -> None:
    async with graph() as simulator, api(simulator) as channel:
        assert (await refused(channel.delete_media(media_id))).code == REFUSED_HERE
        assert simulator.requests == 0


async def test_a_wrong_token_stops_everything() -> None:
    async with graph() as simulator, api(simulator, token="wrong") as channel:
        assert (await refused(channel.upload(b"%PDF", "a.pdf", PDF))).retry is Retry.HALT
        assert (await refused(channel.delete_media("1"))).retry is Retry.HALT


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": 5}', b'{"id": "../../1"}'])
async def test_an_upload_answer_without_a_media_id_is_an_error(body: bytes) -> None:
    async with scripted(answer(200, body)) as server, api_of(server) as channel:
        assert (await refused(channel.upload(b"%PDF", "a.pdf", PDF))).code == UNREADABLE


async def test_an_upload_with_an_incomplete_answer_is_retryable() -> None:
    broken = (answer(200, b'{"id": "1"}')[:-1], Do.CLOSE)
    async with scripted(broken) as server, api_of(server) as channel:
        error = await refused(channel.upload(b"%PDF", "a.pdf", PDF))
        assert (error.code, error.retryable) == (UNANSWERED, True)


async def test_an_endless_answer_is_rejected() -> None:
    async with scripted(answer(200, b'{"id": "1"}' + b" " * MOST)) as server, api_of(server) as channel:
        assert (await refused(channel.upload(b"%PDF", "a.pdf", PDF))).code == UNREADABLE


async def test_a_redirect_is_not_followed() -> None:
    async with scripted() as elsewhere:
        moved = answer(307, b"", b"Location: " + elsewhere.url.encode())
        async with scripted(moved, moved) as server, api_of(server) as channel:
            for asking in (channel.upload(b"%PDF", "a.pdf", PDF), channel.delete_media("1")):
                error = await refused(asking)
                assert error.retry is Retry.HALT
                assert "GRAPH_URL" in error.meaning
        assert elsewhere.requests == []


@pytest.mark.parametrize("line", [Do.CLOSE, Do.WAIT, b"SSH-2.0-OpenSSH_9.2\r\n\r\n"], ids=repr)
async def test_an_unanswered_request_is_retryable_and_reveals_nothing(
    line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "_TIMEOUT", aiohttp.ClientTimeout(total=1.0))
    async with scripted(line, line, line) as server, api_of(server) as channel:
        # aiohttp deletes a second time where a server hangs up: to delete twice is no error
        for asking in (channel.upload(b"s3cr3t", "a.pdf", PDF), channel.delete_media("1")):
            error = await refused(asking)
            assert (error.code, error.retryable) == (UNANSWERED, True)


async def test_a_tls_handshake_that_times_out_counts_as_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "_TIMEOUT", aiohttp.ClientTimeout(connect=0.1))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel accepts, and nobody speaks TLS
        channel = CloudApi(f"https://127.0.0.1:{silent.getsockname()[1]}/v26.0", "1", TOKEN)
        error = await refused(channel.upload(b"%PDF", "a.pdf", PDF))
        assert (error.code, error.meaning) == (UNREACHABLE, "no connection to Graph (TimeoutError)")
        await channel.close()


async def test_a_refused_connection_is_retryable() -> None:
    async with graph() as simulator:
        channel = CloudApi(simulator.url, simulator.phone_number_id, TOKEN)
    error = await refused(channel.upload(b"%PDF", "a.pdf", PDF))
    assert (error.code, error.retryable) == (UNREACHABLE, True)
    assert error.meaning == "no connection to Graph (ConnectionRefusedError)"
    await channel.close()
