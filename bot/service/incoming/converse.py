"""Answers messages: a batch from the inbox → steps → the ledger → one commit.

The order makes it safe to crash anywhere: evidence is committed first, then, in one script, the session, the
replies, the timers and the end of the messages. A worker that takes over after a crash finds the evidence
already there and repeats the step with the same replies. No lock is held: a person's ledger accepts entries only after
the entry that the step started from, and a session is replaced only if it is unchanged since it was read; the loser
reads again.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from ...consent.evidence import Kind, Method
from ...conversation.dialogue import Dialogue, Step
from ...conversation.session import Session
from ...conversation.turn import LONGEST_WAY
from ...errors import where
from ...keys import Keyring
from ...messages.inbound import (
    Content,
    Delivery,
    Event,
    HostAnswered,
    Inbound,
    Invitation,
    Lapse,
    MessageId,
    QuestionStatus,
    Sender,
    StaffMessage,
)
from ...times import DAY
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
    Sessions,
    Unreadable,
)
from ..sending.send import Send
from ..sending.undelivered import reference
from ..shards import of_shard, shard_of, token_of
from ..taker import UNREADABLE_ENTRY
from .answered import Answered
from .cases import Case, Cases, informed
from .redelivery import as_it_is, as_it_was, facts_of, recorded_from
from .staff import Staff
from .statuses import Statuses

log = structlog.get_logger(__name__)

SOON = 0.25
"""Seconds until a message that came too early is looked at a second time; doubled after each further look."""

_ROUNDS = 5
"""How often a person's messages are retried when other workers were faster, before they are left for later."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The stores of the shard that a worker answers."""

    number: int
    inbox: Queue[Event]
    inboxes: Sequence[Inbox]
    """The writing ends of all shards."""
    all_sessions: Sequence[Sessions]
    """The sessions of all shards."""
    outbox: Outbox
    dead: DeadLetters
    urgent: bool = False
    """Whether `inbox` is the urgent lane."""


