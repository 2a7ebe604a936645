"""Reads again, for the two things that a withdrawal needs, what could not be read as documented: a sender and words.

A readable STOP must not be lost to an envelope that is not (GDPR Art. 7(3)). Whatever else is missing or wrong is
left out, and what had to be guessed is told by kind, so that operators see it. Words that stand where none are
documented become `Other`, which can end a consent but never give one.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from bot.channels.whatsapp.content import READERS, content_of
from bot.channels.whatsapp.fields import Fields, Misshapen, addresses, kept, message_id, misshapen, timestamp
from bot.channels.whatsapp.words import words_in
from bot.conversation.inbound import Choice, Content, Inbound, MessageId, Other, Overheard, Sender


class Repair(StrEnum):
    """What of an update was not as documented and had to be guessed."""

    SENDER = "sender"
    ID = "id"
    TIME = "time"
    CONTENT = "content"
    CONTEXT = "context"
    ENVELOPE = "envelope"
    """What surrounds the update."""


UNREADABLE_QUOTE = "unreadable"
"""In place of the id of a message that is quoted in a way that can't be read: it is not the question that waits."""

_HOUR = 3600

_MOST_LOOKS = 2000
"""Values of one envelope that are looked at; the largest documented batch has fewer than this for each message."""

_SENDER_KEYS = ("from", "from_user_id", "wa_id", "user_id", "sender", "author", "customer", "phone_number", "phone")
_NOT_SPOKEN = frozenset({"message_echoes", "statuses", "errors", "metadata", "contacts", "recipient", "state_sync"})
"""Keys under which nobody speaks to the business."""

_number_in = re.compile(
    r"(?:[a-z]+:)?(?:\+|00)?([0-9][0-9 .()/\u00a0-]*)(?::[0-9]+)?(?:@(?:s\.whatsapp\.net|c\.us))?"
).fullmatch
"""Never what stands before `@lid` or `@g.us`: those are digits that name an account or a group, and no number."""


def inbound(
    message: Fields, found: Sender, contacts: Iterable[Sender], received_at: float, overheard: Overheard
) -> tuple[Inbound, set[Repair]]:
    """Return what a message says, and what of it was guessed.

    `found` is its sender as far as documented fields tell. Raises `Misshapen` without a sender or anything said.
    """
    writer, repairs = sender(found, message, contacts)
    content = _content(message, repairs)
    at, hour = time(message, received_at, repairs)
    id = _id(message, repairs, writer.phone or "", writer.bsuid or "", str(at or hour), repr(content))
    quoted, forwarded = _context(message, repairs)
    return Inbound(id, writer, at, content, received_at, quoted, forwarded, overheard=overheard), repairs


def sender(found: Sender, update: Fields, contacts: Iterable[Sender]) -> tuple[Sender, set[Repair]]:
    """Return who wrote, unless it was found; when the update does not tell, the only contact with it did.

    Raises `Misshapen`.
    """
    if found != Sender():
        return found, set()
    found = lenient_sender(update)
    if found == Sender():
        known = set(contacts)
        found = known.pop() if len(known) == 1 else misshapen("sender")
    return found, {Repair.SENDER}


def time(update: Fields, received_at: float, repairs: set[Repair]) -> tuple[int, int]:
    """Return WhatsApp's time, 0 when it can't be read: the arrival counts then; and the hour of the arrival."""
    try:
        return timestamp(update), 0
    except Misshapen:
        repairs.add(Repair.TIME)
        return 0, int(received_at) // _HOUR


def id_and_time(update: Fields, about: Sender, what: str, received_at: float) -> tuple[MessageId, int]:
    """Return the id and the time of an update, made of what else is told where they can't be read."""
    at, hour = time(update, received_at, set())
    return _id(update, set(), about.phone or "", about.bsuid or "", str(at or hour), what), at


def in_group(message: Fields) -> bool:
    """Whether others than the business can read a message: then it answers nothing that was asked in private."""
    context = object_in(message, "context")
    named = (message.get("group_id"), message.get("group"), context.get("group_id"), context.get("group"))
    chats = (message.get("from"), message.get("to"), message.get("chat_id"))
    by_chat = any(type(chat) is str and chat.strip().endswith("@g.us") for chat in chats)
    return any(named) or message.get("recipient_type") == "group" or by_chat


