"""A new key comes, the old one goes, and everybody is still known; a STOP given before still blocks."""

import pytest

from bot.consent.lifecycle import Status, fold
from bot.conversation.inbound import Sender
from bot.keys import Keyring, Undecipherable
from bot.service.ports import Append
from bot.stores.postgres.connect import Database
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.rotation import left, rotate
from tests.stores.made import requested, withdrawn

FIRST, SECOND, THIRD = (f"the {name} secret of this test, long enough" for name in ("first", "second", "third"))
ANA = Sender("+4915100000001", "DE.1")


async def rotated(database: Database, *secrets: str) -> int:
    return sum([done async for done in rotate(database, Keyring(secrets))])


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


async def test_between_the_rotations_old_and_new_keys_work(database: Database) -> None:
    (person,) = await Persons(database, Keyring([FIRST])).create([ANA])
    both = Persons(database, Keyring([SECOND, FIRST]))
    assert await both.find(["DE.1"]) == {"DE.1": person}
    (newcomer,) = await both.create([Sender(None, "DE.2")])
    assert await left(database, Keyring([SECOND, FIRST])) == 1
    await rotated(database, SECOND, FIRST)
    assert await both.find(["DE.1", "DE.2"]) == {"DE.1": person, "DE.2": newcomer}
    assert await left(database, Keyring([SECOND, FIRST])) == 0


async def test_it_can_be_done_again_without_harm(database: Database) -> None:
    await Persons(database, Keyring([FIRST])).create([Sender(None, f"DE.{number}") for number in range(450)])
    assert await rotated(database, SECOND, FIRST) == 450
    assert await rotated(database, SECOND, FIRST) == 0


async def test_a_key_removed_too_early_is_told(database: Database) -> None:
    await Persons(database, Keyring([FIRST])).create([ANA])
    with pytest.raises(Undecipherable, match="SECRET_KEY"):
        await rotated(database, SECOND)
