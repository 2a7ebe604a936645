"""Puts one process together: settings → engines, stores, dialogues, channel, use cases."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from ..channels.meta.client import CloudApi
from ..channels.meta.webhooks import WhatsAppWebhooks
from ..consent.retention import RuleName, policy
from ..conversation.dialogue import Dialogue
from ..documents import Documents
from ..engines import engines, local_secret
from ..errors import Unavailable
from ..keys import Keyring
from ..service import worker as work
from ..service.hand_over import HandOver, Host
from ..service.incoming.cases import Cases
from ..service.incoming.claims import Claims
from ..service.incoming.converse import Converse, Shard
from ..service.incoming.receive import Receive
from ..service.incoming.staff import Staff
from ..service.incoming.statuses import Statuses
from ..service.operators.checks import Check
from ..service.ports import Channel, DataHolder
from ..service.retention import Retention
from ..service.rights.erase import Erase
from ..service.rights.fulfil import Fulfil
from ..service.rights.media import UploadedFiles
from ..service.rights.rights import Rights
from ..service.sending.deliver import IN_FLIGHT, Deliver
from ..service.sending.halting import Halting
from ..service.sending.send import Send
from ..service.sending.undelivered import Undelivered
from ..settings import Settings, SettingsError
from ..stores import erasure_list
from ..stores.erasure_list import ErasureList
from ..stores.postgres import data_holders as postgres_holders
from ..stores.postgres.checkpoints import Checkpoints
from ..stores.postgres.connect import Database
from ..stores.postgres.connect import connect as connect_postgres
from ..stores.postgres.erasures import Erasures
from ..stores.postgres.exports import Exports
from ..stores.postgres.ledger import Ledger
from ..stores.postgres.migrate import migrate
from ..stores.postgres.persons import Persons
from ..stores.postgres.reads import Reads
from ..stores.postgres.requests import Requests
from ..stores.postgres.retention import Retained
from ..stores.redis import data_holders as redis_holders
from ..stores.redis.connect import Client
from ..stores.redis.connect import connect as connect_redis
from ..stores.redis.keys import ShardKeys
from ..stores.redis.shard import ShardStores
from ..stores.redis.throttle import Throttle
from .doctor import database_check, inbox_checks, redis_check, settings_checks, texts_check
from .load import load_world

_COMMAND_CONNECTIONS = 3
"""To Redis, beside one for each queue that is read; Heroku's smallest plan has 20 in all."""

_DATABASE_CONNECTIONS = 4

STORES = frozenset({"REDIS_URL", "DATABASE_URL", "SECRET_KEY"})


@dataclass(frozen=True, slots=True)
class HostedBot:
    """A host's bot that we stand in front of, and the purpose whose consent its messages need."""

    host: Host
    purpose: str
    typing: bool = False
    """Whether the person sees that an answer is being typed while the host thinks."""


