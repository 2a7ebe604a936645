"""Requests are kept with all their steps; the same message, or asking again, makes no second one."""

import asyncio
from typing import Any

import pytest

from bot.consent.deadlines import Calendar
from bot.consent.requests import State, close, extend
from bot.consent.rights import Right
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import UNDELIVERED, ChangedMeanwhile, PersonId
from bot.stores.postgres.connect import Database
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.requests import Requests

BERLIN = Calendar("DE", "Europe/Berlin")
ANA = PersonId("019a0000-0000-7000-8000-000000000001")
BEN = PersonId("019a0000-0000-7000-8000-000000000002")
AT = 1_790_000_000


@pytest.fixture
def requests(database: Database, keys: Keyring) -> Requests:
    return Requests(database, keys)


async def test_a_request_is_kept_with_its_first_step(requests: Requests) -> None:
    opened, new = await requests.open(ANA, Right.ACCESS, at=AT, inbound=b"m1", now=AT + 1, calendar=BERLIN)
    assert new
    found = await requests.find(opened.id)
    assert found is not None
    request, steps = found
    assert request == opened
    assert [(step.state, step.actor) for step in steps] == [(State.OPEN, "person")]


async def test_a_redelivered_message_opens_one_request(requests: Requests) -> None:
    opened = await asyncio.gather(
        *(requests.open(ANA, Right.ERASURE, at=AT, inbound=b"m1", now=AT, calendar=BERLIN) for _ in range(10))
    )
    assert len({request.id for request, _ in opened}) == 1
    assert [new for _, new in opened].count(True) == 1


async def test_asking_again_returns_the_open_request(requests: Requests) -> None:
    first, _ = await requests.open(ANA, Right.ACCESS, at=AT, inbound=b"m1", now=AT, calendar=BERLIN)
    again, new = await requests.open(ANA, Right.ACCESS, at=AT + 60, inbound=b"m2", now=AT + 60, calendar=BERLIN)
    other, other_new = await requests.open(ANA, Right.ERASURE, at=AT + 60, inbound=b"m2", now=AT + 60, calendar=BERLIN)
    assert (again.id, new) == (first.id, False)
    assert (other.id != first.id, other_new) == (True, True)


async def test_each_correction_is_a_separate_request_with_encrypted_details(
    requests: Requests, database: Database, keys: Keyring
) -> None:
    (person,) = await Persons(database, keys).create([Sender("+4915112345678")])
    first, _ = await requests.open(
        person, Right.RECTIFICATION, at=AT, inbound=b"m1", now=AT, calendar=BERLIN, details="I am Ana, not Anna"
    )
    second, new = await requests.open(
        person, Right.RECTIFICATION, at=AT, inbound=b"m2", now=AT, calendar=BERLIN, details="and not Mrs"
    )
    assert new
    assert await requests.details(first.id) == "I am Ana, not Anna"
    assert await requests.details(second.id) == "and not Mrs"
    rows = await database.fetch("SELECT details FROM requests")
    assert not any(b"Ana" in row["details"] for row in rows)


async def test_details_of_an_erased_person_s_request_are_gone(
    requests: Requests, database: Database, keys: Keyring
) -> None:
    (person,) = await Persons(database, keys).create([Sender("+4915112345678")])
    request, _ = await requests.open(
        person, Right.RECTIFICATION, at=AT, inbound=b"m1", now=AT, calendar=BERLIN, details="I am Ana, not Anna"
    )
    await database.execute("DELETE FROM persons WHERE id = $1", person)
    assert await requests.details(request.id) == ""


async def test_a_new_request_may_follow_an_answer(requests: Requests) -> None:
    first, _ = await requests.open(ANA, Right.ACCESS, at=AT, inbound=b"m1", now=AT, calendar=BERLIN)
    await requests.change(first, close(first, State.DONE, ""), actor="system", reason="", now=AT + 1)
    second, new = await requests.open(ANA, Right.ACCESS, at=AT + 60, inbound=b"m2", now=AT + 60, calendar=BERLIN)
    assert new
    assert [request.id for request in await requests.of(ANA)] == [first.id, second.id]
    replayed, new = await requests.open(ANA, Right.ACCESS, at=AT, inbound=b"m1", now=AT + 90, calendar=BERLIN)
    assert (replayed.state.is_open, new) == (True, False)


