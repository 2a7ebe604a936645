"""Requests about data are listed by deadline, shown on record, and answered once."""

from datetime import date
from typing import Any

import pytest

from bot.app.operators import Operators
from bot.app.simulation import Simulation, somebody
from bot.consent.deadlines import Calendar
from bot.consent.rights import Right
from bot.messages.inbound import Sender
from bot.service.operators.find import Look
from bot.service.ports import PersonId, Scope
from tests.service.operators.test_requests import settled, wish
from tests.service.watching import subscribed
from tests.web.api.conftest import Client, NewClient


@pytest.fixture
async def call(client: NewClient) -> Client:
    return await client(Scope.REQUESTS, Scope.READ)


async def asked(simulation: Simulation, count: int) -> list[str]:
    """Make people who asked for something, one each day; return the ids of their requests."""
    stores = simulation.runtime.stores
    people = [somebody("en") for _ in range(count)]
    persons = await stores.persons.create([Sender(who.phone, who.bsuid) for who in people])
    calendar, now, ids = Calendar("DE", "Europe/Berlin"), int(simulation.graph.clock()), []
    for number, person in enumerate(persons):
        at = now - 86400 * (count - number)
        request, _ = await stores.requests.open(
            person,
            Right.RECTIFICATION,
            at=at,
            inbound=str(number).encode(),
            now=at,
            calendar=calendar,
            details="My surname has two n.",
        )
        ids.append(request.id)
    return ids


async def pages(call: Client, query: str) -> list[list[dict[str, Any]]]:
    """All pages of a list."""
    found, cursor = [], ""
    while cursor is not None:
        status, answer = await call("GET", f"/requests?{query}&cursor={cursor}")
        assert status == 200, answer
        found.append(answer["requests"])
        cursor = answer["next"]
    return found


async def test_requests_are_listed_page_by_page_the_most_urgent_first(simulation: Simulation, call: Client) -> None:
    ids = await asked(simulation, 5)
    listed = await pages(call, "limit=2")
    assert [len(page) for page in listed] == [2, 2, 1]
    requests = [request for page in listed for request in page]
    assert {request["id"] for request in requests} == set(ids)
    due = [date.fromisoformat(request["due"]) for request in requests]
    assert due == sorted(due)
    assert "surname" not in str(listed)


async def test_a_request_closed_meanwhile_makes_no_other_request_disappear(
    simulation: Simulation, call: Client
) -> None:
    await asked(simulation, 4)
    _, first = await call("GET", "/requests?limit=2")
    await call("PATCH", f"/requests/{first['requests'][0]['id']}", {"state": "done", "told": "by letter"})
    _, second = await call("GET", f"/requests?limit=2&cursor={first['next']}")
    assert len(second["requests"]) == 2
    assert second["next"] is None


async def test_a_request_is_shown_with_the_person_s_words_and_the_look_is_recorded(
    simulation: Simulation, call: Client
) -> None:
    (id,) = await asked(simulation, 1)
    status, shown = await call("GET", f"/requests/{id}", **{"X-Reason": "to answer it"})
    assert (status, shown["details"], shown["steps"][0]["actor"]) == (200, "My surname has two n.", "person")
    (read,) = await simulation.runtime.stores.reads.of(PersonId(shown["person"]))
    assert (read.operator, read.command, read.reason) == ("api:crm", "GET /api/v1/requests/{id}", "to answer it")


async def test_a_request_is_extended_then_answered_and_then_closed_for_good(
    simulation: Simulation, call: Client
) -> None:
    (id,) = await asked(simulation, 1)
    _, before = await call("GET", f"/requests/{id}")
    status, extended = await call(
        "PATCH", f"/requests/{id}", {"state": "extended", "because": "work", "told": "by letter"}
    )
    assert (status, extended["state"], extended["due"] > before["due"]) == (200, "extended", True)
    assert (extended["told"], extended["not_told"]) == ("elsewhere", None)
    for state, want in (("extended", 409), ("done", 200), ("refused", 409)):
        status, answer = await call("PATCH", f"/requests/{id}", {"state": state, "told": "by post"})
        assert (status, answer.get("type")) == (want, "/api/docs#request_closed" if want == 409 else None)
    _, after = await call("GET", f"/requests/{id}")
    assert [(step["state"], step["actor"]) for step in after["steps"]] == [
        ("open", "person"),
        ("extended", "api:crm"),
        ("done", "api:crm"),
    ]
    assert [[request["id"] for request in page] for page in await pages(call, "state=done")] == [[id]]
    assert await pages(call, "state=waiting") == [[]]


async def test_a_step_tells_the_person_in_their_language_however_often_it_is_sent(
    simulation: Simulation, call: Client
) -> None:
    simulation.graph.report_to(simulation.hook)
    ana = simulation.person(somebody("de"))
    await subscribed(simulation, ana)
    id = await wish(simulation, ana)
    change = {"state": "refused", "because": "checked", "reason": "Call us!"}
    for _ in range(3):
        status, answer = await call("PATCH", f"/requests/{id}", change)
        assert (status, answer["state"], answer["told"], answer["not_told"]) == (200, "refused", "chat", None)
        await settled(simulation)
    (told,) = [reply.text for reply in ana.replies if "Call us!" in reply.text]
    assert "Die Daten stimmen" in told
    _, known = await call("GET", f"/requests/{id}")
    assert [(step["state"], step["actor"]) for step in known["steps"]][:2] == [
        ("open", "person"),
        ("refused", "api:crm"),
    ]
    assert ("system", "the answer was delivered") in [(step["actor"], step["reason"]) for step in known["steps"]]


async def test_whoever_can_t_be_told_is_not_passed_over_in_silence(simulation: Simulation, call: Client) -> None:
    (id,) = await asked(simulation, 1)
    status, problem = await call("PATCH", f"/requests/{id}", {"state": "done"})
    assert (status, problem["type"], problem["reason"]) == (409, "/api/docs#not_told", "outside_window")
    assert "24 hours" in problem["detail"]
    assert "`told`" in problem["cure"]
    _, known = await call("GET", f"/requests/{id}")
    assert (known["state"], known["reach"]["withheld"]) == ("open", "outside_window")
    for _ in range(2):
        status, answer = await call("PATCH", f"/requests/{id}", {"state": "done", "told": "by phone"})
        assert (status, answer["state"], answer["told"]) == (200, "done", "elsewhere")
    _, known = await call("GET", f"/requests/{id}")
    assert [step["reason"] for step in known["steps"]] == ["", "told by phone"]


async def test_the_erased_are_not_told_and_the_answer_says_so(
    simulation: Simulation, call: Client, given: Operators
) -> None:
    (id,) = await asked(simulation, 1)
    _, before = await call("GET", f"/requests/{id}")
    await given.person.erase(await given.find.by_id(before["person"], Look("ben", "person erase")))
    stores = simulation.runtime.stores
    late, _ = await stores.requests.open(
        PersonId(before["person"]),
        Right.OBJECTION,
        at=int(simulation.graph.clock()),
        inbound=b"late",
        now=simulation.graph.clock(),
        calendar=Calendar("DE", "Europe/Berlin"),
    )
    status, answer = await call("PATCH", f"/requests/{late.id}", {"state": "done"})
    assert (status, answer["told"]) == (200, "nowhere")
    assert "erased" in answer["not_told"]


async def test_addresses_of_a_request_need_a_scope_of_their_own(simulation: Simulation, client: NewClient) -> None:
    (id,) = await asked(simulation, 1)
    narrow, wide = await client(Scope.REQUESTS), await client(Scope.REQUESTS, Scope.READ_ADDRESSES, name="wide")
    _, hidden = await narrow("GET", f"/requests/{id}")
    _, shown = await wide("GET", f"/requests/{id}")
    assert (hidden["reach"]["phone"], hidden["reach"]["whatsapp_id"]) == (None, None)
    assert shown["reach"]["phone"].startswith("+")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"state": "refused", "told": "by post"}, 200),
        ({"state": "refused"}, 409),
        ({"state": "done", "because": "work", "told": "by post"}, 409),
        ({"state": "done", "told": " "}, 400),
        ({"state": "done", "reason": "x" * 801}, 400),
        ({"state": "done", "because": "bored"}, 400),
        ({"state": "open"}, 400),
    ],
)
async def test_a_step_needs_what_the_law_asks_for(
    simulation: Simulation, call: Client, change: dict[str, str], status: int
) -> None:
    (id,) = await asked(simulation, 1)
    assert (await call("PATCH", f"/requests/{id}", change))[0] == status


async def test_what_is_no_request_is_not_found(call: Client) -> None:
    for id in ("1", "019a0000-0000-7000-8000-000000000001"):
        for method, body in (("GET", None), ("PATCH", {"state": "done"})):
            status, answer = await call(method, f"/requests/{id}", body)
            assert (status, answer["type"]) == (404, "/api/docs#request_unknown")


async def test_figures_count_persons_and_requests_and_name_nobody(simulation: Simulation, call: Client) -> None:
    await asked(simulation, 2)
    people = [simulation.person(somebody("en")) for _ in range(3)]
    for ana in people:
        await subscribed(simulation, ana)
    await people[0].say("STOP")
    status, figures = await call("GET", "/stats")
    assert status == 200
    assert {one["purpose"]: (one["persons_in"], one["persons_out"]) for one in figures["purposes"]} == {
        "order_updates": (2, 1),
        "offers": (2, 1),
    }
    assert (figures["persons"], figures["open_requests"], figures["overdue_requests"]) == (5, 2, 0)
