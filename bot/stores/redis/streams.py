"""Reading a stream as one of several competing consumers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bot.batcher import Batcher
from bot.stores.redis.connect import READ_BLOCK_MS
from bot.stores.redis.keys import GROUP

ABANDONED_AFTER_MS = 30_000
"""An entry that its reader has not finished for so long is taken over: longer than any step takes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a stream: its id and what it carries."""

    id: bytes
    payload: bytes


class Stream:
    """One stream, read in a consumer group under a name that no other process has."""

    def __init__(self, client: "Redis[bytes]", key: str, *, abandoned_after_ms: int = ABANDONED_AFTER_MS) -> None:
        self.key = key
        self._client = client
        self._consumer = uuid.uuid4().hex
        self._abandoned_after_ms = abandoned_after_ms
        self._finished: Batcher[bytes, None] = Batcher(self._finish)

    async def read(self, count: int, *, wait: bool = True) -> list[Entry]:
        """Return entries that nobody has read yet; wait a little for the first unless told otherwise."""
        block = ["BLOCK", READ_BLOCK_MS] if wait else []
        try:
            reply = await self._client.execute_command(
                "XREADGROUP", "GROUP", GROUP, self._consumer, "COUNT", count, *block, "STREAMS", self.key, ">"
            )
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            await self._create_group()
            return []
        return [Entry(entry_id, fields[b"e"]) for _, entries in reply or () for entry_id, fields in entries]

    async def reclaim(self, count: int) -> list[Entry]:
        """Take over entries that their reader has left unfinished: it died, or it lost its connection."""
        try:
            reply = await self._client.execute_command(
                "XAUTOCLAIM", self.key, GROUP, self._consumer, self._abandoned_after_ms, "0-0", "COUNT", count
            )
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            await self._create_group()
            return []
        return [Entry(entry_id, _field(fields)) for entry_id, fields in reply[1] if fields]

    async def finish(self, entry_id: bytes) -> None:
        """Take a finished entry off the stream."""
        await self._finished.add(entry_id)

    async def length(self) -> int:
        """Return how many entries are unfinished."""
        return int(await self._client.xlen(self.key))

    async def leave(self) -> None:
        """Give up this reader's name, if it leaves nothing unfinished under it."""
        await self._finished.drain()
        pending = await self._client.xpending_range(
            self.key, GROUP, min="-", max="+", count=1, consumername=self._consumer
        )
        if not pending:  # XGROUP DELCONSUMER would discard what is pending
            await self._client.xgroup_delconsumer(self.key, GROUP, self._consumer)

    async def _create_group(self) -> None:
        try:
            await self._client.xgroup_create(self.key, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def _finish(self, entry_ids: Sequence[bytes]) -> Sequence[None]:
        async with self._client.pipeline(transaction=False) as pipe:
            pipe.xack(self.key, GROUP, *entry_ids)
            pipe.xdel(self.key, *entry_ids)
            await pipe.execute()
        return [None] * len(entry_ids)


def _field(fields: "dict[bytes, bytes] | list[bytes]") -> bytes:
    return fields[b"e"] if isinstance(fields, dict) else fields[1]