class Runtime:
    """One process of the program, ready to serve."""

    def __init__(
        self,
        settings: Settings,
        keys: Keyring,
        client: Client,
        reader: Client,
        database: Database,
        dialogue: Dialogue,
        channel: Channel | None,
        hosted: HostedBot | None,
        sending_clock: Callable[[], float] = time.time,
    ) -> None:
        """`sending_clock` is what messages are sent by, and brought back when they have to wait."""
        self.settings = settings
        self.keys = keys
        self.client = client
        self.database = database
        self.dialogue = dialogue
        self.channel = channel
        self.persons = Persons(database, keys)
        self.ledger = Ledger(database, keys)
        self.checkpoints = Checkpoints(database, keys.signers[0])
        self.requests = Requests(database, keys)
        self.erasures = Erasures(database, keys)
        self.reads = Reads(database)
        shards = [ShardKeys(number) for number in range(settings.shards)]
        self.shards = [ShardStores(client, reader, shard, settings, self.keys) for shard in shards]
        self.exports = Exports(database, keys)
        self.data_holders: Sequence[DataHolder] = [
            *([UploadedFiles(self.exports, channel)] if channel else []),
            *redis_holders.data_holders(client, shards, keys),
            *postgres_holders.data_holders(database, keys),  # the person's row is the last
        ]
        self._listed = ErasureList(settings.var_dir / erasure_list.NAME)
        self.erase = Erase(
            self.persons,
            self.ledger,
            self.erasures,
            self._listed,
            self.data_holders,
            proof_days=policy(dialogue.world.business)[RuleName.PROOF_AFTER_WITHDRAWAL].after.days,
        )
        self.receive = self._receive() if not settings.missing() else None
        self._hosted = hosted
        self._halting = Halting()
        self._sending_clock = sending_clock
        self._throttle = Throttle(client, rate=settings.messages_per_second)

    def _receive(self) -> Receive:
        secret, number = self.settings.whatsapp_app_secret, self.settings.whatsapp_phone_number_id
        webhooks = WhatsAppWebhooks(secret.get_secret_value() if secret else "", number or "")
        claims = Claims(self.dialogue.world.keywords)
        return Receive(webhooks, [one.inbox for one in self.shards], self.shards[0].dead, self.keys, claims)

    # --- serving

    async def work(self, stopping: asyncio.Event) -> None:
        """Answer, send and serve the host until told to stop; then finish what is in hand."""
        if self.channel is None:
            await stopping.wait()
            return
        await work.persistently("start", self._keep_notices, stopping)
        async with asyncio.TaskGroup() as group:
            group.create_task(work.sign(self.checkpoints, 60 * self.settings.checkpoint_minutes, stopping))
            group.create_task(work.keep_to_policy(self.retention(), stopping))
            for shard in self.shards:
                for rounds in self._rounds(shard, self.channel, stopping):
                    group.create_task(rounds)
        with suppress(Unavailable):  # a name that is not given up is swept away later
            for shard in self.shards:
                await shard.leave()

    def retention(self) -> Retention:
        """Return what ends and forgets things when their time is over."""
        return Retention(
            self.dialogue.world.business,
            Retained(self.database),
            self.ledger,
            [shard.dead for shard in self.shards],
            self.erase,
            self._listed,
            UploadedFiles(self.exports, self.channel).expire if self.channel else self.exports.expire,
        )

    async def _keep_notices(self) -> None:
        await self.ledger.keep_notices(self.dialogue.world.business)

    def _rounds(
        self, shard: ShardStores, channel: Channel, stopping: asyncio.Event
    ) -> Iterable[Coroutine[Any, Any, None]]:
        for urgent, lane in ((True, shard.urgent), (False, shard.events)):
            converse = self._converse(shard, channel, urgent=urgent)
            yield work.answer_inbox(converse, lane, shard.dead, stopping)
        yield work.work_off("deliver", self._deliver(shard, channel), shard.messages, stopping)
        fulfil = Fulfil(rights=self._rights(shard, channel), queue=shard.tasks, send=self._send(shard), dead=shard.dead)
        yield work.work_off("fulfil", fulfil, shard.tasks, stopping)
        yield work.bring_back(shard.outbox, stopping)
        if self._hosted is not None:
            hand_over = self._hand_over(shard, channel, self._hosted)
            yield work.work_off("hand_over", hand_over, shard.handover, stopping)

    def _send(self, shard: ShardStores, *, urgent: bool = False) -> Send:
        return Send(
            business=self.dialogue.world.business,
            sessions=shard.urgent_sessions if urgent else shard.sessions,
            outbox=shard.outbox,
        )

    def _converse(self, shard: ShardStores, channel: Channel, *, urgent: bool) -> Converse:
        business, inboxes = self.dialogue.world.business, [one.inbox for one in self.shards]
        cases = Cases(
            persons=self.persons,
            ledger=self.ledger,
            suppressions=self.erasures,
            purposes=[purpose.id for purpose in business.purposes],
            sessions=shard.sessions,
            keys=self.keys,
            opens=self.dialogue.opens_a_record,
        )
        statuses = Statuses(
            shard=shard.number,
            inboxes=inboxes,
            outbox=shard.outbox,
            persons=self.persons,
            undelivered=Undelivered(shard.inbox, self.requests),
            keys=self.keys,
            failure=channel.failure,
        )
        stores = Shard(
            number=shard.number,
            inbox=shard.urgent if urgent else shard.events,
            inboxes=inboxes,
            all_sessions=[one.sessions for one in self.shards],
            outbox=shard.outbox,
            dead=shard.dead,
            urgent=urgent,
        )
        return Converse(
            dialogue=self.dialogue,
            shard=stores,
            cases=cases,
            statuses=statuses,
            staff=Staff(self.persons, self.ledger, self.erasures),
            send=self._send(shard, urgent=urgent),
            persons=self.persons,
            ledger=self.ledger,
            keys=self.keys,
        )

    def _deliver(self, shard: ShardStores, channel: Channel) -> Deliver:
        return Deliver(
            queue=shard.messages,
            outbox=shard.outbox,
            ledger=self.ledger,
            channel=channel,
            throttle=self._throttle,
            inbox=shard.inbox,
            dead=shard.dead,
            undelivered=Undelivered(shard.inbox, self.requests),
            business=self.dialogue.world.business,
            keys=self.keys,
            halting=self._halting,
            most=min(IN_FLIGHT, self.settings.messages_per_second),
            clock=self._sending_clock,
        )

    def _hand_over(self, shard: ShardStores, channel: Channel, hosted: HostedBot) -> HandOver:
        return HandOver(
            host=hosted.host,
            purpose=hosted.purpose,
            queue=shard.handover,
            send=self._send(shard),
            ledger=self.ledger,
            dead=shard.dead,
            business=self.dialogue.world.business,
            channel=channel if hosted.typing else None,
        )

    def _rights(self, shard: ShardStores, channel: Channel) -> Rights:
        world = self.dialogue.world
        return Rights(
            world=world,
            persons=self.persons,
            requests=self.requests,
            exports=self.exports,
            holders=self.data_holders,
            documents=Documents(world),
            channel=channel,
            send=self._send(shard),
            erase=self.erase,
            keys=self.keys,
            base_url=self.settings.base_url or "",
        )

    # --- watching over it

    async def queued(self) -> Mapping[str, int]:
        """Return how many entries of each queue are unfinished, all shards together. Raises `Unavailable`.

        They are read in the order in which a message passes them, so that none on its way is missed.
        """
        lengths = dict.fromkeys(("urgent", "inbox", "outbox", "handover", "tasks", "dead"), 0)
        for shard in self.shards:
            lengths["urgent"] += await shard.urgent.length()
            lengths["inbox"] += await shard.outbox.upcoming(time.time())
            lengths["handover"] += await shard.handover.length()
            lengths["tasks"] += await shard.tasks.length()
            lengths["outbox"] += await shard.outbox.waiting() + await shard.messages.length()
            lengths["dead"] += await shard.dead.count()
        return lengths

    async def ready(self) -> Sequence[Check]:
        """Look whether messages can be taken and answered now."""
        return [
            *settings_checks(self.settings),
            await redis_check(self.client),
            *await inbox_checks(self.shards),
            await database_check(self.database),
            texts_check(self.dialogue.world),
        ]


