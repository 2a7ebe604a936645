"""Every event arrives, in order per person, whatever the endpoint and the workers do; no endpoint holds up another."""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import generate_latest

from bot.endpoints.post import Post
from bot.errors import Unavailable
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service import worker
from bot.service.events.deliver import HELD, TRIED_FOR, DeliverEvents, wait_after
from bot.service.operators.endpoints import ManageEndpoints
from bot.service.ports import EventType, NewEvent, Outcome, PersonId
from bot.stores.postgres.connect import Database, connect
from bot.stores.postgres.endpoints import Endpoints
from bot.stores.postgres.events import Events
from bot.stores.postgres.persons import Persons
from tests.service.events.receiver import Clock, Receiver, receiving
from tests.stores.made import readable_events

ANA, BEN = (PersonId(str(UUID(int=number))) for number in (1, 2))
HOUR = 3600


@dataclass
class Company:
    """The stores and a worker, and the company's systems."""

    database: Database
    keys: Keyring
    clock: Clock
    post: Post
    stack: AsyncExitStack
    numbers: dict[PersonId | None, int] = field(default_factory=dict)

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(self.database, self.keys)

    @property
    def manage(self) -> ManageEndpoints:
        return ManageEndpoints(self.endpoints, self.post, self.clock)

    def worker(self, endpoints: Endpoints | None = None) -> DeliverEvents:
        return DeliverEvents(
            endpoints=endpoints or self.endpoints,
            persons=Persons(self.database, self.keys),
            post=self.post,
            clock=self.clock,
        )

    async def receiver(self, **options: Any) -> Receiver:
        """Add an endpoint."""
        receiver = await self.stack.enter_async_context(receiving(Receiver()))
        receiver.secret = (await self.manage.add(receiver.url, **options)).secret
        return receiver

    async def id(self) -> str:
        """Return the id of the only endpoint."""
        (line,) = await self.manage.list()
        return line.id

    async def note(self, *persons: PersonId | None, type: EventType = EventType.REQUEST_DUE) -> None:
        """Note an event of each person, numbered per person."""
        for person in persons:
            self.numbers[person] = number = self.numbers.get(person, 0) + 1
            await Events(self.database).note(NewEvent(type, int(self.clock()), person, "m", {"n": number}))
        if len(persons) < 10:  # the database has a clock of its own
            await self.database.execute(
                "UPDATE events SET recorded_at = to_timestamp($1) WHERE at = $2", self.clock(), int(self.clock())
            )

    async def work(self, deliver: DeliverEvents, seconds: float = 0, steps: int = 1) -> None:
        """Let a worker do what is to be done, now and after each step of a time."""
        for step in range(steps):
            self.clock.now += seconds if step or seconds else 0
            await readable_events(self.database)
            await deliver.look()
            await deliver.settle()


@pytest.fixture
async def company(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Company]:
    clock = Clock(time.time())
    clock.verify_with(monkeypatch)
    database, post = await connect(database_url, connections=4), Post(private=True)
    async with AsyncExitStack() as stack:
        yield Company(database, Keyring(["a secret of this test, thirty-two characters"]), clock, post, stack)
        await post.close()
    await database.close()


async def test_every_event_arrives_once_and_in_order_per_person(company: Company) -> None:
    crm = await company.receiver()
    await company.note(*[ANA, BEN, None] * 70)
    await company.work(company.worker())
    assert [crm.of(person) for person in (ANA, BEN)] == [list(range(1, 71))] * 2
    assert sorted(crm.of(None)) == list(range(1, 71))
    assert len(crm.taken) == 210
    assert (await company.manage.list())[0].backlog.waiting == 0


async def test_only_events_from_its_addition_on_and_of_its_types_are_sent(company: Company) -> None:
    await company.note(ANA)
    crm = await company.receiver(types=["consent.given"])
    await company.note(ANA)
    await company.note(ANA, type=EventType.CONSENT_GIVEN)
    await company.work(company.worker())
    assert [(event["type"], event["data"]["n"]) for event in crm.taken] == [("consent.given", 3)]


@pytest.mark.parametrize("status", [500, 302, 404, 429])
async def test_after_an_outage_of_hours_everything_arrives_in_order(company: Company, status: int) -> None:
    crm, deliver = await company.receiver(), company.worker()

    async def down(_: dict[str, Any]) -> int:
        return status

    crm.answer, up = down, crm.answer
    for _ in range(6):
        await company.note(ANA, BEN)
        await company.work(deliver, HOUR)
    assert crm.taken == []
    assert (await company.manage.list())[0].backlog.waiting == 12
    assert len(crm.attempts) < 30
    crm.answer = up
    await company.work(deliver, 61, steps=2)
    assert [crm.of(person) for person in (ANA, BEN)] == [[1, 2, 3, 4, 5, 6]] * 2
    assert len(crm.taken) == 12


