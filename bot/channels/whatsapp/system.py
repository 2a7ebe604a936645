"""System messages about a person's changed address: what it was, and what it became.

Meta: webhooks/reference/messages/system, Aug 2026. A phone change gives a new BSUID too. Which fields hold the old
address differs: `previous_user_id`, only `from_user_id`, only `from`, or nothing but the sentence for people in `body`.
Older and newer forms use other names, so a change is recognised by its content, not by its name alone.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ...messages.inbound import Sender
from ...numbers import same
from .fields import Fields, addresses, misshapen, text
from .recover import joined

CHANGES = frozenset(
    {
        "user_changed_number",
        "user_changed_user_id",
        "customer_changed_number",
        "customer_identity_changed",
    }
)
"""Kinds of system messages about a changed address; the last two are older than Aug 2026."""

_changes = re.compile("(?i)chang|updat|migrat|switch|replac|port(ed|ing)").search
_of_number = re.compile("(?i)number|phone|wa_?id").search
_of_address = re.compile("(?i)number|phone|wa_?id|user_?id|bsuid|address").search


def change_of_address(message: Fields, system: Fields, contacts: Iterable[Sender] = ()) -> tuple[Sender, Sender] | None:
    """Return the addresses before and after; None if there is no such change. Raises `Misshapen`.

    Another spelling of the same number is not a change.
    """
    kind, told = text(system, "type"), _Told(message, system)
    if kind == "customer_identity_changed":  # the address stayed, but perhaps not the person behind it
        return told.sender, told.sender if told.sender != Sender() else misshapen("previous address")
    if kind not in CHANGES and not told.changes(kind):
        return None
    before, after = told.sides(of_number=bool(_of_number(kind)))
    if told.is_respelled or (before.bsuid and before.bsuid == after.bsuid and not _differ(before.phone, after.phone)):
        return None
    contacts = list(contacts)
    if after == Sender():
        after = next((contact for contact in contacts if not _overlap(contact, before)), after)
    elif after.bsuid is None:  # it may stand beside the number
        after = next(
            (contact for contact in contacts if contact.bsuid != before.bsuid and same(contact.phone, after.phone)),
            after,
        )
    if before == Sender():
        misshapen("previous address")
    return before, after if after != Sender() else misshapen("new address")


def tells_a_change(system: Fields) -> bool:
    """Whether a system message is about a change: then its sentence is WhatsApp's, whatever name it contains."""
    kind = system.get("type")
    return type(kind) is str and (kind in CHANGES or bool(_changes(kind)))


@dataclass(frozen=True, slots=True)
class _Side:
    """What is known of a kind of address: before, after, the sender's (which is either), and in the sentence."""

    old: str | None
    new: str | None
    sender: str | None
    sentence: "_Sentence"

    @property
    def role(self) -> Literal["old", "new", ""]:
        """Whether the sender is the address before or after; empty if unknown."""
        if self.sender is None:
            return ""
        if self.new or self.old:
            is_new = same(self.sender, self.new) if self.new else not same(self.sender, self.old)
            return "new" if is_new else "old"
        if same(self.sender, self.sentence.last):
            return "new"
        return "old" if same(self.sender, self.sentence.first) else ""

    def resolved(self, role: str) -> tuple[str | None, str | None]:
        """Return the address before and after, if the sender's address has this `role`."""
        old = self.old or (self.sender if role == "old" and not same(self.sender, self.new) else None)
        new = self.new or (self.sender if role == "new" and not same(self.sender, self.old) else None)
        return self.sentence.completed(old, new)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """The last two addresses of one kind in a sentence that ends with them, e.g. "… from DE.1 to DE.2".

    Only the last two, one of which must be known: a person chooses the name with which the sentence begins, and may
    choose somebody else's address.
    """

    found: tuple[str, ...]

    @property
    def first(self) -> str | None:
        """The address before, if the sentence has two."""
        return self.found[0] if len(self.found) == 2 else None

    @property
    def last(self) -> str | None:
        """The address after, if the sentence has two."""
        return self.found[1] if len(self.found) == 2 else None

    def completed(self, old: str | None, new: str | None) -> tuple[str | None, str | None]:
        """Complete the fields."""
        if old and new:
            return old, new
        if new is None and old is None:
            return self.first, self.last
        known = new or old
        others = [address for address in self.found if not same(address, known)]
        other = others[0] if len(others) == len(self.found) - 1 == 1 else None
        return (other, new) if new else (old, other)