def speakers(value: object) -> Iterator[Fields]:
    """Yield the objects, at any depth, that name a sender and say something."""
    left, looks = [value], 0
    while left and looks < _MOST_LOOKS:
        looks += 1
        match left.pop():
            case dict() as found:
                if lenient_sender(found) != Sender() and words_in(found):
                    yield found
                else:
                    left += [inner for key, inner in found.items() if key not in _NOT_SPOKEN]
            case list() as found:
                left += reversed(found)


def lenient_sender(message: Fields) -> Sender:
    """Return the addresses under any name and in any form that is known of some provider."""
    phone = bsuid = None
    for key in _SENDER_KEYS:
        found = any_form(message.get(key))
        phone, bsuid = phone or found.phone, bsuid or found.bsuid
    return Sender(phone, bsuid)


def any_form(value: object) -> Sender:
    """Return the address in a value: `+34 600 000 001`, `0034…`, `whatsapp:+34…`, `34…@s.whatsapp.net`, an object."""
    match value:
        case bool():
            return Sender()
        case int() | float() if 0 < value < 1e16:
            return addresses(str(int(value)), None)
        case str():
            plain = value.strip()
            strict = addresses(plain, plain)
            if strict != Sender() or len(plain) > 100:
                return strict
            found = _number_in(plain.lower())
            return addresses(re.sub("[^0-9]", "", found[1]), None) if found else Sender()
        case [one]:
            return any_form(one)
        case dict() as named:
            inner = lenient_sender(named)
            return inner if inner != Sender() else any_form(named.get("id"))
    return Sender()


def _content(message: Fields, repairs: set[Repair]) -> Content:
    try:
        content = content_of(message)
    except Misshapen as error:
        repairs.add(Repair.CONTENT)
        reason = str(error)
    else:
        return content if content != Other("system") else misshapen("system")
    kind = message.get("type")
    if type(kind) is not str:
        untyped = [name for name in READERS if type(message.get(name)) is dict]
        if len(untyped) == 1:
            try:
                return content_of(message | {"type": untyped[0]})
            except Misshapen as error:
                reason, kind = str(error), untyped[0]
    if tapped := _tapped(message):
        return tapped
    words = _written(message.get("text")) if kind == "text" else words_in(message)
    return Other("unknown", words or misshapen(reason))


def _tapped(message: Fields) -> Choice | None:
    """Return what was tapped by whatever of its id and its label can be read."""
    interactive = message.get("interactive")
    replies = interactive.values() if type(interactive) is dict else ()
    for reply in (*replies, message.get("button")):
        if type(reply) is dict:
            id, title = (next(filter(None, map(_plain, names)), "") for names in _names_of(reply))
            if id or title:
                return Choice(id or title, title)
    return None


def _written(text: object) -> str:
    """Return what stands in the object of a typed text, under a name that can only be meant for it."""
    if type(text) is dict:
        return next(filter(None, (_plain(text.get(name)) for name in ("body", "text", "content", "message"))), "")
    return _plain(text)


def _names_of(reply: Fields) -> tuple[list[object], list[object]]:
    return [reply.get("id"), reply.get("payload")], [reply.get("title"), reply.get("text")]


def _plain(value: object) -> str:
    return kept(value) if type(value) is str and value.strip() else ""


def _id(update: Fields, repairs: set[Repair], *known: str) -> MessageId:
    """Return the id, or one that is made of what else is told, so that it is the same at each redelivery."""
    try:
        return message_id(update)
    except Misshapen:
        repairs.add(Repair.ID)
    given = update.get("id")
    return synthetic_id("message", given) if type(given) is str and given.strip() else synthetic_id("message", *known)


def _context(message: Fields, repairs: set[Repair]) -> tuple[str | None, bool]:
    """Return which message it answers, and whether it was passed on."""
    context = message.get("context")
    if context is None:
        return None, False
    named = context if type(context) is dict else {}
    forwarded = bool(named.get("forwarded") or named.get("frequently_forwarded"))
    quoted = named.get("id")
    if type(context) is dict and isinstance(quoted, str | None):
        return (kept(quoted) if quoted else None), forwarded
    repairs.add(Repair.CONTEXT)
    return UNREADABLE_QUOTE if context else None, forwarded


def synthetic_id(kind: str, *known: str) -> MessageId:
    """Name an update to which Meta gives no id, the same at each redelivery."""
    digest = hashlib.sha256("\n".join((kind, *known)).encode("utf-8", "surrogatepass"))
    return MessageId(f"{kind}.{digest.hexdigest()[:32]}")


def object_in(value: Any, name: str) -> Fields:
    """Return the object in a field, or an empty one."""
    inner = value.get(name) if type(value) is dict else None
    return inner if type(inner) is dict else {}
