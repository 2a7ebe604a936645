"""Whoever changes the ledger behind the program's back is found out."""

import asyncio

import pytest

from bot.consent.erasure import erased
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append, BadEntry, PersonId
from bot.stores.postgres.connect import Database
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from tests.stores.made import given, keep_notice, requested, withdrawn


@pytest.fixture
def ledger(database: Database, keys: Keyring) -> Ledger:
    return Ledger(database, keys)


@pytest.fixture
async def people(database: Database, keys: Keyring, ledger: Ledger) -> list[PersonId]:
    """Two persons with three entries each: sequences 1 to 3 and 4 to 6."""
    await keep_notice(database)
    people = sorted(await Persons(database, keys).create([Sender(bsuid=f"DE.{number:016}") for number in range(2)]))
    for person in people:
        entries = [requested(f"a {person}"), given(f"b {person}"), withdrawn(f"c {person}")]
        await ledger.append([Append(person, 0, entries)])
    return people


async def tamper(database: Database, statement: str) -> None:
    """Do what the database refuses to the program but not to its owner."""
    await database.execute("ALTER TABLE ledger DISABLE TRIGGER USER")
    await database.execute(statement)


async def bad(ledger: Ledger) -> list[BadEntry]:
    return [result async for result in ledger.verify() if isinstance(result, BadEntry)]


async def test_an_untouched_ledger_verifies(ledger: Ledger, people: list[PersonId]) -> None:
    assert [result async for result in ledger.verify()] == [6]


async def test_an_empty_ledger_verifies(ledger: Ledger) -> None:
    assert [result async for result in ledger.verify()] == [0]


CHANGES = {
    "person_seq": "9",
    "kind": "'refused'",
    "purpose": "'marketing'",
    "at": "at + 1",
    "recorded_at": "recorded_at + 1",
    "question": "'another'",
    "locale": "'de'",
    "expires_at": "expires_at + 1",
    "notice": "'2020-01-01'",
    "wording": "(SELECT max(sha256) FROM wordings WHERE sha256 <> wording)",
    "legal_basis": "'contract'",
    "method": "'timer'",
    "rule": "'another'",
    "actor": "'system'",
    "inbound": "'\\x00'",
    "answer": "answer || '\\x00'",
    "answer_hash": "'\\x00'",
    "app_version": "'9.9.9'",
    "entry_hash": "'\\x00'",
    "accepted_at": "accepted_at + 1",
    "delivered_at": "delivered_at + 1",
    "seen": "'button'",
    "clock": "'arrival'",
    "subject": "subject || '\\xab'",
}


async def test_every_ledger_column_has_a_tampering_test(database: Database) -> None:
    columns = await database.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = 'ledger'")
    assert {row["column_name"] for row in columns} - {"sequence", "person"} == CHANGES.keys()


@pytest.mark.parametrize("column", CHANGES)
async def test_a_changed_entry_is_named(
    database: Database, ledger: Ledger, people: list[PersonId], column: str
) -> None:
    await database.execute("INSERT INTO wordings VALUES (sha256('x'), 'x', 'opt_in.ask', 'en', now())")
    await tamper(database, f"UPDATE ledger SET {column} = {CHANGES[column]} WHERE sequence = 2")
    found = await bad(ledger)
    assert 2 in [one.sequence for one in found]
    assert {one.person for one in found} == {people[0]}


async def test_a_removed_answer_is_named(database: Database, ledger: Ledger, people: list[PersonId]) -> None:
    await tamper(database, "UPDATE ledger SET answer = '' WHERE sequence = 5")
    assert [(one.sequence, one.person) for one in await bad(ledger)] == [(5, people[1])]


