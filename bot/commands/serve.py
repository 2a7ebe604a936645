"""`web`, `worker`, `all`: the processes of the program, from start to SIGTERM."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from bot import logs
from bot.runtime import Runtime, open_runtime
from bot.settings import Settings

log = structlog.get_logger(__name__)

KEEP_ALIVE = 100
"""Seconds for which idle connections stay open: longer than Heroku's router keeps them (90)."""

_HANDLERS_HAVE = 8
"""Seconds for requests in hand at shutdown; aiohttp may take twice as long, and Heroku kills after 30."""

_WORK_HAS = 20
"""Seconds for messages in hand at shutdown; what is not finished is left to the next process."""


async def serve(settings: Settings, *, web: bool, work: bool) -> None:
    """Run until SIGTERM or SIGINT."""
    logs.configure(settings.log_level)
    async with open_runtime(settings) as runtime:
        stopping = stop_on_signals()
        async with _working(runtime, stopping) if work else _nothing():
            async with _listening(runtime) if web else _nothing():
                _announce(runtime, web=web, work=work)
                await stopping.wait()
                log.info("stopping")


def stop_on_signals() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


def _announce(runtime: Runtime, *, web: bool, work: bool) -> None:
    port = runtime.settings.port if web else None
    log.info("started", web=web, work=work, port=port, embedded=runtime.settings.embedded)
    for name, cure in runtime.missing.items():
        log.warning("setting_missing", setting=name, cure=cure)


@asynccontextmanager
async def _working(runtime: Runtime, stopping: asyncio.Event) -> AsyncIterator[None]:
    """Answer and send until told to stop, then finish what is in hand."""
    task = asyncio.create_task(runtime.work(stopping))
    task.add_done_callback(lambda _: stopping.set())
    try:
        yield
    finally:
        stopping.set()
        done, _ = await asyncio.wait([task], timeout=_WORK_HAS)
        if not done:
            log.warning("work_left", cure="the next process takes it over")
            task.cancel()
            await asyncio.wait([task])
        elif error := task.exception():
            raise error


@asynccontextmanager
async def _listening(runtime: Runtime) -> AsyncIterator[None]:
    app = web.Application()
    app.add_routes(runtime.routes())
    async with listening(app, "0.0.0.0", runtime.settings.port):  # noqa: S104  # Heroku's router comes from outside
        yield


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve an application; yields its port (0 asks for a free one). Requests in hand are finished at the end."""
    runner = web.AppRunner(
        app, access_log=None, keepalive_timeout=KEEP_ALIVE, shutdown_timeout=_HANDLERS_HAVE, handle_signals=False
    )
    await runner.setup()
    try:
        bound = socket.create_server((host, port), backlog=1024, reuse_port=False)
        await web.SockSite(runner, bound).start()
        yield bound.getsockname()[1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield
