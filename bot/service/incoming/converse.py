"""Answers messages: a batch from the inbox → steps → the ledger → one commit.

The order is what makes it safe to die anywhere: evidence is committed first, then, in one script, the session, the
replies, the timers and the end of the messages. Whoever takes the messages up after a crash finds the evidence
already there and steps again to the same replies. No lock is held: a person's ledger takes entries only after the
one that the step started from, and a session is replaced only if it is still the one that was read; who loses
reads again.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog

from ...consent.evidence import Entry, Kind, Method
from ...conversation.dialogue import Dialogue, Step
from ...conversation.session import Session
from ...conversation.turn import LONGEST_WAY
from ...errors import where
from ...keys import Keyring
from ...messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty
from ...messages.inbound import (
    Content,
    Delivery,
    Event,
    Inbound,
    Lapse,
    MessageId,
    Preference,
    QuestionStatus,
    Sender,
    StaffMessage,
)
from ...messages.reply import Reply
from .. import metrics
from ..ports import (
    Append,
    Assigned,
    Commit,
    DeadLetters,
    HandedOver,
    Inbox,
    Ledger,
    Outbox,
    PersonId,
    Persons,
    Queue,
    Queued,
    Retry,
    SendError,
    Sessions,
    Suppressions,
)
from ..sending.gate import NEVER, refused
from ..sending.send import outbound
from ..sending.undelivered import Undelivered, named, question_of, reference
from ..shards import shard_of
from .cases import Arrived, Case, Cases
from .corrections import informed
from .redelivery import as_it_is, as_it_was, facts_of, recorded_from
from .staff import Staff

log = structlog.get_logger(__name__)

SOON = 0.25
"""Seconds after which a message that came too early is looked at for the second time; then twice as many each time."""

DAY = 86400
"""Contact is noted once in each of them."""

_ROUNDS = 5
"""How often a person's messages are tried anew when other workers were faster, before they are left for later."""


@dataclass(slots=True)
class _Answer:
    """What a person's messages led to."""

    case: Case
    commit: Commit
    entries: list[Entry] = field(default_factory=list)
    unanswered: list[tuple[Queued[Inbound], Exception]] = field(default_factory=list)
    """Messages whose withdrawal was recorded and whose answer failed."""
    looks_again: bool = False
    """Whether a message is to be looked at again at once: what it waits for may be right behind it."""
    after: int = 0
    locale_before: str = ""


@dataclass(frozen=True, slots=True)
class Shard:
    """The stores of the shard that a worker answers."""

    number: int
    inbox: Queue[Event]
    inboxes: Sequence[Inbox]
    """The writing ends of all shards."""
    sessions: Sessions
    all_sessions: Sequence[Sessions]
    """Those of all shards."""
    outbox: Outbox
    dead: DeadLetters
    urgent: bool = False
    """Whether `inbox` is the urgent lane."""


class Converse:
    """Answers the messages of one shard."""

    def __init__(
        self,
        dialogue: Dialogue,
        shard: Shard,
        persons: Persons,
        ledger: Ledger,
        suppressions: Suppressions,
        undelivered: Undelivered,
        keys: Keyring,
        failure: Callable[[int], SendError],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`failure` tells what the code of a failed delivery means."""
        self._dialogue = dialogue
        self._shard = shard
        self._persons = persons
        self._ledger = ledger
        self._undelivered = undelivered
        self._keys = keys
        self._failure = failure
        self._clock = clock
        self._notice = dialogue.world.business.notice.version
        purposes = [purpose.id for purpose in dialogue.world.business.purposes]
        self._staff = Staff(persons, ledger, suppressions)
        self._cases = Cases(
            persons, ledger, suppressions, purposes, shard.sessions, keys, clock, opens=dialogue.opens_a_record
        )

    async def answer(self, batch: Sequence[Queued[Event]]) -> None:
        """Answer what was read from the inbox. Raises `Unavailable`: then what is unfinished is taken up again."""
        news: list[Queued[Inbound]] = []
        messages: list[Queued[Inbound]] = []
        by_staff: list[Queued[Inbound]] = []
        for queued in batch:
            match queued.item:
                case None:
                    await self._bury(queued)
                case Delivery() as delivery:
                    told = await self._delivered(delivery)
                    news += [Queued(queued.id, queued.payload, inbound) for inbound in told]
                    if not told:
                        await self._shard.inbox.finish(queued.id)
                case Inbound(content=StaffMessage()) as inbound:
                    by_staff.append(Queued(queued.id, queued.payload, inbound))
                case Inbound() as inbound if _passes_by(inbound, self._dialogue):
                    await self._shard.inbox.finish(queued.id)
                case Inbound(content=QuestionStatus()) as inbound:
                    news.append(Queued(queued.id, queued.payload, inbound))
                case Inbound() as inbound:
                    messages.append(Queued(queued.id, queued.payload, inbound))
        if news or messages:  # what became of our messages comes first: people answer to it
            await self._answer([*news, *messages])
        for one in by_staff:  # after the withdrawals that came with it
            await self._written_by_staff(one)

    async def _written_by_staff(self, queued: Queued[Inbound]) -> None:
        """Look whether staff wrote after a STOP; for a second time behind what waits now, which may hold that."""
        inbound = queued.item
        if inbound is not None and not await self._staff.wrote(inbound.sender, inbound.at) and not inbound.postponed:
            again = msgspec.structs.replace(inbound, postponed=1)
            await self._shard.inboxes[self._shard.number].forward(again)
        await self._shard.inbox.finish(queued.id)

    async def _bury(self, queued: Queued[Event]) -> None:
        metrics.DEAD.labels("event").inc()
        log.error("event_unreadable", cure="see `deadletter list`; a newer version may have written it")
        await self._shard.dead.add(queued.payload, "unreadable by this version", "event")
        await self._shard.inbox.finish(queued.id)

    async def _delivered(self, delivery: Delivery) -> Sequence[Inbound]:
        """Note a delivery status; return what it tells of a person: how far a question came, that they opted out."""
        is_news = await self._shard.outbox.raise_status(self._keys.message(delivery.id), delivery.status)
        if is_news:
            metrics.STATUSES.labels(delivery.status).inc()
        question = question_of(delivery.reference or "")
        if is_news and delivery.status == "failed" and delivery.reference and not question:
            await self._not_read(delivery.reference, delivery.recipient)
        told = []
        if delivery.code is not None and self._is_opt_out(delivery.code):
            id = MessageId(f"opted out {delivery.id}")
            told.append(Inbound(id, delivery.recipient, delivery.at, Preference("stop")))
        if question or not delivery.reference:  # whether or not it is news: who noted that may have died before this
            id, at = MessageId(f"{delivery.status} {delivery.id}"), min(delivery.at, int(self._clock()))
            told.append(Inbound(id, delivery.recipient.firmest, at, self._status(delivery, question)))
        return told if delivery.recipient != Sender() else ()

    def _is_opt_out(self, code: int) -> bool:
        """Tell operators of a failed delivery; return whether it says that the person switched marketing off."""
        failure = self._failure(code)
        metrics.REFUSALS.labels(str(failure.code)).inc()
        log.warning("delivery_failed", code=failure.code, meaning=failure.meaning)
        if failure.retry is Retry.HALT:  # the channel accepts messages that it will not deliver
            log.error("delivery_halted", code=failure.code, cure=failure.meaning)
        return failure.retry is Retry.OPT_OUT

    def _status(self, delivery: Delivery, question: str) -> QuestionStatus:
        message = reference(self._keys.message(delivery.id))
        match delivery.status:
            case "failed":
                return QuestionStatus(question, "failed", message, delivery.code or 0)
            case "sent":
                return QuestionStatus(question, "sent", message)
        return QuestionStatus(question, "delivered", message)

    async def _not_read(self, reference: str, recipient: Sender) -> None:
        known = await self._persons.find(recipient.addresses)
        for person in set(known.values()):
            await self._undelivered.note(reference, person)

    async def _answer(self, messages: Sequence[Queued[Inbound]]) -> None:
        arrived = await self._cases.arrived(messages)
        await self._finish_others(messages, {one.queued.id for one in arrived})
        left = await self._ours(arrived)
        again = False
        for _ in range(_ROUNDS):
            if not left:
                return
            cases = await self._cases.open(left, again=again)
            opened = {queued.id for case in cases for queued in case.messages}
            await self._finish_others([one.queued for one in left], opened)
            left = [one for one in left if one.queued.id in opened]
            done = await self._answer_cases(cases)
            left = [one for one in left if one.queued.id not in done]
            again = True
        log.warning("answers_postponed", messages=len(left))

    async def _finish_others(self, messages: Sequence[Queued[Inbound]], kept: Collection[bytes]) -> None:
        """Finish what is about persons who are no more."""
        for queued in messages:
            if queued.id not in kept:
                await self._shard.inbox.finish(queued.id)

    async def _ours(self, arrived: Sequence[Arrived]) -> list[Arrived]:
        """Pass on messages of persons who, now that all their addresses are known, belong to another shard."""
        ours = []
        for one in arrived:
            number = shard_of(one.token, len(self._shard.inboxes))
            if number == self._shard.number:
                ours.append(one)
            else:
                await self._shard.inboxes[number].forward(one.inbound, urgent=self._shard.urgent)
                await self._shard.inbox.finish(one.queued.id)
        return ours

    async def _answer_cases(self, cases: Iterable[Case]) -> set[bytes]:
        """Step, record and commit; return the inbox entries that are finished."""
        now = round(self._clock(), 3)  # as the ledger keeps it: a session must equal what is folded from there
        answers: dict[PersonId, _Answer] = {}
        for case in cases:
            if case.person not in answers:  # one who comes twice, under two addresses: the second waits
                answers[case.person] = self._stepped(case, now)
        recorded = await self._record(answers)
        committed = [answer for person, answer in answers.items() if person in recorded]
        if not committed:
            return set()
        locales = {
            answer.case.person: answer.commit.session.locale
            for answer in committed
            if answer.commit.session.locale != answer.locale_before
        }
        if locales:
            await self._persons.set_locales(locales)
        if contacts := {answer.case.person: at for answer in committed if (at := _news_of_contact(answer))}:
            await self._persons.note_contacts(contacts)
        for answer in committed:  # now that the ledger tells what they lack: who makes them anew reads it
            await self._forget(answer.case.outdated)
        done: set[bytes] = set()
        results = await self._shard.sessions.commit([answer.commit for answer in committed])
        if any(answer.looks_again for answer in committed):
            await self._shard.outbox.promote(self._clock())
        for answer, ok in zip(committed, results, strict=True):
            if ok:
                done.update(answer.commit.messages)
                self._count(answer)
                await self._set_aside(answer.unanswered)
                if answer.case.passing:
                    await self._forget([answer.case.token])
        return done

    async def _set_aside(self, unanswered: Iterable[tuple[Queued[Inbound], Exception]]) -> None:
        """Keep what could not be answered, so that it can be once the fault is mended."""
        for queued, failure in unanswered:
            metrics.FAILURES.labels("answer").inc()
            metrics.DEAD.labels("event").inc()
            kind, cure = type(failure).__name__, "mend what is named; then `deadletter replay` confirms the withdrawal"
            log.error("withdrawal_unconfirmed", error=kind, where=where(failure), cure=cure)
            await self._shard.dead.add(queued.payload, f"recorded, but the answer failed: {kind}", "event")

    async def _forget(self, tokens: Iterable[bytes]) -> None:
        sessions = self._shard.all_sessions
        for token in tokens:
            await sessions[shard_of(token, len(sessions))].forget(token)

    async def _record(self, answers: dict[PersonId, _Answer]) -> set[PersonId]:
        """Commit evidence; return the persons whose step may go on."""
        appends = [Append(person, answer.after, answer.entries) for person, answer in answers.items() if answer.entries]
        if not appends:
            return set(answers)
        appended = await self._ledger.append(appends)
        return {person for person, answer in answers.items() if not answer.entries or person in appended}

    # --- the steps

    def _stepped(self, case: Case, now: float) -> _Answer:
        """Step through a person's messages in the order in which they came."""
        session = case.session
        answer = _Answer(
            case,
            Commit(case.token, case.read, session, [queued.id for queued in case.messages]),
            after=session.record.seq,
            locale_before=session.locale,
        )
        before = _lapse(session)
        seen: set[tuple[MessageId, int, Content]] = set()
        for queued in case.messages:
            inbound = queued.item
            if inbound is None or (said := (inbound.id, inbound.at, inbound.content)) in seen:
                continue
            seen.add(said)
            inbound = informed(inbound, case.past or (), answer.entries, self._keys)
            first = recorded_from(case, self._keys.messages(inbound.id)) if case.past else None
            read = self._with_reference(inbound, session)
            if first is None:
                step = self._dialogue.step(session, read, now)
                answer.entries += step.entries
                session = step.session
            else:
                step = self._dialogue.step(as_it_was(case, first), read, now, facts_of(case, first))
                session = as_it_is(case, step.session, answer.entries)
            if step.failure is not None:
                answer.unanswered.append((queued, step.failure))
            self._take(answer, step, inbound)
        answer.commit.session = session
        self._set_timers(answer.commit, before if case.past is None else None, _lapse(session))
        return answer

    def _with_reference(self, inbound: Inbound, session: Session) -> Inbound:
        """Return a message that names what it quotes as sessions do, by whichever key that was named."""
        if inbound.quoted is None:
            return inbound
        names = [reference(token) for token in self._keys.messages(inbound.quoted)]
        known = {one.message for one in session.asked}
        return msgspec.structs.replace(inbound, quoted=next((name for name in names if name in known), names[0]))

    def _take(self, answer: _Answer, step: Step, inbound: Inbound) -> None:
        commit, person = answer.commit, answer.case.person
        seq = step.session.record.seq
        if step.postponed and (pending := step.session.record.pending):
            again = msgspec.structs.replace(inbound, awaits=pending.question, postponed=inbound.postponed + 1)
            commit.timers.append((self._clock() + _wait(inbound.postponed), again))
            answer.looks_again |= inbound.postponed == 0
            return
        if step.handed_over:
            commit.handed_over.append(HandedOver(inbound, person, step.session.locale, seq, self._notice))
            return
        sender = answer.case.sender
        commit.tasks += [
            Assigned(task, inbound.id, inbound.at, person, sender, step.session.locale, seq) for task in step.tasks
        ]
        name = self._keys.message(inbound.id).hex()
        wrote_at = _wrote_at(answer.case, step, inbound)
        for number, reply in enumerate(step.replies):
            basis = _basis(reply, step)
            passes = refused(basis, step.session.record, self._clock(), self._dialogue.world.business) is None
            commit.outbound.append(
                outbound(
                    reply,
                    basis,
                    id=named(f"{name}.{number}", question=reply.question),
                    person=person,
                    to=sender,
                    wrote_at=wrote_at,
                    seen=seq if passes else NEVER,
                    held=inbound.overheard == "standby",
                )
            )

    def _set_timers(self, commit: Commit, before: Inbound | None, after: Inbound | None) -> None:
        if before is not None and before != after:
            commit.ended.append(before)
        if after is not None and before != after:
            commit.timers.append((float(after.at), after))

    def _count(self, answer: _Answer) -> None:
        now = self._clock()
        for queued in answer.case.messages:
            if queued.item is not None:
                metrics.MESSAGES.labels(type(queued.item.content).__name__.lower()).inc()
                if queued.item.received_at:
                    metrics.ANSWERED.observe(max(0.0, now - queued.item.received_at))
        for entry in answer.entries:
            metrics.EVIDENCE.labels(entry.kind).inc()


def _passes_by(inbound: Inbound, dialogue: Dialogue) -> bool:
    """Whether nothing follows from an event, whoever it is about: nobody is made a person for it."""
    return bool(inbound.overheard) and not dialogue.heeds(inbound)


def _wait(postponed: int) -> float:
    """Return after how many seconds a message is looked at again that was postponed so often: at first at once."""
    return SOON * 2 ** (postponed - 1) if postponed else 0.0


def _wrote_at(case: Case, step: Step, inbound: Inbound) -> int:
    """Return when the person last wrote, unix seconds: what is sent to them is allowed for a day after that.

    Of news of a message, that is in the session, or the ledger if Redis lost it. What has just arrived with a stamp
    older than anything can be was written just now.
    """
    if isinstance(inbound.content, QuestionStatus):
        words = (one.fact.at for one in case.past or () if one.fact.method is Method.CHAT)
        return step.session.last_at or max(words, default=0)
    just_now = not inbound.overheard and inbound.received_at - inbound.at > LONGEST_WAY
    return int(inbound.received_at) if just_now else inbound.at


def _news_of_contact(answer: _Answer) -> int:
    """Return when the person wrote, if that is another day than the last time and no entry tells it; else 0."""
    before, after = answer.case.session.last_at, answer.commit.session.last_at
    if before // DAY == after // DAY or any(entry.is_contact for entry in answer.entries):
        return 0
    return after


_ENDINGS = frozenset({Kind.WITHDRAWN, Kind.OBJECTED})


def _basis(reply: Reply, step: Step) -> Basis:
    """Return why a reply of ours may be sent. All that our dialogues say is about consent and the person's rights."""
    if reply.question:
        return AsksConsent(reply.question)
    if any(entry.kind in _ENDINGS for entry in step.entries):
        return ByLaw(Duty.OPT_OUT)
    return ByLaw(Duty.INFORM) if step.session.record.restricted else Answer()


def _lapse(session: Session) -> Inbound | None:
    """The event that comes when a question has waited long enough; the same each time, so that it can be removed."""
    if (pending := session.record.pending) is None:
        return None
    id, at = MessageId(f"lapse {pending.question}"), session.answerable_until + 1
    return Inbound(id, Sender(), at, Lapse(pending.question), person=session.person)
