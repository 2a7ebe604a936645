"""Failures of the server that pass, and those that do not; certificates."""

import asyncio
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.exceptions import ResponseError

from bot.engines.valkey import Valkey
from bot.errors import Unavailable
from bot.service.ports import Taken
from bot.stores.redis.connect import Client, connect
from bot.stores.redis.inbox import Inbox
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.sessions import Sessions
from bot.stores.redis.streams import Stream
from bot.stores.redis.wire import read_event
from tests.killing import kill
from tests.stores.certificates import Certificate
from tests.stores.made import PHONE, incoming


@pytest.fixture
def valkey(var_dir: Path) -> Iterator[Valkey]:
    """A server of this test's own, to be mistreated."""
    sockets = var_dir / "run"
    sockets.mkdir()
    server = Valkey(var_dir, sockets, durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def own(valkey: Valkey) -> AsyncIterator[Client]:
    client = connect(valkey.url, connections=4)
    yield client
    await client.close()


async def waits(client: Client) -> bool:
    """Whether somebody waits at the server for something to come."""
    return b"blocked_clients:1" in await client.run("INFO", "clients")


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def full(client: Client) -> None:
    await client.run("CONFIG", "SET", "maxmemory", "1mb")
    await client.run("CONFIG", "SET", "maxmemory-policy", "noeviction")


async def without_replicas(client: Client) -> None:
    await client.run("CONFIG", "SET", "min-replicas-to-write", 1)


async def demoted(client: Client) -> None:
    await client.run("REPLICAOF", "127.0.0.1", 1)


@pytest.mark.parametrize(
    ("trouble", "reason"), [(full, "full"), (without_replicas, "replicas"), (demoted, "replica now")]
)
async def test_a_server_that_refuses_writes_is_unavailable(
    own: Client, shard: ShardKeys, trouble: Callable[[Client], Awaitable[None]], reason: str
) -> None:
    inbox = Inbox(own, shard, limit=100)
    await inbox.add(incoming("m0"))
    await trouble(own)
    with pytest.raises(Unavailable, match=reason) as caught:
        await inbox.add(incoming("m1"))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    await own.run("CONFIG", "SET", "maxmemory", 0)
    await own.run("CONFIG", "SET", "min-replicas-to-write", 0)
    await own.run("REPLICAOF", "NO", "ONE")
    assert await inbox.add(incoming("m1")) is Taken.STORED, "what was refused left no trace"


async def test_a_server_that_is_demoted_while_a_reader_waits_is_unavailable(own: Client, shard: ShardKeys) -> None:
    stream = Stream(own, shard.inbox, read_event)
    await stream.read(1, wait=False)
    waiting = asyncio.create_task(stream.read(1))
    await eventually(lambda: waits(own))
    await demoted(own)
    with pytest.raises(Unavailable, match="replica"):
        await waiting


async def test_connections_are_reopened_after_a_failover(valkey: Valkey) -> None:
    """The name of the primary may lead to another machine now."""
    client = connect(valkey.url, connections=1)
    before = await client.run("CLIENT", "ID")
    await demoted(client)
    with pytest.raises(Unavailable):
        await client.run("SET", "key", "value")
    assert await client.run("CLIENT", "ID") != before
    await client.close()


async def test_a_server_that_cannot_write_to_its_disk_is_unavailable(
    own: Client, valkey: Valkey, shard: ShardKeys
) -> None:
    inbox = Inbox(own, shard, limit=100)
    await inbox.add(incoming("m0"))
    await own.run("CONFIG", "SET", "save", "3600 1")
    shutil.rmtree(valkey.home / "valkey")
    await own.run("BGSAVE")

    async def failed() -> bool:
        return b"rdb_last_bgsave_status:err" in await own.run("INFO", "persistence")

    await eventually(failed)
    with pytest.raises(Unavailable, match="disk"):
        await inbox.add(incoming("m1"))
    await own.run("CONFIG", "SET", "save", "")


async def ask_for_ever(client: Client) -> None:
    while True:
        await client.run("GET", "anything")


async def test_a_server_busy_with_a_long_script_is_unavailable(own: Client) -> None:
    await own.run("CONFIG", "SET", "busy-reply-threshold", 1)
    endless = asyncio.create_task(own.run("EVAL", "while true do end", 0))
    with pytest.raises(Unavailable, match="script"):
        await ask_for_ever(own)
    await own.run("SCRIPT", "KILL")
    with pytest.raises(ResponseError):
        await endless


async def test_a_killed_server_is_unavailable_until_it_restarts(own: Client, valkey: Valkey, shard: ShardKeys) -> None:
    inbox, sessions = Inbox(own, shard, limit=100), Sessions(own, shard)
    stream = Stream(own, shard.inbox, read_event)
    await asyncio.gather(*(inbox.add(incoming(f"m{number}")) for number in range(3)), stream.read(1, wait=False))
    await stream.read(100)
    waiting = asyncio.create_task(stream.read(100))
    await eventually(lambda: waits(own))
    kill(valkey.pid)
    calls: list[Awaitable[object]] = [
        waiting,
        inbox.add(incoming("m4")),
        sessions.load([b"token"]),
        stream.read(1),
        stream.finish(b"1-1"),
        stream.length(),
        stream.leave(),
    ]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert PHONE[1:] not in "".join(map(str, outcomes))
    valkey.start()
    assert await inbox.add(incoming("m4")) is Taken.STORED
    await stream.read(1, wait=False)
    assert len(await stream.read(10)) == 1


async def test_waiting_for_a_busy_connection_pool_times_out(
    redis_url: str, other_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.stores.redis.connect.POOL_SECONDS", 0.1)
    client = connect(redis_url, connections=1)
    blocked = asyncio.create_task(client.run("BLPOP", "queue", 60))
    await eventually(lambda: waits(other_client))
    with pytest.raises(Unavailable):
        await client.run("PING")
    await other_client.run("RPUSH", "queue", "something")
    await blocked
    assert await client.run("PING") == b"PONG"
    await client.close()


async def test_a_connection_is_usable_after_a_cancelled_read(redis_url: str, other_client: Client) -> None:
    client = connect(redis_url, connections=1)
    for _ in range(5):
        reading = asyncio.create_task(client.run("BLPOP", "nothing", 60))
        await eventually(lambda: waits(other_client))
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await client.run("ECHO", "mine") == b"mine"
    await client.close()


async def test_a_wrong_password_is_reported_without_showing_it(own: Client, valkey: Valkey) -> None:
    await own.run("CONFIG", "SET", "requirepass", "right")
    stranger = connect(valkey.url + "&password=wrong", connections=1)
    with pytest.raises(Unavailable, match="REDIS_URL") as caught:
        await stranger.run("PING")
    assert "wrong" not in str(caught.value)
    await stranger.close()
    await own.run("CONFIG", "SET", "requirepass", "")  # or nobody could stop it


async def test_a_programming_error_is_not_an_outage(client: Client) -> None:
    await client.run("SET", "text", "x")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await client.run("XLEN", "text")


def nobody_knows_it(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "unix:///nowhere.sock", "redis://nowhere.invalid:6379"])
async def test_a_refused_connection_is_unavailable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", nobody_knows_it)  # a real name server may take its time
    client = connect(url, connections=1)
    with pytest.raises(Unavailable, match="reached"):
        await client.run("PING")
    await client.close()


class TestCertificates:
    """Heroku's Key-Value Store presents a self-signed one."""

    @pytest.fixture
    async def url(self, redis_url: str, self_signed: Certificate) -> AsyncIterator[str]:
        async with encrypted(redis_url, self_signed) as port:
            yield f"rediss://localhost:{port}/0"

    async def test_a_self_signed_certificate_is_refused(self, url: str) -> None:
        client = connect(url, connections=1, verify=True)
        with pytest.raises(Unavailable):
            await client.run("PING")
        await client.close()

    async def test_any_certificate_is_accepted_when_verification_is_off(self, url: str) -> None:
        client = connect(url, connections=1, verify=False)
        assert await client.run("PING") == b"PONG"
        await client.close()

    async def test_a_certificate_of_the_configured_ca_is_accepted(self, url: str, self_signed: Certificate) -> None:
        client = connect(url, connections=1, ca=self_signed.certificate)
        assert await client.run("PING") == b"PONG"
        await client.close()

    async def test_a_certificate_must_match_the_host(self, url: str, self_signed: Certificate) -> None:
        client = connect(url.replace("localhost", "127.0.0.1"), connections=1, ca=self_signed.certificate)
        with pytest.raises(Unavailable):
            await client.run("PING")
        await client.close()

    async def test_no_certificate_is_checked_without_tls(self, redis_url: str, self_signed: Certificate) -> None:
        client = connect(redis_url, connections=1, verify=True, ca=self_signed.certificate)
        assert await client.run("PING") == b"PONG"
        await client.close()


@asynccontextmanager
async def encrypted(redis_url: str, identity: Certificate) -> AsyncIterator[int]:
    """TLS in front of the server, on a port of localhost: the bundled Valkey is built without."""
    path = redis_url.removeprefix("unix://").partition("?")[0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_unix_connection(path)
        await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer), return_exceptions=True)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity.certificate, identity.key)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()
