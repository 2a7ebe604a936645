"""The seam to a bot that the company already has: messages that no dialogue claims, from persons who consented."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from ..business import Business
from ..errors import Unavailable
from ..messages import host_ids
from ..messages.basis import ForPurpose
from ..messages.inbound import Inbound
from ..messages.reply import Outbound, Reply
from . import metrics
from .ports import Channel, DeadLetters, HandedOver, Ledger, Outbox, PersonId, Queue, Queued, SendError
from .sending.gate import NEVER, Look, looks, refused
from .sending.in_flight import InFlight
from .sending.retry import surely
from .sending.send import outbound

log = structlog.get_logger(__name__)

PATIENCE = 20.0
"""Seconds that the host's bot may take for one message."""
ATTEMPTS = 3
IN_FLIGHT = 64


@dataclass(frozen=True, slots=True)
class Consenter:
    """Who a host's message is from: all that a host may know beside the message itself."""

    id: PersonId
    locale: str


Host = Callable[[Inbound, Consenter], Awaitable[Sequence[Reply] | None]]
"""The host's bot: answers one message; its replies pass the same gate as ours."""


class HandOver:
    """Takes one shard's messages to the host."""

    def __init__(
        self,
        host: Host,
        purpose: str,
        queue: Queue[HandedOver],
        outbox: Outbox,
        ledger: Ledger,
        dead: DeadLetters,
        business: Business,
        channel: Channel | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`purpose` is the one whose consent the host's messages need; with a `channel`, typing is shown meanwhile."""
        self._host = host
        self._basis = ForPurpose(purpose)
        self._queue = queue
        self._outbox = outbox
        self._ledger = ledger
        self._dead = dead
        self._business = business
        self._channel = channel
        self._clock = clock
        self._ending = False
        self._failures: Counter[bytes] = Counter()
        self._in_flight = InFlight(IN_FLIGHT)

    @property
    def in_flight(self) -> list[bytes]:
        """The entries that the host has not answered yet."""
        return self._in_flight.ids

    async def room(self) -> int:
        """Wait a while until more messages may be taken in hand; return how many, perhaps none."""
        return await self._in_flight.room()

    async def take(self, batch: Sequence[Queued[HandedOver]]) -> None:
        """Begin to hand over what was read."""
        handed = [queued.item for queued in batch if queued.item is not None]
        notice, now = self._business.notice.version, self._clock()
        changed = await looks(
            self._ledger, ((one.person, one.ledger_seq if one.notice == notice else NEVER) for one in handed)
        )
        for queued in batch:
            if queued.item is None:
                await self._bury(queued, "unreadable by this version")
            elif refused(self._basis, changed.get(queued.item.person, Look.UNCHANGED), now, self._business):
                metrics.HANDED_OVER.labels("withheld").inc()
                await self._queue.finish(queued.id)
            else:
                self._in_flight.begin(queued.id, self._hand_over(queued, queued.item))

    async def finish(self) -> None:
        """Wait until the host has answered everything in hand; while a store is away, leave it to the next process."""
        self._ending = True
        await self._in_flight.done()

    async def _hand_over(self, queued: Queued[HandedOver], handed: HandedOver) -> None:
        try:
            await self._answered(queued, handed)
        except Unavailable:
            log.warning("message_left")  # whoever takes it over hands it over again

    async def _answered(self, queued: Queued[HandedOver], handed: HandedOver) -> None:
        person = Consenter(handed.person, handed.locale)
        try:
            if self._channel is not None:
                with suppress(SendError):
                    await self._channel.mark_read(handed.inbound.id, typing=True)
            async with asyncio.timeout(PATIENCE):
                replies = await self._host(host_ids.incoming(handed.inbound), person) or ()
            answers = [self._outbound(queued, handed, reply, number) for number, reply in enumerate(replies)]
            await surely("hand_over", lambda: self._outbox.hand_back(queued.id, answers), lambda: self._ending)
        except Unavailable:
            raise
        except Exception as error:
            return await self._failed(queued, error)
        self._failures.pop(queued.id, None)
        metrics.HANDED_OVER.labels("answered").inc()
        return None

    async def _failed(self, queued: Queued[HandedOver], error: Exception) -> None:
        """Let the host have the message again, a few times. Its error may quote the person: only its kind is told."""
        self._failures[queued.id] += 1
        metrics.HANDED_OVER.labels("failed").inc()
        cure = f"mend the host's bot; after {ATTEMPTS} attempts `deadletter replay` gives it the message again"
        log.error("host_failed", error=type(error).__name__, attempt=self._failures[queued.id], cure=cure)
        if self._failures[queued.id] >= ATTEMPTS:
            del self._failures[queued.id]
            await self._bury(queued, f"the host's bot failed {ATTEMPTS} times: {type(error).__name__}")

    async def _bury(self, queued: Queued[HandedOver], reason: str) -> None:
        metrics.DEAD.labels("event").inc()
        await self._dead.add(queued.payload, reason, "handover")
        await self._queue.finish(queued.id)

    def _outbound(self, queued: Queued[HandedOver], handed: HandedOver, reply: Reply, number: int) -> Outbound:
        """Return a reply as it is sent: for the purpose that it names, which only the gate believes, else for ours."""
        basis = ForPurpose(reply.purpose) if reply.purpose else self._basis
        return outbound(
            host_ids.outgoing(reply),
            basis,
            id=f"host {queued.id.decode()}.{number}",
            person=handed.person,
            to=handed.inbound.sender,
            wrote_at=handed.inbound.at,
            seen=handed.ledger_seq if basis == self._basis else NEVER,
            notice=handed.notice,
        )
