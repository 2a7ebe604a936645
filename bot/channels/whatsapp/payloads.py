"""Reads the bytes of a webhook POST into events. Survives any input and never quotes it in an error.

Meta puts up to a thousand updates into a POST and retries all of them for days if it fails, so each is read by itself:
malformed updates are set aside, irrelevant updates are counted, and the others continue.
"""

import re
from collections.abc import Callable, Iterator, Set
from enum import StrEnum
from functools import cached_property, partial
from typing import Literal, cast

import msgspec

from ...messages.inbound import (
    AddressChanged,
    Content,
    Delivery,
    Event,
    Inbound,
    MessageId,
    Other,
    Overheard,
    Preference,
    Sender,
    StaffMessage,
)
from ...numbers import canonical, same
from ...service.ports import Malformed, Parsed
from . import limits, recover
from .content import content_of, words_in
from .fields import (
    Fields,
    Misshapen,
    addresses,
    each_of,
    inner,
    kept,
    message_id,
    misshapen,
    objects_of,
    required,
    required_text,
    text,
    timestamp,
)
from .own import ECHOES, has_recipient, own_numbers, recipient, without_words
from .preferences import is_one, opts_out, wish
from .recover import Arrival, Repair, object_in, synthetic_id
from .system import change_of_address, tells_a_change
from .template_news import TEMPLATE_FIELDS, template_news
from .webhook_json import OTHER_OBJECTS, decoded, written

StatusName = Literal["sent", "delivered", "read", "played", "failed"]


class Ignored(StrEnum):
    """Why something well-formed did not become an event."""

    OBJECT = "object"
    """Not about WhatsApp."""
    ACCOUNT = "account"
    """About the business account or its numbers."""
    SILENT = "silent"
    """A known field in which nobody says anything to us."""
    FIELD = "field"
    """An unknown field; what anybody says in it is read anyway."""
    NUMBER = "number"
    """For another number of the same account."""
    GROUP = "group"
    """A status of a message to a group."""
    HISTORY = "history"
    """From the chat history: written by the business, or without words."""
    OWN = "own"
    """From the business's own number, where nobody writes to a person."""
    AGENT = "agent"
    """What Meta's agent said."""
    ERRORS = "errors"
    """Meta reports a failure of its own."""
    STATUS = "status"
    """An unknown status."""
    PREFERENCE = "preference"
    """A switch that would give a consent."""


def parse(body: bytes, *, phone_number_id: str = "", received_at: float = 0.0) -> Parsed:
    """Read a webhook. Raises `NotAWebhook`, and nothing else whatever the bytes are.

    Updates for another number than `phone_number_id` are ignored; all are read when it is empty.
    """
    webhook = decoded(body)
    parsed = Parsed()
    if not webhook or webhook.get("object") in OTHER_OBJECTS:
        parsed.ignore(Ignored.OBJECT)
        return parsed
    for change in _changes(webhook, parsed, phone_number_id, received_at):
        change.read()
    return parsed


def _changes(webhook: Fields, parsed: Parsed, phone_number_id: str, received_at: float) -> Iterator["_Change"]:
    """Yield each change of each entry, including undocumented fields, where somebody may speak."""
    change_of = partial(_Change, parsed=parsed, phone_number_id=phone_number_id, received_at=received_at)

    def of(entry: object) -> Iterator[_Change]:
        told_at = entry.get("time") if type(entry) is dict else None
        changes = entry.get("changes", [] if entry.keys() <= _EMPTY_ENTRY else None) if type(entry) is dict else None
        if type(entry) is dict and type(changes) is list:
            for change in changes:
                alone = {"changes": [change]}
                fields = change if type(change) is dict else {"value": change}
                fault = "" if fields is change else "change"
                yield change_of(fields, entry=alone, fault=fault, told_at=told_at)
            entry = _beside(entry, _EMPTY_ENTRY | {"changes"})
            if not entry:
                return
        yield change_of({"value": entry}, entry=entry, fault="entry")

    for entry in each_of(webhook.get("entry")):
        yield from of(entry)
    others = {key: inner for key, inner in webhook.items() if key not in ("object", "entry")}
    if others := _beside(others, _EMPTY_ENTRY) if "entry" in webhook else others:
        yield from of(others)


