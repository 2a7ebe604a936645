"""Nothing older than policy remains, nothing younger goes, and no consent says `given` after its end."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from uuid_utils.compat import uuid7

from bot.app.simulation import Simulation
from bot.business import Business, load
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.deadlines import Calendar
from bot.consent.erasure import AddressToken, Erasure, Suppression
from bot.consent.evidence import Entry, Kind, Method
from bot.consent.lifecycle import Record, Status, fold
from bot.consent.requests import State, close
from bot.consent.retention import What
from bot.consent.rights import Right
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.paths import FLOWS
from bot.service import worker as work
from bot.service.ports import Append, PersonId, Rows, Subject
from bot.service.retention import Line, Retention
from bot.stores import erasure_list
from bot.stores.erasure_list import ErasureList
from bot.stores.postgres.connect import Database, connect
from bot.stores.postgres.exports import Exports
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.requests import Requests
from bot.stores.postgres.retention import Retained
from bot.stores.postgres.sendings import Sendings
from bot.stores.redis.connect import connect as connect_redis
from bot.stores.redis.deadletters import DeadLetters
from bot.stores.redis.keys import ShardKeys
from tests.consent.facts import entry
from tests.service.watching import (
    assert_sound,
    kinds_of,
    owner_of,
    record_of,
    session_of,
    subscribed,
)

DAY = 86400
START = 20_000 * DAY
"""When everybody begins."""

BUSINESS = load(FLOWS / "business.toml")
GERMAN = Calendar("DE", "Europe/Berlin")


def company(country: str = "DE", **own: timedelta) -> Business:
    controller = BUSINESS.controller.model_copy(update={"country": country})
    return BUSINESS.model_copy(
        update={"controller": controller, "retention": BUSINESS.retention.model_copy(update=own)}
    )


@dataclass
class Erased:
    """Stands for the erasure, which has its own tests."""

    database: Database
    persons: list[PersonId] = field(default_factory=list)

    async def erase(self, subject: Subject, *, reason: str, actor: str) -> None:
        assert actor == "system"
        self.persons.append(subject.person)
        await self.database.execute("DELETE FROM persons WHERE id = $1", subject.person)


class Town:
    """Some people with their ledgers, and a clock."""

    def __init__(self, database: Database, keys: Keyring, letters: DeadLetters, listed: Path) -> None:
        self.list = listed
        self.database = database
        self.keys = keys
        self.letters = letters
        self.ledger = Ledger(database, keys)
        self.requests = Requests(database, keys)
        self.persons = Persons(database, keys)
        self.eraser = Erased(database)
        self.now = float(START)
        self.business = company()
        self._count = 0

    async def person(self, *entries: Entry) -> PersonId:
        """Someone who became known, and wrote last, at the start."""
        self._count += 1
        (person,) = await self.persons.create([Sender(f"+4915112345{self._count:03}")])
        await self.database.execute(
            "UPDATE persons SET created_at = $2, last_contact = $3 WHERE id = $1",
            person,
            datetime.fromtimestamp(START, UTC),
            START,
        )
        if entries:
            assert await self.ledger.append([Append(person, 0, entries)])
        return person

    async def wrote(self, person: PersonId, day: int) -> None:
        await self.persons.note_contacts({person: START + day * DAY})

    async def record(self, person: PersonId) -> Record:
        past = await self.ledger.facts([person])
        return fold(one.fact for one in past.get(person, ()))

    async def status(self, person: PersonId, purpose: str = "offers") -> Status:
        return (await self.record(person)).consent(purpose).status

    def retention(self, retained: Retained | None = None) -> Retention:
        return Retention(
            business=self.business,
            retained=retained or Retained(self.database, page=2, batch=2),
            ledger=self.ledger,
            letters=[self.letters],
            eraser=self.eraser,
            listed=ErasureList(self.list),
            expire=Exports(self.database, self.keys).expire,
            clock=lambda: self.now,
        )

    async def keeps(self, day: float) -> dict[str, int]:
        """Do what is due on a day; return what was done, besides forgetting events of our own years later."""
        self.now = START + day * DAY
        done = await self.retention().keep()
        assert done is not None
        return {what: count for what, count in done.items() if count and what != Rows.EVENTS}

    async def reports(self, day: float) -> dict[str, Line]:
        self.now = START + day * DAY
        return {line.rule: line for line in await self.retention().report()}


@pytest.fixture
async def town(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    database, client = await connect(database_url, connections=4), connect_redis(redis_url, connections=2)
    keys = Keyring(["a secret of this test, thirty-two characters"])
    yield Town(database, keys, DeadLetters(client, ShardKeys(0), keys), tmp_path / "list")
    await client.close()
    await database.close()


def asked(purpose: str = "offers", day: int = 0, hours: int = 48) -> Entry:
    at = START + day * DAY
    name = f"{uuid7()}"
    more = {"question": f"q-{purpose}", "inbound": name, "expires_at": at + hours * 3600, "actor": "business"}
    return entry(Kind.REQUESTED, at, purpose, **more)


def agreed(purpose: str = "offers", days: int = 5000) -> list[Entry]:
    """A question at the start and its YES, valid for so many days."""
    yes = entry(
        Kind.GIVEN,
        START,
        purpose,
        question=f"q-{purpose}",
        inbound=f"{uuid7()}",
        expires_at=START + days * DAY,
    )
    return [asked(purpose), yes]


# --- consents and questions


async def test_consent_past_its_validity_becomes_expired(town: Town) -> None:
    ana = await town.person(*agreed(days=365))
    assert await town.keeps(364.9) == {}
    assert await town.status(ana) is Status.GIVEN
    assert await town.keeps(365) == {What.VALIDITY: 1}
    assert await town.status(ana) is Status.EXPIRED
    ended = (await town.ledger.story(ana))[-1]
    assert (ended.kind, ended.method, ended.actor) == (Kind.EXPIRED, Method.TIMER, "system")
    assert ended.at == START + 365 * DAY


@pytest.mark.parametrize(("country", "days"), [("DE", 730), ("FR", 1095)])
async def test_unused_consent_expires_after_the_period_of_the_country(town: Town, country: str, days: int) -> None:
    town.business = company(country, prospect_after_last_contact=timedelta(days=9000))
    ana = await town.person(*agreed())
    assert await town.keeps(days) == {}
    assert await town.keeps(days + 1) == {What.UNUSED_LAPSE: 1}
    assert await town.status(ana) is Status.EXPIRED


async def test_message_from_the_person_keeps_their_consent_alive(town: Town) -> None:
    ana = await town.person(*agreed())
    await town.wrote(ana, 500)
    assert await town.keeps(1000) == {}
    assert await town.keeps(500 + 731) == {What.UNUSED_LAPSE: 1}


async def test_company_can_set_a_maximum_age_for_consents(town: Town) -> None:
    town.business = company(max_age=timedelta(days=100))
    ana = await town.person(*agreed())
    await town.wrote(ana, 99)
    assert await town.keeps(100) == {"max_age": 1}


async def test_each_consent_expires_independently(town: Town) -> None:
    ana = await town.person(*agreed(days=100), *agreed("order_updates", days=200))
    assert await town.keeps(150) == {What.VALIDITY: 1}
    assert (await town.record(ana)).given == ("order_updates",)
    assert await town.keeps(250) == {What.VALIDITY: 1}


async def test_a_question_whose_timer_was_lost_is_closed(town: Town) -> None:
    ana = await town.person(asked())
    assert await town.keeps(2) == {}  # the timer may still come
    assert await town.keeps(2.1) == {What.QUESTION: 1}
    assert await town.status(ana) is Status.NONE


async def test_withdrawn_consent_does_not_also_expire_even_if_asked_again(town: Town) -> None:
    stopped = entry(Kind.WITHDRAWN, START + DAY, inbound="stop")
    await town.person(*agreed(days=100), stopped)
    ben = await town.person(*agreed(days=100), entry(Kind.WITHDRAWN, START + DAY, inbound="stop 2"), asked(day=2))
    assert await town.keeps(200) == {What.QUESTION: 1}
    assert await town.status(ben) is Status.WITHDRAWN


async def test_late_withdrawal_of_an_old_consent_does_not_keep_a_new_one_alive(town: Town) -> None:
    ana = await town.person(*agreed(days=100), entry(Kind.WITHDRAWN, START - DAY, inbound="late stop"))
    assert await town.status(ana) is Status.GIVEN
    assert await town.keeps(101) == {What.VALIDITY: 1}


async def test_second_retention_run_on_the_same_day_does_nothing(town: Town) -> None:
    await town.person(*agreed(days=10), *agreed("order_updates", days=10))
    assert await town.keeps(20) == {What.VALIDITY: 2}
    assert await town.keeps(20) == {}


async def test_no_person_is_skipped_between_two_pages(town: Town) -> None:
    for number in range(7):
        await town.person(*agreed(days=10 if number % 2 else 1000))
    assert await town.keeps(20) == {What.VALIDITY: 3}


async def test_page_of_persons_with_nothing_due_does_not_end_the_search(town: Town) -> None:
    for days in (1000, 1000, 1000, 1000, 10):
        await town.person(*agreed(days=days))
    assert await town.keeps(20) == {What.VALIDITY: 1}


# --- persons


async def test_person_without_consent_is_erased_three_years_after_last_contact(town: Town) -> None:
    ana, ben = await town.person(), await town.person()
    await town.wrote(ben, 300)
    assert await town.keeps(1095) == {}
    assert await town.keeps(1096) == {What.PROSPECT: 1}
    assert town.eraser.persons == [ana]


async def test_person_without_consent_is_erased_after_half_a_year_in_denmark(town: Town) -> None:
    town.business = company("DK")
    await town.person(*agreed(), entry(Kind.WITHDRAWN, START + 1, inbound="stop"))
    assert await town.keeps(180) == {}
    assert await town.keeps(181) == {What.PROSPECT: 1}


async def test_person_with_a_consent_is_kept_however_long_they_are_silent(town: Town) -> None:
    town.business = company(unused_lapse=timedelta(days=9000))
    ana = await town.person(*agreed(days=5000))
    assert await town.keeps(4999) == {}
    assert await town.keeps(5000) == {What.VALIDITY: 1, What.PROSPECT: 1}
    assert town.eraser.persons == [ana]
    assert (await town.record(ana)).consent("offers").status is Status.EXPIRED  # evidence first


async def test_person_with_a_pending_question_is_kept(town: Town) -> None:
    await town.person(asked(day=1095))
    assert await town.keeps(1096.5) == {}
    assert await town.keeps(1098) == {What.QUESTION: 1, What.PROSPECT: 1}


@pytest.mark.parametrize("state", [State.OPEN, State.DONE])
async def test_person_with_an_open_request_is_kept(town: Town, state: State) -> None:
    ana = await town.person()
    request, _ = await town.requests.open(ana, Right.ACCESS, at=START, inbound=b"m", now=START, calendar=GERMAN)
    if state is State.DONE:
        done = close(request, state, "")
        await town.requests.change(request, done, actor="operator", reason="", now=START + 2000 * DAY)
    assert (await town.reports(2000))[What.PROSPECT].held == (state is State.OPEN)
    assert (await town.keeps(2000)).get(What.PROSPECT, 0) == (state is State.DONE)


async def test_person_who_restricted_processing_is_kept_until_they_lift_it(town: Town) -> None:
    ana = await town.person(entry(Kind.RESTRICTED, START, inbound="restrict"))
    assert await town.keeps(2000) == {}
    assert (await town.reports(2000))[What.PROSPECT].held == 1
    lifted = entry(Kind.LIFTED, START + 1, inbound="lift")
    await town.ledger.append([Append(ana, 1, [lifted])])
    assert await town.keeps(2000) == {What.PROSPECT: 1}


async def test_person_who_writes_during_a_retention_run_is_left_alone(town: Town) -> None:
    ana = await town.person(*agreed(days=10))

    facts = town.ledger.facts

    async def facts_then_a_stop(persons: Sequence[PersonId]):  # type: ignore[no-untyped-def]
        found = await facts(persons)
        await town.ledger.append([Append(ana, 2, [entry(Kind.WITHDRAWN, START + 2000 * DAY, inbound="stop")])])
        return found

    town.ledger.facts = facts_then_a_stop  # type: ignore[method-assign, assignment]
    assert await town.keeps(2000) == {}
    assert town.eraser.persons == []


# --- rows


async def counts(town: Town) -> dict[str, int]:
    tables = ("suppressions", "retained", "exports", "requests", "request_steps", "sendings")
    rows = [await town.database.fetch(f"SELECT count(*) AS count FROM {table}") for table in tables]
    return {table: found[0]["count"] for table, found in zip(tables, rows, strict=True)}


async def fill(town: Town, day: int, number: int) -> None:
    """One row of each kind, begun on a day."""
    database, at, token = town.database, START + day * DAY, number.to_bytes(16)
    person = uuid7()
    await database.execute("INSERT INTO suppressions (token, scope, key_id, since) VALUES ($1, '*', '', $2)", token, at)
    until = datetime.fromtimestamp(at, UTC).date() + timedelta(days=1095)
    await database.execute(
        "INSERT INTO retained (token, person, key_id, until) VALUES ($1, $2, '', $3)", token, person, until
    )
    await database.execute(
        "INSERT INTO exports (id, made_at, expires_at, person, token, data, right_asked) "
        "VALUES ($1, $2, $3, $1, $4, '', 'access')",
        person,
        at,
        at + 3 * DAY,
        token,
    )
    who = await town.person()
    request, _ = await town.requests.open(who, Right.ACCESS, at=at, inbound=token, now=at, calendar=GERMAN)
    await town.requests.change(request, close(request, State.DONE, ""), actor="operator", reason="", now=at)
    await town.wrote(who, 3000)
    await Sendings(database).note(who, "offers", at, at + 4 * DAY)


async def test_erasure_list_drops_suppressions_when_the_table_does(town: Town) -> None:
    await fill(town, 0, 0)
    (row,) = await town.database.fetch("SELECT token, key_id, scope, since FROM suppressions")
    mark = Suppression(AddressToken(row["token"], row["key_id"]), row["scope"], row["since"])
    await ErasureList(town.list).add(Erasure("p", START, "asked", (mark,)))
    for day, left in ((1094, 1), (1095, 0)):
        await town.keeps(day)
        ((listed,), _) = erasure_list.read(town.list)
        assert len(listed.suppressions) == left == (await counts(town))["suppressions"]


async def test_rows_are_deleted_at_their_own_end_and_younger_ones_stay(town: Town) -> None:
    for number, day in enumerate((0, 0, 0, 0, 0, 500)):
        await fill(town, day, number)
    assert await town.keeps(2) == {}
    assert await town.keeps(3) == {"exports": 5}
    assert await town.keeps(4) == {"sendings": 5}
    assert await town.keeps(1094) == {"exports": 1, "sendings": 1}
    five = {"suppressions": 5, "requests": 5}
    assert await town.keeps(1095) == five  # the last day of the proofs is not over
    assert await town.keeps(1096) == {"proofs": 5}
    left = {"suppressions": 1, "retained": 1, "exports": 0, "requests": 1, "request_steps": 2, "sendings": 0}
    assert await counts(town) == left


async def test_open_request_is_never_deleted(town: Town) -> None:
    await town.requests.open(await town.person(), Right.ERASURE, at=START, inbound=b"m", now=START, calendar=GERMAN)
    await town.keeps(5000)
    assert (await counts(town))["requests"] == 1


async def test_dead_letters_are_deleted_after_a_month(town: Town) -> None:
    await town.letters.add(b"{}", "unreadable", "event")
    day = (time.time() - START) / DAY
    assert await town.keeps(day + 29) == {}
    assert (await town.reports(day + 29))["dead_letters"].counts == [0, 1, 1]
    assert await town.keeps(day + 31) == {"dead_letters": 1}
    assert await town.letters.count() == 0


# --- the report


async def test_report_counts_what_is_due_now_and_soon_and_changes_nothing(town: Town) -> None:
    for days in (100, 120, 120, 180, 400):
        await town.person(*agreed(days=days))
    line = (await town.reports(110))[What.VALIDITY]
    assert (line.counts, line.first) == ([1, 3, 4], START + 100 * DAY)
    assert await town.keeps(110) == {What.VALIDITY: 1}
    assert (await town.reports(110))[What.VALIDITY].counts == [0, 2, 3]


async def test_report_names_every_rule_with_its_period_and_source(town: Town) -> None:
    town.business = company("FR", suppression=timedelta(days=10))
    lines = await town.reports(0)
    assert (lines["unused_lapse"].after, lines["unused_lapse"].country) == ("1095 days", "FR")
    assert (lines["suppression"].after, lines["suppression"].country) == ("10 days", "business.toml")
    assert lines["question_expires_after"].after == "48 hours"
    assert "max_age" not in lines
    assert [lines[rows].after for rows in ("events", "messages", "calls")] == ["30 days", "30 days", "its own end"]
    assert all(line.source and line.means for line in lines.values())


async def test_report_includes_persons_to_be_erased_once_their_consent_expires(town: Town) -> None:
    town.business = company("FR")
    await town.person(*agreed())
    lines = await town.reports(1080)
    assert lines["unused_lapse"].counts == [0, 1, 1]
    assert lines["prospect_after_last_contact"].counts == [0, 1, 1]


# --- several processes


async def test_only_one_process_at_a_time_runs_retention(town: Town) -> None:
    for _ in range(4):
        await town.person(*agreed(days=10))
    town.now = START + 20.0 * DAY
    async with Retained(town.database).alone() as alone:
        assert alone
        assert await town.retention().keep() is None
    done = await asyncio.gather(*(town.retention().keep() for _ in range(2)))
    assert sum(one[What.VALIDITY] for one in done if one is not None) == 4


# --- beside conversations


async def in_days(simulation: Simulation, days: float) -> None:
    """Do what is due in some days."""
    retention = simulation.runtime.use_cases.retention()
    retention._clock = lambda: time.time() + days * DAY
    assert await retention.keep() is not None


async def test_person_who_types_start_after_their_consent_expired_is_asked_again(
    simulation: Simulation, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribed(simulation, ana)
    await in_days(simulation, 400)
    assert (await kinds_of(simulation, ana))[-1] == "expired offers"
    later = time.time() + 401 * DAY
    monkeypatch.setattr(simulation.runtime.receive, "_clock", lambda: later + 60)
    await ana.say("START", at=later, replies=1)
    assert (await kinds_of(simulation, ana))[-1] == "requested offers"
    await ana.say("YES", at=later + 10, replies=1)
    assert (await record_of(simulation, ana)).given == ("order_updates", "offers")
    await assert_sound(simulation, ana)


async def test_timer_of_a_closed_question_changes_nothing(simulation: Simulation, ana: SimulatedPerson) -> None:
    await ana.say("Hello", replies=1)
    await in_days(simulation, 3)
    assert await simulation.runtime.stores.shards[0].outbox.promote(time.time() + 3 * DAY) == 1
    await simulation.settled()
    assert await kinds_of(simulation, ana) == ["requested order_updates", "lapsed order_updates"]
    await assert_sound(simulation, ana)


async def test_nothing_is_left_of_a_person_silent_for_too_long(simulation: Simulation, ana: SimulatedPerson) -> None:
    await ana.say("Hello", replies=1)
    await ana.say("NO", replies=1)
    await ana.say("NO", replies=1)
    owner = await owner_of(simulation.runtime, ana)
    await in_days(simulation, 1090)
    assert await simulation.runtime.stores.persons.load([owner])
    await in_days(simulation, 1097)
    assert await simulation.runtime.stores.persons.load([owner]) == {}
    assert await session_of(simulation, ana) is None
    await ana.say("Hello", replies=1)  # as a new person
    assert await owner_of(simulation.runtime, ana) != owner


async def test_worker_runs_retention_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, kept = asyncio.Event(), list[float]()
    monkeypatch.setattr(work, "SETTLED", 0.05)
    monkeypatch.setattr(work, "DAILY", 0.15)

    class Counting:
        async def keep(self) -> None:
            kept.append(time.monotonic())
            if len(kept) == 3:
                stopping.set()

    began = time.monotonic()
    await work.keep_to_policy(cast("Retention", Counting()), stopping)
    waited = [after - before for before, after in itertools.pairwise([began, *kept])]
    assert [one >= least for one, least in zip(waited, (0.05, 0.15, 0.15), strict=True)] == [True] * 3
