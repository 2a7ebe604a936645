"""One sender floods: others are answered, and their STOP is in force, as if nobody did."""

from bot.app.simulation import Simulation, somebody
from bot.channels.simulator import webhooks
from bot.messages.inbound import Event
from bot.service.ports import Queue
from bot.settings import Settings
from bot.stores.redis.inbox import UNITS
from tests.service.stage import front, worker
from tests.service.watching import kinds_of, record_of

HEAVY = "a" + "\u0344" * 2048 + "\u0316" * 2047


async def answer(simulation: Simulation, *, urgent: bool) -> None:
    """Answer one lane as a worker does, and leave the other."""
    (shard,) = simulation.runtime.stores.shards
    lane: Queue[Event] = shard.urgent if urgent else shard.events
    await lane.read(1, wait=False)  # makes the group
    while batch := await lane.read(256, wait=False):
        await simulation.runtime.use_cases.converse(shard, urgent=urgent).answer(batch)


async def test_flood_of_one_sender_is_capped_and_a_stop_is_queued_as_urgent(settings: Settings) -> None:
    mallory, ana, ben = somebody(), somebody(), somebody()
    async with front(settings) as simulation:
        simulation.graph._window = False  # who wrote is told by the webhook itself
        for _ in range(300):
            await simulation.hook.post(webhooks.text(mallory, HEAVY))
        await simulation.hook.post(webhooks.text(ben, "Hello"))
        await simulation.hook.post(webhooks.text(ana, "STOP"))
        queued = await simulation.runtime.queued()
        assert queued["inbox"] <= UNITS // 8 + 2
        assert queued["urgent"] == 1
        assert await simulation.runtime.stores.client.run("MEMORY", "USAGE", "{s00}:inbox") < 2 * 1024 * UNITS
        async with worker(simulation.runtime.settings):
            await simulation.settled()
        assert (await kinds_of(simulation, simulation.person(ana)))[0].startswith("withdrawn")
        assert await kinds_of(simulation, simulation.person(ben)) == ["requested order_updates"]


async def test_stop_from_the_flooding_sender_is_obeyed(settings: Settings) -> None:
    mallory = somebody()
    async with front(settings) as simulation:
        simulation.graph._window = False  # who wrote is told by the webhook itself
        for text in [HEAVY] * 20 + ["Hi", "whatever, leave me alone please", *["Hi"] * 5]:
            await simulation.hook.post(webhooks.text(mallory, text))
        assert (await simulation.runtime.queued())["urgent"] == 1
        async with worker(simulation.runtime.settings):
            await simulation.settled()
        assert "withdrawn order_updates" in await kinds_of(simulation, simulation.person(mallory))


async def test_start_written_before_a_stop_but_handled_after_it_has_no_effect(settings: Settings) -> None:
    async with front(settings) as simulation:
        simulation.graph._window = False  # who wrote is told by the webhook itself
        ana = simulation.person(somebody())
        now = int(simulation.graph.clock()) - 100
        await simulation.hook.post(webhooks.text(ana.who, "Hello", at=now))
        await answer(simulation, urgent=False)
        for after, text in enumerate(("START", "YES", "STOP"), 1):
            await simulation.hook.post(webhooks.text(ana.who, text, at=now + after))
        await answer(simulation, urgent=True)
        assert (await kinds_of(simulation, ana))[-1].startswith("withdrawn")
        await answer(simulation, urgent=False)
        record = await record_of(simulation, ana)
        assert not record.given
        assert record.pending is None
