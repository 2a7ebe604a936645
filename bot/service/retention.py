"""Ends consents whose time is over and deletes what policy no longer allows us to keep: once a day, or as a dry run.

`bot.consent.retention` decides what falls due for a person; this use case finds the persons, acts, and counts. It may
break off anywhere and be repeated.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from ..business import Business
from ..consent.evidence import Entry, Kind, Method
from ..consent.lifecycle import Record, fold
from ..consent.retention import DEFAULT, Due, RuleName, What, due, policy
from ..times import DAY, in_words
from . import metrics
from .ports import Append, Falling, Ledger, OldLetters, PersonId, Retained, Rows, Subject

log = structlog.get_logger(__name__)

AHEAD = (0, 30, 90)
"""Horizons of a report in days."""


class Eraser(Protocol):
    """Erases persons."""

    async def erase(self, subject: Subject, *, reason: str, actor: str) -> object:
        """Erase a person from every data holder; repeating it does no harm. Raises `Unavailable`."""


class Listed(Protocol):
    """The list of erasures kept with the backups."""

    async def forget(self, now: float, suppression_seconds: int) -> None:
        """Remove the keyed hashes that have expired."""


@dataclass(slots=True)
class Line:
    """A line of the report: what a rule leads to."""

    rule: str
    country: str
    """Where the figure comes from; `business.toml` if the company sets it."""
    after: str
    """The period in words."""
    source: str
    means: str
    counts: list[int] = field(default_factory=lambda: [0] * len(AHEAD))
    """How many fall due now, and within each horizon of `AHEAD`."""
    held: int = 0
    """How many are due but left alone, because a request is open or the person restricted the use of their data."""
    first: int | None = None
    """When the first falls or fell due; unix seconds."""

    def add(self, at: int, now: int) -> None:
        """Count something that falls due at a moment."""
        for number, days in enumerate(AHEAD):
            self.counts[number] += at <= now + days * DAY
        self.begin(at)

    def begin(self, at: int) -> None:
        """Note a moment at which something falls due, if it is the first."""
        self.first = at if self.first is None else min(at, self.first)


@dataclass(frozen=True, slots=True)
class _Person:
    """A person for whom something falls due."""

    person: PersonId
    record: Record
    due: Sequence[Due]
    held: bool

    @property
    def ends(self) -> Sequence[Due]:
        """What must be recorded as ended."""
        return [fact for fact in self.due if fact.what is not What.PROSPECT]

    @property
    def goes(self) -> bool:
        """Whether their data has been kept long enough and nothing holds it."""
        return not self.held and len(self.ends) < len(self.due)


_ROWS = {
    Rows.SUPPRESSIONS: RuleName.SUPPRESSION,
    Rows.PROOFS: RuleName.PROOF_AFTER_WITHDRAWAL,
    Rows.REQUESTS: RuleName.CLOSED_REQUESTS,
    Rows.EVENTS: RuleName.EVENTS,
    Rows.MESSAGES: RuleName.EVENTS,
    Rows.CALLS: None,
    Rows.EXPORTS: None,
    Rows.MOVES: None,
    Rows.SENDINGS: None,
    Rows.CONVERSATIONS: None,
}
"""The rule for each kind of row; None: the rows carry their own end."""


class Retention:
    """Applies the rules of a business to everything that is stored."""

    def __init__(
        self,
        *,
        business: Business,
        retained: Retained,
        ledger: Ledger,
        letters: Sequence[OldLetters],
        eraser: Eraser,
        listed: Listed,
        expire: Callable[[float], Awaitable[object]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`letters`: the dead letters of all shards; `expire` deletes the exports whose link has expired."""
        self._business = business
        self._rules = policy(business)
        self._retained = retained
        self._ledger = ledger
        self._letters = letters
        self._eraser = eraser
        self._listed = listed
        self._expire = expire
        self._clock = clock

    # --- reporting

    async def report(self) -> list[Line]:
        """Report what falls due now and soon, and by which rule; nothing is changed. Raises `Unavailable`."""
        now = int(self._clock())
        lines = self._lines()
        async for page in self._pages(now + AHEAD[-1] * DAY):
            for person in page:
                for fact in person.due:
                    if fact.what is What.PROSPECT and person.held:
                        lines[fact.what].held += fact.at <= now
                    else:
                        lines[fact.what].add(fact.at, now)
        moments = [now + days * DAY for days in AHEAD]
        for rows in Rows:
            line = lines[rows]
            line.counts, line.first = await self._retained.count(rows, self._kept(rows), moments)
        await self._count_letters(lines[RuleName.DEAD_LETTERS], moments)
        return list(lines.values())

    async def _count_letters(self, line: Line, moments: Sequence[int]) -> None:
        kept = self._rules[RuleName.DEAD_LETTERS].seconds
        for letters in self._letters:
            counts, first = await letters.count_by([moment - kept for moment in moments])
            line.counts = [before + more for before, more in zip(line.counts, counts, strict=True)]
            if first is not None:
                line.begin(int(first) + kept)

    def _lines(self) -> dict[str, Line]:
        """Return a line for each rule, nothing counted yet."""
        business, lines = self._business, dict[str, Line]()
        times = ", ".join(f"{purpose.id} {in_words(purpose.valid_for)}" for purpose in business.purposes)
        lines[What.VALIDITY] = Line(What.VALIDITY, "business.toml", times, _EDPB, _VALIDITY)
        asked = in_words(business.question_expires_after)
        lines[What.QUESTION] = Line(What.QUESTION, "business.toml", asked, _MINIMAL, _QUESTION)
        named = {name: name for name in RuleName} | {
            name: rows for rows, name in _ROWS.items() if name and rows is not Rows.MESSAGES
        }
        for name, rule in self._rules.items():
            country = "business.toml" if rule.after != rule.figure.after else rule.country
            source = rule.figure.source
            lines[named[name]] = Line(name, country, in_words(rule.after), source, rule.figure.means)
        events = lines[Rows.EVENTS]
        lines[Rows.MESSAGES] = Line(Rows.MESSAGES, events.country, events.after, events.source, _MESSAGE)
        lines[Rows.EXPORTS] = Line(Rows.EXPORTS, DEFAULT, "its own end", _MINIMAL, _EXPORT)
        lines[Rows.MOVES] = Line(Rows.MOVES, DEFAULT, "its own end", _MINIMAL, _MOVE)
        lines[Rows.CALLS] = Line(Rows.CALLS, DEFAULT, "its own end", _MINIMAL, _CALL)
        lines[Rows.SENDINGS] = Line(Rows.SENDINGS, DEFAULT, "its own end", _MINIMAL, _SENDING)
        lines[Rows.CONVERSATIONS] = Line(Rows.CONVERSATIONS, DEFAULT, "its own end", _MINIMAL, _CONVERSATION)
        return lines

    # --- doing it

    async def keep(self, told: Callable[[str, int], None] = lambda what, count: None) -> Counter[str] | None:
        """Do what is due now and return the counts; None if another process is doing it. Raises `Unavailable`.

        `told` is called for each part that is done.
        """
        async with self._retained.alone() as alone:
            if not alone:
                return None
            done = await self._keep(told)
        for what, count in done.items():
            metrics.RETENTION.labels(what).inc(count)
        log.info("retention_done", **done)
        return done

    async def _keep(self, told: Callable[[str, int], None]) -> Counter[str]:
        now, done = self._clock(), Counter[str]()
        async for part in self._persons(now):
            done += part
            for what, count in part.items():
                told(what, count)
        for rows in Rows:
            count = await self._forget(rows, now)
            done[rows] += count
            told(rows, count)
        await self._listed.forget(now, self._rules[RuleName.SUPPRESSION].seconds)
        before = now - self._rules[RuleName.DEAD_LETTERS].seconds
        count = sum([await letters.forget(before) for letters in self._letters])
        done[RuleName.DEAD_LETTERS] += count
        told(RuleName.DEAD_LETTERS, count)
        return done

    async def _forget(self, rows: Rows, now: float) -> int:
        if rows is not Rows.EXPORTS:
            return await self._retained.forget(rows, self._kept(rows), int(now))
        (count,), _ = await self._retained.count(rows, 0, [int(now)])
        await self._expire(now)  # at the channel, too
        return count

    async def _persons(self, now: float) -> AsyncIterator[Counter[str]]:
        """End what has expired, then erase the persons whose time is over; yield what was done, in small steps."""
        async for page in self._pages(int(now)):
            ended = [person for person in page if person.ends]
            appends = [
                Append(person.person, person.record.seq, [_entry(person, fact, now) for fact in person.ends])
                for person in ended
            ]
            recorded = await self._ledger.append(appends) if appends else set()
            done = Counter[str](fact.what for person in ended if person.person in recorded for fact in person.ends)
            for person in page:
                if person.goes and (not person.ends or person.person in recorded):  # otherwise they have just written
                    await self._eraser.erase(Subject(person.person), reason=What.PROSPECT, actor="system")
                    done[What.PROSPECT] += 1
            if done:
                yield done

    # --- finding the persons

    async def _pages(self, horizon: int) -> AsyncIterator[list[_Person]]:
        """Yield the persons for whom something falls due by `horizon`."""
        rules = self._rules
        silence = min(rules[RuleName.UNUSED_LAPSE].seconds, rules[RuleName.PROSPECT_AFTER_LAST_CONTACT].seconds)
        given_by = horizon - rules[RuleName.MAX_AGE].seconds if RuleName.MAX_AGE in rules else 0
        async for page in self._retained.falling(Falling(horizon - silence, horizon, given_by)):
            past = await self._ledger.facts([silent.person for silent in page]) if page else {}
            found = []
            for silent in page:
                record = fold(entry.fact for entry in past.get(silent.person, ()))
                facts = [fact for fact in due(record, _end_of_day(silent.last_contact), rules) if fact.at <= horizon]
                if facts:
                    found.append(_Person(silent.person, record, facts, silent.held or record.restricted))
            yield found

    def _kept(self, rows: Rows) -> int:
        """Return for how many seconds their rule keeps these rows."""
        name = _ROWS[rows]
        return self._rules[name].seconds if name else 0


