"""What operators are shown of somebody who has two records, and what they erase."""

import asyncio
import json

import pytest

from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.incoming.inherit import Inherit
from bot.service.ports import Append, PersonId
from bot.stores.postgres.connect import connect
from bot.stores.postgres.erasures import Erasures
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from tests.commands.shell import ANA, Run
from tests.stores.made import BSUID, given, keep_notice, requested, withdrawn

Two = tuple[PersonId, PersonId]


@pytest.fixture
def two(database_url: str, environment: dict[str, str | None]) -> Two:
    """The record that goes on, and the one that was merged into it."""

    async def made() -> Two:
        database = await connect(database_url, connections=1)
        keys = Keyring([str(environment["SECRET_KEY"])])
        persons, ledger = Persons(database, keys), Ledger(database, keys)
        await keep_notice(database)
        owner, other = await persons.create([Sender(ANA), Sender(bsuid=BSUID)])
        await ledger.append([Append(other, 0, [requested("a"), given("b"), withdrawn("c")])])
        inherit = Inherit(ledger, Erasures(database, keys), ["order_updates"], lambda: 1_790_000_000.0)
        await inherit.of_others(owner, [other], [other], [other])
        await persons.set_addresses(owner, Sender(ANA, BSUID))
        await database.close()
        return owner, other

    return asyncio.run(made())


def test_a_person_found_by_any_identifier_is_shown_with_all_records(run: Run, two: Two) -> None:
    owner, other = two
    for name in (ANA, BSUID, *two):
        known = json.loads(run("person", "show", name, "--json")[1])
        assert (known["person"], known["merged"]) == (owner, [other])
        assert [one["kind"] for one in known["ledger"]] == ["requested", "given", "withdrawn", "merged", "withdrawn"]
        assert {one["purpose"]: one["status"] for one in known["consents"]}["order_updates"] == "withdrawn"
    assert f"and {other}, which turned out to be the same person" in run("person", "show", ANA)[1]


def test_the_story_has_all_records_and_says_which_one_continues(run: Run, two: Two) -> None:
    owner, other = two
    entries = json.loads(run("ledger", "show", ANA, "--json")[1])
    assert [(one["person"], one["kind"]) for one in entries] == [
        *((other, kind) for kind in ("requested", "given", "withdrawn", "merged")),
        (owner, "withdrawn"),
    ]
    assert f"the same person's record as {owner}, which goes on" in run("ledger", "show", ANA)[1]
    code, output = run("ledger", "export", ANA)
    assert (code, owner in output, other in output) == (0, True, True)


def test_proving_one_record_names_the_person_s_other_record(run: Run, two: Two) -> None:
    owner, other = two
    run("ledger", "checkpoint")
    code, output = run("ledger", "prove", ANA)
    assert (code, f"another record, to be asked for by its id: {other}" in output) == (0, True)
    code, output = run("ledger", "prove", other)
    assert (code, "merged" in output, owner in output) == (0, True, True)
    assert run("ledger", "verify")[0] == 0


@pytest.mark.parametrize("name", [ANA, BSUID, "the other"])
def test_an_erasure_removes_all_records_of_the_person(run: Run, two: Two, name: str) -> None:
    owner, other = two
    code, output = run("person", "erase", other if name == "the other" else name, "--yes", "--json")
    done = json.loads(output)
    assert (code, done["person"], done["erased"]["person"]) == (0, owner, 2)
    for record in two:
        assert json.loads(run("person", "show", record, "--json")[1])["ledger"][-1]["kind"] == "erased"
    code, output = run("person", "show", ANA)
    assert (code, f"Person {owner}" in output, f"their proof: {other}" in output) == (0, True, True)
    assert run("ledger", "verify")[0] == 0