def _beside(parent: Fields, documented: Set[str]) -> Fields:
    """Return structured values in undocumented fields."""
    others = parent.keys() - documented
    return {key: parent[key] for key in others if type(parent[key]) in (dict, list) and parent[key]}


class _Change:
    """One `changes[]` of a webhook: the updates of one field for one number."""

    def __init__(
        self,
        change: Fields,
        *,
        parsed: Parsed,
        phone_number_id: str,
        received_at: float,
        entry: object,
        fault: str,
        told_at: object = None,
    ) -> None:
        """`entry` holds this change alone, as it came; `fault` names the part that is undocumented, if any.

        `told_at` is the entry's time, in unix seconds if it is as documented.
        """
        self._change = change
        self._parsed = parsed
        self._phone_number_id = phone_number_id
        self._received_at = received_at
        self._entry = entry
        self._fault = fault
        self._told_at = told_at
        self._overheard: Overheard = ""
        self._contacts: dict[str, Sender] | None = None

    def read(self) -> None:
        """Add its content to the result; unreadable parts are set aside."""
        try:
            if self._fault:
                misshapen(self._fault)
            self._read(required_text(self._change, "field"), required(self._change, "value"))
        except Misshapen as error:
            self._overheard = "field"
            if not self._overhear(self._change.get("value", self._change)):
                self._parsed.malformed.append(Malformed(str(error), written(self._entry)))

    def _read(self, name: str, value: Fields) -> None:
        if name in ACCOUNT_FIELDS:
            if name in TEMPLATE_FIELDS and (news := template_news(value, self._told_at, self._received_at)):
                self._parsed.templates.append(news)
            else:
                self._parsed.ignore(Ignored.ACCOUNT)
            self._search(value)
        elif self._phone_number_id and self._for_another_number(value):
            self._parsed.ignore(Ignored.NUMBER)
        elif name == "messages":
            self._chat(value)
            if "message_echoes" in value:
                self._overheard = "field"
                self._each(value, "message_echoes", self._echo)
            heard = self._search(value, "message_echoes", *_UPDATES)
            if not heard and not value.keys() <= _CHAT and not value.keys() & _UPDATES:
                misshapen("value")
        elif name == "standby":
            self._overheard = "standby"
            self._standby(value)
        elif name == "user_preferences":
            self._each(value, name, self._preference)
            self._search(value, name)
        elif name == "user_id_update":
            self._each(value, name, self._user_id_update)
            self._search(value, name)
        elif name in ECHOES:
            self._overheard = "field"
            for list_name in (*ECHOES, "messages"):
                self._each(value, list_name, self._echo)
            self._search(value, "messages", *ECHOES)
        elif name == "history":
            self._overheard = "history"
            self._history(value)
            self._search(value, "history", "threads", "messages")
        else:
            self._of_unknown_field(name, value)

    def _for_another_number(self, value: Fields) -> bool:
        """Whether it is for another number; an update without a number can only withdraw."""
        metadata = value.get("metadata")
        number = metadata.get("phone_number_id") if type(metadata) is dict else None
        if number == self._phone_number_id:
            return False
        if limits.phone_number_id(plain := str(number)):
            return plain != self._phone_number_id
        self._overheard = "field"
        return False

    def _chat(self, value: Fields) -> None:
        self._each(value, "messages", self._message)
        self._each(value, "statuses", self._status)
        if value.get("errors"):
            self._parsed.ignore(Ignored.ERRORS)

    def _standby(self, value: Fields) -> None:
        """Read a chat held by Meta's agent. Meta: webhooks/reference/standby, Aug 2026."""
        held = value.get("standby")
        if type(held) is dict:
            value = value | held
        elif held is not None and not self._overhear(held):
            misshapen("standby")
        self._chat(value)
        self._search(value, "standby", "message_echoes", *_UPDATES)
        if value.get("message_echoes"):
            self._parsed.ignore(Ignored.AGENT)

    def _history(self, value: Fields) -> None:
        """Read the chat history of up to six months. Meta: webhooks/reference/history, coexistence numbers only."""
        for chunk in objects_of([*each_of(value.get("history")), value]):
            for thread in objects_of([*each_of(chunk.get("threads")), chunk]):
                named = object_in(thread, "context")
                customer = recover.lenient_sender(named | {"from": thread.get("id") or named.get("wa_id")})
                for message in objects_of(thread.get("messages")):
                    self._of_before(customer, message)

    def _of_unknown_field(self, name: str, value: Fields) -> None:
        if not _field_name(name):
            misshapen("field")
        if name not in SILENT_FIELDS:
            self._parsed.fields.append(name)
        self._parsed.ignore(Ignored.SILENT if name in SILENT_FIELDS else Ignored.FIELD)
        self._overheard = "field"
        self._overhear(value)

    # --- one by one

    def _each(self, value: Fields, name: str, read: Callable[[Fields, Fields], Event | Ignored]) -> None:
        updates = value.get(name)
        if updates is None:
            return
        for update in each_of(updates):
            try:
                event = read(value, update if type(update) is dict else misshapen("update"))
            except Misshapen as error:
                if not self._recovered(value, name, update):
                    kept = without_words(update) if name in ECHOES or self._is_ours(update) else update
                    self._parsed.malformed.append(Malformed(f"{name}: {error}", self._alone(value, name, kept)))
            else:
                self._take(event)

    def _take(self, event: Event | Ignored) -> None:
        if type(event) is Ignored:
            self._parsed.ignore(event)
        else:
            self._add(cast("Event", event))

    def _add(self, event: Event) -> None:
        """Add an event, unless it is about the business itself, which is not a person."""
        if self._is_own(event.sender if type(event) is Inbound else Sender()):
            self._parsed.ignore(Ignored.OWN)
        else:
            self._parsed.events.append(event)

    @cached_property
    def _own(self) -> frozenset[str]:
        return own_numbers(self._change.get("value"))

    def _is_own(self, sender: Sender) -> bool:
        """Whether it is the business itself, however its number is spelt."""
        return sender.phone is not None and canonical(sender.phone) in self._own

    def _is_ours(self, message: object) -> bool:
        return type(message) is dict and self._is_own(recover.lenient_sender(message))

    def _alone(self, value: Fields, name: str, update: object) -> bytes:
        """Return an update as a webhook of its own, without the others and without anybody's profile."""
        metadata, contacts = object_in(value, "metadata"), value.get("contacts")
        only = {
            "metadata": {name: metadata.get(name) for name in ("phone_number_id", "display_phone_number")},
            "contacts": [
                {key: contact[key] for key in ("wa_id", "user_id") if key in contact}
                for contact in (contacts if type(contacts) is list else ())
                if type(contact) is dict
            ],
            name: [update],
        }
        return written({"changes": [{"value": only, "field": self._change["field"]}]})

    # --- what was not as documented

    def _recovered(self, value: Fields, name: str, update: object) -> bool:
        """Read leniently what could not be read as documented; return whether that succeeded."""
        if name == "messages" and type(update) is dict and not _tells_an_address(update):
            return self._heard(value, update)
        if name == "statuses":
            return self._status_again(value, update)
        return name in ("messages", "message_echoes") and type(update) is not dict and self._overhear(update)

    def _heard(self, value: Fields, message: Fields) -> bool:
        if self._is_ours(message):
            return self._of_ours(value, message)
        overheard: Overheard = "group" if recover.in_group(message) else self._overheard
        try:
            found = self._sender(value, message)
            event, repairs = recover.inbound(message, found, _all_contacts(value), self._arrival, overheard)
        except Misshapen:
            return False
        self._parsed.note_repairs(repairs if self._overheard != "field" else [Repair.ENVELOPE])
        self._add(self._apart(event))
        return True

    def _of_ours(self, value: Fields, message: Fields) -> bool:
        """Note that staff wrote, if it was staff; return whether the message could be read."""
        try:
            event = self._message(value, message)
        except Misshapen:
            return False
        self._take(event)
        return True

    def _overhear(self, value: object) -> bool:
        """Read what anybody says anywhere in a value; return whether anybody does."""
        messages = value.get("messages") if type(value) is dict else None
        heard = False
        if type(value) is dict and type(messages) is list:
            for message in messages:
                heard |= type(message) is dict and self._heard(value, message)
            value = {key: inner for key, inner in value.items() if key != "messages"}
        for found in recover.speakers(value):
            if is_one(found) and not self._is_ours(found):
                self._each({"user_preferences": [found]}, "user_preferences", self._preference)
                heard = True
            else:
                heard |= self._heard({}, found)
        return heard

    def _search(self, value: Fields, *taken: str) -> bool:
        """Read what anybody says in the parts of a known field that are not `taken`; return whether anybody does."""
        others = {key: inner for key, inner in value.items() if key not in taken}
        if others.keys() <= _CHAT:
            return False
        before, self._overheard = self._overheard, self._overheard or "field"
        heard = self._overhear(others)
        self._overheard = before
        return heard

    def _apart(self, event: Inbound) -> Inbound:
        """Distinguish a copy in an unknown field from the message itself, in case both come."""
        if event.overheard not in ("field", "history"):
            return event
        return msgspec.structs.replace(event, id=MessageId(f"{event.overheard} {event.id}"))

    @property
    def _arrival(self) -> Arrival:
        return Arrival(self._received_at, len(self._parsed.events))

    def _status_again(self, value: Fields, status: object) -> bool:
        """Read from an undocumented status what an opt-out or a question needs; return whether that was possible."""
        if type(status) is not dict:
            return False
        what, code = str(status.get("status")), _error_code(status)
        try:
            if code is not None and (what == "failed" or code == _OPTED_OUT):
                event = self._lenient(value, status, "failed", code)
            elif what in _STATUSES and (status.get("biz_opaque_callback_data") or message_id(status)):
                event = self._lenient(value, status, cast("StatusName", what), None)
            else:
                return False
        except Misshapen:
            return False
        self._parsed.events.append(event)
        return True

    def _lenient(self, value: Fields, status: Fields, what: StatusName, code: str | None) -> Delivery:
        """Return a status from whatever fields hold it. Raises `Misshapen` if nothing identifies the person."""
        told = {"from": status.get("recipient_id"), "from_user_id": status.get("recipient_user_id")}
        recipient, repairs = recover.sender(addresses(*told.values()), told, _all_contacts(value))
        id = recover.identity(status, self._arrival, recipient, f"{what} {code}", repairs)
        at = recover.time(status, repairs)
        self._parsed.note_repairs(repairs)
        reference = status.get("biz_opaque_callback_data")
        return Delivery(
            id, what, at, recipient, code=code, reference=kept(reference) if type(reference) is str else None
        )

    # --- the updates

    def _message(self, value: Fields, message: Fields) -> Event | Ignored:
        if message.get("type") == "system":
            return self._system(value, message)
        sender = self._sender(value, message)
        if self._is_own(sender) or (sender == Sender() and self._is_ours(message)):
            return self._written_by_us(value, message)
        return self._inbound(message_id(message), sender, timestamp(message), content_of(message), message)

    def _written_by_us(self, value: Fields, message: Fields) -> Event | Ignored:
        """Read what came from the business's own number: from staff, unless nobody typed it just now."""
        if self._overheard == "standby":
            return Ignored.AGENT
        staff = self._change.get("field") in (*ECHOES, "messages") and not recover.in_group(message)
        return self._by_staff(value, message) if staff else Ignored.OWN

    def _sender(self, value: Fields, message: Fields) -> Sender:
        return self._known(value, addresses(message.get("from"), message.get("from_user_id")))

    def _system(self, value: Fields, message: Fields) -> Event:
        """Read a changed address: the sender is the new address, the content the previous address."""
        system = required(message, "system")
        if change := change_of_address(message, system, _all_contacts(value)):
            return self._changed(message, *change)
        content = _of_system(value, message, system)
        return self._inbound(message_id(message), self._sender(value, message), timestamp(message), content, message)

    def _changed(self, update: Fields, before: Sender, after: Sender) -> Event:
        """Note a change whatever else can't be read: the old address no longer leads to the person."""
        repairs: set[Repair] = set()
        at = recover.time(update, repairs)
        known = (before.bsuid or before.phone or "", after.phone or "", after.bsuid or "")
        try:
            id = message_id(update)
        except Misshapen:
            id = synthetic_id("user_id", *known, str(at or self._received_at))
        self._parsed.note_repairs(repairs)
        return Inbound(id, after, at, AddressChanged(before), self._received_at)

    def _inbound(self, id: MessageId, sender: Sender, at: int, content: Content, message: Fields) -> Inbound:
        if sender.phone is None and sender.bsuid is None:
            misshapen("sender")
        context = inner(message, "context") or {}
        quoted = text(context, "id") or None
        forwarded = bool(context.get("forwarded") or context.get("frequently_forwarded"))
        in_group = recover.in_group(message)
        if self._overheard or in_group:
            overheard: Overheard = "group" if in_group else self._overheard
            if overheard == "field":
                self._parsed.note_repairs([Repair.ENVELOPE])
            event = Inbound(
                id,
                sender,
                at,
                content,
                received_at=self._received_at,
                quoted=quoted,
                forwarded=forwarded,
                overheard=overheard,
            )
            return self._apart(event)
        return Inbound(id, sender, at, content, received_at=self._received_at, quoted=quoted, forwarded=forwarded)

    def _status(self, value: Fields, status: Fields) -> Event | Ignored:
        if status.get("recipient_type") == "group":
            return Ignored.GROUP
        what, code = required_text(status, "status").strip().lower(), _error_code(status)
        if code == _OPTED_OUT and what not in _REACHED:
            return self._lenient(value, status, "failed", code)
        if what not in _STATUSES:
            return Ignored.STATUS
        recipient = addresses(status.get("recipient_id"), status.get("recipient_user_id"))
        if what == "failed" and recipient == Sender():
            misshapen("recipient")
        return Delivery(
            message_id(status),
            cast("StatusName", what),
            timestamp(status),
            recipient,
            code=code if what == "failed" else None,
            reference=text(status, "biz_opaque_callback_data") or None,
        )

    def _preference(self, value: Fields, preference: Fields) -> Event | Ignored:
        meant, guessed = wish(preference)
        if meant is None:
            return Ignored.PREFERENCE
        sender = self._known(value, addresses(preference.get("wa_id"), preference.get("user_id")))
        sender, repairs = recover.sender(sender, preference, _all_contacts(value))
        at = recover.time(preference, repairs)
        if guessed:
            repairs.add(Repair.CONTENT)
        self._parsed.note_repairs(repairs)
        id = synthetic_id("preference", meant, sender.phone or "", sender.bsuid or "", str(at))
        if not at:
            id = self._arrival.named("preference", sender, meant)
        return Inbound(id, sender, at, Preference(meant), self._received_at)

    def _user_id_update(self, value: Fields, update: Fields) -> Event | Ignored:
        """Read a changed BSUID in the form documented until Aug 2026."""
        change = change_of_address(update, update | {"type": "user_changed_user_id"}, _all_contacts(value))
        return self._changed(update, *change) if change else Ignored.SILENT

    def _echo(self, value: Fields, message: Fields) -> Event | Ignored:
        """Read what staff wrote on their phone; if a person wrote it, read it as the person's message."""
        if not has_recipient(message) or self._is_own(recipient(message)):
            return self._message(value, message)
        return Ignored.GROUP if recover.in_group(message) else self._by_staff(value, message)

    def _by_staff(self, value: Fields, message: Fields) -> Event:
        """Return to whom staff wrote, and when."""
        to = self._known(value, recipient(message))
        if to == Sender() and not has_recipient(message):
            others = {contact for contact in _all_contacts(value) if not self._is_own(contact)}
            to = others.pop() if len(others) == 1 else to
        if to == Sender():
            misshapen("recipient")
        id = recover.identity(message, self._arrival, to, "echo", set())
        return Inbound(id, to, recover.time(message, set()), StaffMessage(), self._received_at)

    def _of_before(self, customer: Sender, message: Fields) -> None:
        """Read a message of the chat history if the customer wrote it."""
        theirs = recover.speaks(message) and self._is_by(customer, message)
        if not (theirs and self._heard({"contacts": [_contact(customer)]}, message)):
            self._parsed.ignore(Ignored.HISTORY)

    def _is_by(self, customer: Sender, message: Fields) -> bool:
        """Whether the customer, not the business, wrote a message in a thread."""
        sender, to = recover.lenient_sender(message), recipient(message)
        if any(same(address, other) for address in sender.addresses for other in customer.addresses):
            return True
        if to != Sender() and not self._is_own(to):
            return False
        return not ((sender.phone and customer.phone) or (sender.bsuid and customer.bsuid))

    # --- the contacts

    def _known(self, value: Fields, sender: Sender) -> Sender:
        """Complete a sender by the contact that shares one of its addresses."""
        if sender.phone is not None and sender.bsuid is not None:
            return sender
        if self._contacts is None:
            self._contacts = dict(_contacts(value))
        return self._contacts.get(sender.phone or sender.bsuid or "", sender)


