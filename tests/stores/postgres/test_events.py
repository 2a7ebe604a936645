"""Events are written with what they tell, and read so that none is passed over."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import asyncpg
import pytest

from bot.consent.deadlines import Calendar
from bot.consent.evidence import EVERY, Entry, Kind
from bot.consent.requests import State, close
from bot.consent.rights import Right
from bot.errors import OperatorError
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.operators.events import ReadEvents
from bot.service.ports import Append, ChangedMeanwhile, Event, EventType, NewEvent, PersonId, Position, Rows, Subject
from bot.service.rights.due import TellDue
from bot.stores.postgres.connect import Database
from bot.stores.postgres.data_holders import RequestRows
from bot.stores.postgres.endpoints import Endpoints
from bot.stores.postgres.events import Events
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.requests import Requests
from bot.stores.postgres.retention import Retained
from bot.stores.postgres.rotation import rotate
from tests.stores.made import BSUID, NOTICE, PERSON, PHONE, given, readable_events, requested, withdrawn

AT = 1_790_000_000
DAY = 86400
CALENDAR = Calendar("DE", "Europe/Berlin", None)


@pytest.fixture
def events(database: Database) -> Events:
    return Events(database)


@pytest.fixture
async def person(database: Database, keys: Keyring) -> PersonId:
    (person,) = await Persons(database, keys).create([Sender(PHONE, BSUID)])
    return person


async def noted(events: Events) -> Sequence[Event]:
    await readable_events(events._database)
    return [event for _, event in await events.after(Position(0, 0), 1000)]


async def types(events: Events) -> list[str]:
    return [event.type for event in await noted(events)]


async def test_each_ledger_entry_is_told_with_its_facts_and_nothing_else(
    database: Database, keys: Keyring, events: Events, person: PersonId
) -> None:
    await Ledger(database, keys).append([Append(person, 0, [requested("a"), given("b"), withdrawn("c")])])
    found = await noted(events)
    sequences = [row["sequence"] for row in await database.fetch("SELECT sequence FROM ledger ORDER BY sequence")]
    assert [(event.type, event.at, event.person) for event in found] == [
        ("consent.requested", 1790000000, person),
        ("consent.given", 1790000060, person),
        ("consent.withdrawn", 1790000120, person),
    ]
    facts = {"purpose": "order_updates", "method": "chat", "notice": NOTICE, "locale": "en"}
    assert [event.data for event in found[:2]] == [facts | {"evidence": sequence} for sequence in sequences[:2]]
    assert len({event.id for event in found}) == 3


@pytest.mark.parametrize("kind", Kind)
async def test_every_kind_of_entry_has_a_type_except_claims_and_sales(
    database: Database, keys: Keyring, events: Events, person: PersonId, kind: Kind
) -> None:
    entry = Entry(kind=kind, purpose=EVERY, at=AT, inbound="x", rule="another")
    await Ledger(database, keys).append([Append(person, 0, [entry])])
    type = EventType.of(kind)
    assert await types(events) == ([] if type is None else [type])
    assert (type is None) == (kind in (Kind.IMPORTED, Kind.RELATIONSHIP))


async def test_an_append_that_adds_nothing_tells_nothing(
    database: Database, keys: Keyring, events: Events, person: PersonId
) -> None:
    ledger = Ledger(database, keys)
    await ledger.append([Append(person, 0, [requested("a")])])
    assert await ledger.append([Append(person, 0, [withdrawn("b")])]) == set()
    assert await ledger.append([Append(person, 1, [requested("a")])]) == set()
    assert await types(events) == ["consent.requested"]


async def test_an_event_that_commits_late_is_not_passed_over(database: Database, events: Events) -> None:
    early, late = (NewEvent(EventType.REQUEST_DUE, at, None) for at in (1, 2))
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO events (type, at, data) VALUES ('request.due', 1, '{}')")
        await events.note(late)
        assert await events.after(Position(0, 0), 10) == []
    assert [event.at for event in await noted(events)] == [early.at, late.at]


async def test_pages_of_events_lead_to_the_end_and_on(events: Events) -> None:
    read, cursor, seen = ReadEvents(events), "", list[int]()
    await events.note(*(NewEvent(EventType.REQUEST_DUE, number, None) for number in range(1, 8)))
    await readable_events(events._database)
    for _ in range(4):
        page = await read.after(cursor, 2)
        seen += [event.at for event in page.events]
        cursor = page.next
    assert (await read.after(cursor)).events == []
    await events.note(NewEvent(EventType.REQUEST_DUE, 8, None))
    await readable_events(events._database)
    seen += [event.at for event in (await read.after(cursor)).events]
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("cursor", ["x", "1", "1-", "-1-2", "1-2-3", "9" * 19 + "-1"])
async def test_what_is_no_cursor_is_refused(events: Events, cursor: str) -> None:
    with pytest.raises(OperatorError, match="cursor"):
        await ReadEvents(events).after(cursor)


async def test_a_message_s_events_are_its_history(events: Events) -> None:
    for type in (EventType.MESSAGE_SENT, EventType.MESSAGE_READ):
        await events.note(NewEvent(type, AT, PERSON, "our-1"), NewEvent(type, AT, PERSON, "our-2"))
    history = await ReadEvents(events).of("our-1")
    assert [event.type for event in history] == ["message.sent", "message.read"]
    assert history[0].as_dict()["data"] == {"message": "our-1"}
    await events.note(NewEvent(EventType.PERSON_MOVED, AT, PERSON))
    assert await events.of("") == []


async def test_requests_are_told_when_opened_due_and_closed(
    database: Database, keys: Keyring, events: Events, person: PersonId
) -> None:
    requests = Requests(database, keys)
    request, _ = await requests.open(
        person, Right.RECTIFICATION, at=AT, inbound=b"a", now=AT, calendar=CALENDAR, details="my name is Ana"
    )
    await requests.open(person, Right.RECTIFICATION, at=AT, inbound=b"a", now=AT, calendar=CALENDAR, details="x")
    assert await requests.tell_due(date(2000, 1, 1), AT) == 0
    assert [await requests.tell_due(request.due, AT) for _ in range(2)] == [1, 0]
    done = close(request, State.DONE, "")
    await requests.change(request, done, actor="operator", reason="sent to Ana", now=AT)
    with pytest.raises(ChangedMeanwhile):
        await requests.change(request, done, actor="operator", reason="", now=AT)
    assert await types(events) == ["request.opened", "request.due", "request.closed", "person.corrected"]
    assert [event.type for event in await events.of(request.id)] == ["request.opened", "request.due", "request.closed"]
    facts = {"right": "rectification", "state": "done", "due": request.due.isoformat()}
    assert (await events.of(request.id))[-1].data == facts
    assert "Ana" not in str(await noted(events))


async def test_a_request_is_told_as_due_a_week_before_its_last_day(
    database: Database, keys: Keyring, events: Events, person: PersonId
) -> None:
    requests = Requests(database, keys)
    request, _ = await requests.open(person, Right.ACCESS, at=AT, inbound=b"a", now=AT, calendar=CALENDAR)
    last_day = datetime.combine(request.due, time(12), UTC).timestamp()
    moments = iter([last_day - 8 * DAY, last_day - 7 * DAY, last_day - 6 * DAY, last_day + DAY])
    tell_due = TellDue(requests, CALENDAR, lambda: next(moments))
    assert [await tell_due.tell() for _ in range(4)] == [0, 1, 0, 0]


async def test_an_erasure_tells_of_the_requests_that_it_closes(
    database: Database, keys: Keyring, events: Events, person: PersonId
) -> None:
    await Requests(database, keys).open(person, Right.ACCESS, at=AT, inbound=b"a", now=AT, calendar=CALENDAR)
    await RequestRows(database, keys).erase(Subject(person))
    opened, closed = await noted(events)
    assert (closed.type, closed.subject, closed.data) == (
        "request.closed",
        opened.subject,
        {**opened.data, "state": "done"},
    )


async def test_a_person_who_changes_an_address_has_moved_and_who_gets_another_has_not(
    database: Database, keys: Keyring, events: Events
) -> None:
    persons = Persons(database, keys)
    (person,) = await persons.create([Sender(PHONE)])
    await persons.set_addresses(person, Sender(PHONE, BSUID))
    assert await types(events) == []
    await persons.set_addresses(person, Sender("+4915100000000", BSUID), forget=PHONE)
    (moved,) = await noted(events)
    assert (moved.type, moved.person, moved.data) == ("person.moved", person, {})


async def test_after_a_restore_into_a_new_server_order_goes_on(
    database: Database, keys: Keyring, events: Events
) -> None:
    """The new server's transactions count from the beginning: those in the backup look like the future."""
    endpoints, read = Endpoints(database, keys), ReadEvents(events)
    endpoint = await endpoints.add("https://crm.example.com/", "whsec_c2VjcmV0", types=[], with_address=False, now=0)
    await events.note(*(NewEvent(EventType.REQUEST_DUE, number, None) for number in (1, 2, 3)))
    await readable_events(database)
    cursor = (await read.after("", 2)).next
    (last,) = await database.fetch("SELECT xid, number FROM events WHERE at = 2")
    await database.execute("UPDATE events SET xid = xid + 1000000")
    await database.execute("UPDATE endpoints SET xid = $1, number = $2", last["xid"] + 1_000_000, last["number"])
    ahead = f"{int(cursor.split('-')[0]) + 1_000_000}-{cursor.split('-')[1]}"
    await events.settle_in()
    await events.note(NewEvent(EventType.REQUEST_DUE, 4, None))
    assert [event.at for event in await noted(events)] == [1, 2, 3, 4]
    assert [event.at for event in (await read.after(ahead)).events] == [3, 4]
    claimed = await endpoints.claim(endpoint.id, "w", 1, 2)
    assert claimed is not None
    pending, _ = await endpoints.fresh(claimed, 10)
    assert [one.event.at for one in pending] == [3, 4]
    before = await database.fetch("SELECT xid FROM events WHERE at = 4")
    await events.settle_in()
    assert await database.fetch("SELECT xid FROM events WHERE at = 4") == before


