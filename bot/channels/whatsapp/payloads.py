"""The bytes of one webhook POST → events. Survives anything; never repeats what it was given in an error.

Meta puts up to a thousand updates into one POST and retries all of them for days when one fails, so each is read by
itself: what is misshapen is set aside, what does not concern us is counted, and the others go on.
"""

import hashlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Literal, cast

from bot.channels.whatsapp.content import content_of
from bot.channels.whatsapp.document import OBJECT, decoded, written
from bot.channels.whatsapp.fields import (
    Fields,
    Misshapen,
    addresses,
    inner,
    message_id,
    misshapen,
    required,
    required_text,
    text,
    timestamp,
)
from bot.channels.whatsapp.system import change_of_address
from bot.conversation.inbound import (
    AddressChanged,
    Content,
    Delivery,
    Event,
    Inbound,
    MessageId,
    Other,
    Preference,
    Sender,
)
from bot.service.ports import Malformed, Parsed


class Ignored(StrEnum):
    """Why something well-formed became no event."""

    OBJECT = "object"
    """Not about WhatsApp."""
    ACCOUNT = "account"
    """About the business account, its numbers or its templates."""
    FIELD = "field"
    """A field that is not known here."""
    NUMBER = "number"
    """For another number of the same account."""
    GROUP = "group"
    """From or to a group."""
    ERRORS = "errors"
    """Meta reports a failure of its own."""
    STATUS = "status"
    """A status that is not known here."""
    PREFERENCE = "preference"
    """A switch other than the one for marketing messages."""


def parse(body: bytes, *, phone_number_id: str = "", received_at: float = 0.0) -> Parsed:
    """Read a webhook. Raises `NotAWebhook`, and nothing else whatever the bytes are.

    Updates for another number than `phone_number_id` are ignored; all are read when it is empty.
    """
    webhook = decoded(body)
    parsed = Parsed()
    if webhook.get("object") != OBJECT:
        parsed.ignore(Ignored.OBJECT)
        return parsed
    for change in _changes(webhook, parsed):
        try:
            _Change(change, parsed, phone_number_id, received_at).read()
        except Misshapen as error:
            parsed.malformed.append(Malformed(str(error), written({"changes": [change]})))
    return parsed


def _changes(webhook: Fields, parsed: Parsed) -> Iterator[Fields]:
    """Yield each change of each entry that is an object at all; set the rest aside."""
    entries = webhook.get("entry", [])
    for entry in entries if type(entries) is list else [entries]:
        changes = entry.get("changes", []) if type(entry) is dict else None
        if type(changes) is not list:
            parsed.malformed.append(Malformed("entry", written(entry)))
            continue
        for change in changes:
            if type(change) is dict:
                yield change
            else:
                parsed.malformed.append(Malformed("change", written({"changes": [change]})))


