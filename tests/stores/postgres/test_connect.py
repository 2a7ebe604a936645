"""Failures of PostgreSQL that pass, and those that do not; certificates."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from bot.engines import Engines
from bot.errors import Unavailable
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append
from bot.stores.postgres import migrate
from bot.stores.postgres.connect import Database, connect, tls_options
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from tests.killing import kill
from tests.stores.certificates import Certificate
from tests.stores.made import PHONE, requested


async def under_way(database: Database) -> None:
    """Wait until the server sleeps as it was told to."""
    told = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    async with asyncio.timeout(30):
        while not await database.fetch(told):
            await asyncio.sleep(0.01)


async def test_a_killed_server_is_unavailable_until_it_restarts(own_engines: Engines, keys: Keyring) -> None:
    await migrate(own_engines.database_url)
    database = await connect(own_engines.database_url, connections=3)
    persons, ledger = Persons(database, keys), Ledger(database, keys)
    (person,) = await persons.create([Sender(phone=PHONE)])
    append = [Append(person, 0, [requested("m1")])]
    sleeping = asyncio.create_task(database.execute("SELECT pg_sleep(30)"))
    await under_way(database)
    await asyncio.to_thread(kill, own_engines.postgres_pid)
    outcomes = await asyncio.gather(
        sleeping,
        persons.find([PHONE]),
        persons.create([Sender(phone="+331")]),
        persons.set_addresses(person, Sender(phone=PHONE)),
        ledger.append(append),
        ledger.facts([person]),
        ledger.story(person),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert PHONE[1:] not in "".join(map(str, outcomes))
    own_engines.restart()
    assert await persons.find([PHONE]) == {PHONE: person}
    assert await ledger.append(append) == {person}
    await database.close()


async def test_a_terminated_session_is_unavailable_and_then_replaced(database: Database) -> None:
    sleeping = asyncio.create_task(database.execute("SELECT pg_sleep(30)"))
    await under_way(database)
    await database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)'")
    with pytest.raises(Unavailable) as caught:
        await sleeping
    assert caught.value.__suppress_context__
    assert len(await database.fetch("SELECT 1")) == 1


@pytest.mark.parametrize(
    "url",
    ["postgresql://x@127.0.0.1:1/x", "postgresql://x@/x?host=/nowhere", "postgresql://x@nowhere.invalid/x"],
)
async def test_a_refused_connection_is_unavailable(url: str) -> None:
    database = await connect(url, connections=1)
    with pytest.raises(Unavailable, match="PostgreSQL is not available"):
        await database.fetch("SELECT 1")
    with pytest.raises(Unavailable):
        async with database.transaction():
            pass
    await database.close()


async def test_a_closed_database_is_unavailable(database_url: str) -> None:
    database = await connect(database_url, connections=1)
    await database.close()
    with pytest.raises(Unavailable):
        await database.fetch("SELECT 1")


async def test_a_read_only_server_is_unavailable(database: Database) -> None:
    async with database.transaction(readonly=True) as connection:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("INSERT INTO wordings VALUES ('x', 'x', 'x', 'en', now())")
    with pytest.raises(Unavailable):
        async with database.transaction(readonly=True) as connection:
            await connection.execute("INSERT INTO wordings VALUES ('x', 'x', 'x', 'en', now())")


async def test_a_programming_error_is_not_an_outage(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await database.fetch("SELECT * FROM nothing")
    with pytest.raises(asyncpg.DataError):
        await database.fetch("SELECT $1::int", "not a number")


async def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    async def half() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO wordings VALUES ('x', 'x', 'x', 'en', now())")
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    assert await database.fetch("SELECT FROM wordings") == []


async def test_a_returned_connection_is_clean(database_url: str) -> None:
    """Although asyncpg is told not to ask the server for it."""
    database = await connect(database_url, connections=1)
    with pytest.raises(asyncio.CancelledError):
        async with database.transaction("repeatable_read", readonly=True):
            raise asyncio.CancelledError
    await database.execute("INSERT INTO wordings VALUES ('x', 'x', 'x', 'en', now())")
    await database.close()


class TestCertificates:
    """The bundled PostgreSQL is built without TLS: what is offered is looked at, not the server's data."""

    @pytest.fixture
    async def port(self, self_signed: Certificate) -> AsyncIterator[int]:
        """A server that agrees to TLS and then hangs up."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self_signed.certificate, self_signed.key)
        self.shaken = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(8)
            writer.write(b"S")
            try:
                await writer.start_tls(context)
                self.shaken += 1
            except (OSError, ssl.SSLError):
                pass
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]

    @pytest.mark.parametrize(
        ("tls", "host", "with_ca", "shaken"),
        [
            ("require", "localhost", False, True),
            ("require", "127.0.0.1", True, True),
            ("verify-ca", "127.0.0.1", True, True),
            ("verify-full", "localhost", True, True),
            ("verify-full", "127.0.0.1", True, False),
        ],
    )
    async def test_certificates_are_checked_as_configured(
        self, port: int, self_signed: Certificate, tls: str, host: str, with_ca: bool, shaken: bool
    ) -> None:
        ca = self_signed.certificate if with_ca else None
        database = await connect(f"postgresql://x@{host}:{port}/x", connections=1, tls=tls, ca=ca)
        with pytest.raises(Unavailable):
            await database.fetch("SELECT 1")
        await database.close()
        assert (self.shaken > 0) is shaken

    @pytest.mark.parametrize("tls", ["prefer", "require", "verify-ca", "verify-full"])
    def test_a_configured_ca_is_always_used_to_verify_the_certificate(self, self_signed: Certificate, tls: str) -> None:
        context = tls_options(tls, self_signed.certificate)["ssl"]
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname is (tls == "verify-full")

    def test_without_a_ca_the_url_or_the_tls_setting_decides(self, self_signed: Certificate) -> None:
        assert tls_options(None, None) == {}
        assert tls_options("require", None) == {"ssl": "require"}
        assert tls_options("disable", Path("anything")) == {"ssl": "disable"}


async def test_closing_does_not_wait_for_ever(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.stores.postgres.connect._CLOSE_SECONDS", 0.1)
    database = await connect(database_url, connections=2)
    sleeping = asyncio.create_task(database.execute("SELECT pg_sleep(60)"))
    await under_way(database)
    async with asyncio.timeout(30):
        await database.close()
    with pytest.raises(Unavailable):
        await sleeping
