"""Sends what is in the outbox: looks at consent again, keeps to rate limits, and handles the channel's errors.

The outbox gives out one message per person at a time, across all processes, so that each person gets theirs in order
and nobody waits for anybody else.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec
import structlog

from ...batcher import Batcher
from ...business import Business
from ...errors import where
from ...keys import Keyring
from ...messages.basis import ByLaw, Duty, ForPurpose
from ...messages.inbound import Inbound, MessageId, Preference, QuestionStatus, Sender
from ...messages.reply import Outbound
from .. import metrics
from ..ports import (
    Accepted,
    Became,
    Channels,
    DeadLetters,
    Inbox,
    Ledger,
    MessageEvents,
    Messages,
    Outbox,
    PersonId,
    Queued,
    Retry,
    SendError,
    Sendings,
    Sent,
    Throttle,
    Unreadable,
)
from ..taker import Taker
from .gate import NEVER, cap
from .halting import Halting
from .judge import judge
from .reasons import Reason, Refuse
from .retry import delay, surely
from .undelivered import Undelivered, reference

log = structlog.get_logger(__name__)

SENDS_AT_ONCE = 64
"""Concurrent requests to the channel, and so the most messages that a crash may send twice."""

LONGEST_QUIET = 72 * 3600
"""Seconds for which a message is put back at most because of quiet hours or a cap; later it would be news of old."""

STATUS_PATIENCE = 30.0
"""Seconds for a status to come that tells that a dead worker had sent a message. Meta knows no idempotent requests."""

ALONE = 5
"""How often a message may be refused as if nothing could be sent, while messages to others are accepted."""


class Deliver(Taker[Outbound]):
    """Sends the messages of one shard."""

    def __init__(
        self,
        *,
        queue: Messages,
        outbox: Outbox,
        ledger: Ledger,
        sendings: Sendings,
        channel: Channels,
        throttle: Throttle,
        inbox: Inbox,
        dead: DeadLetters,
        undelivered: Undelivered,
        events: MessageEvents,
        business: Business,
        keys: Keyring,
        halting: Halting | None = None,
        most: int = SENDS_AT_ONCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """All senders of a process share `halting`; `most`: how many messages are sent at a time."""
        super().__init__(name="deliver", kind="outbound", queue=queue, dead=dead, most=most)
        self._messages = queue
        self._outbox = outbox
        self._ledger = ledger
        self._sendings = sendings
        self._channel = channel
        self._throttle = throttle
        self._inbox = inbox
        self._undelivered = undelivered
        self._events = events
        self._business = business
        self._keys = keys
        self._clock = clock
        self._gate: Batcher[Outbound, Refuse | None] = Batcher(self._judged)
        self._halting = halting or Halting()

    async def room(self) -> int:
        """Wait a while until more messages can be taken; return how many, perhaps none."""
        if wait := self._halting.pausing(self._clock()):
            await asyncio.sleep(min(wait, 1.0))
            return 0
        room = await self._room(1 if self._halting.probing else self._most)
        return 0 if self._halting.pausing(self._clock()) else room

    async def _take(self, batch: Sequence[Queued[Outbound]]) -> None:
        """Start sending as fast as the number may, opt-out confirmations first."""
        waiting = deque(sorted(batch, key=_confirms_no_opt_out))
        while waiting:
            granted, wait = await self._throttle.take(len(waiting))
            for _ in range(granted):
                queued = waiting.popleft()
                self._begin(queued, self._send(queued, queued.item))
            if waiting and not granted:
                await asyncio.sleep(wait)

    async def _send(self, queued: Queued[Outbound], outbound: Outbound) -> None:
        if outbound.message and (outbound.doubtful or queued.taken > 1):
            if await self._surely(lambda: self._events.left(outbound.message)):
                return await self._done(queued.id, "sent")
            if not outbound.doubtful:
                doubtful = msgspec.structs.replace(outbound, doubtful=True)
                return await self._put_back(queued, doubtful, self._clock() + STATUS_PATIENCE)
        if refuse := await self._surely(lambda: self._gate.add(outbound)):
            return await self._withhold(queued, outbound, refuse)
        if not self._halting.begin(self._clock()):  # read before the halt
            return await self._put_back(queued, outbound, self._halting.later(self._clock()))
        began = self._clock()
        try:
            with metrics.SENDING.time():
                accepted = await self._channel.send(outbound)
        except SendError as error:
            return await self._refused(queued, outbound, error)
        except Exception as error:
            cure = "report where: it is a bug; once it is mended `deadletter replay` sends the message"
            log.error("sending_failed", error=type(error).__name__, where=where(error), cure=cure)
            return await self._bury(queued, f"the program failed: {type(error).__name__}")
        finally:
            self._halting.end()
        if self._halting.accepted(self._clock()):
            metrics.HALTED.set(0)
            log.info("sending_resumed")
        return await self._sent(queued, outbound, accepted, began)

    async def _done(self, entry_id: bytes, outcome: str) -> None:
        """Finish a message, however long the store is unreachable: whoever took it over would send it again."""
        metrics.SENT.labels(outcome).inc()
        await surely("deliver", lambda: self._messages.finish(entry_id))

    async def _sent(self, queued: Queued[Outbound], outbound: Outbound, accepted: Accepted, began: float) -> None:
        """Finish an accepted message and, in the same step, store what depends on it for its statuses."""
        await self._count(outbound)
        if not (matter := outbound.matter):
            return await self._done(queued.id, "sent")
        metrics.SENT.labels("sent").inc()
        message = accepted.id
        await self._tell(outbound, "sent")
        to, token = Sender(outbound.phone, outbound.bsuid).firmest, self._keys.message(message)
        news = None
        if matter.question and not accepted.held:  # the person's session must know: until then no YES counts
            status = QuestionStatus(matter.question, "accepted", reference(token))
            id = MessageId(f"accepted {matter.question} {message}")
            # Counts as accepted from when we began to send it, so that no answer comes earlier.
            news = Inbound(id, to, int(began), status, began, person=outbound.person, channel=outbound.channel)
        sent = Sent(message, token, matter, to, news)
        return await surely("deliver", lambda: self._messages.finish_sent(queued.id, sent))

    async def _count(self, outbound: Outbound) -> None:
        """Note when a message was sent if a cap counts it: before the person's next message is judged."""
        basis, at = outbound.basis, int(self._clock())
        at_most = cap(basis, self._business)
        if isinstance(basis, ForPurpose) and at_most is not None:
            until = at + int(at_most.per.total_seconds())
            await surely("deliver", lambda: self._sendings.note(PersonId(outbound.person), basis.purpose, at, until))

    async def _put_back(self, queued: Queued[Outbound], outbound: Outbound, due: float) -> None:
        await self._surely(lambda: self._outbox.retry(queued.id, outbound, due))
        metrics.SENT.labels("postponed").inc()

    async def _tell(self, outbound: Outbound, became: Became, detail: str = "") -> None:
        """Tell the company what became of a message of its own."""
        if message := outbound.message:
            at = int(self._clock())
            await surely("deliver", lambda: self._events.note(message, became, at=at, detail=detail))

    async def _bury(self, queued: Queued[Outbound] | Unreadable, reason: str, code: str = "") -> None:
        await self._put_aside(queued, reason)
        if isinstance(queued, Queued):
            await self._tell(queued.item, "failed", code)
            await self._unsaid(queued, "failed")
        else:
            await self._done(queued.id, "failed")

    async def _withhold(self, queued: Queued[Outbound], outbound: Outbound, refuse: Refuse) -> None:
        reason, now = refuse.reason, self._clock()
        since = outbound.postponed_at or now
        if refuse.retry_at is not None and refuse.retry_at <= since + LONGEST_QUIET:
            return await self._postpone(queued, outbound, since, refuse.retry_at)
        metrics.WITHHELD.labels(reason).inc()
        if reason is Reason.UNKNOWN_PURPOSE:
            log.error("purpose_unknown", cure="a host's reply names a purpose that business.toml does not have")
        await self._tell(queued.item, "refused", reason)
        if reason is Reason.QUESTION_CLOSED:  # so nothing depends on it
            return await self._done(queued.id, "withheld")
        await self._unsaid(queued, "withheld")

    async def _postpone(self, queued: Queued[Outbound], outbound: Outbound, since: float, due: int) -> None:
        """Put a message back until it is quiet no more; answers to the person pass it, and then all is judged anew."""
        later = msgspec.structs.replace(outbound, ledger_seq=NEVER, postponed_at=since)
        await self._surely(lambda: self._outbox.retry(queued.id, later, due, passed=True))
        metrics.SENT.labels("postponed").inc()

    async def _unsaid(self, queued: Queued[Outbound], outcome: str) -> None:
        """Finish a message that nobody will read."""
        await self._surely(lambda: self._undelivered.unsent(queued.item))
        await self._done(queued.id, outcome)

    # --- errors

    async def _refused(self, queued: Queued[Outbound], outbound: Outbound, error: SendError) -> None:
        metrics.refused(error.code)
        log.warning("send_refused", code=error.code, meaning=error.meaning, retry=error.retry)
        attempt = outbound.attempt + 1
        if error.retry is Retry.OPT_OUT:
            inbound = self._switched_off(outbound)
            await self._surely(lambda: self._inbox.forward(inbound))
            await self._tell(outbound, "failed", error.code)
            return await self._unsaid(queued, "opted_out")
        if not error.retryable or (error.attempts is not None and attempt >= error.attempts):
            return await self._bury(queued, f"send refused with code {error.code}", error.code)
        is_about_number = self._halting.refused(PersonId(outbound.person), error.retry, self._clock())
        if error.retry is Retry.HALT:
            return await (self._halt if is_about_number else self._refused_alone)(queued, outbound, error)
        due = self._clock() + delay(error.retry, outbound.attempt, random.random())  # jitter
        if outbound.message and error.may_have_arrived:
            outbound, due = msgspec.structs.replace(outbound, doubtful=True), max(due, self._clock() + STATUS_PATIENCE)
        if is_about_number and error.retry is Retry.THROTTLE:
            self._halting.pause(due)
        elif is_about_number:
            self._halting.pause_for_all(self._clock())
        return await self._put_back(queued, msgspec.structs.replace(outbound, attempt=attempt), due)

    async def _halt(self, queued: Queued[Outbound], outbound: Outbound, error: SendError) -> None:
        """Make everybody wait, since nothing is accepted from this number. The message is kept, however often tried."""
        metrics.HALTED.set(1)
        log.error("sending_halted", code=error.code, cure=error.meaning)
        now = self._clock()
        self._halting.pause_for_all(now)
        due = now + delay(Retry.HALT, 0, random.random())  # others try first
        await self._put_back(queued, msgspec.structs.replace(outbound, refused_at=now), due)

    async def _refused_alone(self, queued: Queued[Outbound], outbound: Outbound, error: SendError) -> None:
        """Make this recipient wait; bury the message once it was refused often while others were accepted."""
        log.error("sending_refused", code=error.code, cure=error.meaning)
        now = self._clock()
        others_are_sent_to = self._halting.sends(outbound.refused_at, now)
        alone = outbound.alone + others_are_sent_to
        if alone >= ALONE:
            return await self._bury(queued, f"refused with code {error.code}, and others are sent to", error.code)
        policy = Retry.BACKOFF if others_are_sent_to else Retry.HALT
        due = now + delay(policy, outbound.alone, random.random())
        await self._put_back(queued, msgspec.structs.replace(outbound, alone=alone, refused_at=now), due)

    def _switched_off(self, outbound: Outbound) -> Inbound:
        """Return the person's opt-out at the channel as if they had told us."""
        return Inbound(
            MessageId(f"refused {outbound.id}"),
            Sender(outbound.phone, outbound.bsuid),
            int(self._clock()),
            Preference("stop"),
            self._clock(),
            channel=outbound.channel,
        )

    # --- consent

    async def _judged(self, batch: Sequence[Outbound]) -> Sequence[Refuse | None]:
        """Look again right before sending: what needs consent leaves only while consent stands (GDPR Art. 7(3))."""
        return await judge(
            batch, ledger=self._ledger, sendings=self._sendings, at=self._clock(), business=self._business
        )


_OPT_OUT = ByLaw(Duty.OPT_OUT)


def _confirms_no_opt_out(queued: Queued[Outbound]) -> bool:
    return queued.item.basis != _OPT_OUT
