"""One of the company's systems: takes events over HTTP and checks them with the reference library."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import standardwebhooks.webhooks
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

Answer = Callable[[dict[str, Any]], Awaitable[int]]


async def take(_: dict[str, Any]) -> int:
    """Take every event."""
    return 200


class Receiver:
    """Records every attempt in order; `answer` says with which status it is answered."""

    def __init__(self) -> None:
        self.url = ""
        self.secret = ""
        self.answer: Answer = take
        self.attempts: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []
        """What was answered with success, each time that it was."""
        self.came = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        """Take a request."""
        event = Webhook(self.secret).verify(await request.read(), dict(request.headers))
        assert event["id"] == request.headers["webhook-id"]
        self.attempts.append(event)
        status = await self.answer(event)
        if status < 300:
            self.taken.append(event)
            self.came.set()
        return web.Response(status=status, text="x" * 100_000)

    def of(self, person: str | None) -> list[int]:
        """Return the numbers of a person's events as they came, each at its first coming."""
        first = {event["id"]: event for event in reversed(self.taken)}
        return [event["data"]["n"] for event in reversed(first.values()) if event["person"] == person]


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    """Serve it."""
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.handle)
    server = TestServer(app)
    await server.start_server(access_log=None)
    receiver.url = str(server.make_url("/hook"))
    try:
        yield receiver
    finally:
        await server.close()


class Clock:
    """The time, moved by tests alone."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def verify_with(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the reference library look at this clock."""
        clock = self

        class Now(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> "Now":
                return cast("Now", datetime.fromtimestamp(clock.now, UTC))

        monkeypatch.setattr(standardwebhooks.webhooks, "datetime", Now)
