"""What became of messages that we sent, as the channel tells later, and what follows for whatever hung on them.

What hangs on a message is stored under the channel's id of it when the message was accepted. A channel that gives back
our own reference tells it, too: then it is also known if Redis lost it, or if the sender died before it stored it.
"""

import time
from collections.abc import Callable, Sequence

import msgspec
import structlog

from ...keys import Keyring
from ...messages.inbound import Delivery, Inbound, MessageId, Preference, QuestionStatus, Sender
from ...messages.reply import Matter
from .. import metrics
from ..ports import Inbox, Noted, Outbox, Persons, Retry, SendError
from ..sending.undelivered import Undelivered, reference
from ..shards import shard_of, token_of

log = structlog.get_logger(__name__)


class Statuses:
    """Takes note of delivery statuses for one shard."""

    def __init__(
        self,
        *,
        shard: int,
        inboxes: Sequence[Inbox],
        outbox: Outbox,
        persons: Persons,
        undelivered: Undelivered,
        keys: Keyring,
        failure: Callable[[int], SendError],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`inboxes` are the writing ends of all shards; `failure` tells what the code of a failed delivery means."""
        self._shard = shard
        self._inboxes = inboxes
        self._outbox = outbox
        self._persons = persons
        self._undelivered = undelivered
        self._keys = keys
        self._failure = failure
        self._clock = clock

    async def take(self, delivery: Delivery) -> Sequence[Inbound]:
        """Note a status; return what it tells of a person: how far a question came, that they opted out.

        May be repeated. Raises `Unavailable`.
        """
        if await self._passed_on(delivery):
            return ()
        noted = await self._noted(delivery)
        if noted.is_news:
            metrics.STATUSES.labels(delivery.status).inc()
        matter = noted.matter or _told_by(delivery)
        if matter.request and delivery.status == "failed" and noted.stands and await self._is_known(delivery.recipient):
            await self._undelivered.unanswered(matter.request)
        told = []
        if delivery.code is not None and self._is_opt_out(delivery.code):
            id = MessageId(f"opted out {delivery.id}")
            told.append(Inbound(id, delivery.recipient, delivery.at, Preference("stop")))
        if matter.question or not (matter or delivery.reference):  # else it asks for no consent
            id, at = MessageId(f"{delivery.status} {delivery.id}"), min(delivery.at, int(self._clock()))
            status = self._status(delivery, matter.question)
            told.append(Inbound(id, delivery.recipient.firmest, at, status))
        return told if delivery.recipient != Sender() else ()

    async def _passed_on(self, delivery: Delivery) -> bool:
        """Pass on a status that names a phone alone to the shard where its person, and what was sent to them, lie."""
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
        """Store it under the token of its message: that by the newest key, unless it was sent before that was new."""
        if not delivery.id:  # all that lack one would share a token
            return Noted(is_news=True, stands=True, matter=Matter())
        newest, *older = self._keys.messages(delivery.id)
        noted = await self._outbox.note_status(newest, delivery)
        for token in older:
            if not noted.matter and (before := await self._outbox.note_status(token, delivery)).matter:
                noted = before
        return noted

    async def _is_known(self, recipient: Sender) -> bool:
        """Whether the person was not erased meanwhile, as far as the status tells who it is."""
        return recipient == Sender() or bool(await self._persons.find(recipient.addresses))

    def _is_opt_out(self, code: int) -> bool:
        """Tell operators of a failed delivery; return whether it says that the person switched marketing off."""
        failure = self._failure(code)
        metrics.REFUSALS.labels(str(failure.code)).inc()
        log.warning("delivery_failed", code=failure.code, meaning=failure.meaning)
        if failure.retry is Retry.HALT:  # the channel accepts messages that it will not deliver
            log.error("delivery_halted", code=failure.code, cure=failure.meaning)
        return failure.retry is Retry.OPT_OUT

    def _status(self, delivery: Delivery, question: str) -> QuestionStatus:
        message = reference(self._keys.message(delivery.id))
        match delivery.status:
            case "failed":
                return QuestionStatus(question, "failed", message, delivery.code or 0)
            case "sent":
                return QuestionStatus(question, "sent", message)
        return QuestionStatus(question, "delivered", message)


def _told_by(delivery: Delivery) -> Matter:
    """Return what hangs on the message by our reference, if the channel gave that back."""
    return Matter.read((delivery.reference or "").partition("/")[2])