def missing(settings: Settings) -> dict[str, str]:
    """Return the settings without which webhooks get 503, and what each is and where to find it."""
    return {one.name: one.cure for one in settings.missing()}


def has_stores(settings: Settings) -> bool:
    """Whether the settings name all that the stores need; if not, only the routes can be served."""
    return not missing(settings).keys() & STORES


def require(settings: Settings, names: Collection[str] = STORES) -> None:
    """Raise `SettingsError` for those of the variables that are not set and must be."""
    lines = [f"{one.name}: not set; {one.cure}" for one in settings.missing() if one.name in names]
    if lines:
        raise SettingsError("\n".join(lines))


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    hosted: HostedBot | None = None,
    *,
    draft: str = "",
    sending_clock: Callable[[], float] = time.time,
) -> AsyncIterator[Runtime]:
    """Open everything that the settings name, and close it at the end.

    The embedded PostgreSQL is brought up to date; one of your own is by `python -m bot migrate`. `draft` is a language
    that is spoken although it is not offered yet. Raises `OperatorError`.
    """
    require(settings)
    async with AsyncExitStack() as stack:
        host_purpose = hosted.purpose if hosted else None
        world, flows = load_world(business=settings.business_file, host_purpose=host_purpose, draft=draft)
        policy(world.business)  # what is wrong with it is told before anything starts
        secrets = settings.secret_key or (local_secret(settings),)
        running = await stack.enter_async_context(engines(settings))
        if settings.embedded:
            await migrate(running.database_url)
        database = await connect_postgres(
            running.database_url,
            connections=_DATABASE_CONNECTIONS,
            tls=None if settings.embedded else settings.database_tls_mode,
            ca=settings.database_ca,
        )
        stack.push_async_callback(database.close)
        queues = (5 if hosted else 4) * settings.shards
        client, reader = (
            connect_redis(running.redis_url, connections=number, verify=settings.verify_redis_tls, ca=settings.redis_ca)
            for number in (_COMMAND_CONNECTIONS, queues + 1)
        )
        stack.push_async_callback(client.close)
        stack.push_async_callback(reader.close)
        channel = _channel(settings)
        if channel is not None:
            stack.push_async_callback(channel.close)
        keys = Keyring([secret.get_secret_value() for secret in secrets])
        dialogue = Dialogue(replace(world, question_key=keys.questions), flows)
        runtime = Runtime(settings, keys, client, reader, database, dialogue, channel, hosted, sending_clock)
        await stack.enter_async_context(_watching(runtime.receive))
        yield runtime


@asynccontextmanager
async def _watching(receive: Receive | None) -> AsyncIterator[None]:
    """Watch over what is acknowledged meanwhile."""
    if receive is None:
        yield
        return
    task = asyncio.create_task(receive.watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _channel(settings: Settings) -> Channel | None:
    if settings.missing() or settings.whatsapp_token is None or settings.whatsapp_phone_number_id is None:
        return None
    return CloudApi(settings.graph_url, settings.whatsapp_phone_number_id, settings.whatsapp_token.get_secret_value())
