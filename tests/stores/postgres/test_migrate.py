"""The schema: as the tables say, made once, and by whoever comes first."""

import asyncio
import hashlib
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.consent.verifier import record_hash
from bot.errors import Unavailable
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import BadEntry
from bot.stores.postgres import migrate
from bot.stores.postgres.connect import connect
from bot.stores.postgres.exports import Exports
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.revision import MIGRATIONS, expected_revision
from bot.stores.postgres.tables import metadata


async def revision(url: str) -> str:
    database = await connect(url, connections=1)
    (row,) = await database.fetch("SELECT version_num FROM alembic_version")
    await database.close()
    return str(row["version_num"])


async def migrate_to(older: str, url: str) -> None:
    """Make the database as an installation of an older revision has it."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, older)

    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


async def differences(url: str) -> list[Any]:
    """What a new migration would have to change."""

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        found: list[Any] = compare_metadata(context, metadata)
        return found

    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()


async def test_migrations_and_tables_agree(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    assert await differences(empty_database_url) == []
    assert await revision(empty_database_url) == expected_revision()


async def test_a_schema_difference_is_detected(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    database = await connect(empty_database_url, connections=1)
    await database.execute("ALTER TABLE persons ADD COLUMN name text")
    await database.close()
    assert len(await differences(empty_database_url)) == 1


async def test_concurrent_migrations_create_the_schema_once(empty_database_url: str) -> None:
    await asyncio.gather(*(migrate(empty_database_url) for _ in range(3)))
    assert await revision(empty_database_url) == expected_revision()


async def test_a_link_of_schema_0007_still_gives_its_file_after_migrating(empty_database_url: str) -> None:
    await migrate_to("0007", empty_database_url)
    database, keys = await connect(empty_database_url, connections=1), Keyring(["a key"])
    (person,) = await Persons(database, keys).create([Sender("+4915112345678")])
    (row,) = await database.fetch("SELECT key FROM persons")
    await database.execute(
        "INSERT INTO exports (id, made_at, expires_at, person, token, document, data, media_id) "
        "VALUES (gen_random_uuid(), 1, 100, $1, $2, 'a copy', $3, '12345')",
        person,
        hashlib.sha256(b"a secret").digest(),
        keys.person(row["key"]).seal_bytes(msgspec.msgpack.encode(("a secret", b"a file"))),
    )
    await migrate(empty_database_url)
    exports = Exports(database, keys)
    assert await exports.media(person) == ["12345"]
    assert await exports.fetch("a secret", 2) == b"a file"
    await database.close()


async def test_an_entry_of_schema_0009_still_verifies_after_migrating(empty_database_url: str) -> None:
    await migrate_to("0009", empty_database_url)
    database, keys = await connect(empty_database_url, connections=1), Keyring(["a key"])
    (person,) = await Persons(database, keys).create([Sender("+4915112345678")])
    row: dict[str, Any] = {
        "person": person, "person_seq": 1, "kind": "withdrawn", "purpose": "offers", "at": 1, "recorded_at": 1000,
        "question": "", "locale": "en", "expires_at": 0, "notice": "", "wording": b"", "legal_basis": "consent",
        "method": "chat", "rule": "stop:en:exact", "actor": "person", "inbound": b"1", "answer_hash": b"",
        "app_version": "0.1",
    }  # fmt: skip
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
    row |= {"answer": b"", "entry_hash": record_hash(b"", plain)}
    parameters = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await database.execute(f"INSERT INTO ledger ({', '.join(row)}) VALUES ({parameters})", *row.values())
    await database.execute("UPDATE persons SET ledger_seq = 1")
    await migrate(empty_database_url)
    ledger = Ledger(database, keys)
    assert [result async for result in ledger.verify()] == [1]
    await database.execute("ALTER TABLE ledger DISABLE TRIGGER ALL")
    await database.execute("UPDATE ledger SET seen = 'delivered'")
    assert [type(result) async for result in ledger.verify()] == [BadEntry, int]
    await database.close()


async def test_a_person_without_any_address_left_is_merged_into_the_new_owner(empty_database_url: str) -> None:
    await migrate_to("0012", empty_database_url)
    database, keys = await connect(empty_database_url, connections=1), Keyring(["a key"])
    persons = Persons(database, keys)
    owner, lost, apart = await persons.create(
        [Sender("+4915112345678"), Sender("+4915112345679"), Sender("+33612345678")]
    )
    await database.execute("DELETE FROM addresses WHERE person = $1", lost)
    await database.execute("UPDATE addresses SET predecessor = $1 WHERE person = $2", lost, owner)
    await database.execute("UPDATE addresses SET predecessor = $1 WHERE person = $2", owner, apart)
    await migrate(empty_database_url)
    assert {one: await persons.merged(one) for one in (owner, lost, apart)} == {owner: [lost], lost: [], apart: []}
    await database.close()


async def test_migrating_again_changes_nothing(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    database = await connect(empty_database_url, connections=1)
    await database.execute("INSERT INTO wordings VALUES ('x', 'x', 'x', 'en', now())")
    await migrate(empty_database_url)
    assert len(await database.fetch("SELECT FROM wordings")) == 1
    await database.close()


async def test_an_unreachable_database_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await migrate("postgresql://nobody@127.0.0.1:1/nothing")


@pytest.mark.parametrize("wrong", ["nosuchuser@/postgres", "postgres@/nosuchdatabase"])
async def test_a_database_with_an_unknown_user_or_name_is_unavailable(empty_database_url: str, wrong: str) -> None:
    url = f"postgresql://{wrong}?{empty_database_url.partition('?')[2]}"
    with pytest.raises(Unavailable):
        await migrate(url)
    database = await connect(url, connections=1)
    with pytest.raises(Unavailable):
        await database.fetch("SELECT 1")
    await database.close()


def test_serving_does_not_import_alembic_or_sqlalchemy() -> None:
    heavy = "import sys, bot.commands.cli; print(*{'alembic', 'sqlalchemy'} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == ""