class Converse:
    """Answers the messages of one shard."""

    def __init__(
        self,
        *,
        dialogue: Dialogue,
        shard: Shard,
        cases: Cases,
        statuses: Statuses,
        staff: Staff,
        send: Send,
        persons: Persons,
        ledger: Ledger,
        keys: Keyring,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._dialogue = dialogue
        self._shard = shard
        self._cases = cases
        self._statuses = statuses
        self._staff = staff
        self._send = send
        self._persons = persons
        self._ledger = ledger
        self._keys = keys
        self._clock = clock
        self._notice = dialogue.world.business.notice.version

    async def answer(self, batch: Sequence[Queued[Event] | Unreadable]) -> None:
        """Answer what was read from the inbox. Raises `Unavailable`: then what is unfinished is answered later."""
        news: list[Queued[Inbound]] = []
        messages: list[Queued[Inbound]] = []
        by_staff: list[Queued[Inbound]] = []
        for queued in batch:
            match queued:
                case Unreadable():
                    cure = "see `deadletter list`; a newer version may have written it"
                    log.error("event_unreadable", cure=cure)
                    await self.bury(queued, UNREADABLE_ENTRY)
                case Queued(item=Delivery() as delivery):
                    told = await self._statuses.take(delivery)
                    news += [Queued(queued.id, queued.payload, inbound) for inbound in told]
                    if not told:
                        await self._shard.inbox.finish(queued.id)
                case Queued(item=Inbound(content=StaffMessage()) as inbound):
                    by_staff.append(Queued(queued.id, queued.payload, inbound))
                case Queued(item=Inbound() as inbound) if _passes_by(inbound, self._dialogue):
                    await self._shard.inbox.finish(queued.id)
                case Queued(item=Inbound(content=QuestionStatus()) as inbound):
                    news.append(Queued(queued.id, queued.payload, inbound))
                case Queued(item=Inbound() as inbound):
                    messages.append(Queued(queued.id, queued.payload, inbound))
        if news or messages:  # news about our own messages first: answers depend on it
            await self._answer([*news, *messages])
        for message in by_staff:  # after the withdrawals that came with them
            await self._written_by_staff(message)

    async def bury(self, queued: Queued[Event] | Unreadable, reason: str) -> None:
        """Make an entry a dead letter and finish it."""
        await self._put_aside(queued, reason)
        await self._shard.inbox.finish(queued.id)

    async def _put_aside(self, queued: Queued[Event] | Queued[Inbound] | Unreadable, reason: str) -> None:
        """Make an entry a dead letter without finishing it."""
        metrics.DEAD.labels("event").inc()
        await self._shard.dead.add(queued.payload, reason, "event")

    async def _written_by_staff(self, queued: Queued[Inbound]) -> None:
        """Check whether staff wrote after a STOP; check again after what is queued now, which may contain the STOP."""
        inbound = queued.item
        if not await self._staff.wrote(inbound.sender, inbound.at) and not inbound.postponed:
            again = msgspec.structs.replace(inbound, postponed=1)
            await self._shard.inboxes[self._shard.number].forward(again)
        await self._shard.inbox.finish(queued.id)

    async def _answer(self, messages: Sequence[Queued[Inbound]]) -> None:
        arrived, owners = await self._cases.arrived(messages)
        await self._finish_others(messages, {queued.id for queued in arrived})
        left = await self._ours(arrived)
        again = False
        for _ in range(_ROUNDS):
            if not left:
                return
            cases = await self._cases.open(left, owners, again=again)
            opened = {queued.id for case in cases for queued in case.messages}
            await self._finish_others(left, opened)
            left = [queued for queued in left if queued.id in opened]
            done = await self._answer_cases(cases)
            left = [queued for queued in left if queued.id not in done]
            again = True
        log.warning("answers_postponed", messages=len(left))

    async def _finish_others(self, messages: Sequence[Queued[Inbound]], kept: Collection[bytes]) -> None:
        """Finish messages about persons who no longer exist."""
        for queued in messages:
            if queued.id not in kept:
                await self._shard.inbox.finish(queued.id)

    async def _ours(self, arrived: Sequence[Queued[Inbound]]) -> list[Queued[Inbound]]:
        """Pass on messages of persons who, now that all their addresses are known, belong to another shard."""
        shards = len(self._shard.inboxes)
        if shards == 1:
            return list(arrived)
        ours = []
        for queued in arrived:
            number = shard_of(token_of(queued.item.sender, self._keys), shards)
            if number == self._shard.number:
                ours.append(queued)
            else:
                await self._shard.inboxes[number].forward(queued.item, urgent=self._shard.urgent)
                await self._shard.inbox.finish(queued.id)
        return ours

    async def _answer_cases(self, cases: Iterable[Case]) -> set[bytes]:
        """Step, record and commit; return the inbox entries that are finished."""
        now = round(self._clock(), 3)  # as the ledger keeps it: a session must equal what is folded from it
        stepped: dict[PersonId, Case] = {}
        for case in cases:
            if case.person not in stepped:  # someone who appears under two addresses: the second case waits
                self._step(case, now)
                stepped[case.person] = case
        recorded = await self._record(stepped)
        committed = [case for person, case in stepped.items() if person in recorded]
        if not committed:
            return set()
        locales = {
            case.person: case.commit.session.locale
            for case in committed
            if case.commit.session.locale != case.session.locale
        }
        if locales:
            await self._persons.set_locales(locales)
        if contacts := {case.person: at for case in committed if (at := _news_of_contact(case))}:
            await self._persons.note_contacts(contacts)
        for case in committed:  # the ledger now has what these lack: whoever rebuilds them reads it
            await self._forget(case.outdated)
        done: set[bytes] = set()
        results = await self._send.commit([case.commit for case in committed])
        if any(case.looks_again for case in committed):
            await self._shard.outbox.promote(self._clock())
        for case, ok in zip(committed, results, strict=True):
            if ok:
                done.update(case.commit.messages)
                self._count(case)
                await self._set_aside(case.unanswered)
                if case.passing:
                    await self._forget([case.commit.token])
        return done

    async def _set_aside(self, unanswered: Iterable[tuple[Queued[Inbound], Exception]]) -> None:
        """Keep messages whose answer failed, to be answered once the fault is fixed."""
        for queued, failure in unanswered:
            metrics.FAILURES.labels("answer").inc()
            kind, cure = type(failure).__name__, "mend what is named; then `deadletter replay` confirms the withdrawal"
            log.error("withdrawal_unconfirmed", error=kind, where=where(failure), cure=cure)
            await self._put_aside(queued, f"recorded, but the answer failed: {kind}")

    async def _forget(self, tokens: Iterable[bytes]) -> None:
        sessions = self._shard.all_sessions
        for token in tokens:
            await of_shard(token, sessions).forget(token)

    async def _record(self, stepped: Mapping[PersonId, Case]) -> Collection[PersonId]:
        """Commit evidence; return the persons whose step may go on."""
        appends = [
            Append(person, case.session.record.seq, case.entries) for person, case in stepped.items() if case.entries
        ]
        if not appends:
            return stepped.keys()
        appended = await self._ledger.append(appends)
        return {person for person, case in stepped.items() if not case.entries or person in appended}

    # --- the steps

    def _step(self, case: Case, now: float) -> None:
        """Step through a person's messages in the order in which they came."""
        session = case.session
        before = _lapse(session)
        seen: set[tuple[MessageId, int, Content]] = set()
        for queued in case.messages:
            inbound = queued.item
            if (said := (inbound.id, inbound.at, inbound.content)) in seen:
                continue
            seen.add(said)
            inbound = informed(inbound, case.past or (), case.entries, self._keys)
            first = recorded_from(case, self._keys.messages(inbound.id)) if case.past else None
            read = self._with_reference(inbound, session)
            if first is None:
                step = self._dialogue.step(session, read, now)
                case.entries += step.entries
                session = step.session
            else:
                step = self._dialogue.step(as_it_was(case, first), read, now, facts_of(case, first))
                session = as_it_is(case, step.session, case.entries)
            if step.failure is not None:
                case.unanswered.append((queued, step.failure))
            if told := Answered.of(inbound, step):
                case.answered.append(told)
            self._take(case, step, inbound)
        case.commit.session = session
        self._set_timers(case.commit, before if case.past is None else None, _lapse(session))

    def _with_reference(self, inbound: Inbound, session: Session) -> Inbound:
        """Return the message, naming what it quotes as the session does, whichever key made that name."""
        if inbound.quoted is None:
            return inbound
        names = [reference(token) for token in self._keys.messages(inbound.quoted)]
        known = {asked.message for asked in session.asked}
        return msgspec.structs.replace(inbound, quoted=next((name for name in names if name in known), names[0]))

    def _take(self, case: Case, step: Step, inbound: Inbound) -> None:
        commit, person, sender = case.commit, case.person, case.sender
        seq = step.session.record.seq
        if step.postponed and (pending := step.session.record.pending):
            again = msgspec.structs.replace(inbound, awaits=pending.question, postponed=inbound.postponed + 1)
            commit.timers.append((self._clock() + _wait(inbound.postponed), again))
            case.looks_again |= inbound.postponed == 0
            return
        if step.handed_over or step.to_staff:
            locale, asks_after = step.session.locale, step.asks_after
            commit.handed_over.append(HandedOver(inbound, person, locale, seq, self._notice, step.to_staff, asks_after))
        commit.tasks += [
            Assigned(
                task,
                inbound=inbound.id,
                at=inbound.at,
                person=person,
                sender=sender,
                locale=step.session.locale,
                ledger_seq=seq,
                channel=inbound.channel,
                stoppable=step.session.record.is_stoppable,
            )
            for task in step.tasks
        ]
        commit.outbound += self._send.said(
            step.replies,
            name=self._keys.message(inbound.id).hex(),
            person=person,
            to=sender,
            wrote_at=_wrote_at(case, step, inbound),
            record=step.session.record,
            ends_consent=any(entry.kind in _ENDINGS for entry in step.entries),
            answers=not isinstance(inbound.content, Invitation),
            held=inbound.overheard == "standby",
            channel=inbound.channel,
        )

    def _set_timers(self, commit: Commit, before: Inbound | None, after: Inbound | None) -> None:
        if before is not None and before != after:
            commit.ended.append(before)
        if after is not None and before != after:
            commit.timers.append((float(after.at), after))

    def _count(self, case: Case) -> None:
        now = self._clock()
        for queued in case.messages:
            metrics.MESSAGES.labels(type(queued.item.content).__name__.lower()).inc()
            if queued.item.received_at:
                metrics.ANSWERED.observe(max(0.0, now - queued.item.received_at))
        for entry in case.entries:
            metrics.EVIDENCE.labels(entry.kind).inc()
        for told in case.answered:
            told.tell(self._keys.log_name(case.person), now)


def _passes_by(inbound: Inbound, dialogue: Dialogue) -> bool:
    """Whether an event can have no consequences, so that it makes nobody a person."""
    return bool(inbound.overheard) and not dialogue.heeds(inbound)


def _wait(postponed: int) -> float:
    """Return the seconds until a message that was `postponed` so often is looked at again; 0 at first."""
    return SOON * 2 ** (postponed - 1) if postponed else 0.0


def _wrote_at(case: Case, step: Step, inbound: Inbound) -> int:
    """Return when the person last wrote, unix seconds: for a day after that anything may be sent to them.

    For news about a message, and for an invitation, that is in the session, or in the ledger if Redis lost it. A
    message that just arrived with an impossibly old timestamp counts as written just now.
    """
    if isinstance(inbound.content, QuestionStatus | Invitation | HostAnswered):
        words = (entry.fact.at for entry in case.past or () if entry.fact.method is Method.CHAT)
        return step.session.last_at or max(words, default=0)
    just_now = not inbound.overheard and inbound.received_at - inbound.at > LONGEST_WAY
    return int(inbound.received_at) if just_now else inbound.at


def _news_of_contact(case: Case) -> int:
    """Return when the person wrote, if that is on a new day and no ledger entry records it; else 0."""
    before, after = case.session.last_at, case.commit.session.last_at
    if before // DAY == after // DAY or any(entry.is_contact for entry in case.entries):
        return 0
    return after


_ENDINGS = frozenset({Kind.WITHDRAWN, Kind.OBJECTED})


def _lapse(session: Session) -> Inbound | None:
    """Return the event for a question that has waited long enough; it is always the same, so that it can be removed."""
    if (pending := session.record.pending) is None:
        return None
    id, at = MessageId(f"lapse {pending.question}"), session.answerable_until + 1
    return Inbound(id, Sender(), at, Lapse(pending.question), person=session.person, channel=session.channel)
