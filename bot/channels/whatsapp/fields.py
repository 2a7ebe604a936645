"""Reads single values of a webhook, with their types checked."""

import re
from typing import Any, NoReturn

from ...messages.inbound import MessageId, Sender
from . import limits

Fields = dict[str, Any]
"""A JSON object from outside."""

LATEST = 4_102_444_800
"""Unix seconds of the year 2100: a later time is a mistake."""

MOST_CHARACTERS = 4096
"""Characters kept of a text."""


_message_id = re.compile(r"wamid\.[!-~]{1,506}").fullmatch


class Misshapen(ValueError):
    """A value is missing or wrong. Names the field, never its content."""


def misshapen(where: str) -> NoReturn:
    """Raise `Misshapen`."""
    raise Misshapen(where)


def inner(parent: Fields, name: str) -> Fields | None:
    """Return the object in a field; None when there is none. Raises `Misshapen`."""
    value = parent.get(name)
    return value if value is None or type(value) is dict else misshapen(name)


def required(parent: Fields, name: str) -> Fields:
    """Return the object in a field. Raises `Misshapen`."""
    value = parent.get(name)
    return value if type(value) is dict else misshapen(name)


def each_of(value: object) -> list[Any]:
    """Return the members of a list; a single value where a list should be counts as its only member."""
    return value if type(value) is list else [] if value is None else [value]


def objects_of(value: object) -> list[Fields]:
    """Return the objects among the members of a list."""
    return [member for member in each_of(value) if type(member) is dict]


def text(parent: Fields, name: str) -> str:
    """Return the text in a field, shortened to what can be kept; empty if there is none. Raises `Misshapen`."""
    value = parent.get(name)
    return "" if value is None else required_text(parent, name)


def required_text(parent: Fields, name: str) -> str:
    """Return the text in a field, shortened to what can be kept. Raises `Misshapen`."""
    value = parent.get(name)
    if type(value) is not str:
        misshapen(name)
    return kept(value)


def kept(value: str) -> str:
    """Return a text as it can be kept: both ends of a long text, since a STOP may be at either."""
    if "\0" in value:  # PostgreSQL stores none
        value = value.replace("\0", "")
    if len(value) <= MOST_CHARACTERS:
        return value
    half = MOST_CHARACTERS // 2
    return f"{value[: half - 1]}\n{value[-half:]}"


def message_id(parent: Fields) -> MessageId:
    """Return WhatsApp's id of a message; placeholders of senders count as missing. Raises `Misshapen`."""
    value = parent.get("id")
    return MessageId(value) if type(value) is str and _message_id(value) else misshapen("id")


def timestamp(parent: Fields) -> int:
    """Return unix seconds, which are digits in messages and a number in preferences. Raises `Misshapen`."""
    value = parent.get("timestamp")
    if type(value) is str and len(value) <= 10 and value.isascii() and value.isdigit():
        value = int(value)
    return value if type(value) is int and 0 < value <= LATEST else misshapen("timestamp")


def addresses(phone: object, user_id: object) -> Sender:
    """Return the addresses in a field for a phone number and a field for a BSUID; unreadable values count as missing.

    So a STOP counts as long as either identifies its sender. Some payloads hold the BSUID in both fields. A BSUID of a
    parent portfolio is no address.
    """
    bsuid = user_id if type(user_id) is str and limits.bsuid(user_id) else None
    if type(phone) is not str:
        return Sender(None, bsuid)
    if limits.phone(e164 := "+" + phone.removeprefix("+")):
        return Sender(e164, bsuid)
    return Sender(None, bsuid or (phone if limits.bsuid(phone) else None))
