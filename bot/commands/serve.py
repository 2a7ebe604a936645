"""`web`, `worker`, `all`: the processes of the program, from start to SIGTERM."""

import asyncio
import gc
import signal
from contextlib import AsyncExitStack

import structlog
from aiohttp.web import Application

from .. import logs
from ..app.processes import listening, working
from ..app.routes import public_routes, watching_routes
from ..app.runtime import has_stores, missing, open_runtime
from ..settings import Settings
from .running import run, settings

log = structlog.get_logger(__name__)


def web() -> None:
    """Take webhooks and store them; does not answer them (see `worker`)."""
    run(serve(settings(), listen=True, work=False))


def worker() -> None:
    """Answer what `web` has stored. As many as you like may run at once."""
    run(serve(settings(), listen=False, work=True))


def everything() -> None:
    """Run web and worker in one process."""
    run(serve(settings(), listen=True, work=True))


async def serve(settings: Settings, *, listen: bool, work: bool) -> None:
    """Run until SIGTERM or SIGINT."""
    logs.configure(settings.log_level)
    stopping = stop_on_signals()
    tell_what_is_missing(settings)
    async with AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(open_runtime(settings)) if has_stores(settings) else None
        if work and runtime:
            await stack.enter_async_context(working(runtime, stopping))
        if listen:
            app = Application()
            app.add_routes(public_routes(settings, lambda: runtime))
            # Heroku's router comes from outside.
            await stack.enter_async_context(listening(app, "0.0.0.0", settings.port))
        if settings.metrics_port is not None:
            watched = Application()
            watched.add_routes(watching_routes(settings, lambda: runtime))
            await stack.enter_async_context(listening(watched, "0.0.0.0", settings.metrics_port, "METRICS_PORT"))
        gc.freeze()  # what exists now stays, so the collector need not scan it while people wait
        log.info(
            "started",
            web=listen,
            work=work,
            port=settings.port if listen else None,
            metrics_port=settings.metrics_port,
        )
        await stopping.wait()
        log.info("stopping")


def tell_what_is_missing(settings: Settings) -> None:
    """Log what webhooks wait for, and which stores are only for a try-out."""
    for name, cure in missing(settings).items():
        log.warning("setting_missing", setting=name, cure=cure)
    for name in settings.own_engines:
        cure = f"set {name} in production; for a try-out nothing is to be done"
        log.warning("engine_of_its_own", setting=name, data=str(settings.var_dir), cure=cure)


def stop_on_signals() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping
