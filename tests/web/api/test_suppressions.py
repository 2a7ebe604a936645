"""Whom the company may not write to, as other programs of its own get it by API."""

from typing import Any
from uuid import UUID

import pytest

from bot.app.operators import Operators
from bot.app.simulation import Simulation
from bot.messages.inbound import Sender
from bot.service.operators.find import Look
from bot.service.ports import PersonId, Scope
from tests.web.api.conftest import Client, NewClient

ANA, BEN, CID, DAN, EVE = (
    Sender("+447911123450"),
    Sender("+447911123451"),
    Sender("+447911123452", "GB.1"),
    Sender(None, "GB.2"),
    Sender("+447911123454"),
)
STRANGER = "+447911999999"


@pytest.fixture
async def people(simulation: Simulation) -> list[PersonId]:
    return list(await simulation.runtime.stores.persons.create([ANA, BEN, CID, DAN, EVE]))


@pytest.fixture
async def call(client: NewClient) -> Client:
    return await client(Scope.READ, Scope.READ_ADDRESSES, Scope.WITHDRAW)


async def suppressed(call: Client, *senders: Sender | str, purposes: list[str] | None = None) -> dict[str, Any]:
    """Suppress by one address of each."""
    addresses = [one if isinstance(one, str) else one.addresses[0] for one in senders]
    body = {"addresses": addresses, "reason": "a letter"} | ({"purposes": purposes} if purposes else {})
    status, answer = await call("POST", "/suppressions", body)
    assert status == 200, answer
    return dict(answer)


async def listed(call: Client, query: str = "", **headers: str) -> dict[str, Any]:
    """A page of the list."""
    status, answer = await call("GET", f"/suppressions{query}", **headers)
    assert status == 200, answer
    return dict(answer)


async def looks(simulation: Simulation, people: list[PersonId]) -> list[list[tuple[str, str]]]:
    """Who looked at the list and why, for each person."""
    every = [await simulation.runtime.stores.reads.of(person) for person in people]
    return [[(one.operator, one.reason) for one in reads if one.command.startswith("GET")] for reads in every]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 1000])
async def test_the_pages_list_each_person_once_with_addresses_and_purposes(
    call: Client, people: list[PersonId], limit: int
) -> None:
    await suppressed(call, CID, EVE, purposes=["offers"])
    await suppressed(call, ANA, DAN)
    shown, query = [], ""
    while True:
        page = await listed(call, f"?limit={limit}{query}")
        assert len(page["suppressions"]) <= limit
        shown += page["suppressions"]
        if page["next"] is None:
            break
        query = f"&cursor={page['next']}"
    ana, _, cid, dan, eve = people
    both = ["offers", "order_updates"]
    assert [(one["person"], one["addresses"], sorted(one["purposes"])) for one in shown] == [
        (ana, ANA.addresses, both),
        (cid, ["GB.1", "+447911123452"], ["offers"]),
        (dan, DAN.addresses, both),
        (eve, EVE.addresses, ["offers"]),
    ]


async def test_a_purpose_tells_since_when_and_a_row_can_be_sent_back(call: Client, people: list[PersonId]) -> None:
    await suppressed(call, CID, purposes=["offers"])
    (row,) = (await listed(call))["suppressions"]
    entry = (await call("GET", f"/persons/{people[2]}"))[1]["consents"]
    assert row["purposes"] == {one["purpose"]: one["since"] for one in entry if one["status"] == "out"}
    assert await suppressed(call, *row["addresses"], purposes=list(row["purposes"])) == {"added": 0, "known": 2}


async def test_each_person_shown_is_looked_at_for_the_reason_of_the_call(
    simulation: Simulation, call: Client, people: list[PersonId]
) -> None:
    await suppressed(call, BEN, CID)
    page = await listed(call, "?limit=1", **{"X-Reason": "block list of the shop"})
    assert [one["person"] for one in page["suppressions"]] == [people[1]]
    assert await looks(simulation, people) == [[], [("api:crm", "block list of the shop")], [], [], []]


@pytest.mark.parametrize(("held", "missing"), [("read", "read_addresses"), ("read_addresses", "read")])
async def test_a_token_without_one_of_the_scopes_sees_nobody(
    simulation: Simulation, client: NewClient, call: Client, people: list[PersonId], held: str, missing: str
) -> None:
    await suppressed(call, BEN)
    poor = await client(Scope(held), name="poor")
    status, problem = await poor("GET", "/suppressions")
    assert (status, problem["type"], problem["scope"]) == (403, "/api/docs#scope_missing", missing)
    assert f"--scope {missing}" in problem["cure"]
    assert await looks(simulation, people) == [[]] * len(people)


async def test_whoever_has_no_address_any_more_is_neither_listed_nor_looked_at(
    simulation: Simulation, call: Client, people: list[PersonId]
) -> None:
    await suppressed(call, ANA, BEN)
    await simulation.runtime.stores.persons.set_addresses(people[0], Sender(), forget=ANA.phone)
    assert [one["addresses"] for one in (await listed(call))["suppressions"]] == [BEN.addresses]
    assert (await looks(simulation, people))[0] == []


async def test_an_unknown_purpose_is_refused_without_repeating_it(call: Client) -> None:
    body = {"addresses": [STRANGER], "reason": "a letter", "purposes": ["anna_lena"]}
    status, problem = await call("POST", "/suppressions", body)
    (error,) = problem["errors"]
    assert (status, error["field"], error["cure"]) == (400, "purposes", "name one of: order_updates, offers")
    assert "anna_lena" not in str(problem)


async def test_an_import_whose_source_is_blank_is_told_so(client: NewClient) -> None:
    call = await client(Scope.IMPORT)
    status, problem = await call("POST", "/imports", {"source": " ", "rows": [{"address": STRANGER}]})
    assert (status, [error["field"] for error in problem["errors"]]) == (400, ["source"])


@pytest.mark.usefixtures("people")
async def test_strangers_and_erased_persons_are_not_listed(call: Client, given: Operators) -> None:
    await suppressed(call, ANA, DAN, STRANGER)
    await given.person.erase(await given.find.person(DAN.addresses[0], Look("ben", "console")))
    page = await listed(call)
    assert ([one["addresses"] for one in page["suppressions"]], page["next"]) == ([ANA.addresses], None)


@pytest.mark.usefixtures("people")
async def test_nobody_is_listed_while_nobody_has_stopped(call: Client) -> None:
    assert await listed(call) == {"suppressions": [], "next": None}


@pytest.mark.usefixtures("people")
async def test_a_cursor_is_an_id_and_nothing_personal(call: Client) -> None:
    await suppressed(call, ANA, CID)
    next = (await listed(call, "?limit=1"))["next"]
    assert str(UUID(next)) == next
    for query in (f"?cursor={CID.phone}", "?cursor=GB.1", "?cursor=x", "?cursor=%00", f"?cursor={next}1"):
        status, problem = await call("GET", f"/suppressions{query}")
        assert (status, [error["field"] for error in problem["errors"]]) == (400, ["cursor"]), query
        assert "GB.1" not in str(problem)
    assert [one["addresses"] for one in (await listed(call, "?cursor="))["suppressions"]] == [
        ANA.addresses,
        CID.addresses,
    ]


async def test_a_limit_out_of_bounds_is_refused(call: Client) -> None:
    for limit in (0, 1001):
        status, problem = await call("GET", f"/suppressions?limit={limit}")
        assert (status, [error["field"] for error in problem["errors"]]) == (400, ["limit"])