class _Told:
    """The fields of a change, and its sentence."""

    def __init__(self, message: Fields, system: Fields) -> None:
        self.sender = joined([message.get("from") or system.get("customer"), message.get("from_user_id")])
        self._old = _named(system, ("previous_", "old_"))
        self._new = _named(system, ("", "new_", "current_"))
        sentence = text(system, "body")
        self._phone = _Side(self._old.phone, self._new.phone, self.sender.phone, _phones(sentence))
        self._bsuid = _Side(self._old.bsuid, self._new.bsuid, self.sender.bsuid, _bsuids(sentence))

    def changes(self, kind: str) -> bool:
        """Whether the fields report a change although its kind is unknown."""
        if self._old != Sender() and (self._new != Sender() or not _overlap(self.sender, self._old)):
            return True
        differs = _differ(self.sender.phone, self._new.phone) or _differ(self.sender.bsuid, self._new.bsuid)
        if kind and not (_changes(kind) and _of_address(kind)):
            return False
        return differs or bool(kind and self.sender.phone and self._new.bsuid and not self.sender.bsuid)

    @property
    def is_respelled(self) -> bool:
        """Whether only the spelling of the number changed."""
        phone, bsuid = self._phone, self._bsuid
        before, after = phone.old or phone.sender or phone.sentence.first, phone.new or phone.sentence.last
        if not (before and after and before != after and same(before, after)):
            return False
        return not _differ(bsuid.old or bsuid.sender or bsuid.sentence.first, bsuid.new or bsuid.sentence.last)

    def sides(self, *, of_number: bool) -> tuple[Sender, Sender]:
        """Return the addresses before and after.

        A new number comes with a new BSUID; a new BSUID alone leaves the number as it is.
        """
        phone, bsuid = self._phone, self._bsuid
        if of_number or _differ(self._old.phone or phone.sender, phone.new):
            role = phone.role or bsuid.role or "old"
            old_phone, new_phone = phone.resolved(role)
            old_bsuid, new_bsuid = bsuid.resolved(bsuid.role or role)
            return Sender(old_phone, old_bsuid), Sender(new_phone, new_bsuid)
        number = phone.new or phone.sender
        old, new = bsuid.resolved(bsuid.role or "old")
        return Sender(None if old else number, old), Sender(number, new) if new else Sender()


def _named(system: Fields, prefixes: Iterable[str]) -> Sender:
    """Return the addresses in fields such as `previous_wa_id`, or in `user_id.previous`."""
    return joined(value for prefix in prefixes for value in _values(system, prefix))


def _values(system: Fields, prefix: str) -> Iterator[object]:
    for name in ("user_id", "wa_id", "phone_number"):
        yield system.get(f"{prefix}{name}")
        nested = system.get(name)
        if type(nested) is dict:
            yield nested.get(prefix.removesuffix("_"))


def _differ(address: str | None, other: str | None) -> bool:
    return bool(address and other and not same(address, other))


def _overlap(sender: Sender, other: Sender) -> bool:
    return same(sender.phone, other.phone) or same(sender.bsuid, other.bsuid)


def _bsuids(sentence: str) -> _Sentence:
    found = re.finditer(r"(?<![\w.])[A-Z]{2}\.[A-Za-z0-9]{1,128}(?!\.?\w)", sentence)  # nor the beginning of a parent's
    return _sentence(sentence, [(match[0], match.end()) for match in found])


def _phones(sentence: str) -> _Sentence:
    found = re.finditer(r"(?<![\w.+])\+?([1-9](?:[ \u00a0()./-]{0,2}[0-9]){6,14})(?!\.?\w)", sentence)
    phones = [(addresses(re.sub("[^0-9]", "", match[1]), None).phone, match.end()) for match in found]
    return _sentence(sentence, [(phone, end) for phone, end in phones if phone])


def _sentence(sentence: str, found: list[tuple[str, int]]) -> _Sentence:
    """`found`: each address with the position after it."""
    if not found or re.search(r"\w", sentence[found[-1][1] :]):
        return _Sentence(())
    return _Sentence(tuple(list(dict.fromkeys(address for address, _ in reversed(found)))[1::-1]))
