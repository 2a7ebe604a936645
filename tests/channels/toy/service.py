"""The toy's provider: takes messages and files, or refuses them with a word."""

from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.channels.toy.channel import HEADER, sign


class ToyService:
    """Serves one account; what it accepted is in `sent` and `files`."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.sent: list[dict[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.refusing: str | None = None
        self.requests = 0
        self.url = ""
        app = web.Application(middlewares=[self._permit])
        app.router.add_post("/messages", self._message)
        app.router.add_post("/files", self._upload)
        app.router.add_delete("/files/{id}", self._delete)
        self._runner = web.AppRunner(app, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @web.middleware
    async def _permit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests += 1
        refusal = self.refusing if request.headers.get("X-Toy-Secret") == self.secret else "bad_secret"
        return await handler(request) if refusal is None else web.Response(status=400, text=refusal)

    async def _message(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        if form.get("file") and form["file"] not in self.files:
            return web.Response(status=400, text="no_such_file")
        self.sent.append(form)
        return web.Response(text=f"sent{len(self.sent)}")

    async def _upload(self, request: web.Request) -> web.Response:
        id = f"file{len(self.files) + 1}"
        self.files[id] = await request.read()
        return web.Response(text=id)

    async def _delete(self, request: web.Request) -> web.Response:
        self.files.pop(request.match_info["id"], None)
        return web.Response()


def update(**fields: object) -> bytes:
    """A webhook with one update, as it is posted."""
    return urlencode({"update": urlencode({name: str(value) for name, value in fields.items()})}).encode()


def signed(url: str, body: bytes, secret: str) -> dict[str, str]:
    """The header of a post."""
    return {HEADER: sign(url, body, secret)}