def _end_of_day(at: int) -> int:
    """Return the end of that day: contact is noted once a day, so the last contact may have been later."""
    return (at // DAY + 1) * DAY


def _entry(person: _Person, fact: Due, now: float) -> Entry:
    """Return the entry that records an end; it is the same each time, so that it is recorded only once."""
    pending, consent = person.record.pending, person.record.consent(fact.purpose)
    if fact.what is What.QUESTION and pending is not None:
        return Entry(
            kind=Kind.LAPSED,
            purpose=fact.purpose,
            at=pending.expires_at + 1,
            recorded_at=round(now, 3),
            question=pending.question,
            locale=pending.locale,
            wording=pending.wording,
            notice=pending.notice,
            inbound=f"lapse {pending.question}",
            method=Method.TIMER,
            actor="system",
        )
    return Entry(
        kind=Kind.EXPIRED,
        purpose=fact.purpose,
        at=fact.at,
        recorded_at=round(now, 3),
        notice=consent.notice,
        inbound=f"ended {person.person} {fact.purpose} {consent.since}",
        rule=fact.what,
        method=Method.TIMER,
        actor="system",
    )


_EDPB = "EDPB Guidelines 05/2020: consent is refreshed at appropriate intervals"
_VALIDITY = "A consent ends so long after it was given; the next message is answered with a new question"
_MINIMAL = "GDPR Art. 5(1)(e)"
_QUESTION = "A question that nobody answered in time is closed, even if its timer was lost"
_MOVE = "A change of address is forgotten 30 days later: by then no older news about it can arrive"
_SENDING = "When a message was sent is forgotten once its purpose's at_most counts it no more"
_CALL = "A repeated call of the API gets the same answer for 7 days; then the call is forgotten"
_MESSAGE = "Which messages the company sent, or wanted to send, is forgotten after the same time as events"
_CONVERSATION = (
    "What was written to the staff is deleted so long after the end of the conversation as [human.chat] says"
)
_EXPORT = "The copy of a person's data behind a link is deleted when the link ends"
