"""Sends what the company wants to send, if the gate lets it pass, and tells what became of it."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from ...batcher import Batcher
from ...business import Business
from ...consent.evidence import EVERY
from ...consent.lifecycle import fold
from ...conversation.turn import message_token
from ...keys import Keyring
from ...messages.basis import Answer, ForPurpose
from ...messages.inbound import WHATSAPP, Sender
from ...messages.reply import Reply
from ..operators.find import Look
from ..ports import (
    Became,
    Decision,
    Decisions,
    Event,
    EventsOf,
    Ledger,
    MessageEvents,
    OpenConversations,
    Reads,
    Sendings,
    Suppressions,
)
from ..sending.gate import NEVER, WINDOW, Candidate
from ..sending.judge import Send as MaySend
from ..sending.judge import judged
from ..sending.reasons import Reason, Refuse
from ..sending.send import Send
from ..shards import of_shard, token_of
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
    answers: str = field(default="", repr=False)
    """For an answer, the id of the person's message: WhatsApp's, or that in their conversation with the staff."""
    caller: str
    """Who wants it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a message."""

    became: Became
    at: int
    """Unix seconds."""
    detail: str
    """Of a refusal, the gate's reason; of a failure, the channel's code."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A message and what became of it."""

    decision: Decision
    steps: Sequence[Step]

    @property
    def status(self) -> Literal["queued"] | Became:
        """How far it got."""
        return max((step.became for step in self.steps), key=_FAR.index, default="queued")


_FAR: Sequence[Became] = ("sent", "refused", "failed", "delivered", "read")
"""Webhooks come in any order: a failure means nothing once the message was delivered."""


