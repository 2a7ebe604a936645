"""Everything that a process keeps and queues, over one Redis and one PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from ..engines import Engines
from ..keys import Keyring
from ..messages.inbound import Event
from ..service.ports import DataHolder
from ..settings import Settings
from ..stores import erasure_list
from ..stores.erasure_list import ErasureList
from ..stores.postgres import data_holders as postgres_holders
from ..stores.postgres.calls import KnownCalls
from ..stores.postgres.checkpoints import Checkpoints
from ..stores.postgres.connect import Database
from ..stores.postgres.connect import connect as connect_postgres
from ..stores.postgres.conversations import Conversations
from ..stores.postgres.counted import Counted
from ..stores.postgres.endpoints import Endpoints
from ..stores.postgres.erasures import Erasures
from ..stores.postgres.events import Events
from ..stores.postgres.evidence import Proofs
from ..stores.postgres.exports import Exports
from ..stores.postgres.imports import Imports
from ..stores.postgres.ledger import Ledger
from ..stores.postgres.messages import SentMessages
from ..stores.postgres.migrate import migrate
from ..stores.postgres.persons import Persons
from ..stores.postgres.reads import Reads
from ..stores.postgres.requests import Requests
from ..stores.postgres.retention import Retained
from ..stores.postgres.sendings import Sendings
from ..stores.postgres.templates import Templates
from ..stores.postgres.tokens import Tokens
from ..stores.redis import data_holders as redis_holders
from ..stores.redis.connect import Client
from ..stores.redis.connect import connect as connect_redis
from ..stores.redis.deadletters import DeadLetters
from ..stores.redis.inbox import Inbox
from ..stores.redis.keys import ShardKeys
from ..stores.redis.outbox import Messages, Outbox
from ..stores.redis.sessions import Sessions
from ..stores.redis.streams import Stream
from ..stores.redis.throttle import Throttle
from ..stores.redis.windows import Windows
from ..stores.redis.wire import read_assigned, read_event, read_handed_over

_COMMAND_CONNECTIONS = 3
"""To Redis, besides a connection for each queue that is read; Heroku's smallest plan has 20 in all."""

_QUEUES = 5
"""Queues of a shard: urgent lane, inbox, outbox, messages to be handed over, tasks."""

_DATABASE_CONNECTIONS = 4


class ShardStores:
    """The stores of one shard, and the readers of its queues."""

    def __init__(self, *, client: Client, reader: Client, shard: ShardKeys, settings: Settings, keys: Keyring) -> None:
        """`reader` is for reads that wait: it has a connection for each queue."""
        abandoned = settings.takeover_seconds * 1000
        self.number = shard.number
        self.inbox = Inbox(client, shard, limit=settings.inbox_limit, most_bytes=settings.inbox_megabytes * 2**20)
        self.dead = DeadLetters(client, shard, keys)
        self.sessions = Sessions(client, shard)
        self.urgent_sessions = Sessions(client, shard, shard.urgent)
        """The same, for answering the urgent lane."""
        self.outbox = Outbox(client, shard)
        self.events: Stream[Event] = Stream(reader, shard.inbox, read_event, abandoned_after_ms=abandoned)
        self.urgent: Stream[Event] = Stream(reader, shard.urgent, read_event, abandoned_after_ms=abandoned)
        self.messages = Messages(reader, shard, abandoned_after_ms=abandoned)
        self.handover = Stream(reader, shard.handover, read_handed_over, abandoned_after_ms=abandoned)
        self.tasks = Stream(reader, shard.tasks, read_assigned, abandoned_after_ms=abandoned)

    async def leave(self) -> None:
        """Give up this reader's name at every queue where it leaves nothing unfinished."""
        for stream in (self.urgent, self.events, self.messages, self.handover, self.tasks):
            await stream.leave()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The stores of a process, which share their connections."""

    keys: Keyring
    client: Client
    database: Database
    persons: Persons
    ledger: Ledger
    checkpoints: Checkpoints
    requests: Requests
    erasures: Erasures
    reads: Reads
    counted: Counted
    exports: Exports
    imports: Imports
    retained: Retained
    sendings: Sendings
    events: Events
    endpoints: Endpoints
    templates: Templates
    erasure_list: ErasureList
    throttle: Throttle
    company_messages: SentMessages
    conversations: Conversations
    calls: KnownCalls
    tokens: Tokens
    windows: Windows
    shards: Sequence[ShardStores]

    @property
    def proofs(self) -> Proofs:
        """What proves the records of persons."""
        return Proofs(self.database, self.keys, self.checkpoints)

    @property
    def data_holders(self) -> Sequence[DataHolder]:
        """The stores that hold data of persons, in the order in which they erase: the person's row comes last."""
        shards = [ShardKeys(shard.number) for shard in self.shards]
        return [
            *redis_holders.data_holders(self.client, shards, self.keys),
            *postgres_holders.data_holders(self.database, self.keys),
        ]


@asynccontextmanager
async def open_stores(settings: Settings, running: Engines, keys: Keyring) -> AsyncIterator[Stores]:
    """Connect to the engines. The embedded PostgreSQL is brought up to date. Raises `Unavailable`."""
    async with AsyncExitStack() as stack:
        if settings.embedded:
            await migrate(running.database_url)
        database = await connect_postgres(
            running.database_url,
            connections=_DATABASE_CONNECTIONS,
            tls=None if settings.embedded else settings.database_tls_mode,
            ca=settings.database_ca,
        )
        stack.push_async_callback(database.close)
        client, reader = (
            connect_redis(running.redis_url, connections=number, verify=settings.verify_redis_tls, ca=settings.redis_ca)
            for number in (_COMMAND_CONNECTIONS, _QUEUES * settings.shards + 1)
        )
        stack.push_async_callback(client.close)
        stack.push_async_callback(reader.close)
        yield Stores(
            keys=keys,
            client=client,
            database=database,
            persons=Persons(database, keys),
            ledger=Ledger(database, keys),
            checkpoints=Checkpoints(database, keys.signers[0]),
            requests=Requests(database, keys),
            erasures=Erasures(database, keys),
            reads=Reads(database),
            counted=Counted(database),
            exports=Exports(database, keys),
            imports=Imports(database, keys),
            retained=Retained(database),
            sendings=Sendings(database),
            events=Events(database),
            endpoints=Endpoints(database, keys),
            templates=Templates(database),
            erasure_list=ErasureList(settings.var_dir / erasure_list.NAME),
            throttle=Throttle(client, rate=settings.messages_per_second),
            company_messages=SentMessages(database),
            conversations=Conversations(database, keys),
            calls=KnownCalls(database, keys),
            tokens=Tokens(database),
            windows=Windows(client),
            shards=[
                ShardStores(client=client, reader=reader, shard=ShardKeys(number), settings=settings, keys=keys)
                for number in range(settings.shards)
            ],
        )
