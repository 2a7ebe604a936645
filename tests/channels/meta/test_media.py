"""Files go to Graph over real HTTP, come back as ids, are sent as documents, and can be deleted."""

import asyncio

import pytest

from bot.channels.meta.client import CloudApi
from bot.channels.whatsapp import limits
from bot.channels.whatsapp.errors import REFUSED_HERE, UNANSWERED, UNREACHABLE, UNREADABLE
from bot.messages.reply import Document, Reply
from bot.service.ports import Retry
from tests.channels.meta.scripted import Do, scripted
from tests.channels.meta.test_client import TOKEN, answer, api, api_of, graph, message, refused

PDF = "application/pdf"
CONTENT = bytes(range(256)) * 300 + b"\r\n--boundary--\r\n"


async def test_an_uploaded_file_is_sent_byte_by_byte() -> None:
    async with graph() as simulator, api(simulator) as channel:
        media_id = await channel.upload(CONTENT, "my-data.pdf", PDF)
        assert simulator.media[media_id].content == CONTENT
        await channel.send(message(Reply("Here", document=Document("data-2026.pdf", media_id))))
        (sent,) = simulator.sent
        assert (sent.file, sent.document, sent.text) == (CONTENT, "data-2026.pdf", "Here")


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
        assert (error.code, error.retry) == (100, Retry.NEVER)


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
async def test_what_whatsapp_would_refuse_is_not_uploaded(content: bytes, filename: str, mime: str) -> None:
    async with graph() as simulator, api(simulator) as channel:
        error = await refused(channel.upload(content, filename, mime))
        assert (error.code, error.retry, simulator.requests) == (REFUSED_HERE, Retry.NEVER, 0)


async def test_a_file_that_is_too_large_is_not_uploaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCUMENT_BYTES", 3)
    async with graph() as simulator, api(simulator) as channel:
        assert (await refused(channel.upload(b"%PDF", "a.pdf", PDF))).code == REFUSED_HERE


@pytest.mark.parametrize("media_id", ["", "../1/messages", "12 34", "１"])
async def test_only_a_media_id_is_deleted(media_id: str) -> None:
    async with graph() as simulator, api(simulator) as channel:
        assert (await refused(channel.delete_media(media_id))).code == REFUSED_HERE
        assert simulator.requests == 0


async def test_a_wrong_token_stops_everything() -> None:
    async with graph() as simulator, api(simulator, token="wrong") as channel:
        assert (await refused(channel.upload(b"%PDF", "a.pdf", PDF))).retry is Retry.HALT
        assert (await refused(channel.delete_media("1"))).retry is Retry.HALT


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": 5}', b'{"id": "../../1"}'])
async def test_an_answer_without_an_id_is_not_taken_for_one(body: bytes) -> None:
    async with scripted(answer(200, body)) as server, api_of(server) as channel:
        assert (await refused(channel.upload(b"%PDF", "a.pdf", PDF))).code == UNREADABLE


async def test_an_answer_that_breaks_off_may_be_asked_for_again() -> None:
    broken = (answer(200, b'{"id": "1"}')[:-1], Do.CLOSE)
    async with scripted(broken) as server, api_of(server) as channel:
        error = await refused(channel.upload(b"%PDF", "a.pdf", PDF))
        assert (error.code, error.retryable) == (UNANSWERED, True)


async def test_nobody_there_is_a_passing_failure() -> None:
    async with graph() as simulator:
        channel = CloudApi(simulator.url, simulator.phone_number_id, TOKEN)
    error = await refused(channel.upload(b"%PDF", "a.pdf", PDF))
    assert (error.code, error.retryable) == (UNREACHABLE, True)
    await channel.close()