async def test_an_endpoint_that_takes_an_event_but_answers_badly_gets_it_again_with_the_same_id(
    company: Company,
) -> None:
    crm, deliver = await company.receiver(), company.worker()

    async def unsure(event: dict[str, Any]) -> int:
        crm.taken.append(event)
        return 500 if len(crm.attempts) % 2 else 200

    crm.answer = unsure
    await company.note(ANA, ANA, ANA)
    await company.work(deliver, 10, steps=10)
    assert crm.of(ANA) == [1, 2, 3]
    assert len(crm.attempts) == 6
    assert len({event["id"] for event in crm.attempts}) == 3


async def test_an_event_that_fails_holds_up_only_its_own_person(company: Company) -> None:
    crm, deliver = await company.receiver(), company.worker()

    async def picky(event: dict[str, Any]) -> int:
        return 500 if (event["person"], event["data"]["n"]) == (ANA, 2) else 200

    crm.answer = picky
    await company.note(*[ANA, BEN] * 3)
    await company.work(deliver)
    await company.note(ANA, BEN)
    await company.work(deliver)
    assert (crm.of(ANA), crm.of(BEN)) == ([1], [1, 2, 3, 4])
    await company.work(deliver, 30, steps=10)
    assert (crm.of(ANA), len(crm.attempts)) == ([1], 9)


