"""System messages: an address of a person changed. What it was, and what it became.

Meta: webhooks/reference/messages/system, Aug 2026. A phone change gives a new BSUID too.
"""

from collections.abc import Callable, Mapping

from bot.channels.whatsapp.fields import Fields, addresses, misshapen, text
from bot.conversation.inbound import Sender


def change_of_address(message: Fields, system: Fields) -> tuple[Sender, Sender] | None:
    """Return the addresses before and after; None when it tells of no such change. Raises `Misshapen`."""
    read = _KINDS.get(text(system, "type"))
    if read is None:
        return None
    before, after = read(message, system)
    if before == Sender():
        misshapen("previous address")
    return before, after if after != Sender() else misshapen("new address")


def _changed_number(message: Fields, system: Fields) -> tuple[Sender, Sender]:
    """`customer` and `new_wa_id` are of the older forms."""
    before = addresses(message.get("from") or system.get("customer"), system.get("previous_user_id"))
    after = addresses(system.get("wa_id") or system.get("new_wa_id"), system.get("user_id"))
    return before if before.phone != after.phone else Sender(None, before.bsuid), after


def _changed_user_id(message: Fields, system: Fields) -> tuple[Sender, Sender]:
    """Only the BSUID is another one; the phone number, when it is told, stayed."""
    after = addresses(system.get("wa_id") or message.get("from"), system.get("user_id"))
    return addresses(None, system.get("previous_user_id")), after if after.bsuid else Sender()


def _unchanged(message: Fields, system: Fields) -> tuple[Sender, Sender]:
    """The address stayed, but perhaps not the person behind it."""
    sender = addresses(message.get("from") or system.get("customer"), message.get("from_user_id"))
    return sender, sender


_KINDS: Mapping[str, Callable[[Fields, Fields], tuple[Sender, Sender]]] = {
    "user_changed_number": _changed_number,
    "user_changed_user_id": _changed_user_id,
    "customer_changed_number": _changed_number,
    "customer_identity_changed": _unchanged,
}
"""The last two are older than Aug 2026."""