class _Change:
    """One `changes[]` of a webhook: the updates of one field for one number."""

    def __init__(self, change: Fields, parsed: Parsed, phone_number_id: str, received_at: float) -> None:
        self._change = change
        self._parsed = parsed
        self._phone_number_id = phone_number_id
        self._received_at = received_at
        self._contacts: dict[str, Sender] | None = None

    def read(self) -> None:
        """Add what it holds to the result. Raises `Misshapen` when nothing of it can be read."""
        name = required_text(self._change, "field")
        if name not in _PERSONAL_FIELDS:
            self._parsed.ignore(Ignored.ACCOUNT if name in ACCOUNT_FIELDS else Ignored.FIELD)
            return
        value = required(self._change, "value")
        if self._phone_number_id and not self._ours(value):
            self._parsed.ignore(Ignored.NUMBER)
            return
        if name == "messages":
            self._each(value, "messages", self._message)
            self._each(value, "statuses", self._status)
            if value.get("errors"):
                self._parsed.ignore(Ignored.ERRORS)
        elif name == "user_preferences":
            self._each(value, name, self._preference)
        else:
            self._each(value, name, self._user_id_update)

    def _ours(self, value: Fields) -> bool:
        return required_text(required(value, "metadata"), "phone_number_id") == self._phone_number_id

    def _each(self, value: Fields, name: str, read: Callable[[Fields, Fields], Event | Ignored]) -> None:
        updates = value.get(name)
        if updates is None:
            return
        for update in updates if type(updates) is list else [updates]:
            try:
                event = read(value, update if type(update) is dict else misshapen("update"))
            except Misshapen as error:
                self._parsed.malformed.append(Malformed(f"{name}: {error}", self._alone(value, name, update)))
            else:
                if type(event) is Ignored:
                    self._parsed.ignore(event)
                else:
                    self._parsed.events.append(cast("Event", event))

    def _alone(self, value: Fields, name: str, update: object) -> bytes:
        """Write one update as a webhook of its own, without the others and without anybody's profile."""
        metadata = value.get("metadata")
        number = metadata.get("phone_number_id") if type(metadata) is dict else None
        only = {"metadata": {"phone_number_id": number}, name: [update]}
        return written({"changes": [{"value": only, "field": self._change["field"]}]})

    # --- the updates

    def _message(self, value: Fields, message: Fields) -> Event | Ignored:
        if message.get("group_id") is not None:
            return Ignored.GROUP
        if message.get("type") == "system":
            return self._system(value, message)
        return self._inbound(
            message_id(message), self._sender(value, message), timestamp(message), content_of(message), message
        )

    def _sender(self, value: Fields, message: Fields) -> Sender:
        return self._known(value, addresses(message.get("from"), message.get("from_user_id")))

    def _system(self, value: Fields, message: Fields) -> Event:
        """A changed address: the sender becomes the new one, and what it was before is the content."""
        change = change_of_address(message, required(message, "system"))
        before, sender = change or (None, self._sender(value, message))
        content = AddressChanged(before) if before else Other("system")
        return self._inbound(message_id(message), sender, timestamp(message), content, message)

    def _inbound(self, id: MessageId, sender: Sender, at: int, content: Content, message: Fields) -> Inbound:
        if sender.phone is None and sender.bsuid is None:
            misshapen("sender")
        context = inner(message, "context") or {}
        quoted = text(context, "id") or None
        forwarded = bool(context.get("forwarded") or context.get("frequently_forwarded"))
        return Inbound(id, sender, at, content, self._received_at, quoted, forwarded)

    def _status(self, value: Fields, status: Fields) -> Event | Ignored:
        if status.get("recipient_type") == "group":
            return Ignored.GROUP
        what = required_text(status, "status")
        if what not in _STATUSES:
            return Ignored.STATUS
        return Delivery(
            message_id(status),
            cast("Literal['sent', 'delivered', 'read', 'played', 'failed']", what),
            timestamp(status),
            addresses(status.get("recipient_id"), status.get("recipient_user_id")),
            _error_code(status) if what == "failed" else None,
            text(status, "biz_opaque_callback_data") or None,
        )

    def _preference(self, value: Fields, preference: Fields) -> Event | Ignored:
        wish = required_text(preference, "value")
        if preference.get("category") != "marketing_messages" or wish not in ("stop", "resume"):
            return Ignored.PREFERENCE
        sender = self._known(value, addresses(preference.get("wa_id"), preference.get("user_id")))
        at = timestamp(preference)
        content = Preference(cast("Literal['stop', 'resume']", wish))
        return self._inbound(_synthetic_id("preference", wish, sender, at), sender, at, content, {})

    def _user_id_update(self, value: Fields, update: Fields) -> Event:
        """The form of a changed BSUID that Meta documented until Aug 2026."""
        ids = required(update, "user_id")
        before = addresses(None, ids.get("previous"))
        after = addresses(update.get("wa_id"), ids.get("current"))
        if before.bsuid is None or after.bsuid is None:
            misshapen("user_id")
        at = timestamp(update)
        return self._inbound(_synthetic_id("user_id", before.bsuid, after, at), after, at, AddressChanged(before), {})

    # --- the contacts

    def _known(self, value: Fields, sender: Sender) -> Sender:
        """Complete a sender by the contact that shares one of its addresses."""
        if sender.phone is not None and sender.bsuid is not None:
            return sender
        if self._contacts is None:
            self._contacts = dict(_contacts(value))
        return self._contacts.get(sender.phone or sender.bsuid or "", sender)


def _contacts(value: Fields) -> Iterator[tuple[str, Sender]]:
    """Yield the contacts that have two addresses, by each; one that cannot be read tells nothing."""
    contacts = value.get("contacts")
    for contact in contacts if type(contacts) is list else ():
        sender = addresses(contact.get("wa_id"), contact.get("user_id")) if type(contact) is dict else Sender()
        if sender.phone and sender.bsuid:
            yield sender.phone, sender
            yield sender.bsuid, sender


_PERSONAL_FIELDS = frozenset({"messages", "user_preferences", "user_id_update"})
"""Fields that are about a person."""

ACCOUNT_FIELDS = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_update",
        "business_capability_update",
        "business_status_update",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "template_category_update",
    }
)
"""Fields that are about the account. Meta: webhooks/overview."""

_STATUSES = frozenset({"sent", "delivered", "read", "played", "failed"})


def _error_code(status: Fields) -> int | None:
    errors = status.get("errors")
    first = errors[0] if type(errors) is list and errors else None
    code = first.get("code") if type(first) is dict else None
    return code if type(code) is int else None


def _synthetic_id(kind: str, what: str, sender: Sender, at: int) -> MessageId:
    """Name an update to which Meta gives no id, the same at each redelivery."""
    known = "\n".join((kind, what, sender.phone or "", sender.bsuid or "", str(at)))
    return MessageId(f"{kind}.{hashlib.sha256(known.encode()).hexdigest()[:32]}")
