"""Takes a webhook: verifies, reads and stores it; only then may it be acknowledged."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum

import msgspec
import structlog

from ...consent.evidence import TOLERANCE, Clock
from ...errors import Unavailable
from ...keys import Keyring
from ...messages.inbound import Event, Inbound, Sender
from ...times import DAY
from .. import metrics
from ..ports import (
    Claim,
    DeadLetters,
    Inbox,
    Incoming,
    Malformed,
    NotAWebhook,
    Parsed,
    Taken,
    TemplateStates,
    Webhooks,
    WebRequest,
)
from ..shards import of_shard, token_of
from .claims import Claims, is_urgent

log = structlog.get_logger(__name__)

REDELIVERED_FOR = 7
"""Days for which a webhook may come again. Meta: webhooks/overview."""

CONFIRM_EVERY = 1.0
"""Seconds between checks that what was acknowledged is still there."""


class Receipt(StrEnum):
    """What became of a webhook."""

    STORED = "stored"
    FORGED = "forged"
    """Its signature is missing or wrong: nothing in it was read."""
    UNREADABLE = "unreadable"
    FULL = "full"
    """The inbox has no room: the channel must try again later."""


class Receive:
    """Takes the webhooks of all channels, for all shards."""

    def __init__(
        self,
        *,
        webhooks: Mapping[str, Webhooks],
        inboxes: Sequence[Inbox],
        dead: DeadLetters,
        templates: TemplateStates,
        keys: Keyring,
        claims: Claims,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`webhooks`: by the names of their channels."""
        self._webhooks = webhooks
        self._claims = claims
        self._inboxes = inboxes
        self._dead = dead
        self._templates = templates
        self._keys = keys
        self._clock = clock
        self._known_fields: set[str] = set()
        """Unknown fields that operators were already told about."""

    async def __call__(self, channel: str, request: WebRequest) -> Receipt:
        """Store what a webhook holds. Raises `Unavailable`; then, as after `FULL`, the channel must try again."""
        webhooks = self._webhooks.get(channel)  # none while its settings are missing
        if webhooks is None or not webhooks.authentic(request):
            return Receipt.FORGED
        arrival = self._clock()
        parsed = _parsed(webhooks, request.body, arrival)
        return Receipt.UNREADABLE if parsed is None else await self.store(channel, parsed, arrival)

    async def again(self, channel: str, body: bytes, arrival: float) -> Receipt:
        """Store a webhook from the dead letters, unless something in it still can't be read.

        `channel` is where it came from, `arrival` when, in unix seconds: what was written before a question must not
        answer it.
        """
        webhooks = self._webhooks.get(channel)
        parsed = _parsed(webhooks, body, arrival) if webhooks else None
        if parsed is None or parsed.malformed:
            return Receipt.UNREADABLE
        return await self.store(channel, parsed, arrival)

    async def watch(self) -> None:
        """Check, forever, that acknowledged events are still there, in case a store was killed."""
        while True:
            await asyncio.sleep(CONFIRM_EVERY)
            with suppress(Unavailable):  # the store is asked again, and nothing is forgotten until it has answered
                await self.confirm()

    async def confirm(self) -> None:
        """Store again what failed stores have lost. Raises `Unavailable`."""
        for inbox in self._inboxes:
            if lost := await inbox.confirm():
                metrics.EVENTS.labels("restored").inc(lost)
                log.warning("events_restored", count=lost)

    async def store(self, channel: str, parsed: Parsed, arrival: float) -> Receipt:
        """Store what was parsed, each event of a channel once; what could not be read becomes a dead letter.

        `arrival` is when it came, unix seconds.
        """
        events = [timed(event, arrival) for event in parsed.events]
        self._note(parsed, events)
        if len(events) == 1:
            taken = [await self._add(channel, events[0])]
        else:
            taken = await asyncio.gather(*(self._add(channel, event) for event in events))
        for outcome in taken:
            metrics.EVENTS.labels(outcome).inc()
        if Taken.FULL in taken:
            log.warning("inbox_full", cure="start more workers, or raise INBOX_LIMIT")
            return Receipt.FULL
        for malformed in parsed.malformed:
            await self._put_aside(channel, malformed)
        if parsed.templates:  # after the messages: these can be stored while this table can't be reached
            await self._templates.note(parsed.templates)
            metrics.EVENTS.labels("template").inc(len(parsed.templates))
        for reason, count in parsed.ignored.items():
            metrics.EVENTS.labels(f"ignored_{reason}").inc(count)
        return Receipt.STORED

    def _note(self, parsed: Parsed, events: Sequence[Event]) -> None:
        """Tell operators what in a webhook was not as documented; for what could be read anyway, only how often."""
        clamped = sum(
            before.at > 0 and before is not after for before, after in zip(parsed.events, events, strict=True)
        )
        repaired = parsed.repaired | ({"clock": clamped} if clamped else {})
        for what, count in repaired.items():
            metrics.REPAIRED.labels(what).inc(count)
        if repaired:
            log.info("updates_repaired", what=sorted(repaired))
        for name in set(parsed.fields) - self._known_fields:
            self._known_fields.add(name)
            log.error(
                "webhook_field_unknown",
                field=name,
                cure="look for a newer consentbot; until then this field is only searched for withdrawals",
            )

    async def _put_aside(self, channel: str, malformed: Malformed) -> None:
        """Keep what could not be read, sealed, since it may hold a STOP and somebody's number."""
        metrics.EVENTS.labels("malformed").inc()
        metrics.DEAD.labels("raw").inc()
        metrics.UNPLACED.labels(malformed.reason).inc()
        log.error(
            "update_malformed",
            channel=channel,
            field=malformed.reason,
            cure="it may be a withdrawal: see `deadletter list` and docs/deployer.md, update, then `deadletter replay`",
        )
        await self._dead.add(malformed.raw, malformed.reason, "raw", channel)

    async def _add(self, channel: str, event: Event) -> Taken:
        claim = self._claims.at_a_glance(event)
        taken = await self._add_as(channel, event, claim)
        if taken in (Taken.LIMITED, Taken.FULL) and (read := self._claims.in_full(event)) > claim:
            return await self._add_as(channel, event, read)
        return taken

    async def _add_as(self, channel: str, event: Event, claim: Claim) -> Taken:
        person = token_of(_address_of(event), self._keys)
        inbox, day = self._inbox_of(person), _day_of(event)
        digest, older = _digest(channel, event, self._keys), []
        for keys in self._keys.older:  # the channel may send again what was stored before SECRET_KEY was changed
            before, former = self._inbox_of(token_of(_address_of(event), keys)), _digest(channel, event, keys)
            if before is inbox:
                older.append(former)
            elif await before.knows(former, day):
                return Taken.KNOWN
        if _is_timeless(event) and await self._came_before(inbox, digest, day):
            return Taken.KNOWN
        urgent = is_urgent(event, claim)
        return await inbox.add(
            Incoming(digest, day=day, event=event, older=older, person=person, claim=claim, urgent=urgent)
        )

    async def _came_before(self, inbox: Inbox, digest: bytes, day: int) -> bool:
        """Tell whether a message without a time was stored on an earlier day: each redelivery gets a new day."""
        for before in range(day - 1, day - 1 - REDELIVERED_FOR, -1):
            if await inbox.knows(digest, before):
                return True
        return False

    def _inbox_of(self, person: bytes) -> Inbox:
        """Return the inbox for an address token."""
        return of_shard(person, self._inboxes)


