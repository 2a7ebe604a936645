"""The bare limits: the same work with nothing around it. `python -m tests.benchmarks.limits NAME` with LIMIT_… set.

`a`: aiohttp, read, HMAC, JSON, 200. `b`: and one EVALSHA through redis-py. `c`: and one POST with aiohttp's
ClientSession. `d` (C'' in speed.md): a durable inbox, a consumer of batches, one pipeline for each batch, and our own
HTTP client: what this design could cost at best, without dialogues, evidence, limits or watching.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import orjson
import uvloop
from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bot.batcher import Batcher
from bot.channels.meta.http import Endpoint
from bot.channels.meta.provider import META
from bot.channels.meta.webhooks import SIGNATURE_HEADER, verify

_SESSION = b"s" * 200
_SECONDS = 30 * 86400

_SCRIPT = """
local before = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return before
"""

_INBOX, _GROUP, _BATCH = "limit:inbox", "limit", 256

Message = dict[str, Any]
Work = Callable[[Message], Awaitable[None]]


def _reply(message: Message) -> bytes:
    """A question with its two buttons, as long as ours."""
    buttons = [{"type": "reply", "reply": {"id": f"yes:{title}", "title": title}} for title in ("Yes, I agree", "No")]
    interactive = {
        "type": "button",
        "body": {"text": "x" * 450},
        "action": {"buttons": buttons},
        "footer": {"text": "Reply STOP to unsubscribe"},
    }
    return orjson.dumps(
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "+" + message["from"],
            "type": "interactive",
            "interactive": interactive,
        }
    )


class Limit:
    """What all have in common: the webhook is read, proven and parsed."""

    def __init__(self) -> None:
        self._secret = os.environ["LIMIT_SECRET"]
        self.redis = Redis.from_url(os.environ["LIMIT_REDIS_URL"])
        self.graph_url = os.environ["LIMIT_GRAPH_URL"]
        self.headers = {"Authorization": f"Bearer {os.environ['LIMIT_TOKEN']}", "Content-Type": "application/json"}
        self.work: Work | None = None

    async def webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not verify(body, request.headers.get(SIGNATURE_HEADER), self._secret):
            return web.Response(status=401)
        (message,) = orjson.loads(body)["entry"][0]["changes"][0]["value"]["messages"]
        if self.work is not None:
            await self.work(message)
        return web.Response()


async def _a(limit: Limit) -> AsyncIterator[None]:
    yield


async def _b(limit: Limit) -> AsyncIterator[None]:
    digest = await limit.redis.script_load(_SCRIPT)

    async def work(message: Message) -> None:
        await limit.redis.evalsha(digest, 1, f"limit:{message['from']}", _SESSION, _SECONDS)

    limit.work = work
    yield


async def _c(limit: Limit) -> AsyncIterator[None]:
    digest = await limit.redis.script_load(_SCRIPT)
    async with aiohttp.ClientSession() as session:

        async def work(message: Message) -> None:
            await limit.redis.evalsha(digest, 1, f"limit:{message['from']}", _SESSION, _SECONDS)
            async with session.post(limit.graph_url, data=_reply(message), headers=limit.headers) as response:
                orjson.loads(await response.read())

        limit.work = work
        yield


async def _d(limit: Limit) -> AsyncIterator[None]:
    redis = limit.redis
    digest = await redis.script_load(_SCRIPT)
    endpoint = Endpoint(limit.graph_url, limit.headers)

    async def store(messages: Sequence[Message]) -> Sequence[None]:
        pipeline = redis.pipeline(transaction=False)
        for message in messages:
            pipeline.xadd(_INBOX, {"m": orjson.dumps(message)})
        await pipeline.execute()
        return [None] * len(messages)

    async def consume() -> None:
        while True:
            reply: Any = await redis.xreadgroup(_GROUP, "one", {_INBOX: ">"}, _BATCH, block=2000)
            for _, entries in reply:
                await answer(entries)

    async def answer(entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> None:
        messages = [orjson.loads(fields[b"m"]) for _, fields in entries]
        pipeline = redis.pipeline(transaction=False)
        for message in messages:
            pipeline.evalsha(digest, 1, f"limit:{message['from']}", _SESSION, _SECONDS)
        await pipeline.execute()
        await asyncio.gather(*(endpoint.post(_reply(message)) for message in messages))
        ids = [entry_id for entry_id, _ in entries]
        pipeline = redis.pipeline(transaction=False)
        pipeline.xack(_INBOX, _GROUP, *ids)
        pipeline.xdel(_INBOX, *ids)
        await pipeline.execute()

    try:
        await redis.xgroup_create(_INBOX, _GROUP, mkstream=True)
    except ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise
    batcher = Batcher(store)
    limit.work = batcher.add
    consumer = asyncio.create_task(consume())
    yield
    consumer.cancel()
    await endpoint.close()


_WORK = {"a": _a, "b": _b, "c": _c, "d": _d}


async def _serve(name: str) -> None:
    limit, app = Limit(), web.Application()
    app.router.add_post(META.path, limit.webhook)
    work = _WORK[name]
    app.cleanup_ctx.append(lambda _: work(limit))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