def _contacts(value: Fields) -> Iterator[tuple[str, Sender]]:
    """Yield each contact that has two addresses, under both; an unreadable address counts as missing."""
    for sender in _all_contacts(value):
        if sender.phone and sender.bsuid:
            yield sender.phone, sender
            yield sender.bsuid, sender


def _all_contacts(value: Fields) -> Iterator[Sender]:
    """Yield the addresses of each contact that has any."""
    for contact in objects_of(value.get("contacts")):
        sender = addresses(contact.get("wa_id"), contact.get("user_id"))
        if sender != Sender():
            yield sender


def _contact(sender: Sender) -> Fields:
    return {"wa_id": sender.phone, "user_id": sender.bsuid}


def _of_system(value: Fields, message: Fields, system: Fields) -> Content:
    """Return what a system message of an unknown kind says: perhaps that the person wants nothing more."""
    kind = text(system, "type")
    if opts_out(kind):
        return Preference("stop")
    words = words_in(message)
    return Other("system", "" if tells_a_change(system) or _is_about(words, value) else words)


def _is_about(words: str, value: Fields) -> bool:
    """Whether WhatsApp wrote a sentence about a person, whose name may be any word: "User Stop joined"."""
    contacts = value.get("contacts")
    profiles = [object_in(contact, "profile") for contact in contacts] if type(contacts) is list else []
    names = [name for profile in profiles if type(name := profile.get("name")) is str and len(name) < len(words)]
    return words.startswith("User ") or any(name and name in words for name in names)


