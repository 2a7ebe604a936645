"""A process of the program: opens everything that the settings name, and runs its rounds of work."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from ..consent.retention import policy
from ..conversation.dialogue import Dialogue
from ..conversation.functions import Functions
from ..conversation.language import prepare
from ..endpoints.post import Post
from ..engines import engines, local_secret
from ..environment import SettingsError
from ..errors import Unavailable
from ..keys import Keyring
from ..service import worker
from ..service.incoming.receive import Receive
from ..service.ports import Backlog, Check
from ..service.sending.deliver import SENDS_AT_ONCE
from ..service.sending.halting import Halting
from ..settings import Settings
from . import channels
from .doctor import database_check, inbox_checks, redis_check, settings_checks, texts_check
from .functions import functions_of
from .load import load_world
from .stores import ShardStores, Stores, open_stores
from .use_cases import HostedBot, UseCases

STORES = frozenset({"REDIS_URL", "DATABASE_URL", "SECRET_KEY"})
"""Variables without which there are no stores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """One process of the program, ready to serve."""

    settings: Settings
    stores: Stores
    dialogue: Dialogue
    use_cases: UseCases
    receive: Receive | None
    """None while something that webhooks need is not set."""
    hosted: HostedBot | None

    # --- serving

    async def work(self, stopping: asyncio.Event) -> None:
        """Answer, send and serve the host until told to stop; then finish what is in hand."""
        if self.use_cases.channel is None:
            await stopping.wait()
            return
        await worker.persistently("start", self._keep_notices, stopping)
        await worker.persistently("start", self.stores.events.settle_in, stopping)
        halting, stores = Halting(), self.stores
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(prepare, self.dialogue.world))
            group.create_task(worker.sign(stores.checkpoints, 60 * self.settings.checkpoint_minutes, stopping))
            group.create_task(worker.keep_to_policy(self.use_cases.retention(), stopping))
            group.create_task(worker.remind(self.use_cases.tell_due(), stopping))
            group.create_task(worker.end_silent(self.use_cases.staff_conversations, stopping))
            group.create_task(worker.tell(self.use_cases.deliver_events(), stopping))
            for shard in stores.shards:
                for rounds in self._rounds(shard, halting, stopping):
                    group.create_task(rounds)
        with suppress(Unavailable):  # a name that is not given up is removed later
            for shard in stores.shards:
                await shard.leave()

    async def _keep_notices(self) -> None:
        await self.stores.ledger.keep_notices(self.dialogue.world.business)

    def _rounds(
        self, shard: ShardStores, halting: Halting, stopping: asyncio.Event
    ) -> Iterable[Coroutine[Any, Any, None]]:
        build = self.use_cases
        for urgent, lane in ((True, shard.urgent), (False, shard.events)):
            yield worker.answer_inbox(build.converse(shard, urgent=urgent), lane, stopping)
        deliver = build.deliver(shard, halting, most=min(SENDS_AT_ONCE, self.settings.messages_per_second))
        yield worker.work_off("deliver", deliver, shard.messages, stopping)
        yield worker.work_off("fulfil", build.fulfil(shard), shard.tasks, stopping)
        yield worker.bring_back(shard.outbox, stopping)
        if self.hosted is not None or self.dialogue.world.business.human.chat is not None:  # else others may read it
            yield worker.work_off("hand_over", build.hand_over(shard, self.hosted), shard.handover, stopping)

    # --- watching over it

    async def queued(self) -> Mapping[str, int]:
        """Return how many entries of each queue are unfinished, all shards together. Raises `Unavailable`.

        They are read in the order in which a message passes them, so that none on its way is missed.
        """
        lengths = dict.fromkeys(("urgent", "inbox", "outbox", "handover", "tasks", "dead"), 0)
        for shard in self.stores.shards:
            lengths["urgent"] += await shard.urgent.length()
            lengths["inbox"] += await shard.outbox.upcoming(time.time())
            lengths["handover"] += await shard.handover.length()
            lengths["tasks"] += await shard.tasks.length()
            lengths["outbox"] += await shard.outbox.waiting() + await shard.messages.length()
            lengths["dead"] += await shard.dead.count()
        return lengths

    async def unread(self) -> Mapping[str, float]:
        """Return how many seconds messages wait unread, the withdrawals among them apart. Raises `Unavailable`."""
        return {
            "urgent": max([await shard.urgent.unread_for() for shard in self.stores.shards]),
            "inbox": max([await shard.events.unread_for() for shard in self.stores.shards]),
        }

    async def requests_due(self) -> Mapping[str, int]:
        """Return how many requests wait: `overdue`, due `soon`, or `later`. Raises `Unavailable`."""
        return await self.use_cases.tell_due().counted()

    async def behind(self) -> Sequence[Backlog]:
        """Return how far each endpoint of events is. Raises `Unavailable`."""
        return await self.stores.endpoints.backlog()

    async def ready(self) -> Sequence[Check]:
        """Check whether messages can be taken and answered now."""
        stores = self.stores
        return [
            *settings_checks(self.settings),
            await redis_check(stores.client),
            *await inbox_checks(stores.shards),
            await database_check(stores.database),
            texts_check(self.dialogue.world),
        ]


def missing(settings: Settings) -> dict[str, str]:
    """Return the settings without which webhooks get 503, and what each is and where to find it."""
    return {setting.name: setting.cure for setting in channels.missing(settings)}


def has_stores(settings: Settings) -> bool:
    """Whether the settings name all that the stores need; if not, only the routes can be served."""
    return not missing(settings).keys() & STORES


def require(settings: Settings, names: Collection[str] = STORES) -> None:
    """Raise `SettingsError` if any of these variables must be set but is not."""
    absent = [setting for setting in channels.missing(settings) if setting.name in names]
    lines = [f"{setting.name}: not set; {setting.cure}" for setting in absent]
    if lines:
        raise SettingsError("\n".join(lines))


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    hosted: HostedBot | None = None,
    *,
    functions: Functions | None = None,
    draft: str = "",
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Runtime]:
    """Open everything that the settings name, and close it at the end.

    The embedded PostgreSQL is brought up to date; a database of your own needs `python -m bot migrate`. `draft` is a
    language to use before it is offered. `functions` are a host program's own, which its flows name. Raises
    `OperatorError`.
    """
    require(settings)
    async with AsyncExitStack() as stack:
        world, flows = load_world(
            business=settings.business_file,
            own=settings.app_dir,
            functions=functions_of(settings, functions),
            host=hosted.basis if hosted else None,
            draft=draft,
        )
        policy(world.business)  # raises before anything starts if it is wrong
        secrets = settings.secret_key or (local_secret(settings),)
        keys = Keyring([secret.get_secret_value() for secret in secrets])
        running = await stack.enter_async_context(engines(settings))
        stores = await stack.enter_async_context(open_stores(settings, running, keys))
        channel = channels.senders(settings)
        if channel is not None:
            stack.push_async_callback(channel.close)
        post = Post(private=settings.webhooks_private)
        stack.push_async_callback(post.close)
        dialogue = Dialogue(replace(world, question_key=keys.questions), flows)
        use_cases = UseCases(
            stores=stores,
            dialogue=dialogue,
            channel=channel,
            post=post,
            base_url=settings.base_url or "",
            clock=clock,
        )
        receive = None if channel is None else use_cases.receive(channels.webhooks(settings))
        await stack.enter_async_context(_watching(receive))
        yield Runtime(
            settings=settings,
            stores=stores,
            dialogue=dialogue,
            use_cases=use_cases,
            receive=receive,
            hosted=hosted,
        )


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
