"""The program in its parts, as production runs it: a web process here, and workers that come and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from bot.app.processes import listening, working
from bot.app.routes import routes
from bot.app.runtime import Runtime, open_runtime
from bot.app.simulation import Simulation, approve_templates
from bot.app.use_cases import HostedBot
from bot.channels.meta.provider import META
from bot.channels.meta.settings import MetaSettings
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.hook import Hook
from bot.channels.simulator.webhooks import ACCOUNT_ID
from bot.paths import FLOWS
from bot.settings import Settings

APP_SECRET = "5f4dcc3b5aa765d61d8327deb882cf99"


def changed(settings: Settings, **changes: object) -> Settings:
    """Return other settings."""
    return settings.changed(**changes)


def with_newer_notice(folder: Path, change: str) -> Path:
    """Write a `business.toml` whose privacy notice has changed, materially or editorially."""
    text, before = (FLOWS / "business.toml").read_text("utf-8"), "[[third_parties]]"
    assert before in text
    notice = f'[[notices]]\nversion = "newer"\npublished = 2026-11-01\nchange = "{change}"\n'
    file = folder / "business.toml"
    file.write_text(text.replace(before, f'{notice}url.en = "https://blumen-haas.example/new"\n\n{before}', 1), "utf-8")
    return file


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment variables that say the same."""
    said = settings.model_dump(exclude_unset=True) | settings.of(MetaSettings).model_dump(exclude_unset=True)
    return {name.upper(): _text(value) for name, value in said.items() if value}


def _text(value: object) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case tuple():
            return ",".join(map(_text, value))
    return str(value)


@asynccontextmanager
async def front(settings: Settings, **changes: object) -> AsyncIterator[Simulation]:
    """Take webhooks and nothing else; `Simulation.runtime.settings` are those for a worker."""
    async with GraphSimulator() as graph:
        complete = changed(
            settings,
            whatsapp_token=graph.token,
            whatsapp_app_secret=APP_SECRET,
            whatsapp_verify_token="verify",
            whatsapp_phone_number_id=graph.phone_number_id,
            whatsapp_business_account_id=ACCOUNT_ID,
            graph_url=graph.url,
            **{"takeover_seconds": 1} | changes,
        )
        async with open_runtime(complete) as runtime, listener(runtime) as hook:
            await approve_templates(runtime, graph)
            yield Simulation(runtime, graph, hook, hook.url.removesuffix(META.path))


@asynccontextmanager
async def listener(runtime: Runtime) -> AsyncIterator[Hook]:
    """Serve HTTP; yields the way to post webhooks there."""
    app = web.Application()
    app.add_routes(routes(runtime.settings, lambda: runtime))
    async with listening(app, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
        yield Hook(f"http://127.0.0.1:{port}{META.path}", APP_SECRET, session)


@asynccontextmanager
async def worker(settings: Settings, hosted: HostedBot | None = None) -> AsyncIterator[None]:
    """Another process's worker, as far as anything that lasts can tell: only the interpreter is shared."""
    async with open_runtime(settings, hosted) as runtime, working(runtime, asyncio.Event()):
        yield
