"""Hands messages of persons who consented, if no dialogue claims them, to a bot that the company already has."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from ..business import Business
from ..errors import Unavailable
from ..messages import host_ids
from ..messages.basis import ForPurpose
from . import metrics
from .ports import Channels, Consenter, DeadLetters, HandedOver, Host, Ledger, Queue, Queued, SendError
from .sending.judge import judge_for_host
from .sending.send import Send
from .taker import Taker

log = structlog.get_logger(__name__)

HOST_SECONDS = 20.0
"""How long the host's bot may take for one message."""
ATTEMPTS = 3
HANDOVERS_AT_ONCE = 64


class HandOver(Taker[HandedOver]):
    """Hands the messages of one shard to the host."""

    def __init__(
        self,
        *,
        host: Host,
        purpose: str,
        queue: Queue[HandedOver],
        send: Send,
        ledger: Ledger,
        dead: DeadLetters,
        business: Business,
        channel: Channels | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`purpose`: the host's messages need consent to it; with a `channel`, typing is shown meanwhile."""
        super().__init__(name="hand_over", kind="handover", queue=queue, dead=dead, most=HANDOVERS_AT_ONCE)
        self._host = host
        self._purpose = ForPurpose(purpose, answers=True)
        self._send = send
        self._ledger = ledger
        self._business = business
        self._channel = channel
        self._clock = clock
        self._failures: Counter[bytes] = Counter()

    async def _take(self, batch: Sequence[Queued[HandedOver]]) -> None:
        handed = [queued.item for queued in batch]
        reasons = await judge_for_host(handed, self._purpose, self._ledger, self._clock(), self._business)
        for queued, reason in zip(batch, reasons, strict=True):
            if reason is None:
                self._begin(queued, self._hand_over(queued, queued.item))
            else:
                metrics.HANDED_OVER.labels("withheld").inc()
                await self._queue.finish(queued.id)

    async def _hand_over(self, queued: Queued[HandedOver], handed: HandedOver) -> None:
        try:
            if self._channel is not None:
                with suppress(SendError):
                    await self._channel.mark_read(handed.inbound, typing=True)
            async with asyncio.timeout(HOST_SECONDS):
                person = Consenter(handed.person, handed.locale)
                replies = await self._host(host_ids.incoming(handed.inbound), person) or ()
            await self._surely(lambda: self._send.answer_for_host(queued.id, handed, replies, self._purpose))
        except Unavailable:
            raise
        except Exception as error:
            return await self._failed(queued, error)
        self._failures.pop(queued.id, None)
        metrics.HANDED_OVER.labels("answered").inc()
        return None

    async def _failed(self, queued: Queued[HandedOver], error: Exception) -> None:
        """Give the host the message again, a few times. Its error may quote the person, so only its kind is logged."""
        self._failures[queued.id] += 1
        metrics.HANDED_OVER.labels("failed").inc()
        cure = f"mend the host's bot; after {ATTEMPTS} attempts `deadletter replay` gives it the message again"
        log.error("host_failed", error=type(error).__name__, attempt=self._failures[queued.id], cure=cure)
        if self._failures[queued.id] >= ATTEMPTS:
            del self._failures[queued.id]
            await self._bury(queued, f"the host's bot failed {ATTEMPTS} times: {type(error).__name__}")
