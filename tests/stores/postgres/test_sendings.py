"""When messages were sent is counted over all records of a person, and by nobody else's."""

import pytest

from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import PersonId
from bot.stores.postgres.connect import Database
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.sendings import Sendings


@pytest.fixture
def sendings(database: Database) -> Sendings:
    return Sendings(database)


@pytest.fixture
async def two(database: Database, keys: Keyring) -> tuple[PersonId, PersonId]:
    ana, ben = await Persons(database, keys).create([Sender("+4915123456789"), Sender("+447911123456")])
    return ana, ben


async def test_messages_count_per_person_and_purpose_since_a_moment(
    sendings: Sendings, two: tuple[PersonId, PersonId]
) -> None:
    ana, ben = two
    for person, purpose, at in ((ana, "offers", 20), (ana, "offers", 10), (ana, "news", 15), (ben, "offers", 30)):
        await sendings.note(person, purpose, at, at + 100)
    assert await sendings.since([ana], 0) == {(ana, "offers"): [10, 20], (ana, "news"): [15]}
    assert await sendings.since([ana, ben], 19) == {(ana, "offers"): [20], (ben, "offers"): [30]}
    assert await sendings.since([ana], 20) == {}
    assert await sendings.since([], 0) == {}


async def test_messages_to_a_merged_record_count_for_the_record_that_goes_on(
    database: Database, sendings: Sendings, two: tuple[PersonId, PersonId]
) -> None:
    ana, ben = two
    await sendings.note(ana, "offers", 10, 100)
    await sendings.note(ben, "offers", 20, 100)
    await database.execute("UPDATE persons SET merged_into = $2 WHERE id = $1", ana, ben)
    assert await sendings.since([ben], 0) == {(ben, "offers"): [10, 20]}


async def test_nothing_is_noted_of_an_erased_person(
    database: Database, sendings: Sendings, two: tuple[PersonId, PersonId]
) -> None:
    ana, _ = two
    await sendings.note(ana, "offers", 10, 100)
    await database.execute("DELETE FROM persons WHERE id = $1", ana)
    await sendings.note(ana, "offers", 20, 100)
    assert await database.fetch("SELECT FROM sendings") == []
