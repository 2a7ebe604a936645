"""Translates an object of `messages[]` into `Content`. Everything that no dialogue reads is left out."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import orjson

from ...messages.inbound import Choice, Content, Correction, Media, MessageId, Other, Reaction, Text
from .fields import Fields, inner, kept, misshapen, required, required_text, text

known_word = re.compile(r"[a-z_]{1,40}").fullmatch


def content_of(message: Fields) -> Content:
    """Translate a message of any type except a changed address. Raises `Misshapen`."""
    kind = required_text(message, "type")
    if kind == "text":
        return _text(message)
    if kind in message and "text" not in message and (read := READERS.get(kind)):
        return read(message)
    return Other(kind if known_word(kind) else "unknown", words_in(message))


def _text(message: Fields) -> Content:
    return Text(required_text(required(message, "text"), "body"))


def _template_button(message: Fields) -> Content:
    button = required(message, "button")
    title = text(button, "text").strip()
    return Choice(text(button, "payload") or title or misshapen("payload"), title)


def _interactive(message: Fields) -> Content:
    """Translate a tapped button or row; the object may be missing although the type promises it."""
    interactive = inner(message, "interactive")
    kind = "" if interactive is None else text(interactive, "type")
    if interactive is None or kind not in ("button_reply", "list_reply"):
        if kind == "nfm_reply":
            return _flow(interactive)
        return Other(kind if kind == "call_permission_reply" else "interactive", words_in(interactive))
    reply = required(interactive, kind)
    label = text(reply, "title").strip() or text(reply, "description").strip()
    return Choice(required_text(reply, "id") or misshapen("id"), label)


def _flow(interactive: Fields | None) -> Content:
    """Translate a completed WhatsApp form: what was typed into it may be a withdrawal."""
    reply = interactive and interactive.get("nfm_reply")
    filled = reply.get("response_json") if type(reply) is dict else None
    try:
        return Other("flow", words_in(orjson.loads(filled) if type(filled) is str else filled))
    except orjson.JSONDecodeError:
        return Other("flow", words_in(filled))


def _reaction(message: Fields) -> Content:
    """Translate an emoji; if it was removed, the field is missing or, in older payloads, empty."""
    return Reaction(text(required(message, "reaction"), "emoji") or None)


def _media(kind: Literal["image", "video", "sticker", "document"]) -> Callable[[Fields], Content]:
    def read(message: Fields) -> Content:
        return Media(kind, words_in(message))

    return read


def _audio(message: Fields) -> Content:
    audio = inner(message, "audio")
    return Media("voice" if audio is not None and audio.get("voice") is True else "audio", words_in(message))


def _order(message: Fields) -> Content:
    return Other("order", words_in(message))


def _edit(message: Fields) -> Content:
    """Translate an edited message, which may be a STOP. Meta: coexistence numbers only."""
    edit = required(message, "edit")
    return Correction("edit", MessageId(text(edit, "original_message_id")), words_in(edit))


def _revoke(message: Fields) -> Content:
    """Translate a deleted message. Meta: coexistence numbers only."""
    revoke = inner(message, "revoke")
    return Correction("revoke", MessageId("" if revoke is None else text(revoke, "original_message_id")))


READERS: Mapping[str, Callable[[Fields], Content]] = {
    "text": _text,
    "button": _template_button,
    "interactive": _interactive,
    "reaction": _reaction,
    "image": _media("image"),
    "video": _media("video"),
    "sticker": _media("sticker"),
    "document": _media("document"),
    "audio": _audio,
    "order": _order,
    "edit": _edit,
    "revoke": _revoke,
}


# --- words

_MOST_LOOKS = 300
"""Maximum values of an object to look at."""

_NO_WORDS = frozenset(
    {
        # who and what it is
        "id", "type", "kind", "from", "to", "sender", "recipient", "author", "profile", "timestamp", "phone",
        "company", "organization", "phone_number", "display_phone_number", "customer", "country_code",
        "messaging_product", "emoji",
        # what others wrote
        "context", "referral", "errors", "error", "metadata", "contacts", "location", "referred_product", "request",
        "waid",
        # what machines wrote
        "event", "status", "direction", "category", "action", "code", "value", "mime_type", "sha256", "url", "link",
        "filename", "payload", "product_items", "response", "response_json", "pricing", "conversation",
        "history_context", "biz_opaque_callback_data",
    }
)  # fmt: skip
"""Keys that never hold the person's words."""


def words_in(value: object) -> str:
    """Return all texts in an object of any shape, in order: what a person may have written."""
    return kept("\n".join(dict.fromkeys(_texts(value))))


def _texts(value: object) -> Iterator[str]:
    left, looks = [value], 0
    while left and looks < _MOST_LOOKS:
        looks += 1
        match left.pop():
            case str() as text if text.strip():
                yield text
            case list() as several:
                left += reversed(several)
            case dict() as named:
                left += [inner for key, inner in reversed(named.items()) if _may_hold_words(key)]


def _may_hold_words(key: object) -> bool:
    return (
        type(key) is str
        and (name := key.lower()) not in _NO_WORDS
        and not name.endswith(("_id", "_type", "_at", "_url", "_token", "_role", "name", "sid"))  # as in `full_name`
    )
