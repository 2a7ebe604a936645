"""How somebody can be answered: under which address, whether the chat is open, and what became of the last messages."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...consent.answers import Said
from ...consent.deadlines import Calendar
from ...consent.evidence import Kind, Method
from ...consent.requests import Request
from ...conversation.answered import answered
from ...conversation.world import World
from ...keys import Keyring
from ...messages.basis import ByLaw, Duty
from ...messages.inbound import WHATSAPP, Sender
from ...times import iso, iso_if_any
from ..company.contacts import Contact, Contacts
from ..ports import Decision, EventsOf, Ledger, PastFact, PersonId, Sendings
from ..sending.gate import WINDOW, Candidate
from ..sending.judge import judged
from ..sending.reasons import Reason, Refuse
from ..sending.send import Send
from ..shards import of_shard, token_of

_ANSWER = ByLaw(Duty.REQUEST)

_WHY = {
    Reason.OUTSIDE_WINDOW: "they wrote more than 24 hours ago, or never, so WhatsApp takes no answer of yours now",
    Reason.NO_ADDRESS: "no address of theirs is known any more",
    Reason.ERASED: "they were erased, and nothing may be sent to them any more",
}


@dataclass(frozen=True, slots=True)
class Fate:
    """A message to a person, and what became of it."""

    what: str
    """What it was: `question` or `message`, and the purpose."""
    at: int
    """When it was asked, or decided upon; unix seconds."""
    became: str

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {"what": self.what, "at": iso(self.at), "became": self.became}


@dataclass(frozen=True, slots=True)
class Reach:
    """How a person can be answered."""

    sender: Sender = field(repr=False)
    """Their addresses; empty if none is known any more."""
    locale: str
    """Empty if it is not known."""
    wrote_at: int
    """When they last wrote, unix seconds; 0: nothing is known."""
    window_ends: int
    """Until when anything may be sent to them, unix seconds; 0 if they never wrote."""
    withheld: Reason | None
    """Why they can't be answered in the chat now; None if they can."""
    last: Sequence[Fate]
    """The last question, and the last message of the company."""

    @property
    def why_not(self) -> str:
        """Why they can't be answered in the chat now, in words; empty if they can."""
        return why_not(self.withheld) if self.withheld else ""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "phone": self.sender.phone,
            "whatsapp_id": self.sender.bsuid,
            "locale": self.locale,
            "wrote_at": iso_if_any(self.wrote_at),
            "window_ends": iso_if_any(self.window_ends),
            "withheld": self.withheld,
            "last": [fate.as_dict() for fate in self.last],
        }


def why_not(reason: Reason) -> str:
    """Return why an answer may not be sent, as part of a sentence."""
    return _WHY.get(reason) or reason.sentence.rstrip(".")


class LastMessage(Protocol):
    """What the company wanted to send."""

    async def last(self, person: PersonId) -> Decision | None:
        """Return the decision about the last message to a person. Raises `Unavailable`."""


class ReachPersons:
    """Finds out how persons can be answered, and answers them in the chat. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        contacts: Contacts,
        ledger: Ledger,
        sendings: Sendings,
        messages: LastMessage,
        events: EventsOf,
        sends: Sequence[Send],
        world: World,
        keys: Keyring,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`sends` of all shards."""
        self._contacts = contacts
        self._ledger = ledger
        self._sendings = sendings
        self._messages = messages
        self._events = events
        self._sends = sends
        self._world = world
        self._keys = keys
        self._clock = clock

    async def how(self, person: PersonId) -> Reach:
        """Return how a person can be answered now."""
        contact = await self._contacts.find(person)
        withheld = await self._obstacle(person, contact)
        to = contact.person.sender if contact else Sender()
        wrote_at = contact.wrote.at if contact else 0
        return Reach(
            sender=to,
            locale=contact.person.locale if contact else "",
            wrote_at=wrote_at,
            window_ends=_window_ends(wrote_at),
            withheld=withheld,
            last=await self._last(contact.person.id if contact else person),
        )

    async def obstacle(self, person: PersonId) -> Reason | None:
        """Return why a person can't be answered in the chat now; None if they can."""
        return await self._obstacle(person, await self._contacts.find(person))

    async def tell(self, request: Request, said: Said, *, name: str) -> None:
        """Queue what a person is told about their request as it is now; under the same name it is queued only once.

        Nothing is queued for somebody who is gone.
        """
        contact = await self._contacts.find(PersonId(request.person))
        if contact is None:
            return
        asked_on = Calendar.of(self._world.business.controller).day_of(request.received_at)
        person = contact.person
        send = of_shard(token_of(person.sender, self._keys), self._sends)
        reply = answered(self._world, request, said, asked_on=asked_on, locale=person.locale)
        await send.queue(
            send.of_operators(
                reply,
                id=name,
                person=person.id,
                to=person.sender,
                wrote_at=contact.wrote.at,
                request=request.id,
                channel=WHATSAPP,
            )
        )

    async def _obstacle(self, person: PersonId, contact: Contact | None) -> Reason | None:
        known = contact.person.id if contact else person
        to, wrote_at = (contact.person.sender, contact.wrote.at) if contact else (Sender(), 0)
        facts = await self._ledger.facts([known])
        if any(entry.fact.kind is Kind.ERASED for entry in facts.get(known, ())):
            return Reason.ERASED
        (verdict,) = await judged(
            [Candidate(known, to, _ANSWER, _window_ends(wrote_at))],
            ledger=self._ledger,
            sendings=self._sendings,
            at=self._clock(),
            business=self._world.business,
        )
        return verdict.reason if isinstance(verdict, Refuse) else None

    async def _last(self, person: PersonId) -> Sequence[Fate]:
        facts = (await self._ledger.facts([person])).get(person, ())
        question, decision = _last_question(facts), await self._messages.last(person)
        message = await self._message(decision) if decision else None
        return sorted((fate for fate in (question, message) if fate), key=lambda fate: fate.at)

    async def _message(self, decision: Decision) -> Fate:
        what = f"message, {decision.purpose}" if decision.purpose else "message, an answer"
        if decision.reason:
            return Fate(what, decision.at, f"not sent: {decision.reason}")
        known = {event.type.partition(".")[2] for event in await self._events.of(decision.id)}
        return Fate(what, decision.at, next((became for became in _FURTHEST_FIRST if became in known), "queued"))


_FURTHEST_FIRST = ("read", "delivered", "failed", "refused", "sent")


def _window_ends(wrote_at: int) -> int:
    return wrote_at + WINDOW if wrote_at else 0


_ANSWERS: Mapping[Kind, str] = {
    Kind.GIVEN: "answered with yes",
    Kind.REFUSED: "answered with no",
    Kind.LAPSED: "not answered in time",
}


def _last_question(past: Sequence[PastFact]) -> Fate | None:
    """Return the last question for a consent, and what the ledger knows about how far it got."""
    asked = next((entry.fact for entry in reversed(past) if entry.fact.kind is Kind.REQUESTED), None)
    if asked is None:
        return None
    later = [entry.fact for entry in past if entry.fact.question == asked.question and entry.fact is not asked]
    became = "no answer so far"
    for fact in later:
        if fact.method is Method.UNDELIVERED:
            became = "not delivered"
        elif fact.kind in _ANSWERS:
            became = _ANSWERS[fact.kind]
    return Fate(f"question, {asked.purpose}", asked.at, became)