async def test_after_three_days_an_event_is_given_up_and_can_be_replayed(company: Company) -> None:
    crm, deliver = await company.receiver(), company.worker()

    async def picky(event: dict[str, Any]) -> int:
        return 500 if event["data"]["n"] == 1 else 200

    crm.answer, up = picky, crm.answer
    await company.note(ANA)
    await company.work(deliver, HOUR, steps=TRIED_FOR // HOUR + 7)
    assert (await company.manage.list())[0].backlog.dead == 1
    assert 15 < len(crm.attempts) < 30
    await company.note(ANA)
    await company.work(deliver)
    assert crm.of(ANA) == [2]
    crm.answer = up
    assert await company.manage.replay(await company.id(), all=False) == 1
    await company.work(deliver)
    assert crm.of(ANA) == [2, 1]
    assert (await company.manage.list())[0].backlog.dead == 0


async def test_what_an_endpoint_that_is_down_has_not_read_for_three_days_is_given_up_as_well(company: Company) -> None:
    crm, deliver = await company.receiver(), company.worker()

    async def down(_: dict[str, Any]) -> int:
        return 500

    crm.answer = down
    await company.note(BEN)
    await company.work(deliver, 61, steps=4)
    tried = len(crm.attempts)
    await company.note(*[ANA] * 150)
    await company.work(deliver, TRIED_FOR + 1, steps=2)
    assert [event["person"] for event in crm.attempts[tried:]] == [BEN]
    assert (await company.manage.list())[0].backlog.dead == 151


async def test_what_was_unread_for_three_days_because_no_worker_ran_is_sent(company: Company) -> None:
    crm, deliver = await company.receiver(), company.worker()
    await company.note(*[ANA] * 150)
    await company.work(deliver, TRIED_FOR + 1)
    assert crm.of(ANA) == list(range(1, 151))
    assert (await company.manage.list())[0].backlog.dead == 0


async def test_everything_still_kept_can_be_sent_again(company: Company) -> None:
    crm, deliver = await company.receiver(), company.worker()
    await company.note(ANA, ANA)
    await company.work(deliver)
    company.clock.now += 2 * TRIED_FOR
    assert await company.manage.replay(await company.id(), all=True) == 2
    await company.work(deliver)
    assert [event["data"]["n"] for event in crm.taken] == [1, 2, 1, 2]


async def test_10_000_events_behind_a_dead_endpoint_delay_another_by_less_than_a_second(company: Company) -> None:
    dead = await company.receiver(types=["request.due"])
    live = await company.receiver(types=["consent.given"])
    hangs = asyncio.Event()

    async def hang(_: dict[str, Any]) -> int:
        await hangs.wait()
        return 500

    dead.answer = hang
    people = [PersonId(str(UUID(int=number))) for number in range(10_000)]
    await Events(company.database).note(*(NewEvent(EventType.REQUEST_DUE, 1, person) for person in people))
    stopping = asyncio.Event()
    working = asyncio.create_task(worker.tell(company.worker(), stopping))
    while not dead.attempts:
        await asyncio.sleep(0.01)
    await company.note(ANA, type=EventType.CONSENT_GIVEN)
    async with asyncio.timeout(1):
        await live.came.wait()
    hangs.set()
    stopping.set()
    await working
    assert dead.taken == []


async def test_killed_before_sending_the_next_worker_sends_it(company: Company) -> None:
    crm = await company.receiver()
    await company.note(ANA)
    now = int(company.clock() * 1000)
    assert await company.endpoints.claim(await company.id(), "killed", now, now + HELD * 1000)
    await company.work(company.worker())
    assert crm.attempts == []
    await company.work(company.worker(), HELD + 1)
    assert crm.of(ANA) == [1]


async def test_killed_between_sending_and_noting_it_is_sent_again_with_the_same_id(company: Company) -> None:
    crm = await company.receiver()
    await company.note(ANA, ANA)

    class Dying(Endpoints):
        async def mark(self, endpoint: str, worker: str, outcome: Outcome) -> bool:
            raise Unavailable("PostgreSQL is not available: it is gone; see its log")

    await company.work(company.worker(Dying(company.database, company.keys)))
    await company.work(company.worker(), HELD + 1)
    assert [event["data"]["n"] for event in crm.taken] == [1, 2, 1, 2]
    assert crm.taken[:2] == crm.taken[2:]


async def test_a_worker_that_lost_an_endpoint_notes_nothing(company: Company) -> None:
    await company.receiver()
    await company.note(ANA)
    id, now = await company.id(), int(company.clock() * 1000)
    await readable_events(company.database)
    first = await company.endpoints.claim(id, "first", now, now + 1)
    assert first is not None
    assert await company.endpoints.claim(id, "second", now, now + 9) is None
    assert await company.endpoints.claim(id, "second", now + 2, now + 9)
    fresh, end = await company.endpoints.fresh(first, 10)
    outcome = Outcome(end, fresh, [], 0, 0, False, "HTTP 200")
    assert not await company.endpoints.mark(id, "first", outcome)
    assert await company.endpoints.mark(id, "second", outcome)


async def test_two_workers_send_each_event_once(company: Company) -> None:
    crm = await company.receiver()
    await company.note(*[ANA, BEN] * 60)
    first, second = company.worker(), company.worker()
    await asyncio.gather(company.work(first), company.work(second))
    await company.work(first)
    assert len(crm.taken) == 120
    await first.finish()
    await company.note(ANA)
    await company.work(second)
    assert crm.of(ANA) == list(range(1, 62))


async def test_for_a_day_after_a_rotation_both_secrets_verify(company: Company) -> None:
    crm, deliver = await company.receiver(), company.worker()
    old, new = crm.secret, (await company.manage.rotate(await company.id())).secret
    for crm.secret in (old, new):
        await company.note(ANA)
        await company.work(deliver)
    assert crm.of(ANA) == [1, 2]
    company.clock.now += 86401
    await company.note(ANA)
    await company.work(deliver)
    assert crm.of(ANA) == [1, 2, 3]
    crm.secret = old
    assert (await company.manage.test(await company.id())).status == "HTTP 500"


async def test_the_address_is_told_only_where_it_is_wanted_and_only_while_it_is_known(company: Company) -> None:
    (person,) = await Persons(company.database, company.keys).create([Sender("+4915112345678", "DE.1")])
    plain, whole = await company.receiver(), await company.receiver(with_address=True)
    await company.note(person)
    await company.work(company.worker())
    await company.database.execute("DELETE FROM persons")
    await company.note(person)
    await company.work(company.worker(), HELD + 1)
    assert [event.get("address") for event in plain.taken] == [None, None]
    assert [event.get("address") for event in whole.taken] == ["+4915112345678", None]


async def test_nothing_of_an_endpoint_s_url_or_of_a_person_is_in_logs_and_metrics(
    company: Company, logged: io.StringIO
) -> None:
    (person,) = await Persons(company.database, company.keys).create([Sender("+4915173926184", "DE.1")])
    crm = await company.receiver(with_address=True)
    marked = await company.manage.add(f"{crm.url}?key=planted", with_address=True)
    crm.secret, deliver = marked.secret, company.worker()
    await company.database.execute("UPDATE endpoints SET sealed = 'broken' WHERE id <> $1", marked.id)
    await company.note(person)
    await company.work(deliver, 10, steps=3)
    told = logged.getvalue() + generate_latest().decode() + repr(await company.endpoints.find(marked.id))
    assert "endpoint_left" in told
    assert crm.taken[0]["address"] == "+4915173926184"
    for planted in ("planted", "15173926184", crm.secret, "whsec_"):
        assert planted not in told


async def test_a_test_event_is_signed_and_of_nobody(company: Company) -> None:
    crm = await company.receiver()
    tried = await company.manage.test(await company.id())
    assert (tried.ok, tried.status) == (True, "HTTP 200")
    assert [(event["type"], event["person"]) for event in crm.taken] == [("webhook.test", None)]


async def test_an_endpoint_that_cannot_be_served_is_left_alone_for_a_while(
    company: Company, logged: io.StringIO
) -> None:
    await company.receiver()
    await company.database.execute("UPDATE endpoints SET sealed = 'broken'")
    await company.note(ANA)
    deliver = company.worker()
    await company.work(deliver, 1, steps=25)
    assert logged.getvalue().count("endpoint_left") == 3


def test_attempts_are_further_and_further_apart() -> None:
    assert [wait_after(attempts) for attempts in (1, 2, 3, 9, 50)] == [5, 20, 80, 21600, 21600]
