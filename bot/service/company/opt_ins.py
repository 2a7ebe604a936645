"""Passes on an opt-in from elsewhere: the person is asked in WhatsApp to confirm it, which alone makes a consent."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ...consent.evidence import EVERY, Clock, Method
from ...consent.invitations import Uninvited, invited
from ...consent.lifecycle import fold
from ...conversation.world import World
from ...i18n.locale import guess, negotiate
from ...keys import Keyring
from ...messages.inbound import Inbound, Invitation, MessageId, QuestionTemplate, Sender
from ..ports import Inbox, Ledger, PersonId, Suppressions
from ..sending.gate import is_open
from ..sending.reasons import Reason
from ..shards import of_shard, token_of
from .contacts import Contact, Contacts


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn:
    """An opt-in that the company passes on."""

    address: Sender = field(repr=False)
    purposes: Sequence[str]
    method: Method
    """Where the person opted in."""
    reference: str = field(default="", repr=False)
    """What proves that."""
    locale: str = ""
    """The language in which they did."""
    id: str
    """Of the call: repeated with the same id, it asks nothing twice."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The question is on its way."""

    id: str
    person: PersonId
    purposes: Sequence[str]
    """What is asked about, one purpose after the other."""
    left_out: Mapping[str, Uninvited | Reason]
    """Other purposes that were named, and why they are not asked about."""


@dataclass(frozen=True, slots=True)
class NotAsking:
    """Nothing is asked."""

    reason: Uninvited | Reason
    """That of the first purpose."""
    left_out: Mapping[str, Uninvited | Reason]


class OptIns:
    """The use case. Raises `Unavailable`."""

    def __init__(
        self,
        *,
        contacts: Contacts,
        ledger: Ledger,
        suppressions: Suppressions,
        inboxes: Sequence[Inbox],
        template: Callable[[str], Awaitable[QuestionTemplate | Reason]],
        world: World,
        keys: Keyring,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`inboxes` of all shards; `template` picks the approved template of the question for a language."""
        self._contacts = contacts
        self._ledger = ledger
        self._suppressions = suppressions
        self._inboxes = inboxes
        self._template = template
        self._world = world
        self._keys = keys
        self._clock = clock

    async def start(self, wanted: OptIn) -> Asking | NotAsking:
        """Ask the person about the purposes that they may be asked about."""
        unknown = {
            purpose: Reason.UNKNOWN_PURPOSE for purpose in wanted.purposes if not self._world.business.purpose(purpose)
        }
        if unknown:
            return NotAsking(Reason.UNKNOWN_PURPOSE, unknown)
        contact = await self._contacts.find(wanted.address)
        now = self._clock()
        past = (await self._ledger.facts([contact.person.id])).get(contact.person.id, ()) if contact else ()
        asked = {*self._keys.messages(_event_of(wanted.id))}
        if contact and any(entry.inbound in asked for entry in past):  # by a call that broke off
            return Asking(wanted.id, contact.person.id, wanted.purposes, {})
        record = fold(entry.fact for entry in past)
        purposes, left_out = invited(record, wanted.purposes, wanted.method, int(now))
        stopped = await self._stopped(wanted.address, purposes)
        purposes = [purpose for purpose in purposes if purpose not in stopped]
        reasons: dict[str, Uninvited | Reason] = {**left_out, **dict.fromkeys(stopped, Uninvited.SUPPRESSED)}
        needed = {purpose.id for purpose in self._world.business.consentable}
        reasons |= {purpose: Uninvited.NOT_NEEDED for purpose in wanted.purposes if purpose not in needed}
        purposes = [purpose for purpose in purposes if purpose in needed]
        if not purposes:
            return NotAsking(reasons[wanted.purposes[0]], reasons)
        locale = self._locale(wanted, contact)
        template = None if contact and is_open(contact.wrote.at, now) else await self._template(locale)
        if isinstance(template, Reason):
            return NotAsking(template, dict.fromkeys(wanted.purposes, template) | reasons)
        person = contact.person.id if contact else await self._contacts.made(wanted.address)
        if not contact and (stopped := await self._stopped(wanted.address, purposes)):  # by what came meanwhile
            reasons |= dict.fromkeys(stopped, Uninvited.SUPPRESSED)
            purposes = [purpose for purpose in purposes if purpose not in stopped]
            if not purposes:
                return NotAsking(reasons[wanted.purposes[0]], reasons)
        invitation = Invitation(
            tuple(purposes), wanted.method, wanted.reference, template.locale if template else locale, template
        )
        await self._forward(wanted.id, person, contact.person.sender if contact else wanted.address, invitation, now)
        return Asking(wanted.id, person, purposes, reasons)

    async def _stopped(self, address: Sender, purposes: Sequence[str]) -> set[str]:
        """Return the purposes that somebody, perhaps erased since, has stopped under this address."""
        found = await self._suppressions.suppressed(address.addresses)
        scopes = {scope for by_scope in found.values() for scope in by_scope}
        return {purpose for purpose in purposes if purpose in scopes or EVERY in scopes}

    def _locale(self, wanted: OptIn, contact: Contact | None) -> str:
        """Return the person's language: the one that they chose, that of the form, or the country's only one."""
        offered = self._world.texts.offered
        if contact and contact.person.locale:
            return contact.person.locale
        if wanted.locale and (near := negotiate(wanted.locale, offered)):
            return near
        likely = guess(wanted.address.phone, wanted.address.bsuid, offered)
        return likely[0] if len(likely) == 1 else self._world.business.default_locale

    async def _forward(self, id: str, person: PersonId, to: Sender, invitation: Invitation, now: float) -> None:
        """Put the event into the person's inbox; it names only the person, whose addresses may change meanwhile."""
        inbox = of_shard(token_of(to, self._keys), self._inboxes)
        event = Inbound(
            MessageId(_event_of(id)),
            Sender(),
            int(now),
            invitation,
            now,
            person=person,
            clock=Clock.ARRIVAL,
        )
        await inbox.forward(event)


def _event_of(id: str) -> str:
    """Return the id of the event that a call leads to, which the ledger keeps as a hash."""
    return f"opt-in {id}"
