"""Batches small requests to a server: those made while an answer is awaited are sent together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Collects items and sends them in batches, one batch at a time.

    The first item waits for the end of the event loop's tick, so that all of one tick share a batch. An error of
    a batch is raised to everyone who has an item in it.
    """

    def __init__(self, send: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, most: int = 256) -> None:
        self._send = send
        self._most = most
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    def add(self, item: T) -> "asyncio.Future[R]":
        """Send `item` with the next batch; the future has its result."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return future

    async def drain(self) -> None:
        """Wait until everything added so far has been sent."""
        while self._running is not None:
            await asyncio.shield(self._running)

    async def _run(self) -> None:
        batch: list[tuple[T, asyncio.Future[R]]] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._send_batch(batch)
        finally:
            self._running = None
            for _, future in batch + self._waiting:  # nobody is left unless this was cancelled
                future.cancel()
            self._waiting = []

    async def _send_batch(self, batch: "list[tuple[T, asyncio.Future[R]]]") -> None:
        try:
            results = await self._send([item for item, _ in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"{len(batch)} items were sent but {len(results)} results came back")
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
