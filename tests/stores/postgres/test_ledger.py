"""Facts are only ever added, by one worker at a time, and once for each message."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from bot.consent.evidence import Entry, Fact, Wording
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append, BadEntry, PastFact, PersonId
from bot.stores.postgres.connect import Database
from bot.stores.postgres.connect import connect as connect_postgres
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from tests.stores.made import PERSON, WORDING, given, requested, withdrawn


@pytest.fixture
def ledger(database: Database, keys: Keyring) -> Ledger:
    return Ledger(database, keys)


@pytest.fixture
async def people(database: Database, keys: Keyring) -> list[PersonId]:
    return await Persons(database, keys).create([Sender(bsuid=f"DE.{number:016}") for number in range(20)])


async def rows(database: Database, person: PersonId) -> int:
    (row,) = await database.fetch("SELECT count(*) FROM ledger WHERE person = $1", person)
    return int(row["count"])


def as_fact(entry: Entry) -> Fact:
    return Fact(**{name: getattr(entry, name) for name in Fact.__struct_fields__})


async def test_facts_are_read_back_in_order(ledger: Ledger, keys: Keyring, people: list[PersonId]) -> None:
    person, other, nobody = people[:3]
    entries = [requested("m1"), given("m2"), withdrawn("m3")]
    assert await ledger.append([Append(person, 0, entries[:2]), Append(other, 0, [requested("m4")])]) == {person, other}
    assert await ledger.append([Append(person, 2, entries[2:])]) == {person}
    facts = await ledger.facts(people[:3])
    assert facts[person] == [PastFact(as_fact(entry), keys.message(entry.inbound)) for entry in entries]
    assert set(facts) == {person, other}
    assert await ledger.sequences([*people[:3], PERSON]) == {person: 3, other: 1, nobody: 0}


async def test_an_append_at_an_outdated_position_adds_nothing(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    await ledger.append([Append(people[0], 0, [requested("m1")])])
    stale = Append(people[0], 0, [withdrawn("m2")])
    fresh = Append(people[1], 0, [requested("m3")])
    assert await ledger.append([stale, fresh]) == {people[1]}
    assert await rows(database, people[0]) == 1


async def test_an_append_beyond_the_current_position_adds_nothing(ledger: Ledger, people: list[PersonId]) -> None:
    assert await ledger.append([Append(people[0], 1, [requested("m1")])]) == set()


async def test_an_unknown_person_has_no_ledger(ledger: Ledger) -> None:
    assert await ledger.append([Append(PERSON, 0, [requested("m1")])]) == set()
    assert await ledger.append([]) == set()


async def test_of_two_workers_exactly_one_appends(
    database: Database, database_url: str, keys: Keyring, people: list[PersonId]
) -> None:
    """Both hold a message of each person: a YES and a STOP. They take the persons in opposite orders."""
    second = await connect_postgres(database_url, connections=2)
    workers = [Ledger(database, keys), Ledger(second, keys)]
    for turn in range(10):
        offers = [
            [Append(person, turn, [entry(f"{person} {turn}")]) for person in order]
            for entry, order in ((given, people), (withdrawn, people[::-1]))
        ]
        won = await asyncio.gather(*(worker.append(offer) for worker, offer in zip(workers, offers, strict=True)))
        assert won[0] | won[1] == set(people)
        assert not won[0] & won[1]
    assert await workers[0].sequences(people) == dict.fromkeys(people, 10)
    assert [await rows(database, person) for person in people] == [10] * len(people)
    await second.close()


async def test_concurrent_appends_to_one_person_form_one_chain(ledger: Ledger, people: list[PersonId]) -> None:
    async def insist(number: int) -> None:
        while True:
            after = (await ledger.sequences([people[0]]))[people[0]]
            if await ledger.append([Append(people[0], after, [withdrawn(f"m{number}")])]):
                return

    await asyncio.gather(*map(insist, range(12)))
    assert len((await ledger.facts([people[0]]))[people[0]]) == 12
    assert [result async for result in ledger.verify()] == [12]


async def test_addresses_are_sealed_where_they_are_new(
    database: Database, ledger: Ledger, keys: Keyring, people: list[PersonId]
) -> None:
    person, before, number = people[0], "DE.0000000000000000", "+4915100000001"
    await ledger.append([Append(person, 0, [requested("m1"), given("m2")])])
    await ledger.append([Append(person, 2, [withdrawn("m3")])])
    await Persons(database, keys).set_addresses(person, Sender(number, before))
    await ledger.append([Append(person, 3, [requested("m4")])])
    await ledger.append([Append(person, 4, [given("m5")])])
    (row,) = await database.fetch("SELECT key FROM persons WHERE id = $1", person)
    key = keys.person(row["key"])
    rows = await database.fetch("SELECT subject FROM ledger WHERE person = $1 ORDER BY person_seq", person)
    sealed = [key.commit_address(before), b"", b"", key.commit_address(before) + key.commit_address(number), b""]
    assert [row["subject"] for row in rows] == sealed
    found = [result async for result in ledger.verify()]
    assert [one for one in found if not isinstance(one, BadEntry) or "notice" not in one.reason] == [5]


class TestRedelivery:
    """A worker died after the ledger and before the commit, or Redis lost the session: a message is stepped again."""

    async def test_a_step_repeated_from_the_same_position_is_not_appended(
        self, ledger: Ledger, keys: Keyring, people: list[PersonId]
    ) -> None:
        step = Append(people[0], 0, [requested("m1")])
        assert await ledger.append([step]) == {people[0]}
        assert await ledger.append([step]) == set()
        (past,) = (await ledger.facts([people[0]]))[people[0]]
        assert past.inbound == keys.message("wamid.m1"), "the caller sees that the message was recorded"

    async def test_a_step_repeated_after_itself_is_not_appended(
        self, database: Database, ledger: Ledger, people: list[PersonId]
    ) -> None:
        await ledger.append([Append(people[0], 0, [requested("m1")])])
        assert await ledger.append([Append(people[0], 1, [requested("m1")])]) == set()
        assert await ledger.sequences(people[:1]) == {people[0]: 1}
        assert await rows(database, people[0]) == 1

    async def test_a_person_s_entries_are_appended_all_or_none(self, ledger: Ledger, people: list[PersonId]) -> None:
        await ledger.append([Append(people[0], 0, [withdrawn("m1", "marketing")])])
        again = [withdrawn("m1", "order_updates"), withdrawn("m1", "marketing")]
        assert await ledger.append([Append(people[0], 1, again)]) == set()
        assert await ledger.sequences(people[:1]) == {people[0]: 1}

    async def test_a_conflicting_append_does_not_hold_back_others(self, ledger: Ledger, people: list[PersonId]) -> None:
        await ledger.append([Append(people[3], 0, [requested("m3")])])
        batch = [
            Append(person, int(person == people[3]), [requested(f"m{index}")]) for index, person in enumerate(people)
        ]
        assert await ledger.append(batch) == set(people) - {people[3]}

    async def test_one_message_leads_to_one_fact_even_under_two_persons(
        self, ledger: Ledger, people: list[PersonId]
    ) -> None:
        batch = [Append(person, 0, [requested("m1")]) for person in people[:2]]
        assert len(await ledger.append(batch)) == 1

    async def test_one_message_may_lead_to_facts_of_several_kinds_and_purposes(
        self, ledger: Ledger, people: list[PersonId]
    ) -> None:
        entries = [given("m1"), requested("m1", "marketing"), withdrawn("m1", "marketing")]
        assert await ledger.append([Append(people[0], 0, entries)]) == {people[0]}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET kind = 'given'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "DELETE FROM ledger WHERE false",
    ],
)
async def test_the_database_refuses_to_change_or_delete_entries(
    database: Database, ledger: Ledger, people: list[PersonId], statement: str
) -> None:
    await ledger.append([Append(people[0], 0, [requested("m1")])])
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await database.execute(statement)


async def test_a_wording_is_kept_once_in_full(
    database: Database, ledger: Ledger, keys: Keyring, people: list[PersonId]
) -> None:
    """Also by two processes, and however many persons read it."""
    other = Ledger(database, keys)
    batch = [Append(person, 0, [requested(f"m{index}")]) for index, person in enumerate(people)]
    await asyncio.gather(ledger.append(batch[:10]), other.append(batch[10:]))
    (row,) = await database.fetch("SELECT * FROM wordings")
    assert (row["sha256"], row["text"]) == (WORDING.sha256, WORDING.text)
    assert (row["text_id"], row["locale"]) == ("opt_in.ask", "en")


async def test_every_wording_that_a_fact_refers_to_is_stored(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    texts = [Wording(f"Text {number}", "opt_in.ask", "en") for number in range(3)]
    await ledger.append([Append(people[0], 0, [requested(text.text, shown=text) for text in texts])])
    missing = await database.fetch("SELECT FROM ledger WHERE wording NOT IN (SELECT sha256 FROM wordings)")
    assert missing == []


async def test_an_answer_is_stored_encrypted(database: Database, ledger: Ledger, people: list[PersonId]) -> None:
    answer = "Ja gerne, +4915123456789"
    await ledger.append([Append(people[0], 0, [requested("m1"), given("m2", answer=answer)])])
    dump = str([tuple(row.values()) for row in await database.fetch("SELECT * FROM ledger")])
    assert "gerne" not in dump
    assert "15123456789" not in dump
    assert "wamid" not in dump


async def test_the_last_contact_is_the_person_s_newest_message(
    database: Database, ledger: Ledger, people: list[PersonId]
) -> None:
    late, early = withdrawn("m1"), requested("m2")
    await ledger.append([Append(people[0], 0, [late])])
    await ledger.append([Append(people[0], 1, [early])])
    (row,) = await database.fetch("SELECT last_contact FROM persons WHERE id = $1", people[0])
    assert row["last_contact"] == late.at > early.at


async def test_a_consent_takes_less_than_three_kilobytes(database: Database, keys: Keyring) -> None:
    """With the person, two addresses, two entries and all indexes."""
    persons, ledger = Persons(database, keys), Ledger(database, keys)
    number = 2000
    senders = [Sender(f"+49151{one:08}", f"DE.{one:016}") for one in range(number)]
    ids = [person for index in range(0, number, 500) for person in await persons.create(senders[index : index + 500])]

    async def add(after: int, entries: Sequence[Entry]) -> None:
        for index in range(0, number, 64):
            pairs = zip(ids[index : index + 64], entries[index : index + 64], strict=True)
            await ledger.append([Append(person, after, [entry]) for person, entry in pairs])

    await add(0, [requested(f"a{one}") for one in range(number)])
    await add(1, [given(f"b{one}") for one in range(number)])
    (row,) = await database.fetch(
        "SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    assert row["bytes"] / number < 3000
