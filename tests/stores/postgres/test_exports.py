"""A file is kept sealed for a person, and the link to it works once, for a time."""

import asyncio

import pytest

from bot.consent.rights import Right
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Export, NoSuchPerson, PersonId
from bot.stores.postgres.connect import Database
from bot.stores.postgres.exports import Exports
from bot.stores.postgres.persons import Persons
from tests.stores.made import BSUID, PHONE

MADE, ENDS = 1_795_000_000, 1_795_003_600
FILE = b'{"planted": "file"}'


@pytest.fixture
def exports(database: Database, keys: Keyring) -> Exports:
    return Exports(database, keys)


@pytest.fixture
async def person(database: Database, keys: Keyring) -> PersonId:
    (created,) = await Persons(database, keys).create([Sender(PHONE, BSUID)])
    await Persons(database, keys).set_locales({created: "el"})
    return created


async def kept(exports: Exports, person: PersonId, *, made_at: int = MADE, media_id: str = "12345") -> Export:
    return await exports.keep(person, Right.ACCESS, file=FILE, media_id=media_id, made_at=made_at, expires_at=ENDS)


async def test_the_file_can_be_fetched_once(exports: Exports, person: PersonId) -> None:
    export = await kept(exports, person)
    assert await exports.fetch(export.secret, MADE + 1) == FILE
    assert await exports.fetch(export.secret, MADE + 2) is None


async def test_only_one_of_many_concurrent_fetches_gets_the_file(exports: Exports, person: PersonId) -> None:
    export = await kept(exports, person)
    got = await asyncio.gather(*(exports.fetch(export.secret, MADE + 1) for _ in range(8)))
    assert sorted(got, key=bool) == [None] * 7 + [FILE]


async def test_an_expired_link_leads_nowhere(exports: Exports, person: PersonId) -> None:
    export = await kept(exports, person)
    assert await exports.language(export.secret, ENDS - 1) == "el"
    assert await exports.language(export.secret, ENDS) is None
    assert await exports.fetch(export.secret, ENDS) is None
    assert await exports.newest(person, Right.ACCESS, ENDS) is None


async def test_recent_exports_are_found_even_after_they_were_fetched(exports: Exports, person: PersonId) -> None:
    before, first, second = [await kept(exports, person, made_at=MADE + n) for n in range(3)]
    await exports.fetch(first.secret, MADE + 3)
    made = await exports.made_since(person, Right.ACCESS, MADE + 1)
    assert [(one.id, one.fetched) for one in made] == [(second.id, False), (first.id, True)]
    assert before.id not in {one.id for one in made}


@pytest.mark.parametrize("secret", ["", "x", "\ud800", "a" * 5000])
async def test_an_unknown_secret_leads_nowhere(exports: Exports, person: PersonId, secret: str) -> None:
    await kept(exports, person)
    assert await exports.language(secret, MADE) is None
    assert await exports.fetch(secret, MADE) is None


async def test_asking_again_returns_the_newest_export(exports: Exports, person: PersonId) -> None:
    await kept(exports, person, made_at=MADE - 1)
    export = await kept(exports, person)
    assert await exports.newest(person, Right.ACCESS, MADE + 1) == export


async def test_a_fetched_export_is_not_returned_as_the_newest(exports: Exports, person: PersonId) -> None:
    export = await kept(exports, person)
    await exports.fetch(export.secret, MADE + 1)
    assert await exports.newest(person, Right.ACCESS, MADE + 2) is None


async def test_the_table_holds_neither_file_nor_secret_in_clear_text(
    exports: Exports, person: PersonId, database: Database
) -> None:
    export = await kept(exports, person)
    (row,) = await database.fetch("SELECT * FROM exports")
    stored = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    for planted in (b"planted", export.secret.encode()):
        assert planted not in stored


async def test_expired_exports_are_deleted_and_their_media_ids_returned(
    exports: Exports, person: PersonId, database: Database
) -> None:
    await kept(exports, person)
    fetched = await kept(exports, person, media_id="67890")
    await exports.fetch(fetched.secret, MADE)
    stays = await exports.keep(person, Right.ACCESS, file=FILE, media_id="24680", made_at=MADE, expires_at=ENDS + 1)
    assert await exports.media(person) == ["12345", "67890", "24680"]
    assert sorted(await exports.expire(ENDS)) == ["12345", "67890"]
    assert [str(row["id"]) for row in await database.fetch("SELECT id FROM exports")] == [stays.id]


async def test_an_erased_person_has_no_exports_and_gets_none(
    exports: Exports, person: PersonId, database: Database
) -> None:
    export = await kept(exports, person)
    await database.execute("DELETE FROM persons")
    assert await exports.fetch(export.secret, MADE) is None
    assert await exports.language(export.secret, MADE) is None
    with pytest.raises(NoSuchPerson):
        await kept(exports, person)


async def test_an_export_shows_no_secret_when_printed(exports: Exports, person: PersonId) -> None:
    export = await kept(exports, person)
    assert export.secret not in repr(export)
    assert "planted" not in repr(export)