async def test_open_requests_are_listed_by_urgency(requests: Requests) -> None:
    late, _ = await requests.open(ANA, Right.ACCESS, at=AT + 86400 * 5, inbound=b"m1", now=AT, calendar=BERLIN)
    soon, _ = await requests.open(BEN, Right.ACCESS, at=AT, inbound=b"m2", now=AT, calendar=BERLIN)
    done, _ = await requests.open(BEN, Right.ERASURE, at=AT, inbound=b"m3", now=AT, calendar=BERLIN)
    await requests.change(done, close(done, State.REFUSED, "a legal duty"), actor="operator", reason="a", now=AT)
    assert [request.id for request in await requests.waiting()] == [soon.id, late.id]


async def test_two_operators_cannot_both_change_a_request(requests: Requests) -> None:
    request, _ = await requests.open(ANA, Right.ACCESS, at=AT, inbound=b"m1", now=AT, calendar=BERLIN)
    await requests.change(request, extend(request, "much", AT + 1, BERLIN), actor="operator", reason="much", now=AT + 1)
    with pytest.raises(ChangedMeanwhile):
        await requests.change(request, close(request, State.DONE, ""), actor="operator", reason="", now=AT + 2)


async def test_request_steps_cannot_be_rewritten(requests: Requests, database: Database) -> None:
    await requests.open(ANA, Right.ACCESS, at=AT, inbound=b"m1", now=AT, calendar=BERLIN)
    with pytest.raises(Exception, match="append-only"):
        await database.execute("UPDATE request_steps SET reason = 'other'")


async def test_finding_an_unknown_request_returns_none(requests: Requests) -> None:
    assert await requests.find("019a0000-0000-7000-8000-00000000ffff") is None


@pytest.mark.parametrize("state", [State.OPEN, State.EXTENDED])
async def test_no_look_at_an_answer_is_noted_after_it_reached_nobody(
    requests: Requests, database: Database, state: State
) -> None:
    opened, _ = await requests.open(ANA, Right.ACCESS, at=AT, inbound=b"m1", now=AT, calendar=BERLIN)
    told = extend(opened, "much", AT + 1, BERLIN) if state is State.EXTENDED else close(opened, State.DONE, "")
    await requests.change(opened, told, actor="operator", reason="much", now=AT + 1)
    async with database.transaction() as reopening:
        await reopening.execute("UPDATE requests SET state = $2 WHERE id = $1", opened.id, state)
        await reopening.execute(
            "INSERT INTO request_steps (request, at, state, actor, reason) VALUES ($1, $2, $3, 'system', $4)",
            opened.id,
            AT + 2,
            state,
            UNDELIVERED,
        )
        noting = asyncio.create_task(requests.note_answer(opened.id, "read", AT + 3))
        await _waits_or_ends(noting, database)
    await noting
    found = await requests.find(opened.id)
    assert found is not None
    assert [(step.state, step.reason) for step in found[1]][-1] == (state, UNDELIVERED)


async def test_an_extension_that_reached_nobody_waits_for_looks_at_it(requests: Requests, database: Database) -> None:
    opened, _ = await requests.open(ANA, Right.ACCESS, at=AT, inbound=b"m1", now=AT, calendar=BERLIN)
    extended = extend(opened, "much", AT + 1, BERLIN)
    await requests.change(opened, extended, actor="operator", reason="much", now=AT + 1)
    async with database.transaction() as noting:
        await noting.execute("SELECT FROM requests WHERE id = $1 FOR UPDATE", opened.id)
        reopening = asyncio.create_task(requests.reopen(opened.id, UNDELIVERED, AT + 2))
        await _waits_or_ends(reopening, database)
        await noting.execute(
            "INSERT INTO request_steps (request, at, state, actor, reason) VALUES ($1, $2, $3, 'system', 'read')",
            opened.id,
            AT + 2,
            State.EXTENDED,
        )
    assert await reopening
    found = await requests.find(opened.id)
    assert found is not None
    assert found[1][-1].reason == UNDELIVERED


async def _waits_or_ends(task: asyncio.Task[Any], database: Database) -> None:
    """Let a task go on until it waits for a lock, or ends without."""
    while not task.done() and not await database.fetch("SELECT FROM pg_locks WHERE NOT granted"):
        pass  # each look lets the task go on
