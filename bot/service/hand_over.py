"""Hands messages that no dialogue claims to the company: to the bot that it already has, or to its staff.

What a person asks may always be answered (GDPR Art. 7(4)), unless they restricted the use of their data; a host may
demand a consent as well.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from ..business import Business
from ..consent.evidence import Clock
from ..errors import Unavailable
from ..messages import host_ids
from ..messages.basis import HostBasis
from ..messages.inbound import HostAnswered, Inbound, MessageId, Sender
from . import metrics
from .conversations import StaffConversations
from .ports import Channels, DeadLetters, HandedOver, Host, Inbox, Ledger, Person, Queue, Queued, SendError
from .sending.judge import judge_for_host
from .sending.send import Send
from .taker import Taker

log = structlog.get_logger(__name__)

HOST_SECONDS = 20.0
"""How long the host's bot may take for one message."""
ATTEMPTS = 3
HANDOVERS_AT_ONCE = 64


class HandOver(Taker[HandedOver]):
    """Hands over the messages of one shard."""

    def __init__(
        self,
        *,
        host: Host | None,
        basis: HostBasis,
        staff: StaffConversations,
        queue: Queue[HandedOver],
        inbox: Inbox,
        send: Send,
        ledger: Ledger,
        dead: DeadLetters,
        business: Business,
        channel: Channels | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`basis`: what the host's replies rest on; with a `channel`, typing is shown meanwhile.

        `host` is None where there is none; what was still on its way to it is dropped.
        """
        super().__init__(name="hand_over", kind="handover", queue=queue, dead=dead, most=HANDOVERS_AT_ONCE)
        self._host = host
        self._staff = staff
        self._basis = basis
        self._inbox = inbox
        self._send = send
        self._ledger = ledger
        self._business = business
        self._channel = channel
        self._clock = clock
        self._in_turn = asyncio.Lock()
        """Held by one message for the staff after the other, so that they and their events keep their order."""
        self._failures: Counter[bytes] = Counter()

    async def _take(self, batch: Sequence[Queued[HandedOver]]) -> None:
        for queued in batch:
            if queued.item.to_staff:
                self._begin(queued, self._to_staff(queued))
        for_host = [queued for queued in batch if not queued.item.to_staff]
        handed = [queued.item for queued in for_host]
        reasons = await judge_for_host(handed, self._basis, self._ledger, self._clock(), self._business)
        for queued, reason in zip(for_host, reasons, strict=True):
            if reason is None and self._host is not None:
                self._begin(queued, self._hand_over(queued, queued.item, self._host))
            else:
                metrics.HANDED_OVER.labels("withheld").inc()
                await self._queue.finish(queued.id)

    async def _to_staff(self, queued: Queued[HandedOver]) -> None:
        try:
            async with self._in_turn:
                taken = await self._surely(lambda: self._staff.take(queued.item))
        except Unavailable:
            raise
        except Exception as error:
            return await self._failed(queued, error, "what keeps messages for the staff")
        self._failures.pop(queued.id, None)
        metrics.HANDED_OVER.labels("to_staff" if taken else "withheld").inc()
        return await self._surely(lambda: self._queue.finish(queued.id))

    async def _hand_over(self, queued: Queued[HandedOver], handed: HandedOver, host: Host) -> None:
        try:
            if self._channel is not None:
                with suppress(SendError):
                    await self._channel.mark_read(handed.inbound, typing=True)
            async with asyncio.timeout(HOST_SECONDS):
                person = Person(handed.person, handed.locale)
                replies = await host(host_ids.incoming(handed.inbound), person) or ()
            await self._surely(lambda: self._send.answer_for_host(queued.id, handed, replies, self._basis))
            if handed.asks_after and replies and not any(reply.asks for reply in replies):
                await self._surely(lambda: self._inbox.forward(self._answered(handed)))
        except Unavailable:
            raise
        except Exception as error:
            return await self._failed(queued, error, "the host's bot")
        self._failures.pop(queued.id, None)
        metrics.HANDED_OVER.labels("answered").inc()
        return None

    def _answered(self, handed: HandedOver) -> Inbound:
        """Return the news that the person was answered; if it is lost in a crash, the next answer brings it."""
        now, message = self._clock(), handed.inbound.id
        return Inbound(
            MessageId(f"answered {message}"),
            Sender(),
            int(now),
            HostAnswered(message),
            now,
            person=handed.person,
            clock=Clock.ARRIVAL,
            channel=handed.inbound.channel,
        )

    async def _failed(self, queued: Queued[HandedOver], error: Exception, what: str) -> None:
        """Hand the message over again, a few times. The error may quote the person, so only its kind is logged."""
        self._failures[queued.id] += 1
        metrics.HANDED_OVER.labels("failed").inc()
        cure = f"mend {what}; after {ATTEMPTS} attempts `deadletter replay` hands the message over again"
        log.error("hand_over_failed", error=type(error).__name__, attempt=self._failures[queued.id], cure=cure)
        if self._failures[queued.id] >= ATTEMPTS:
            del self._failures[queued.id]
            await self._bury(queued, f"{what} failed {ATTEMPTS} times: {type(error).__name__}")
