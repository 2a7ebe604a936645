"""Reads leniently what could not be read as documented, for the two things a withdrawal needs: a sender and words.

A readable STOP must not be lost because its envelope is broken (GDPR Art. 7(3)). Anything else missing or wrong is left
out, and what had to be guessed is reported by kind to operators. Words in undocumented fields become `Other`, which can
end a consent but never give it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from ...messages.inbound import Choice, Content, Inbound, MessageId, Other, Overheard, Sender
from .content import READERS, content_of, words_in
from .fields import Fields, Misshapen, addresses, kept, message_id, misshapen, timestamp
from .preferences import is_one


class Repair(StrEnum):
    """What in an update was undocumented and had to be guessed."""

    SENDER = "sender"
    ID = "id"
    TIME = "time"
    CONTENT = "content"
    CONTEXT = "context"
    ENVELOPE = "envelope"
    """What surrounds the update."""


class Arrival(NamedTuple):
    """When an update came, and its number in its webhook, which together are unique."""

    at: float
    """Our time, unix seconds."""
    number: int

    def named(self, kind: str, about: Sender, what: str) -> MessageId:
        """Return an id for an update with neither an id nor a time."""
        return synthetic_id(kind, about.phone or "", about.bsuid or "", what, repr(self.at), str(self.number))


UNREADABLE_QUOTE = "unreadable"
"""Replaces the unreadable id of a quoted message: it is not the pending question."""

_MOST_LOOKS = 2000
"""Maximum values of an envelope to look at; the largest documented batch has fewer per message."""

_SEARCH = 10
"""Cost, in values, of a search for words that found none."""

_DEEPEST = 32
"""Maximum depth of an envelope to look at; documented envelopes have nine levels."""

_SENDER_DEPTH = 3
"""Maximum depth of a sender to look at."""

_SENDER_KEYS = ("from", "from_user_id", "wa_id", "user_id", "sender", "author", "customer", "phone_number", "phone")
_NOT_SPOKEN = frozenset({"message_echoes", "statuses", "errors", "metadata", "contacts", "recipient", "state_sync"})
"""Keys under which nobody speaks to the business."""

_number_in = re.compile(
    r"(?:[a-z]+:)?(?:\+|00)?([0-9][0-9 .()/\u00a0-]*)(?::[0-9]+)?(?:@(?:s\.whatsapp\.net|c\.us))?"
).fullmatch
"""Never what precedes `@lid` or `@g.us`: those digits name an account or a group, not a number."""


def inbound(
    message: Fields, found: Sender, contacts: Iterable[Sender], arrival: Arrival, overheard: Overheard
) -> tuple[Inbound, set[Repair]]:
    """Return what a message says, and what had to be guessed.

    `found` is its sender as far as documented fields tell. Raises `Misshapen` without a sender or anything said.
    """
    writer, repairs = sender(found, message, contacts)
    content = _content(message, repairs)
    at = time(message, repairs)
    id = identity(message, arrival, writer, repr(content), repairs)
    quoted, forwarded = _context(message, repairs)
    return Inbound(
        id, writer, at, content, received_at=arrival.at, quoted=quoted, forwarded=forwarded, overheard=overheard
    ), repairs


def sender(found: Sender, update: Fields, contacts: Iterable[Sender]) -> tuple[Sender, set[Repair]]:
    """Return `found` if it is a sender, else the sender named in the update, else the only contact beside it.

    Raises `Misshapen`.
    """
    if found != Sender():
        return found, set()
    found = lenient_sender(update)
    if found == Sender():
        known = set(contacts)
        found = known.pop() if len(known) == 1 else misshapen("sender")
    return found, {Repair.SENDER}


def time(update: Fields, repairs: set[Repair]) -> int:
    """Return WhatsApp's time, 0 if it can't be read: then the arrival counts."""
    try:
        return timestamp(update)
    except Misshapen:
        repairs.add(Repair.TIME)
        return 0


def identity(update: Fields, arrival: Arrival, about: Sender, what: str, repairs: set[Repair]) -> MessageId:
    """Return the id of an update, or an id unique to this arrival.

    Without an id a redelivery can't be told from a repeated word, and only one of the two mistakes is harmless: a
    greeting answered twice, not a second STOP dropped.
    """
    try:
        return message_id(update)
    except Misshapen:
        repairs.add(Repair.ID)
        return arrival.named("message", about, what)


def in_group(message: Fields) -> bool:
    """Whether others than the business can read a message: then it answers nothing that was asked in private."""
    context = object_in(message, "context")
    named = (message.get("group_id"), message.get("group"), context.get("group_id"), context.get("group"))
    chats = (message.get("from"), message.get("to"), message.get("chat_id"))
    by_chat = any(type(chat) is str and chat.strip().endswith("@g.us") for chat in chats)
    return any(named) or message.get("recipient_type") == "group" or by_chat


def speakers(value: object) -> Iterator[Fields]:
    """Yield the objects that name a sender and say something, to a bounded depth."""
    left, looks = [(value, 0)], 0
    while left and looks < _MOST_LOOKS:
        looks += 1
        looked, depth = left.pop()
        if depth > _DEEPEST:
            continue
        match looked:
            case dict() as found:
                named = lenient_sender(found) != Sender()
                if named and (is_one(found) or words_in(found)):
                    yield found
                else:
                    looks += _SEARCH if named else 0
                    left += [(inner, depth + 1) for key, inner in found.items() if key not in _NOT_SPOKEN]
            case list() as several:
                left += [(inner, depth + 1) for inner in reversed(several)]


def lenient_sender(message: Fields, depth: int = 0) -> Sender:
    """Return addresses under any name and in any form known from some provider."""
    named = {key.lower(): value for key, value in message.items()}
    return joined((named.get(key) for key in _SENDER_KEYS), depth + 1)


def joined(values: Iterable[object], depth: int = 0) -> Sender:
    """Return the first number and the first BSUID in some values."""
    phone = bsuid = None
    for value in values:
        found = any_form(value, depth)
        phone, bsuid = phone or found.phone, bsuid or found.bsuid
    return Sender(phone, bsuid)


def any_form(value: object, depth: int = 0) -> Sender:
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
        case [wrapped] if depth < _SENDER_DEPTH:
            return any_form(wrapped, depth + 1)
        case dict() as named if depth < _SENDER_DEPTH:
            inner = lenient_sender(named, depth)
            return inner if inner != Sender() else any_form(named.get("id"), depth + 1)
    return Sender()


def speaks(message: Fields) -> bool:
    """Whether there is anything in a message that somebody typed or tapped."""
    return bool(words_in(message) or _tapped(message))


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
    """Return what was tapped, from whatever of its id and label can be read."""
    interactive = message.get("interactive")
    replies = interactive.values() if type(interactive) is dict else ()
    for reply in (*replies, message.get("button")):
        if type(reply) is dict:
            id, title = (next(filter(None, map(_plain, names)), "") for names in _names_of(reply))
            if id or title:
                return Choice(id or title, title)
    return None


def _written(text: object) -> str:
    """Return the text of a typed message, from any field that can only be meant for it."""
    if type(text) is dict:
        return next(filter(None, (_plain(text.get(name)) for name in ("body", "text", "content", "message"))), "")
    return _plain(text)


def _names_of(reply: Fields) -> tuple[list[object], list[object]]:
    return [reply.get("id"), reply.get("payload")], [reply.get("title"), reply.get("text"), reply.get("description")]


def _plain(value: object) -> str:
    return kept(value) if type(value) is str and value.strip() else ""


def _context(message: Fields, repairs: set[Repair]) -> tuple[str | None, bool]:
    """Return which message it answers, and whether it was forwarded."""
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
    """Return an id for an update that has none; it is the same on each redelivery."""
    digest = hashlib.sha256("\n".join((kind, *known)).encode("utf-8", "surrogatepass"))
    return MessageId(f"{kind}.{digest.hexdigest()[:32]}")


def object_in(value: Any, name: str) -> Fields:
    """Return the object in a field, or an empty object."""
    inner = value.get(name) if type(value) is dict else None
    return inner if type(inner) is dict else {}
