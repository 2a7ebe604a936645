"""Sends what the company wants to send, if the gate lets it pass, and follows what becomes of it."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...keys import Keyring
from ...messages.basis import Answer, ForPurpose
from ...messages.inbound import WHATSAPP, Sender
from ...messages.reply import Outbound, Reply
from ..ports import PersonId, Suppressions
from ..sending.gate import Reason
from ..sending.send import Send
from ..shards import shard_of, token_of
from .contacts import Address, Contact, Contacts


@dataclass(frozen=True, slots=True)
class TemplateWanted:
    """A template of the company's own, with the values for its placeholders."""

    name: str
    locale: str = ""
    """The language; empty: the person's own."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that the company wants to send."""

    id: str
    """A UUID under which it is followed; a message whose id is known is not sent again."""
    to: Address = field(repr=False)
    basis: ForPurpose | Answer
    content: Reply | TemplateWanted = field(repr=False)
    caller: str
    """Who wants it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a message."""

    id: str
    at: int
    """Unix seconds."""
    person: PersonId | None
    """None: nobody is known by the address."""
    purpose: str
    """Empty for an answer."""
    reason: Reason | None
    """Why it is not sent; None: it is on its way."""
    caller: str


class Decisions(Protocol):
    """Keeps what was decided. Every method raises `Unavailable`."""

    async def find(self, id: str) -> Decision | None:
        """Return the decision about a message; None if there is none."""

    async def keep(self, decision: Decision) -> Decision:
        """Keep a decision, and the event that tells of a refusal; return the one that was kept first."""


class Messages:
    """The use case. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        contacts: Contacts,
        suppressions: Suppressions,
        decisions: Decisions,
        sends: Sequence[Send],
        filled: Callable[[TemplateWanted, str], Awaitable[Reply | Reason]],
        keys: Keyring,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`sends` of all shards; `filled` returns a template in a language, or why it may not be sent."""
        self._contacts = contacts
        self._suppressions = suppressions
        self._decisions = decisions
        self._sends = sends
        self._filled = filled
        self._keys = keys
        self._clock = clock

    async def send(self, message: Message) -> Decision:
        """Queue a message, or decide that it may not be sent.

        If a call broke off, repeating it with the same id gives the same decision, and the message is queued once.
        """
        known = await self._decisions.find(message.id)
        if known is not None and known.reason is not None:
            return known
        contact = await self._contacts.find(message.to)
        made, reason = await self._made(message, contact)
        if known is None:
            purpose = message.basis.purpose if isinstance(message.basis, ForPurpose) else ""
            person = contact.id if contact else None
            decision = Decision(message.id, int(self._clock()), person, purpose, reason, message.caller)
            known = await self._decisions.keep(decision)
        if made is not None and known.reason is None:
            await self._send_of(made).queue(made)
        return known

    async def check(self, to: Sequence[Sender], purpose: str) -> Sequence[Reason | None]:
        """Ask the gate about a template for a purpose to each of these; None where it may be sent."""
        contacts = await self._contacts.find_all(to)
        strangers = [sender for sender, contact in zip(to, contacts, strict=True) if contact is None]
        stopped = await self._stopped(strangers)
        basis = ForPurpose(purpose)
        return [
            self._sends[0].may_send(basis, contact.record) if contact else self._unknown(sender, stopped)
            for sender, contact in zip(to, contacts, strict=True)
        ]

    async def _made(self, message: Message, contact: Contact | None) -> tuple[Outbound | None, Reason | None]:
        if contact is None:
            strangers = [message.to] if isinstance(message.to, Sender) else []
            return None, self._unknown(message.to, await self._stopped(strangers))
        reply = message.content
        if isinstance(reply, TemplateWanted):
            filled = await self._filled(reply, reply.locale or contact.person.locale)
            if isinstance(filled, Reason):
                return None, filled
            reply = filled
        return self._sends[0].of_the_company(
            reply,
            message.basis,
            id=message.id,
            person=contact.person,
            record=contact.record,
            wrote_at=contact.wrote_at,
            channel=WHATSAPP,
        )

    async def _stopped(self, strangers: Sequence[Sender]) -> frozenset[str]:
        """Return the addresses of nobody known under which something was stopped."""
        addresses = [address for sender in strangers for address in sender.addresses]
        found = await self._suppressions.suppressed(addresses) if addresses else {}
        return frozenset(address for address, scopes in found.items() if scopes)

    @staticmethod
    def _unknown(to: Address, stopped: frozenset[str]) -> Reason:
        if not isinstance(to, Sender):
            return Reason.ERASED
        return Reason.SUPPRESSED if stopped.intersection(to.addresses) else Reason.NO_CONSENT

    def _send_of(self, message: Outbound) -> Send:
        token = token_of(Sender(message.phone, message.bsuid), self._keys)
        return self._sends[shard_of(token, len(self._sends))]
