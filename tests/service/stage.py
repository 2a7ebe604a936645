"""The program in its parts, as production runs it: a web process here, and workers that come and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
from aiohttp import web

from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.hook import Hook
from bot.runtime import Serving, open_runtime, routes
from bot.serving import listening, working
from bot.settings import Settings, load_settings
from bot.simulation import Simulation
from bot.web.webhook import PATH

APP_SECRET = "5f4dcc3b5aa765d61d8327deb882cf99"


def changed(settings: Settings, **changes: object) -> Settings:
    """Return other settings."""
    return load_settings(None, **(settings.model_dump(exclude_unset=True) | changes))


@asynccontextmanager
async def front(settings: Settings, **changes: object) -> AsyncIterator[Simulation]:
    """Take webhooks and nothing else; `Simulation.runtime.settings` are those for a worker."""
    async with AsyncExitStack() as stack:
        graph = await stack.enter_async_context(GraphSimulator())
        complete = changed(
            settings,
            whatsapp_token=graph.token,
            whatsapp_app_secret=APP_SECRET,
            whatsapp_verify_token="verify",
            whatsapp_phone_number_id=graph.phone_number_id,
            graph_url=graph.url,
            takeover_seconds=1,
            **changes,
        )
        runtime = await stack.enter_async_context(open_runtime(complete))
        app = web.Application()
        app.add_routes(routes(complete, lambda: runtime))
        port = await stack.enter_async_context(listening(app, "127.0.0.1", 0))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        hook = Hook(f"http://127.0.0.1:{port}{PATH}", APP_SECRET, session)
        yield Simulation(runtime, graph, hook, f"http://127.0.0.1:{port}")


@asynccontextmanager
async def worker(settings: Settings, serving: Serving | None = None) -> AsyncIterator[None]:
    """Another process's worker, as far as anything that lasts can tell: only the interpreter is shared."""
    async with open_runtime(settings, serving) as runtime, working(runtime, asyncio.Event()):
        yield
