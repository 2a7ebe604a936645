"""System messages: an address of a person changed. What it was, and what it became.

Meta: webhooks/reference/messages/system, Aug 2026. A phone change gives a new BSUID too. Which fields tell the old
address differs: `previous_user_id`, only `from_user_id`, only `from`, or nothing but the sentence for people in `body`.
"""

import re
from collections.abc import Callable, Iterable

from bot.channels.whatsapp.fields import Fields, addresses, misshapen, text
from bot.conversation.inbound import Sender
from bot.numbers import same

CHANGES = frozenset(
    {
        "user_changed_number",
        "user_changed_user_id",
        "customer_changed_number",
        "customer_identity_changed",
    }
)
"""Kinds of system messages that tell of one; the last two are older than Aug 2026."""


def change_of_address(message: Fields, system: Fields, contacts: Iterable[Sender] = ()) -> tuple[Sender, Sender] | None:
    """Return the addresses before and after; None when it tells of no such change. Raises `Misshapen`.

    A kind that is not known tells of one if it names an old and a new BSUID.
    """
    kind, told = text(system, "type"), _Told(message, system)
    if kind == "customer_identity_changed":  # the address stayed, but perhaps not the person behind it
        return told.sender, told.sender if told.sender != Sender() else misshapen("previous address")
    if kind not in CHANGES and not (told.previous and told.new.bsuid):
        return None
    before, after = told.of_number() if kind.endswith("changed_number") else told.of_bsuid()
    if after == Sender():
        after = next((one for one in contacts if not set(one.addresses) & set(before.addresses)), after)
    if before == Sender():
        misshapen("previous address")
    return before, after if after != Sender() else misshapen("new address")


class _Told:
    """What the fields of a change tell, and its sentence."""

    def __init__(self, message: Fields, system: Fields) -> None:
        self.sender = addresses(message.get("from") or system.get("customer"), message.get("from_user_id"))
        self.previous = addresses(None, system.get("previous_user_id")).bsuid
        new = addresses(system.get("wa_id") or system.get("new_wa_id"), system.get("user_id"))
        if new.bsuid is None and self.previous not in (None, self.sender.bsuid):
            new = Sender(new.phone, self.sender.bsuid)
        self.new = new
        self._sentence = text(system, "body")

    @property
    def old_bsuid(self) -> str | None:
        """The id of before as a field tells it: `from_user_id` may be the new one already."""
        return self.previous or (self.sender.bsuid if self.sender.bsuid != self.new.bsuid else None)

    def of_number(self) -> tuple[Sender, Sender]:
        """Return the addresses before and after a change of number, which gives a new BSUID too."""
        told_old = self.sender.phone if not same(self.sender.phone, self.new.phone) else None
        old_phone, new_phone = _by_sentence(told_old, self.new.phone, self._sentence, _phones)
        old_bsuid, new_bsuid = _by_sentence(self.old_bsuid, self.new.bsuid, self._sentence, _bsuids)
        return Sender(old_phone, old_bsuid), Sender(new_phone, new_bsuid)

    def of_bsuid(self) -> tuple[Sender, Sender]:
        """Return the addresses before and after a change of the BSUID alone: the number stayed."""
        phone = self.new.phone or self.sender.phone
        old, new = _by_sentence(self.old_bsuid, self.new.bsuid, self._sentence, _bsuids)
        return Sender(None if old else phone, old), Sender(phone, new) if new else Sender()


def _by_sentence(
    old: str | None, new: str | None, sentence: str, find: Callable[[str], list[str]]
) -> tuple[str | None, str | None]:
    """Complete what fields tell by the last two addresses of one kind in the sentence, e.g. "… from DE.1 to DE.2".

    The last two, and one of them must be what is known: a person chooses the name with which the sentence begins, and
    may choose somebody else's address.
    """
    if old and new:
        return old, new
    found = list(dict.fromkeys(reversed(find(sentence))))[1::-1]
    if new is None and old is None:
        return (found[0], found[1]) if len(found) == 2 else (None, None)
    known = new or old
    others = [one for one in found if not same(one, known)]
    other = others[0] if len(others) == len(found) - 1 == 1 else None
    return (other, new) if new else (old, other)


def _bsuids(sentence: str) -> list[str]:
    return re.findall(r"(?<![\w.])[A-Z]{2}\.[A-Za-z0-9]{1,128}(?!\.?\w)", sentence)  # nor the beginning of a parent's


def _phones(sentence: str) -> list[str]:
    found = re.findall(r"(?<![\w.+])\+?([1-9][0-9]{6,14})(?!\.?\w)", sentence)
    return [phone for one in found if (phone := addresses(one, None).phone)]
