"""Sales that the company records by API, on which marketing to its customers may rest."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.simulator.person import SimulatedPerson
from bot.paths import FLOWS
from bot.service.operators.recording import Recording
from bot.service.ports import Scope, Subject
from bot.settings import Settings
from tests.service.watching import owner_of, quiet
from tests.web.api.conftest import Client, NewClient

BASIS = 'legal_basis = "consent"'
"""Of the second purpose, too: offers."""


@pytest.fixture
async def simulation(stores: Settings, tmp_path: Path) -> AsyncIterator[Simulation]:
    """The program of a company whose offers may rest on a sale."""
    first, _, rest = (FLOWS / "business.toml").read_text("utf-8").rpartition(BASIS)
    soft = 'legal_basis = "soft_opt_in"\nsoft_opt_in = { product_family = "cut flowers" }'
    file = tmp_path / "business.toml"
    file.write_text(first + soft + rest, "utf-8")
    async with simulate(stores.changed(business_file=file)) as running:
        yield running


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    return simulation.person(somebody("de"))


@pytest.fixture
async def call(client: NewClient) -> Client:
    return await client(Scope.OPT_IN, Scope.SEND, Scope.READ)


def sale(person: SimulatedPerson, **more: object) -> dict[str, object]:
    return {
        "address": person.who.phone,
        "purpose": "offers",
        "reference": "order 4711",
        "product_family": "cut flowers",
        "sold_at": "2026-11-01T12:00:00+01:00",
        "objection_offered": True,
        **more,
    }


OFFER = {"purpose": "offers", "template": {"name": "offer", "values": {"offer": "Tulpen", "day": "Freitag"}}}


async def test_a_customer_gets_an_offer_after_a_sale_until_they_stop(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    status, recorded = await call("POST", "/sales", sale(ana))
    assert (status, recorded["recorded"]) == (201, True)
    assert (await call("POST", "/sales", sale(ana)))[1]["recorded"] is False
    _, shown = await call("GET", f"/persons/{recorded['person']}")
    (offers,) = [consent for consent in shown["consents"] if consent["purpose"] == "offers"]
    assert (offers["status"], offers["legal_basis"]) == ("none", "soft_opt_in")
    status, _ = await call("POST", "/messages", OFFER | {"to": ana.who.phone})
    await quiet(simulation)
    assert (status, ana.replies[-1].template[:6]) == (202, "offer_")
    await ana.say("STOPP")
    status, problem = await call("POST", "/messages", OFFER | {"to": ana.who.phone})
    assert (status, problem["reason"]) == (409, "withdrawn")


@pytest.mark.parametrize(
    "wrong",
    [
        {"objection_offered": False},
        {"product_family": "garden tools"},
        {"purpose": "order_updates"},
        {"purpose": "nobody_knows_it"},
        {"sold_at": "2126-11-01T12:00:00+01:00"},
    ],
    ids=["no objection offered", "other goods", "a purpose that needs consent", "no purpose", "in the future"],
)
async def test_a_sale_that_does_not_count_is_refused_with_its_cure_and_makes_nobody_known(
    simulation: Simulation, call: Client, ana: SimulatedPerson, wrong: dict[str, object]
) -> None:
    status, problem = await call("POST", "/sales", sale(ana, **wrong))
    assert (status, problem["type"]) == (409, "/api/docs#not_recorded")
    assert problem["detail"]
    assert problem["cure"]
    assert not await simulation.runtime.stores.persons.find([ana.who.phone or ""])


async def test_whoever_was_erased_does_not_become_known_by_a_sale(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await ana.say("Hallo")
    await ana.say("STOPP")
    person = await owner_of(simulation.runtime, ana)
    await simulation.runtime.use_cases.erase.erase(Subject(person), reason="asked", actor="operator")
    status, problem = await call("POST", "/sales", sale(ana))
    assert (status, problem["type"]) == (409, "/api/docs#not_recorded")
    assert not await simulation.runtime.stores.persons.find([ana.who.phone or ""])


async def test_a_ledger_that_keeps_changing_is_told_as_a_fault_of_ours(
    call: Client, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(self: Recording, appends: object) -> set[str]:
        return set()

    monkeypatch.setattr(Recording, "append", lost)
    assert (await call("POST", "/sales", sale(ana)))[0] == 503