def _tells_an_address(message: Fields) -> bool:
    """Whether a message is about a changed address: it has a sentence, but nobody wrote it."""
    return message.get("type") == "system" and tells_a_change(object_in(message, "system"))


_EMPTY_ENTRY = frozenset({"id", "time"})

_CHAT = frozenset({"messaging_product", "metadata", "contacts"})
"""Parts of a change of the field `messages` besides its updates."""

_UPDATES = frozenset({"messages", "statuses", "errors", "message_echoes"})

_field_name = re.compile("[a-z][a-z0-9_]{0,60}").fullmatch

ACCOUNT_FIELDS = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_settings_update",
        "account_update",
        "automatic_events",
        "business_capability_update",
        "business_status_update",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "partner_solutions",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "template_category_update",
        "template_correct_category_detection",
        "tracking_events",
    }
)
"""Fields that are about the account. Meta: webhooks/overview."""

SILENT_FIELDS = frozenset(
    {
        "calls",
        "flows",
        "group_lifecycle_update",
        "group_participants_update",
        "group_settings_update",
        "group_status_update",
        "messaging_handovers",
        "smb_app_state_sync",
    }
)
"""Fields in which nobody writes to the business, or which are irrelevant to consent."""

_REACHED = frozenset({"sent", "delivered", "read", "played"})

_STATUSES = _REACHED | {"failed"}

_number = re.compile("0{0,8}([0-9]{1,9})").fullmatch

_OPTED_OUT = "131050"
"""The recipient has switched marketing messages off. Meta: support/error-codes."""


def _error_code(status: Fields) -> str | None:
    """Return why it failed; among several reasons, the recipient's own choice."""
    codes = [code for error in objects_of(status.get("errors")) if (code := _code(error.get("code"))) is not None]
    return _OPTED_OUT if _OPTED_OUT in codes else next(iter(codes), None)


def _code(value: object) -> str | None:
    return found[1] if type(value) in (str, int) and (found := _number(str(value))) else None
