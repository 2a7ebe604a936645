"""Recording a sale: once, with its proof, and never against a no."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot import business
from bot.app.operators import operators
from bot.app.runtime import Runtime, open_runtime
from bot.business import Purpose
from bot.consent.evidence import Kind
from bot.consent.lifecycle import fold
from bot.consent.soft_opt_in import Sale
from bot.errors import OperatorError, Unavailable
from bot.messages.inbound import Sender
from bot.paths import FLOWS
from bot.service.operators.find import Look, Looked
from bot.service.operators.recording import Recording
from bot.service.operators.sales import RecordSale
from bot.service.ports import Append, PersonId, Subject
from bot.settings import Settings
from tests.consent.facts import entry

ANA = "+4915123456789"
NOW = 1_790_000_000
SALE = Sale(reference="order 17", at=NOW - 1000, product_family="cut flowers", objection_offered=True)


@pytest.fixture
async def runtime(stores: Settings) -> AsyncIterator[Runtime]:
    async with open_runtime(stores) as running:
        yield running


@pytest.fixture
async def ana(runtime: Runtime) -> Looked:
    await runtime.stores.persons.create([Sender(ANA)])
    return await operators(runtime).find.person(ANA, Look(operator="ben", way="console"))


@pytest.fixture
def sales(runtime: Runtime) -> RecordSale:
    company = business.load(FLOWS / "business.toml")
    soft = {"legal_basis": "soft_opt_in", "soft_opt_in": {"product_family": "cut flowers"}}
    purposes = (company.purposes[0], Purpose.model_validate(company.purposes[1].model_dump() | soft))
    changed = company.model_copy(update={"purposes": purposes})
    stores = runtime.stores
    sessions = [shard.sessions for shard in stores.shards]
    recording = Recording(persons=stores.persons, ledger=stores.ledger, sessions=sessions, keys=stores.keys)
    return RecordSale(
        persons=stores.persons,
        ledger=stores.ledger,
        recording=recording,
        business=changed,
        clock=lambda: float(NOW),
    )


async def test_a_sale_is_recorded_once_with_its_reference_sealed(
    runtime: Runtime, ana: Looked, sales: RecordSale
) -> None:
    assert await sales.record(ana, "offers", SALE, actor="operator")
    assert not await sales.record(ana, "offers", SALE, actor="operator")
    (sold,) = await runtime.stores.ledger.story(ana.person)
    assert (sold.kind, sold.answer, sold.legal_basis) == (Kind.RELATIONSHIP, "order 17", "soft_opt_in")
    row = (await runtime.stores.database.fetch("SELECT * FROM ledger"))[0]
    assert "order 17" not in repr(dict(row))
    assert [found async for found in runtime.stores.ledger.verify() if not isinstance(found, int)] == []


async def test_an_operator_and_the_person_see_a_sale_as_its_own_basis(
    runtime: Runtime, ana: Looked, sales: RecordSale
) -> None:
    await sales.record(ana, "offers", SALE, actor="operator")
    shown = (await operators(runtime).person.show(ana)).as_dict()["consents"]
    assert isinstance(shown, list)
    assert [(one["purpose"], one["status"], one["legal_basis"]) for one in shown] == [
        ("order_updates", "none", None),
        ("offers", "none", "soft_opt_in"),
    ]


async def test_the_same_order_on_a_later_day_prolongs_it(runtime: Runtime, ana: Looked, sales: RecordSale) -> None:
    assert await sales.record(ana, "offers", SALE, actor="operator")
    assert await sales.record(ana, "offers", replace(SALE, at=NOW - 10), actor="operator")
    facts = [past.fact for past in (await runtime.stores.ledger.facts([ana.person]))[ana.person]]
    assert fold(facts).consent("offers").sold_at == NOW - 10


@pytest.mark.parametrize(
    ("purpose", "sale", "told"),
    [
        ("nobody_knows_it", SALE, "there is no purpose 'nobody_knows_it'; write"),
        ("order_updates", SALE, "has no legal_basis = 'soft_opt_in' in business.toml; see"),
        (
            "offers",
            replace(SALE, objection_offered=False),
            "no objection was offered.*; see docs/deployer.md",
        ),
        ("offers", replace(SALE, product_family="garden tools"), "not those that the purpose is about"),
        ("offers", replace(SALE, reference=""), "no reference"),
        ("offers", replace(SALE, at=NOW + 86400), "its date in the past"),
    ],
)
async def test_a_sale_that_cannot_count_is_refused_with_a_cure(
    ana: Looked, sales: RecordSale, purpose: str, sale: Sale, told: str
) -> None:
    with pytest.raises(OperatorError, match=told):
        sales.check(purpose, sale)
    with pytest.raises(OperatorError, match=told):
        await sales.record(ana, purpose, sale, actor="operator")


async def test_a_sale_after_a_stop_is_refused_and_leaves_nothing(
    runtime: Runtime, ana: Looked, sales: RecordSale
) -> None:
    await runtime.stores.ledger.append([Append(ana.person, 0, [entry(Kind.WITHDRAWN, 500)])])
    with pytest.raises(OperatorError, match="withdrew, objected or refused, which a sale does not undo"):
        await sales.record(ana, "offers", SALE, actor="operator")
    assert len(await runtime.stores.ledger.story(ana.person)) == 1


async def test_no_sale_is_recorded_of_somebody_who_was_erased(runtime: Runtime, ana: Looked, sales: RecordSale) -> None:
    await runtime.use_cases.erase.erase(Subject(ana.person), reason="asked", actor="operator")
    with pytest.raises(OperatorError, match="was erased"):
        await sales.record(ana, "offers", SALE, actor="operator")


async def test_a_ledger_that_keeps_changing_is_left_after_some_tries(
    ana: Looked, sales: RecordSale, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    async def lost(self: Recording, appends: list[Append]) -> set[PersonId]:
        tries.append(appends)
        return set() if len(tries) < 50 else {ana.person}

    monkeypatch.setattr(Recording, "append", lost)
    with pytest.raises(Unavailable, match="keeps changing"):
        await sales.record(ana, "offers", SALE, actor="operator")
