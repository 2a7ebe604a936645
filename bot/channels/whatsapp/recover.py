"""Reads again, for the two things that a withdrawal needs, what could not be read as documented: a sender and words.

A readable STOP must not be lost to an envelope that is not (GDPR Art. 7(3)). Whatever else is missing or wrong is
left out, and what had to be guessed is told by kind, so that operators see it. Words that stand where none are
documented become `Other`, which can end a consent but never give one.
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
    """What of an update was not as documented and had to be guessed."""

    SENDER = "sender"
    ID = "id"
    TIME = "time"
    CONTENT = "content"
    CONTEXT = "context"
    ENVELOPE = "envelope"
    """What surrounds the update."""


class Arrival(NamedTuple):
    """When an update came, and its place in its webhook: no other update has the same."""

    at: float
    """Our time, unix seconds."""
    place: int

    def named(self, kind: str, about: Sender, what: str) -> MessageId:
        """Name an update that tells neither an id nor a time by which it could be known again."""
        return synthetic_id(kind, about.phone or "", about.bsuid or "", what, repr(self.at), str(self.place))


UNREADABLE_QUOTE = "unreadable"
"""In place of the id of a message that is quoted in a way that can't be read: it is not the question that waits."""

_MOST_LOOKS = 2000
"""Values of one envelope that are looked at; the largest documented batch has fewer than this for each message."""

_SEARCH = 10
"""Looks for which a search for words counts that found none."""

_DEEPEST = 32
"""Levels of one envelope that are looked at; a documented one has nine."""

_SENDER_DEPTH = 3
"""Levels of one sender that are looked at."""

_SENDER_KEYS = ("from", "from_user_id", "wa_id", "user_id", "sender", "author", "customer", "phone_number", "phone")
_NOT_SPOKEN = frozenset({"message_echoes", "statuses", "errors", "metadata", "contacts", "recipient", "state_sync"})
"""Keys under which nobody speaks to the business."""

_number_in = re.compile(
    r"(?:[a-z]+:)?(?:\+|00)?([0-9][0-9 .()/\u00a0-]*)(?::[0-9]+)?(?:@(?:s\.whatsapp\.net|c\.us))?"
).fullmatch
"""Never what stands before `@lid` or `@g.us`: those are digits that name an account or a group, and no number."""


def inbound(
    message: Fields, found: Sender, contacts: Iterable[Sender], arrival: Arrival, overheard: Overheard
) -> tuple[Inbound, set[Repair]]:
    """Return what a message says, and what of it was guessed.

    `found` is its sender as far as documented fields tell. Raises `Misshapen` without a sender or anything said.
    """
    writer, repairs = sender(found, message, contacts)
    content = _content(message, repairs)
    at = time(message, repairs)
    id = identity(message, arrival, writer, repr(content), repairs)
    quoted, forwarded = _context(message, repairs)
    return Inbound(id, writer, at, content, arrival.at, quoted, forwarded, overheard=overheard), repairs


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


def time(update: Fields, repairs: set[Repair]) -> int:
    """Return WhatsApp's time, 0 when it can't be read: the arrival counts then."""
    try:
        return timestamp(update)
    except Misshapen:
        repairs.add(Repair.TIME)
        return 0


def identity(update: Fields, arrival: Arrival, about: Sender, what: str, repairs: set[Repair]) -> MessageId:
    """Return the id of an update, or one of this arrival alone.

    Nothing else tells a redelivery from the same word said again, and of the two mistakes only one is harmless: a
    greeting that is answered twice, not a second STOP that is dropped.
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
    """Return the addresses under any name and in any form that is known of some provider."""
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
        case [one] if depth < _SENDER_DEPTH:
            return any_form(one, depth + 1)
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
    return [reply.get("id"), reply.get("payload")], [reply.get("title"), reply.get("text"), reply.get("description")]


def _plain(value: object) -> str:
    return kept(value) if type(value) is str and value.strip() else ""


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
