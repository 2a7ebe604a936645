"""A new key comes, the old one goes, and everybody is still known; a STOP given before still blocks."""

import pytest

from bot.consent.lifecycle import Status, fold
from bot.keys import Keyring, Undecipherable
from bot.messages.inbound import Sender
from bot.service.ports import Append
from bot.stores.postgres.connect import Database
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.rotation import rotate
from tests.stores.made import requested, withdrawn

FIRST, SECOND, THIRD = (f"the {name} secret of this test, long enough" for name in ("first", "second", "third"))
ANA = Sender("+4915100000001", "DE.1")


async def rotated(database: Database, *secrets: str) -> int:
    return sum([page.renewed async for page in rotate(database, Keyring(secrets))])


async def test_a_stop_given_two_rotations_ago_still_blocks(database: Database) -> None:
    keys = Keyring([FIRST])
    (person,) = await Persons(database, keys).create([ANA])
    await Ledger(database, keys).append([Append(person, 0, [requested("m1"), withdrawn("m2")])])
    assert await rotated(database, SECOND, FIRST) == 1
    assert await rotated(database, THIRD, SECOND) == 1
    for address in (ANA.phone, ANA.bsuid):
        assert address is not None
        newest = Keyring([THIRD])
        assert await Persons(database, newest).find([address]) == {address: person}
        facts = (await Ledger(database, newest).facts([person]))[person]
        assert fold(one.fact for one in facts).consent("order_updates").status is Status.WITHDRAWN
        assert [entry.answer for entry in await Ledger(database, newest).story(person)] == ["", "STOP"]


async def test_old_and_new_keys_both_work_during_a_rotation(database: Database) -> None:
    (person,) = await Persons(database, Keyring([FIRST])).create([ANA])
    both = Persons(database, Keyring([SECOND, FIRST]))
    assert await both.find(["DE.1"]) == {"DE.1": person}
    (newcomer,) = await both.create([Sender(None, "DE.2")])
    assert await rotated(database, SECOND, FIRST) == 1
    assert await both.find(["DE.1", "DE.2"]) == {"DE.1": person, "DE.2": newcomer}
    assert await rotated(database, SECOND, FIRST) == 0


async def test_a_rotation_can_be_repeated(database: Database) -> None:
    await Persons(database, Keyring([FIRST])).create([Sender(None, f"DE.{number}") for number in range(450)])
    assert await rotated(database, SECOND, FIRST) == 450
    assert await rotated(database, SECOND, FIRST) == 0


async def test_answers_survive_an_address_change_between_rotations(database: Database) -> None:
    (person,) = await Persons(database, Keyring([FIRST])).create([Sender(ANA.phone)])
    await Ledger(database, Keyring([FIRST])).append([Append(person, 0, [requested("m1"), withdrawn("m2")])])
    both = Keyring([SECOND, FIRST])
    await Persons(database, both).set_addresses(person, ANA)  # all their tokens are of the new key now
    assert await rotated(database, SECOND, FIRST) == 1
    assert await rotated(database, SECOND, FIRST) == 0
    story = await Ledger(database, Keyring([SECOND])).story(person)
    assert [entry.answer for entry in story] == ["", "STOP"]


async def test_answers_of_a_person_without_addresses_survive_a_rotation(database: Database) -> None:
    keys = Keyring([FIRST])
    (person, heir) = await Persons(database, keys).create([Sender(ANA.phone), Sender(None, "DE.2")])
    await Ledger(database, keys).append([Append(person, 0, [requested("m1"), withdrawn("m2")])])
    await Persons(database, keys).set_addresses(heir, Sender(ANA.phone, "DE.2"))
    assert await rotated(database, SECOND, FIRST) == 2
    newest = Keyring([SECOND])
    assert [entry.answer for entry in await Ledger(database, newest).story(person)] == ["", "STOP"]
    assert (await Persons(database, newest).load([person]))[person].id == heir


async def test_rotation_fails_when_an_older_key_was_removed_too_early(database: Database) -> None:
    await Persons(database, Keyring([FIRST])).create([ANA])
    with pytest.raises(Undecipherable, match="SECRET_KEY"):
        await rotated(database, SECOND)
