"""An aiohttp program with consentbot in front of a bot that answers nothing, but tells who watches what it was asked.

`python -m tests.benchmarks.host SOCKET`, with the settings of the program in the environment. Whoever connects to the
unix socket gets a line for each message that comes through to the host, as the sink writes one for each that is sent.
"""

import asyncio
import sys
import time

import uvloop
from aiohttp import web

import bot
from bot import logs
from bot.app.processes import listening
from bot.settings import load_settings
from tests.benchmarks.sink import Watchers


async def _serve(socket: str) -> None:
    settings = load_settings()
    logs.configure(settings.log_level)
    watchers = Watchers()
    telling = await asyncio.get_running_loop().create_unix_server(watchers.connected, socket)

    lines: list[str] = []

    def tell() -> None:
        watchers.tell("".join(lines).encode())
        lines.clear()

    async def silent(inbound: bot.Inbound, person: bot.Person) -> None:
        if not lines:  # those of one turn of the loop together, for it is not the telling that is measured
            asyncio.get_running_loop().call_soon(tell)
        lines.append(f"{inbound.sender.phone} - {time.monotonic()}\n")

    app = web.Application()
    bot.setup(app, settings, host=silent, purpose="order_updates")
    async with telling, listening(app, "127.0.0.1", settings.port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