async def test_an_entry_moved_to_another_person_is_noticed(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    await tamper(database, f"UPDATE ledger SET person = '{people[1]}', person_seq = 4 WHERE sequence = 3")
    assert {one.person for one in await bad(ledger)} == set(people)


@pytest.mark.parametrize("sequence", [1, 2, 3])
async def test_a_deleted_entry_is_noticed(
    database: Database, ledger: Ledger, people: list[PersonId], sequence: int
) -> None:
    await tamper(database, f"DELETE FROM ledger WHERE sequence = {sequence}")
    found = await bad(ledger)
    assert {one.person for one in found} == {people[0]}
    assert found[-1].reason == "3 entries were written, 2 are there"


async def test_a_truncated_ledger_is_noticed(database: Database, ledger: Ledger, people: list[PersonId]) -> None:
    await tamper(database, "TRUNCATE ledger")
    assert [one.person for one in await bad(ledger)] == people


async def test_an_inserted_entry_is_noticed(database: Database, ledger: Ledger, people: list[PersonId]) -> None:
    columns = "kind, purpose, at, recorded_at, question, locale, expires_at, notice, wording, legal_basis, method, rule"
    columns += ", actor, answer, answer_hash, app_version, entry_hash"
    await tamper(
        database,
        f"INSERT INTO ledger (person, person_seq, inbound, {columns}) "
        f"SELECT person, 4, '\\x01', {columns} FROM ledger WHERE sequence = 2",
    )
    assert [one.sequence for one in await bad(ledger)] == [7, 0]


async def test_an_altered_wording_names_the_entries_that_showed_it(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    await database.execute("UPDATE wordings SET text = 'May we sell your data?'")
    assert [one.sequence for one in await bad(ledger)] == [1, 2, 4, 5, 0]
    await database.execute("DELETE FROM wordings")
    assert [one.sequence for one in await bad(ledger)] == [1, 2, 4, 5]


async def test_an_erased_person_s_entries_can_still_be_checked(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    assert await ledger.append([Append(people[0], 3, [erased(people[0], 1_790_000_180, 1_790_000_180.5, "person")])])
    await database.execute("DELETE FROM persons WHERE id = $1", people[0])
    assert [result async for result in ledger.verify()] == [7]
    await tamper(database, "UPDATE ledger SET kind = 'refused' WHERE sequence = 2")
    assert [one.sequence for one in await bad(ledger)] == [2]


async def test_a_person_deleted_without_an_erasure_is_noticed(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    await database.execute("DELETE FROM persons WHERE id = $1", people[0])
    (found,) = await bad(ledger)
    assert (found.sequence, found.person) == (3, people[0])
    assert found.reason == "has lost its person, and nothing says that they were erased"


@pytest.mark.parametrize(
    "statement",
    ["UPDATE notices SET url = 'https://evil.example'", "DELETE FROM notices", "UPDATE notices SET version = '1'"],
)
async def test_a_changed_or_deleted_notice_is_noticed(
    database: Database, ledger: Ledger, people: list[PersonId], statement: str
) -> None:
    await database.execute(statement)
    (found,) = await bad(ledger)
    assert (found.sequence, found.person) == (1, people[0])
    assert "address of the privacy notice 2026-09-01" in found.reason


async def test_a_second_address_of_one_notice_version_is_accepted(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    await database.execute("INSERT INTO notices VALUES ('2026-09-01', '', 'https://new.example', 'material', now())")
    assert await bad(ledger) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE addresses SET person = (SELECT max(person::text)::uuid FROM addresses)",
        "DELETE FROM addresses WHERE person = (SELECT min(person::text)::uuid FROM addresses)",
        "UPDATE persons SET addresses = '\\x00' WHERE id = (SELECT min(id::text)::uuid FROM persons)",
        "UPDATE persons SET addresses = (SELECT addresses FROM persons ORDER BY id DESC LIMIT 1)",
    ],
)
async def test_tampering_with_a_person_s_addresses_is_noticed(
    database: Database, ledger: Ledger, people: list[PersonId], statement: str
) -> None:
    await database.execute(statement)
    (found,) = await bad(ledger)
    assert (found.sequence, found.person) == (0, people[0])
    assert "address" in found.reason


async def test_the_ledger_verifies_after_an_address_was_taken_over(
    database: Database, keys: Keyring, ledger: Ledger, people: list[PersonId]
) -> None:
    rotated = Keyring(["a newer secret of this test, thirty-two", "a secret of this test, thirty-two characters"])
    await Persons(database, rotated).set_addresses(people[0], Sender("+4915100000001", f"DE.{1:016}"))
    assert await bad(Ledger(database, rotated)) == []


async def test_emptying_a_personal_key_does_not_pass_for_an_erasure(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    await database.execute("UPDATE persons SET key = '' WHERE id = $1", people[0])
    assert {one.person for one in await bad(ledger)} == {people[0]}


async def test_a_wording_with_a_wrong_hash_is_noticed_even_when_never_shown(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    await database.execute("INSERT INTO wordings VALUES (sha256('x'), 'y', 'opt_in.ask', 'en', now())")
    (found,) = await bad(ledger)
    assert found.sequence == 0
    assert "not the text that its hash says" in found.reason


async def test_a_missing_secret_is_not_reported_as_an_altered_answer(
    database: Database, people: list[PersonId]
) -> None:
    found = await bad(Ledger(database, Keyring(["quite another secret, also long enough"])))
    assert {one.reason for one in found} == {
        "the person's key was altered, or a key of SECRET_KEY is missing",
        "has addresses that were altered, or a key of SECRET_KEY is missing",
    }


async def test_stopping_at_the_first_bad_entry_releases_the_database(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    await tamper(database, "UPDATE ledger SET kind = 'refused' WHERE sequence = 2")
    async for result in ledger.verify():
        if isinstance(result, BadEntry):
            break
    await asyncio.wait_for(database.close(), 5)


async def test_entries_added_during_the_check_do_not_disturb_it(ledger: Ledger, people: list[PersonId]) -> None:
    async def add() -> None:
        for number in range(3, 60):
            await ledger.append([Append(people[0], number, [requested(f"m{number}")])])

    adding = asyncio.create_task(add())
    while not adding.done():
        assert await bad(ledger) == []
    await adding
