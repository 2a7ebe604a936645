"""Handles delivery statuses of sent messages, and their consequences for what depends on the messages.

What depends on a message is stored under the channel's id when the message was accepted. A channel that echoes our own
reference reports it as well: then it is known even if Redis lost it, or the sender died before storing it.
"""

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from ...keys import Keyring
from ...messages.inbound import Delivery, Inbound, MessageId, Preference, QuestionStatus, Sender
from ...messages.reply import Matter
from .. import metrics
from ..ports import Became, Inbox, MessageEvents, Noted, Outbox, Persons, Retry, SendError
from ..sending.undelivered import Undelivered, reference
from ..shards import shard_of, token_of

log = structlog.get_logger(__name__)


class Statuses:
    """Handles the delivery statuses of one shard."""

    def __init__(
        self,
        *,
        shard: int,
        inboxes: Sequence[Inbox],
        outbox: Outbox,
        persons: Persons,
        undelivered: Undelivered,
        events: MessageEvents,
        keys: Keyring,
        failure: Callable[[Delivery], SendError],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`inboxes` are the writing ends of all shards; `failure` tells what a failed delivery means."""
        self._shard = shard
        self._inboxes = inboxes
        self._outbox = outbox
        self._persons = persons
        self._undelivered = undelivered
        self._events = events
        self._keys = keys
        self._failure = failure
        self._clock = clock

    async def take(self, delivery: Delivery) -> Sequence[Inbound]:
        """Note a status; return its news about a person: how far a question got, or an opt-out.

        May be repeated. Raises `Unavailable`.
        """
        if await self._passed_on(delivery):
            return ()
        noted = await self._noted(delivery)
        if noted.is_news:
            metrics.STATUSES.labels(delivery.status).inc()
        matter = noted.matter or _told_by(delivery)
        if matter.request and delivery.status != "failed":
            at = min(delivery.at, int(self._clock()))
            await self._undelivered.answered(matter.request, _BECAME[delivery.status], at)
        if matter.request and delivery.status == "failed" and noted.stands and await self._is_known(delivery.recipient):
            await self._undelivered.unanswered(matter.request)
        if matter.message and (delivery.status != "failed" or noted.stands):
            became = _BECAME[delivery.status]
            at = min(delivery.at, int(self._clock()))
            await self._events.note(matter.message, became, at=at, detail=delivery.code or "")
        told, channel = [], delivery.channel
        if delivery.code is not None and self._is_opt_out(delivery):
            id = MessageId(f"opted out {delivery.id}")
            told.append(Inbound(id, delivery.recipient, delivery.at, Preference("stop"), channel=channel))
        if matter.question or not (matter or delivery.reference):  # otherwise it asks for no consent
            id, at = MessageId(f"{delivery.status} {delivery.id}"), min(delivery.at, int(self._clock()))
            status = self._status(delivery, matter.question)
            told.append(Inbound(id, delivery.recipient.firmest, at, status, channel=channel))
        return told if delivery.recipient != Sender() else ()

    async def _passed_on(self, delivery: Delivery) -> bool:
        """Pass a status that names only a phone to the shard of its person."""
        phone = delivery.recipient.phone
        if phone is None or delivery.recipient.bsuid or len(self._inboxes) == 1:
            return False
        owner = (await self._persons.find([phone])).get(phone)
        person = (await self._persons.load([owner])).get(owner) if owner else None
        if person is None:
            return False
        recipient = Sender(phone, person.sender.bsuid)
        number = shard_of(token_of(recipient, self._keys), len(self._inboxes))
        if number == self._shard:
            return False
        await self._inboxes[number].forward(msgspec.structs.replace(delivery, recipient=recipient))
        return True

    async def _noted(self, delivery: Delivery) -> Noted:
        """Store a status under its message's token, by the newest key unless the message was sent before that key."""
        if not delivery.id:  # statuses without an id would share a token
            return Noted(is_news=True, stands=True, matter=Matter())
        newest, *older = self._keys.messages(delivery.id)
        noted = await self._outbox.note_status(newest, delivery)
        for token in older:
            if not noted.matter and (before := await self._outbox.note_status(token, delivery)).matter:
                noted = before
        return noted

    async def _is_known(self, recipient: Sender) -> bool:
        """Whether the person was not erased in the meantime, as far as the status identifies them."""
        return recipient == Sender() or bool(await self._persons.find(recipient.addresses))

    def _is_opt_out(self, delivery: Delivery) -> bool:
        """Tell operators of a failed delivery; return whether it says that the person switched marketing off."""
        failure = self._failure(delivery)
        metrics.refused(failure.code)
        log.warning("delivery_failed", code=failure.code, meaning=failure.meaning)
        if failure.retry is Retry.HALT:  # the channel accepts messages but will not deliver them
            log.error("delivery_halted", code=failure.code, cure=failure.meaning)
        return failure.retry is Retry.OPT_OUT

    def _status(self, delivery: Delivery, question: str) -> QuestionStatus:
        message = reference(self._keys.message(delivery.id))
        match delivery.status:
            case "failed":
                return QuestionStatus(question, "failed", message, delivery.code or "")
            case "sent":
                return QuestionStatus(question, "sent", message)
        return QuestionStatus(question, "delivered", message)


_BECAME: Mapping[str, Became] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}


def _told_by(delivery: Delivery) -> Matter:
    """Return what depends on the message according to our reference, if the channel echoed it."""
    return Matter.read((delivery.reference or "").partition("/")[2])
