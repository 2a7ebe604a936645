"""`python -m tests.benchmarks.memory`: what `web`, `worker` and `all` take of a dyno, idle and after many messages.

Each runs as in production, with engines and a Graph API beside it. Linux only: it reads `/proc`.
"""

import asyncio
import os
import secrets
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from bot import logs
from bot.channels.meta.provider import META
from bot.channels.simulator import webhooks
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.hook import Hook
from bot.channels.simulator.webhooks import Identity
from bot.engines import engines
from bot.settings import load_settings
from tests.free_port import free_port

APP_SECRET = "app-secret"
PEOPLE = 200

_QUIET_SECONDS = 15
"""Longer than the documents of MY DATA take."""

LINES = (
    "Hi, where is my order 1234?",
    "YES",
    "Bonjour, je voudrais commander des fleurs",
    "NO",
    "Guten Tag, wann kommt mein Strauß?",
    "CHOICES",
    "PRIVACY",
    "STOP",
    "START",
    "MY DATA",
)
"""What each person types, one after the other: sentences that load the model for languages, and a document."""


def _memory(pid: int) -> str:
    """Return what a process takes: resident, its share of that, and the most that it ever took."""
    lines = [
        line for name in ("smaps_rollup", "status") for line in Path(f"/proc/{pid}/{name}").read_text().splitlines()
    ]
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest}
    return f"RSS {kib['Rss'] // 1024} MiB, PSS {kib['Pss'] // 1024} MiB, at most {kib['VmHWM'] // 1024} MiB"


async def _answered(process: Process, posted: asyncio.Event) -> int:
    """Count the messages of which the log of a worker tells, until all are posted and nothing comes any more."""
    assert process.stdout is not None
    count = 0
    while True:
        try:
            line = await asyncio.wait_for(process.stdout.readline(), _QUIET_SECONDS)
        except TimeoutError:
            if posted.is_set():
                return count
            continue
        if not line:
            raise RuntimeError("the worker has ended")
        count += b"message_answered" in line


async def _taking(session: aiohttp.ClientSession, url: str) -> None:
    while True:
        try:
            async with session.get(f"{url}/readyz") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.2)


async def _measured(roles: tuple[str, ...], messages: int, env: Mapping[str, str], port: int) -> None:
    started: dict[str, Process] = {}
    for role in roles:  # only who answers writes a log that is read
        output = DEVNULL if role == "web" else PIPE
        started[role] = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", role, env={**os.environ, **env}, stdout=output
        )
    async with aiohttp.ClientSession() as session:
        await _taking(session, f"http://127.0.0.1:{port}")
        await asyncio.sleep(5)
        for role, process in started.items():
            typer.echo(f"{role}, idle: {_memory(process.pid)}")
        hook = Hook(f"http://127.0.0.1:{port}{META.path}", APP_SECRET, session)
        first = secrets.randbelow(99_999_999 - PEOPLE)
        people = [Identity(f"+4479{number:08}", f"GB.{number}", "Ana") for number in range(first, first + PEOPLE)]
        posted = asyncio.Event()
        answering = asyncio.create_task(_answered(started[roles[-1]], posted))
        for number in range(messages):
            line = LINES[number // PEOPLE % len(LINES)]
            await hook.post(webhooks.text(people[number % PEOPLE], line))
        posted.set()
        answered = await answering
        for role, process in started.items():
            typer.echo(f"{role}, {answered} answered messages later: {_memory(process.pid)}")
    for process in started.values():
        process.terminate()
        await process.communicate()


async def _all(messages: int) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cb-")))
        ours = await stack.enter_async_context(engines(load_settings(None, var_dir=folder)))
        graph = await stack.enter_async_context(GraphSimulator(window=False))
        env = {
            "REDIS_URL": ours.redis_url,
            "DATABASE_URL": ours.database_url,
            "GRAPH_URL": graph.url,
            "SECRET_KEY": secrets.token_hex(32),
            "VAR_DIR": str(folder),
            "WHATSAPP_TOKEN": graph.token,
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": "verify",
            "WHATSAPP_PHONE_NUMBER_ID": graph.phone_number_id,
        }
        migrated = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "migrate", env={**os.environ, **env}
        )
        await migrated.wait()
        for roles in (("web", "worker"), ("all",)):
            port = free_port()
            await _measured(roles, messages, {**env, "PORT": str(port)}, port)


def main(messages: Annotated[int, typer.Option(min=1)] = 2000) -> None:
    """Print the memory of each process."""
    logs.configure("ERROR")
    asyncio.run(_all(messages))


if __name__ == "__main__":
    typer.run(main)