async def test_events_are_kept_until_every_endpoint_has_got_them(
    database: Database, keys: Keyring, events: Events
) -> None:
    endpoints, retained = Endpoints(database, keys), Retained(database)
    endpoint = await endpoints.add("https://crm.example.com/", "whsec_c2VjcmV0", types=[], with_address=False, now=0)
    await events.note(NewEvent(EventType.REQUEST_DUE, AT, PERSON))
    later = 10**10
    assert await retained.forget(Rows.EVENTS, 30 * DAY, later) == 0  # unread
    await database.execute("UPDATE endpoints SET xid = events.xid, number = events.number FROM events")
    await database.execute(
        "INSERT INTO deliveries (endpoint, xid, number, since, attempts, next_at, dead) "
        "SELECT $1, xid, number, 0, 1, 0, false FROM events",
        endpoint.id,
    )
    assert await retained.forget(Rows.EVENTS, 30 * DAY, later) == 0  # to be tried again
    await database.execute("UPDATE deliveries SET dead = true")
    assert await retained.forget(Rows.EVENTS, 30 * DAY, AT) == 0  # too young
    assert await retained.forget(Rows.EVENTS, 30 * DAY, later) == 1
    assert await database.fetch("SELECT FROM deliveries") == []


async def test_endpoints_are_sealed_and_renewed_with_a_new_key(database: Database) -> None:
    old, new = "the old secret of this test, long enough", "the new secret of this test, long enough"
    await Endpoints(database, Keyring([old])).add(
        "https://crm.example.com/planted", "whsec_c2VjcmV0", types=["consent.given"], with_address=True, now=0
    )
    (row,) = await database.fetch("SELECT sealed FROM endpoints")
    assert b"planted" not in row["sealed"]
    assert [page async for page in rotate(database, Keyring([new, old]))] == []
    (endpoint,) = await Endpoints(database, Keyring([new])).all()
    assert (endpoint.url, endpoint.secrets[0].text) == ("https://crm.example.com/planted", "whsec_c2VjcmV0")
    assert "planted" not in repr(endpoint)
    assert "whsec_" not in repr(endpoint)


async def test_an_event_rolls_back_with_what_it_tells(database: Database, keys: Keyring, events: Events) -> None:
    requests = Requests(database, keys)
    await database.execute("ALTER TABLE events ADD CONSTRAINT broken CHECK (type <> 'request.opened')")
    (person,) = await Persons(database, keys).create([Sender(PHONE)])
    with pytest.raises(asyncpg.CheckViolationError):
        await requests.open(person, Right.ACCESS, at=AT, inbound=b"a", now=AT, calendar=CALENDAR)
    assert await requests.waiting() == []
