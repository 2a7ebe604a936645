"""Starts processes that are doomed to die, from one that has loaded the program already."""

import asyncio
import multiprocessing
from typing import Any

from bot.settings import Settings
from tests.crash import doomed

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.crash.warm"])


async def fate(settings: Settings, **doom: Any) -> int:
    """Run a worker process that is doomed to die (see `doomed.work`); return its exit code, negative for a signal."""
    process = _forks.Process(target=doomed.work, args=(settings,), kwargs=doom, daemon=True)
    process.start()
    await asyncio.to_thread(process.join, 90)
    assert process.exitcode is not None, "it should be dead by now"
    return process.exitcode
