"""The simulated Graph takes files as Meta's does, and refuses what Meta's refuses."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.channels.simulator.graph import GraphSimulator
from bot.channels.whatsapp import limits

PDF = "application/pdf"


class Uploader:
    """Uploads as any program may."""

    def __init__(self, graph: GraphSimulator, session: aiohttp.ClientSession) -> None:
        self.graph = graph
        self._session = session

    async def upload(
        self, content: bytes | None = b"%PDF", *, mime: str = PDF, token: str = "", **fields: str
    ) -> tuple[int, dict[str, Any]]:
        form = aiohttp.FormData()
        for name, value in ({"messaging_product": "whatsapp", "type": PDF} | fields).items():
            if value:
                form.add_field(name, value)
        if content is not None:
            form.add_field("file", content, filename="data.pdf", content_type=mime)
        return await self._ask("POST", f"/{self.graph.phone_number_id}/media", token, data=form)

    async def delete(self, media_id: str, token: str = "") -> tuple[int, dict[str, Any]]:
        return await self._ask("DELETE", f"/{media_id}", token)

    async def _ask(self, method: str, path: str, token: str, **more: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token or self.graph.token}", **more.pop("headers", {})}
        async with self._session.request(method, self.graph.url + path, headers=headers, **more) as response:
            return response.status, await response.json()


@pytest.fixture
async def uploader() -> AsyncIterator[Uploader]:
    async with GraphSimulator() as graph, aiohttp.ClientSession() as session:
        yield Uploader(graph, session)


async def test_a_file_is_kept_under_an_id_until_it_is_deleted(uploader: Uploader) -> None:
    status, answer = await uploader.upload(b"%PDF-1.7")
    assert status == 200
    file = uploader.graph.media[answer["id"]]
    assert (file.filename, file.mime, file.content) == ("data.pdf", PDF, b"%PDF-1.7")
    assert await uploader.delete(answer["id"]) == (200, {"success": True})
    assert uploader.graph.media == {}
    assert (await uploader.delete(answer["id"]))[0] == 400


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        ({"messaging_product": ""}, 100),
        ({"messaging_product": "instagram"}, 100),
        ({"content": None}, 100),
        ({"mime": "application/json"}, 100),
        ({"type": "text/plain"}, 100),
        ({"ttl": "5"}, 100),
        ({"content": b""}, 131053),
        ({"token": "wrong"}, 190),
    ],
)
async def test_uploads_that_meta_refuses_are_refused(uploader: Uploader, upload: dict[str, Any], code: int) -> None:
    _, answer = await uploader.upload(**upload)
    assert answer["error"]["code"] == code
    assert uploader.graph.media == {}


async def test_a_file_that_is_too_large_is_refused(uploader: Uploader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCUMENT_BYTES", 5)
    _, answer = await uploader.upload(b"%PDF-1")
    assert answer["error"]["code"] == 131053


async def test_deleting_a_file_requires_the_token(uploader: Uploader) -> None:
    _, answer = await uploader.upload()
    assert (await uploader.delete(answer["id"], token="wrong"))[1]["error"]["code"] == 190
    assert len(uploader.graph.media) == 1
