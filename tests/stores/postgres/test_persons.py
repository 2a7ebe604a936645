"""Whose an address is, without the address lying anywhere in the clear."""

import asyncio
from uuid import UUID

import pytest

from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import AddressTaken, KnownPerson, PersonId
from bot.stores.postgres.connect import Database
from bot.stores.postgres.connect import connect as connect_postgres
from bot.stores.postgres.persons import Persons
from tests.stores.made import BSUID, PERSON, PHONE

NEW_PHONE, NEW_BSUID = "+33612345678", "FR.99887766554433"
BOTH = Sender(PHONE, BSUID)


@pytest.fixture
def persons(database: Database, keys: Keyring) -> Persons:
    return Persons(database, keys)


async def sender_of(persons: Persons, person: PersonId) -> Sender:
    return (await persons.load([person]))[person].sender


async def test_a_person_is_found_by_each_address(persons: Persons) -> None:
    person, other = await persons.create([BOTH, Sender(bsuid=NEW_BSUID)])
    assert await persons.find([PHONE, BSUID, NEW_BSUID, NEW_PHONE]) == {PHONE: person, BSUID: person, NEW_BSUID: other}
    assert await persons.load([person, other, PERSON]) == {
        person: KnownPerson(person, "", BOTH),
        other: KnownPerson(other, "", Sender(bsuid=NEW_BSUID)),
    }
    assert UUID(person).version == 7


async def test_empty_lists_are_accepted(persons: Persons) -> None:
    assert await persons.find([]) == {}
    assert await persons.load([]) == {}
    assert await persons.create([]) == []
    await persons.set_locales({})


async def test_addresses_are_never_stored_in_clear_text(database: Database, persons: Persons) -> None:
    await persons.create([BOTH])
    rows = await database.fetch("SELECT * FROM persons") + await database.fetch("SELECT * FROM addresses")
    dump = b"|".join(
        value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row.values()
    )
    assert len(rows) == 3
    for planted in (PHONE[1:], PHONE[3:], BSUID, BSUID[3:]):
        assert planted.encode() not in dump


async def test_the_repr_of_a_person_hides_the_addresses(persons: Persons) -> None:
    (person,) = await persons.create([BOTH])
    shown = repr((await persons.load([person]))[person])
    assert PHONE not in shown
    assert BSUID not in shown


async def test_no_second_person_is_created_for_a_taken_address(database: Database, persons: Persons) -> None:
    await persons.create([BOTH])
    with pytest.raises(AddressTaken) as caught:
        await persons.create([Sender(bsuid=NEW_BSUID), Sender(PHONE, "DE.2")])
    assert (await database.fetch("SELECT count(*) AS found FROM persons"))[0]["found"] == 1
    assert await persons.find([NEW_BSUID]) == {}
    assert caught.value.__suppress_context__
    assert PHONE not in str(caught.value)


async def test_two_processes_meeting_a_stranger_create_one_person(
    database: Database, database_url: str, keys: Keyring
) -> None:
    second = await connect_postgres(database_url, connections=2)
    both = [Persons(database, keys), Persons(second, keys)]
    for number in range(10):
        stranger = Sender(f"+49151{number:08}", f"DE.{number}")
        made = await asyncio.gather(*(one.create([stranger]) for one in both), return_exceptions=True)
        assert sorted(type(result).__name__ for result in made) == ["AddressTaken", "list"]
    await second.close()


