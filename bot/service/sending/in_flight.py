"""What a worker is at: entries of a queue that are worked on beside each other, up to a limit."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

_WAIT = 1.0
"""Seconds that is waited for room at most: meanwhile what is in hand must be renewed."""


class InFlight:
    """The entries of one queue that are being worked on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: dict[bytes, asyncio.Task[None]] = {}

    @property
    def ids(self) -> list[bytes]:
        """Which they are."""
        return list(self._running)

    async def room(self, most: int | None = None) -> int:
        """Wait a while until more may be begun; return how many, perhaps none. `most` is a lower limit for now."""
        limit = self._most if most is None else most
        if len(self._running) >= limit:
            await asyncio.wait(self._running.values(), timeout=_WAIT, return_when=asyncio.FIRST_COMPLETED)
        return max(0, limit - len(self._running))

    def begin(self, entry_id: bytes, work: Coroutine[Any, Any, None]) -> None:
        """Work on an entry; `work` handles its own errors."""
        task = asyncio.create_task(work)
        self._running[entry_id] = task
        task.add_done_callback(partial(self._let_go, entry_id))

    async def done(self) -> None:
        """Wait until nothing is in hand."""
        while self._running:
            await asyncio.wait(self._running.values())

    def _let_go(self, entry_id: bytes, _: asyncio.Task[None]) -> None:
        self._running.pop(entry_id, None)
