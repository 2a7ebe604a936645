"""An aiohttp program with consentbot in front of a bot that answers nothing; `/handed_over` tells what it was asked.

`python -m tests.benchmarks.host`, with the settings of the program in the environment.
"""

import asyncio

import uvloop
from aiohttp import web

import bot
from bot import logs
from bot.serving import listening
from bot.settings import load_settings


async def _serve() -> None:
    settings = load_settings()
    logs.configure(settings.log_level)
    asked = 0

    async def silent(inbound: bot.Inbound, person: bot.Consenter) -> None:
        nonlocal asked
        asked += 1

    async def handed_over(_: web.Request) -> web.Response:
        return web.Response(text=str(asked))

    app = web.Application()
    app.router.add_get("/handed_over", handed_over)
    bot.setup(app, settings, host=silent, purpose="order_updates")
    async with listening(app, "127.0.0.1", settings.port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve())
