"""Starts and ends what a process serves: a worker that finishes what is in hand, and an HTTP port."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp.web import Application, AppRunner, SockSite

from ..errors import OperatorError
from .runtime import Runtime

log = structlog.get_logger(__name__)

KEEP_ALIVE = 100
"""Seconds for which idle connections stay open: longer than at Heroku's router (90)."""

_HANDLERS_HAVE = 4
"""Seconds for requests in hand at shutdown; aiohttp may take twice as long. With the work: less than Heroku's 30."""

_WORK_HAS = 20
"""Seconds for messages in flight at shutdown; the next process takes over the rest."""


@asynccontextmanager
async def working(runtime: Runtime, stopping: asyncio.Event) -> AsyncIterator[None]:
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
async def listening(app: Application, host: str, port: int, setting: str = "PORT") -> AsyncIterator[int]:
    """Serve an application and yield its port; `port` 0 means any free port. Finish requests in hand at the end.

    `setting` is where the port comes from.
    """
    try:
        waiting = bound(host, port)
    except OSError as error:
        raise OperatorError(
            f"{setting} {port}: {error.strerror}; end the program that has it, or set another {setting}"
        ) from None
    with waiting:
        async with answering(app, waiting):
            yield waiting.getsockname()[1]


def bound(host: str, port: int) -> socket.socket:
    """Bind a port (0: any free port), where requests wait until they are served."""
    return socket.create_server((host, port), backlog=1024, reuse_port=False)


@asynccontextmanager
async def answering(app: Application, waiting: socket.socket) -> AsyncIterator[None]:
    """Serve an application on a bound port; requests in hand are finished at the end."""
    runner = AppRunner(
        app, access_log=None, keepalive_timeout=KEEP_ALIVE, shutdown_timeout=_HANDLERS_HAVE, handle_signals=False
    )
    await runner.setup()
    try:
        await SockSite(runner, waiting).start()
        yield
    finally:
        await runner.cleanup()