class Messages:
    """The use case. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        contacts: Contacts,
        ledger: Ledger,
        sendings: Sendings,
        suppressions: Suppressions,
        reads: Reads,
        decisions: Decisions,
        events: EventsOf,
        told: MessageEvents,
        sends: Sequence[Send],
        filled: Callable[[TemplateWanted, str, str], Awaitable[Reply | Reason]],
        way_out: Callable[[str], str],
        answerable: OpenConversations,
        business: Business,
        keys: Keyring,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`sends` of all shards; `filled` returns a template in a language, or why it may not be sent;
        `way_out` says in a language how to stop.
        """
        self._contacts = contacts
        self._ledger = ledger
        self._sendings = sendings
        self._suppressions = suppressions
        self._reads = reads
        self._decisions = decisions
        self._events = events
        self._told = told
        self._sends = sends
        self._filled = filled
        self._way_out = way_out
        self._answerable = answerable
        self._business = business
        self._keys = keys
        self._clock = clock
        self._gate: Batcher[Candidate, MaySend | Refuse] = Batcher(self._judged)

    async def send(self, message: Message) -> Decision:
        """Queue a message, or decide that it may not be sent.

        If a call broke off, repeating it with the same id gives the same decision, and the message is queued once.
        """
        known = await self._decisions.find(message.id)
        if known is not None and known.reason:
            return known
        contact = await self._contacts.find(message.to)
        reply = await self._reply(message, contact)
        verdict = reply if isinstance(reply, Refuse) else await self._verdict(message, contact, reply)
        if known is None:
            known = await self._decisions.keep(
                Decision(
                    id=message.id,
                    at=int(self._clock()),
                    person=contact.person.id if contact else None,
                    purpose=message.basis.purpose if isinstance(message.basis, ForPurpose) else "",
                    reason=verdict.reason if isinstance(verdict, Refuse) else "",
                    retry_at=verdict.retry_at if isinstance(verdict, Refuse) else None,
                    caller=message.caller,
                )
            )
            if not known.reason and isinstance(verdict, MaySend):
                await self._queue(message, contact, reply, verdict.seq)
            return known
        if isinstance(reply, Refuse) or contact is None:
            if not await self._told.left(message.id):  # the call before this broke off, and now it can't be sent
                why = verdict.reason if isinstance(verdict, Refuse) else Reason.NO_ADDRESS
                await self._told.note(message.id, "refused", at=int(self._clock()), detail=why)
            return known
        await self._queue(message, contact, reply, NEVER, repeated=True)
        return known

    async def check(self, to: Sequence[Sender], purpose: str, look: Look) -> Sequence[Refuse | None]:
        """Ask the gate about a template for a purpose to each of these; None where it may be sent.

        A look at each person is recorded.
        """
        contacts = await self._contacts.find_all(to)
        persons = [contact.person.id for contact in contacts if contact]
        if persons:
            await self._reads.note(persons, look.way, look.operator, self._clock(), look.reason)
        stopped = await self._stopped([sender for sender, contact in zip(to, contacts, strict=True) if not contact])
        basis = ForPurpose(purpose)
        verdicts = await self._judged(
            [_candidate(sender, contact, basis, is_template=True) for sender, contact in zip(to, contacts, strict=True)]
        )
        return [
            self._stricter(verdict, sender, stopped) if isinstance(verdict, Refuse) else None
            for sender, verdict in zip(to, verdicts, strict=True)
        ]

    async def follow(self, id: str) -> Followed | None:
        """Return what became of a message; None if there is no message with this id, a UUID."""
        decision = await self._decisions.find(id)
        if decision is None:
            return None
        steps = [_step(event) for event in await self._events.of(id)]
        return Followed(decision, sorted(steps, key=lambda step: (step.at, _FAR.index(step.became))))

    async def _reply(self, message: Message, contact: Contact | None) -> Reply | Refuse:
        """Return what is said, or why its template may not be sent."""
        said, locale = message.content, contact.person.locale if contact else ""
        if isinstance(said, TemplateWanted):
            purpose = message.basis.purpose if isinstance(message.basis, ForPurpose) else ""
            filled = await self._filled(said, said.locale or locale, purpose)
            return Refuse(filled) if isinstance(filled, Reason) else filled
        if isinstance(message.basis, ForPurpose) and said.takes_text and not said.footer:
            return msgspec.structs.replace(said, footer=self._way_out(locale))
        return said

    async def _verdict(self, message: Message, contact: Contact | None, reply: Reply) -> MaySend | Refuse:
        """Ask the gate."""
        candidate = _candidate(message.to, contact, message.basis, is_template=reply.template is not None)
        verdict = await self._gate.add(candidate)
        if isinstance(verdict, MaySend):
            if isinstance(message.basis, Answer) and not await self._answers(message, contact):
                return Refuse(Reason.NOTHING_TO_ANSWER)
            return verdict
        strangers = [message.to] if contact is None and isinstance(message.to, Sender) else []
        return self._stricter(verdict, message.to, await self._stopped(strangers))

    async def _queue(
        self, message: Message, contact: Contact | None, reply: Reply | Refuse, seen: int, *, repeated: bool = False
    ) -> None:
        """Queue a message; of a repeated one, `deliver` asks first whether it has left."""
        if contact is None or isinstance(reply, Refuse):
            return
        token = token_of(contact.person.sender, self._keys)
        send = of_shard(token, self._sends)
        made = send.of_the_company(
            reply,
            message.basis,
            id=message.id,
            person=contact.person.id,
            to=contact.person.sender,
            wrote_at=contact.wrote.at,
            seen=seen,
            repeated=repeated,
            channel=WHATSAPP,
        )
        await send.queue(made)

    async def _answers(self, message: Message, contact: Contact | None) -> bool:
        """Whether it answers the last message that no dialogue claimed, or one in an open conversation."""
        if contact is None:
            return False
        named, unanswered = message.answers, contact.wrote.unanswered
        if unanswered and unanswered in (named, message_token(named, self._keys.questions)):
            return True
        return await self._answerable.is_open(contact.person.id, named)

    async def _judged(self, candidates: Sequence[Candidate]) -> Sequence[MaySend | Refuse]:
        verdicts = await judged(
            candidates, ledger=self._ledger, sendings=self._sendings, at=self._clock(), business=self._business
        )
        passing = [
            (number, candidate)
            for number, (candidate, verdict) in enumerate(zip(candidates, verdicts, strict=True))
            if isinstance(verdict, MaySend) and isinstance(candidate.basis, ForPurpose)
        ]
        for number in await self._suppressed(passing):
            verdicts[number] = Refuse(Reason.SUPPRESSED)
        return verdicts

    async def _suppressed(self, passing: Sequence[tuple[int, Candidate]]) -> Sequence[int]:
        """Return which of these are suppressed by an address although the ledger does not know it yet."""
        addresses = [address for _, candidate in passing for address in candidate.to.addresses]
        found = await self._suppressions.suppressed(addresses) if addresses else {}
        if not any(found.values()):
            return ()
        concerned = [
            (number, candidate, since)
            for number, candidate in passing
            if (since := _since(candidate, found)) is not None
        ]
        facts = await self._ledger.facts({candidate.person for _, candidate, _ in concerned if candidate.person})
        stopped = []
        for number, candidate, since in concerned:
            assert isinstance(candidate.basis, ForPurpose)
            past = facts.get(candidate.person, ()) if candidate.person else ()
            consent = fold(entry.fact for entry in past).consent(candidate.basis.purpose)
            if since >= max(consent.since, consent.sold_at):
                stopped.append(number)
        return stopped

    async def _stopped(self, strangers: Sequence[Sender]) -> frozenset[str]:
        """Return the addresses of nobody known under which something was stopped."""
        addresses = [address for sender in strangers for address in sender.addresses]
        found = await self._suppressions.suppressed(addresses) if addresses else {}
        return frozenset(address for address, scopes in found.items() if scopes)

    @staticmethod
    def _stricter(refuse: Refuse, to: Address, stopped: frozenset[str]) -> Refuse:
        """Return the reason that says most about somebody who is not known, or not any more."""
        if isinstance(to, Sender):
            return Refuse(Reason.SUPPRESSED) if stopped.intersection(to.addresses) else refuse
        return Refuse(Reason.ERASED) if refuse.reason is Reason.NO_ADDRESS else refuse


def _since(candidate: Candidate, found: Mapping[str, Mapping[str, int]]) -> int | None:
    """Return since when a candidate's purpose is suppressed, unix seconds; None if it is not."""
    assert isinstance(candidate.basis, ForPurpose)
    scopes = (candidate.basis.purpose, EVERY)
    times = [
        since
        for address in candidate.to.addresses
        for scope, since in found.get(address, {}).items()
        if scope in scopes
    ]
    return max(times, default=None)


def _candidate(to: Address, contact: Contact | None, basis: ForPurpose | Answer, *, is_template: bool) -> Candidate:
    if contact is None:
        return Candidate(None, to if isinstance(to, Sender) else Sender(), basis, 0, is_template)
    window_ends = contact.wrote.at + WINDOW if contact.wrote.at else 0
    return Candidate(contact.person.id, contact.person.sender, basis, window_ends, is_template)


def _step(event: Event) -> Step:
    became: Became = event.type.partition(".")[2]  # type: ignore[assignment]
    return Step(became, event.at, event.data.get("reason") or event.data.get("code") or "")