class TestChangedAddresses:
    async def test_addresses_that_are_not_mentioned_are_kept(self, persons: Persons) -> None:
        (person,) = await persons.create([Sender(phone=PHONE)])
        await persons.set_addresses(person, Sender(bsuid=BSUID))
        assert await sender_of(persons, person) == BOTH
        assert await persons.find([PHONE, BSUID]) == {PHONE: person, BSUID: person}

    async def test_a_new_phone_is_used_and_the_old_one_still_finds_the_person(self, persons: Persons) -> None:
        (person,) = await persons.create([BOTH])
        await persons.set_addresses(person, Sender(phone=NEW_PHONE))
        assert await sender_of(persons, person) == Sender(NEW_PHONE, BSUID)
        assert await persons.find([PHONE, NEW_PHONE]) == {PHONE: person, NEW_PHONE: person}

    async def test_a_forgotten_phone_finds_nobody(self, persons: Persons) -> None:
        (person,) = await persons.create([BOTH])
        await persons.set_addresses(person, Sender(NEW_PHONE, BSUID), forget=PHONE)
        assert await sender_of(persons, person) == Sender(NEW_PHONE, BSUID)
        assert await persons.find([PHONE]) == {}

    async def test_a_phone_forgotten_without_a_new_one_leaves_only_the_bsuid(self, persons: Persons) -> None:
        (person,) = await persons.create([BOTH])
        await persons.set_addresses(person, Sender(bsuid=BSUID), forget=PHONE)
        assert await sender_of(persons, person) == Sender(bsuid=BSUID)

    async def test_an_address_taken_over_is_removed_from_its_previous_owner(self, persons: Persons) -> None:
        """Nothing meant for the one who had the number is sent to the one who has it now."""
        before, now = await persons.create([BOTH, Sender(bsuid=NEW_BSUID)])
        await persons.set_addresses(now, Sender(PHONE, NEW_BSUID))
        assert await persons.find([PHONE, BSUID, NEW_BSUID]) == {PHONE: now, BSUID: before, NEW_BSUID: now}
        assert await sender_of(persons, now) == Sender(PHONE, NEW_BSUID)
        assert await sender_of(persons, before) == Sender(bsuid=BSUID)

    async def test_taking_over_an_old_phone_keeps_its_owner_s_current_one(self, persons: Persons) -> None:
        before, now = await persons.create([BOTH, Sender(bsuid=NEW_BSUID)])
        await persons.set_addresses(before, Sender(phone=NEW_PHONE))
        await persons.set_addresses(now, Sender(phone=PHONE))
        assert await sender_of(persons, before) == Sender(NEW_PHONE, BSUID)
        assert await sender_of(persons, now) == Sender(PHONE, NEW_BSUID)

    async def test_forgetting_a_phone_does_not_take_it_from_its_new_owner(self, persons: Persons) -> None:
        """The number has a new owner already when WhatsApp tells that the old one changed theirs."""
        late, owner = await persons.create([Sender(bsuid=BSUID), Sender(phone=PHONE)])
        await persons.set_addresses(late, Sender(NEW_PHONE, BSUID), forget=PHONE)
        assert await persons.find([PHONE]) == {PHONE: owner}
        assert await sender_of(persons, owner) == Sender(phone=PHONE)

    async def test_repeating_an_address_change_changes_nothing(self, persons: Persons) -> None:
        (person,) = await persons.create([BOTH])
        for _ in range(2):
            await persons.set_addresses(person, Sender(NEW_PHONE, BSUID), forget=PHONE)
        assert await sender_of(persons, person) == Sender(NEW_PHONE, BSUID)

    async def test_concurrent_takeovers_of_an_address_leave_one_owner(
        self, database: Database, database_url: str, keys: Keyring
    ) -> None:
        second = await connect_postgres(database_url, connections=2)
        both = [Persons(database, keys), Persons(second, keys)]
        people = await both[0].create([Sender(bsuid="DE.1"), Sender(bsuid="DE.2")])
        for number in range(10):
            phone = f"+49151{number:08}"
            await asyncio.gather(
                *(one.set_addresses(person, Sender(phone=phone)) for one, person in zip(both, people, strict=True))
            )
            (owner,) = (await both[0].find([phone])).values()
            assert (await sender_of(both[0], owner)).phone == phone
            (other,) = set(people) - {owner}
            assert (await sender_of(both[0], other)).phone != phone
        await second.close()


class TestRotation:
    """SECRET_KEY is a list: what older keys made stays valid."""

    @pytest.fixture
    async def person(self, database: Database) -> PersonId:
        (person,) = await Persons(database, Keyring(["old" * 11])).create([BOTH])
        return person

    @pytest.fixture
    def rotated(self, database: Database) -> Persons:
        return Persons(database, Keyring(["new" * 11, "old" * 11]))

    async def test_a_person_stored_under_an_older_key_is_still_found_and_read(
        self, rotated: Persons, person: PersonId
    ) -> None:
        assert await rotated.find([PHONE]) == {PHONE: person}
        assert await sender_of(rotated, person) == BOTH

    async def test_an_address_taken_over_leaves_no_older_token(self, rotated: Persons, person: PersonId) -> None:
        (now,) = await rotated.create([Sender(bsuid=NEW_BSUID)])
        await rotated.set_addresses(now, Sender(phone=PHONE))
        assert await rotated.find([PHONE]) == {PHONE: now}
        assert await sender_of(rotated, person) == Sender(bsuid=BSUID)

    async def test_a_forgotten_address_leaves_no_older_token(self, rotated: Persons, person: PersonId) -> None:
        await rotated.set_addresses(person, Sender(bsuid=BSUID), forget=PHONE)
        assert await rotated.find([PHONE]) == {}

    async def test_addresses_written_again_use_the_new_key(
        self, database: Database, rotated: Persons, person: PersonId
    ) -> None:
        await rotated.set_addresses(person, BOTH)
        only_new = Persons(database, Keyring(["new" * 11]))
        assert await only_new.find([PHONE, BSUID]) == {PHONE: person, BSUID: person}
        assert await sender_of(only_new, person) == BOTH


async def test_a_language_is_remembered(persons: Persons) -> None:
    people = await persons.create([BOTH, Sender(bsuid=NEW_BSUID)])
    await persons.set_locales({people[0]: "pt-BR", people[1]: "fr", PERSON: "de"})
    assert [one.locale for one in (await persons.load(people)).values()] == ["pt-BR", "fr"]
