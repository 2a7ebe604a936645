"""Reading a stream as one of several competing consumers."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from redis.exceptions import ResponseError

from ...batcher import Batcher
from ...service.ports import Queued, Unreadable
from .connect import READ_BLOCK_MS, Argument, Client, code
from .keys import GROUP
from .scripts import FINISH, LEAVE

T = TypeVar("T")

ABANDONED_AFTER_MS = 30_000
"""Milliseconds after which an entry that its reader neither finished nor renewed is taken over."""

SUSPECT = 3
"""How often an entry may be left unfinished before it is taken over alone."""

DEAD_AFTER_MS = 86_400_000
"""Milliseconds after which a silent reader counts as gone; a living reader asks every `READ_BLOCK_MS`."""


class Stream(Generic[T]):
    """One stream, read in a consumer group under a name that no other process has. Implements `ports.Queue`."""

    def __init__(
        self,
        client: Client,
        key: str,
        decode: Callable[[bytes], T | None],
        *,
        abandoned_after_ms: int = ABANDONED_AFTER_MS,
    ) -> None:
        self._client = client
        self._key = key
        self._decode = decode
        self._abandoned_after_ms = abandoned_after_ms
        self.abandoned_after = abandoned_after_ms / 1000
        """Seconds."""
        self._consumer = uuid.uuid4().hex
        self._finished: Batcher[bytes, None] = Batcher(self._finish)

    async def read(self, count: int, *, wait: bool = True) -> list[Queued[T] | Unreadable]:
        """Return entries that nobody has read yet; wait a little for the first unless told otherwise."""
        block: tuple[Argument, ...] = ("BLOCK", READ_BLOCK_MS) if wait else ()
        reply = await self._run(
            "XREADGROUP", "GROUP", GROUP, self._consumer, "COUNT", count, *block, "STREAMS", self._key, ">"
        )
        return self._queued(reply[0][1]) if reply else []

    async def reclaim(self, count: int) -> list[Queued[T] | Unreadable]:
        """Take over entries that their reader has left unfinished: it died, or it lost its connection.

        An entry that was left `SUSPECT` times may be what kills readers: it comes alone, after all others.
        """
        idle = self._abandoned_after_ms
        left = await self._run("XPENDING", self._key, GROUP, "IDLE", idle, "-", "+", count)
        taken: dict[bytes, int] = {entry_id: times for entry_id, _, _, times in left or ()}
        if not taken:
            return []
        wanted = [entry_id for entry_id, times in taken.items() if times < SUSPECT] or [
            min(taken, key=taken.__getitem__)
        ]
        entries = await self._run("XCLAIM", self._key, GROUP, self._consumer, idle, *wanted)
        return [replace(queued, taken=taken[queued.id] + 1) for queued in self._queued(entries or ())]

    async def renew(self, entry_ids: Sequence[bytes]) -> None:
        """Say that these entries are still in hand, so that nobody takes them over."""
        if entry_ids:
            await self._run("XCLAIM", self._key, GROUP, self._consumer, 0, *entry_ids, "JUSTID")

    async def finish(self, entry_id: bytes) -> None:
        """Take a finished entry off the stream."""
        await self._finished.add(entry_id)

    async def length(self) -> int:
        """Return how many entries are unfinished."""
        return int(await self._client.run("XLEN", self._key))

    async def unread_for(self) -> float:
        """Return how many seconds the oldest unread entry has waited; 0 if there is none."""
        if not await self.length():
            return 0.0
        groups = [dict(zip(group[::2], group[1::2], strict=True)) for group in await self._groups()]
        read = groups[0][b"last-delivered-id"].decode() if groups else "0"
        unread = await self._client.run("XRANGE", self._key, f"({read}", "+", "COUNT", 1)
        seconds, microseconds = await self._client.run("TIME")
        now = int(seconds) + int(microseconds) / 1e6
        return max(0.0, now - int(unread[0][0].partition(b"-")[0]) / 1000) if unread else 0.0

    async def _groups(self) -> list[list[Any]]:
        groups: list[list[Any]] = await self._client.run("XINFO", "GROUPS", self._key)
        return groups

    async def leave(self) -> None:
        """Give up this reader's name unless it leaves entries unfinished; likewise the names of dead readers."""
        await self._finished.drain()
        await LEAVE.run(self._client, [self._key], [GROUP, self._consumer, DEAD_AFTER_MS])

    async def _run(self, *command: Argument) -> Any:
        """Run a command of the consumer group; None when the group was not there and had to be made."""
        try:
            return await self._client.run(*command)
        except ResponseError as error:
            if code(error) != "NOGROUP":  # nothing was ever written, or the server lost everything
                raise
        try:
            await self._client.run("XGROUP", "CREATE", self._key, GROUP, "0", "MKSTREAM")
        except ResponseError as error:
            if code(error) != "BUSYGROUP":  # another reader made it
                raise
        return None

    def _queued(self, entries: Iterable[tuple[bytes, list[bytes]]]) -> list[Queued[T] | Unreadable]:
        return [self._entry(entry_id, fields[1]) for entry_id, fields in entries]

    def _entry(self, entry_id: bytes, payload: bytes) -> Queued[T] | Unreadable:
        item = self._decode(payload)
        return Unreadable(entry_id, payload) if item is None else Queued(entry_id, payload, item)

    async def _finish(self, entry_ids: Sequence[bytes]) -> Sequence[None]:
        await FINISH.run(self._client, [self._key], [GROUP, *entry_ids])
        return [None] * len(entry_ids)
