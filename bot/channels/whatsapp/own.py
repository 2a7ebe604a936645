"""The business's own number: its messages come from staff and go to a person.

Facts about these payloads alone, which `payloads` needs to tell them from what persons send.
"""

import re

from ...messages.inbound import Sender
from ...numbers import canonical
from .fields import Fields
from .recover import joined, object_in

ECHOES = ("message_echoes", "smb_message_echoes")
"""Fields, and lists in them, with messages that staff write on their phones. Meta: webhooks/reference/
smb_message_echoes."""

_RECIPIENT_KEYS = ("to", "to_user_id", "recipient_id", "recipient_user_id", "recipient")

_KEPT = frozenset({"from", "from_user_id", "id", "timestamp", "type", *_RECIPIENT_KEYS})


def own_numbers(value: object) -> frozenset[str]:
    """Return the business's numbers named in a change, and their ids, which some payloads hold instead."""
    named = [object_in(value, "metadata"), object_in(object_in(value, "standby"), "metadata")]
    told = [str(metadata.get(name, "")) for metadata in named for name in ("display_phone_number", "phone_number_id")]
    plain = [re.sub("[^0-9]", "", number).removeprefix("00") for number in told]
    return frozenset(canonical(f"+{digits}") for digits in plain if digits)


def recipient(message: Fields) -> Sender:
    """Return the recipient of a message of the business, however it is named."""
    return joined(message.get(key) for key in _RECIPIENT_KEYS)


def has_recipient(message: Fields) -> bool:
    """Whether a message names a recipient, readable or not: messages to the business never do."""
    return any(message.get(key) is not None for key in _RECIPIENT_KEYS)


def without_words(message: object) -> object:
    """Return a message of the business without anything that staff wrote."""
    return {key: message[key] for key in message if key in _KEPT} if type(message) is dict else None
