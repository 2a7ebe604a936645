"""Nobody gets hold of a person's data before it is on record that they look."""

import dataclasses
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.app.operators import Operators, operators, read_address
from bot.app.runtime import Runtime, open_runtime
from bot.errors import OperatorError, Unavailable
from bot.messages.inbound import Sender
from bot.service.operators import find
from bot.service.operators.find import Find, Look, Looked
from bot.service.ports import Append, PersonId
from bot.settings import Settings
from tests.stores.made import requested

ANA = "+447911123456"

BEN = Look(operator="ben", way="console")

SHOWS_NOBODY = {
    "requests.waiting": "ids, rights and days",
    "requests.page": "ids, rights and days",
    "count.figures": "counts",
    "evidence.checkpoint": "hashes",
    "evidence.consistency": "hashes",
    "evidence.key": "a public key",
    "evidence.verify": "ids and numbers of entries",
    "dead_letters.waiting": "not what they hold, nor of whom",
    "dead_letters.replay": "puts back unseen",
    "erasures.listed": "ids and keyed hashes",
    "erasures.write": "ids and keyed hashes",
    "erasures.known": "ids and keyed hashes",
    "erasures.replay": "does what was decided before",
    "events.after": "references and facts",
    "events.of": "references and facts",
    "endpoints.add": "an address of the company's own",
    "endpoints.list": "hosts and counts",
    "endpoints.backlog": "counts",
    "endpoints.test": "a test event of nobody",
    "endpoints.rotate": "a secret",
    "endpoints.remove": "an address of the company's own",
    "endpoints.replay": "a count",
    "rotation.persons": "a count",
    "rotation.renew": "counts",
    "rotation.still_needed": "counts",
    "retention.report": "counts",
    "retention.keep": "does what policy says",
    "tokens.create": "a program's token",
    "tokens.all": "programs' tokens without their secrets",
    "tokens.revoke": "a program's token",
    "admission.token": "a program's token",
    "admission.allowance": "counts",
    "sales.check": "looks at a sale, of nobody yet",
    "templates.check": "texts that are the same for everybody",
    "templates.diff": "texts that are the same for everybody",
    "templates.pull": "texts that are the same for everybody",
    "templates.push": "texts that are the same for everybody",
    "templates.status": "texts that are the same for everybody",
    "conversations.page": "references and times",
    "checks.all": "counts",
}
"""Use cases that need no look, and why."""


@pytest.fixture
async def runtime(stores: Settings) -> AsyncIterator[Runtime]:
    async with open_runtime(stores) as running:
        yield running


@pytest.fixture
def given(runtime: Runtime) -> Operators:
    """What an operator is given."""
    return operators(runtime)


async def known(runtime: Runtime, *phones: str) -> list[PersonId]:
    """People who were asked something."""
    persons = await runtime.stores.persons.create([Sender(phone) for phone in phones])
    await runtime.stores.ledger.append([Append(person, 0, [requested(f"asked {person}")]) for person in persons])
    return persons


async def reads(runtime: Runtime, person: PersonId) -> list[tuple[str, str]]:
    return [(read.command, read.operator) for read in await runtime.stores.reads.of(person)]


def finding(runtime: Runtime, reads: Any) -> Find:
    return Find(
        persons=runtime.stores.persons,
        ledger=runtime.stores.ledger,
        erasures=runtime.stores.erasures,
        requests=runtime.stores.requests,
        reads=reads,
        addresses=lambda text: read_address(text, "DE"),
        ways="anything",
    )


def use_cases(given: Operators) -> dict[str, Callable[..., Any]]:
    """Every public method that an operator can call, by the name of its use case and its own."""
    return {
        f"{field.name}.{name}": method
        for field in dataclasses.fields(given)
        for name, method in inspect.getmembers(getattr(given, field.name), callable)
        if not name.startswith("_")
    }


async def test_every_use_case_requires_a_look_or_is_listed_as_exempt(given: Operators) -> None:
    without = {
        name
        for name, method in use_cases(given).items()
        if not {Looked, Look} & set(inspect.get_annotations(method, eval_str=True).values())
    }
    assert without == SHOWS_NOBODY.keys()


async def test_operators_have_no_direct_access_to_stores(given: Operators) -> None:
    public = [
        value
        for field in dataclasses.fields(given)
        for one in (getattr(given, field.name),)
        for value in (one, *(value for name, value in inspect.getmembers(one) if not name.startswith("_")))
    ]
    assert len(public) > len(SHOWS_NOBODY)
    assert [value for value in public if ".stores." in f"{getattr(type(value), '__module__', '')}."] == []
    assert [value for value in public if isinstance(value, Runtime)] == []


async def test_a_look_is_recorded_with_its_operator_and_way(runtime: Runtime, given: Operators) -> None:
    (ana,) = await known(runtime, ANA)
    looked = await given.find.person(ANA, BEN)
    assert (looked.person, await reads(runtime, ana)) == (ana, [("console", "ben")])
    assert (await given.person.show(looked)).reads == await runtime.stores.reads.of(ana)


async def test_a_look_that_cannot_be_recorded_shows_no_data(runtime: Runtime) -> None:
    class Broken:
        async def note(self, *_: object) -> None:
            raise Unavailable("no room")

    await known(runtime, ANA)
    broken = finding(runtime, Broken())
    with pytest.raises(Unavailable):
        await broken.person(ANA, BEN)
    with pytest.raises(Unavailable):
        await anext(broken.everybody(BEN))


async def test_looked_cannot_be_constructed_or_altered_by_hand(runtime: Runtime, given: Operators) -> None:
    ana, other = await known(runtime, ANA, "+447911123457")
    with pytest.raises(TypeError, match="must be recorded"):
        Looked(ana, [ana], BEN, object())  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        Looked(ana, [ana], BEN)  # type: ignore[call-arg]
    looked = await given.find.person(ANA, BEN)
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(looked, person=other, records=[other])  # type: ignore[call-arg]
    with pytest.raises(dataclasses.FrozenInstanceError):
        looked.person = other  # type: ignore[misc]


@pytest.mark.parametrize(("operator", "way"), [("", "console"), ("ben", " ")])
def test_a_look_requires_an_operator_and_a_way(operator: str, way: str) -> None:
    with pytest.raises(ValueError, match="who looks, and how"):
        Look(operator, way)


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_export_of_everybody_records_a_look_at_each_person(
    runtime: Runtime, given: Operators, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(find, "_PAGE", page)
    persons = await known(runtime, *(f"+44791112345{number}" for number in range(3)))
    seen = []
    async for record in given.export.of_everybody(BEN):
        assert await reads(runtime, record.person) == [("console", "ben")]
        seen.append(record.person)
    assert seen == sorted(persons)


async def test_failed_search_raises_an_error_with_a_cure_and_records_no_look(
    runtime: Runtime, given: Operators
) -> None:
    (ana,) = await known(runtime, ANA)
    for text in ("", "+447911123459", "42", "hello"):
        with pytest.raises(OperatorError, match="type a phone number"):
            await given.find.person(text, BEN)
    with pytest.raises(OperatorError, match="requests list"):
        await given.requests.show("nonsense", BEN)
    assert await reads(runtime, ana) == []


async def test_persons_erased_earlier_under_the_same_address_are_listed(runtime: Runtime, given: Operators) -> None:
    (first,) = await known(runtime, ANA)
    await given.person.erase(await given.find.person(ANA, BEN))
    (second,) = await known(runtime, ANA)
    looked = await given.find.person(ANA, BEN)
    assert (looked.person, list(looked.erased_before)) == (second, [first])
    assert looked.sender == Sender(ANA)