def _parsed(webhooks: Webhooks, body: bytes, arrival: float) -> Parsed | None:
    """Return what a webhook holds; None if it is no webhook of the channel."""
    try:
        return webhooks.parse(body, arrival)
    except NotAWebhook:
        return None


def _digest(channel: str, event: Event, keys: Keyring) -> bytes:
    """Return the digest under which an event is remembered; each status of a message has its own.

    An id alone does not identify a message: another message with the same id may be somebody else's, or a STOP, and
    two channels may use the same ids.
    """
    if isinstance(event, Inbound):
        at = event.stamp or (0 if event.clock is Clock.ARRIVAL else event.at)
        said = msgspec.json.encode((channel, event.id, event.sender, at, event.content))
        return keys.message(said.decode())
    return keys.message(f"{channel} {event.status} {event.id}")


def _day_of(event: Event) -> int:
    """Return the day (since 1970) under which an event is remembered: the same on each redelivery if it has a time."""
    stamp = event.stamp if isinstance(event, Inbound) else 0
    return (stamp or event.at) // DAY


def _is_timeless(event: Event) -> bool:
    return isinstance(event, Inbound) and event.clock is Clock.ARRIVAL and not event.stamp


def _address_of(event: Event) -> Sender:
    return event.sender if isinstance(event, Inbound) else event.recipient


EARLIEST = 1_577_836_800
"""Unix seconds of the year 2020, before the Cloud API: an earlier time is a mistake."""


def timed(event: Event, arrival: float) -> Event:
    """Return an event with a plausible time: nothing was written after it arrived (`arrival`, unix seconds).

    An event without a plausible time counts as written on arrival, and says so.
    """
    if EARLIEST <= event.at <= arrival + TOLERANCE:
        return event
    arrived = {"at": int(arrival), "clock": Clock.ARRIVAL}
    if isinstance(event, Inbound) and event.at > arrival:
        return msgspec.structs.replace(event, **arrived, stamp=event.at)
    return msgspec.structs.replace(event, **arrived)
