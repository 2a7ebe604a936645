"""A message on which the program itself fails: it is put aside, its neighbours go on, and it can be replayed."""

import asyncio
import subprocess
import sys

import pytest

from bot.app.simulation import somebody
from bot.conversation.dialogue import Dialogue, Step
from bot.conversation.session import Session
from bot.messages.inbound import Inbound, Text
from bot.service.worker import TAKEN_AT_MOST
from bot.settings import Settings
from bot.stores.redis.keys import GROUP, ShardKeys
from tests.service.stage import environment, front, worker
from tests.service.watching import BRITISH, assert_sound, kinds_of, subscribed

POISON = "CHOICES"


async def test_message_that_crashes_the_program_holds_up_no_other_and_is_replayable(
    stores: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Dialogue.step

    def failing(self: Dialogue, session: Session, inbound: Inbound, now: float) -> Step:
        if inbound.content == Text(POISON):
            raise ZeroDivisionError
        return step(self, session, inbound, now)

    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana, ben, eve = (simulation.person(somebody(BRITISH)) for _ in range(3))
        async with worker(settings):
            await subscribed(simulation, ana)
        before = len(ana.replies)
        await ben.say("Hello", replies=0)
        await ana.say(POISON, replies=0)
        await ana.say("STOP", replies=0)
        await eve.say("Hello", replies=0)

        with monkeypatch.context() as patch:
            patch.setattr(Dialogue, "step", failing)
            async with worker(settings):
                await simulation.settled()
        (letter,) = [letter async for letter in simulation.runtime.stores.shards[0].dead.all()]
        assert (letter.kind, letter.reason) == ("event", "the program failed: ZeroDivisionError")
        assert [len(person.replies) for person in (ben, eve)] == [1, 1]
        assert [reply.text.split()[0] for reply in ana.replies[before:]] == ["Done."]
        assert (await kinds_of(simulation, ana))[-2:] == ["withdrawn order_updates", "withdrawn offers"]

        replayed = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "bot", "deadletter", "replay", "--all"],
            env=environment(settings),
            capture_output=True,
            text=True,
        )
        assert (replayed.stdout, replayed.returncode) == ("1 replayed\n", 0), replayed.stderr
        async with worker(settings):
            await simulation.settled()
        assert [reply.text.split()[0] for reply in ana.replies[before:]] == ["Done.", "*Your"]
        await assert_sound(simulation, ana, ben, eve)


async def test_message_that_kills_workers_becomes_a_replayable_dead_letter(stores: Settings) -> None:
    async with front(stores) as simulation:
        ana = simulation.person(somebody(BRITISH))
        await ana.say("Hello", replies=0)
        shard = simulation.runtime.stores.shards[0]
        await shard.events.read(1, wait=False)
        (queued,) = await shard.events.read(1, wait=False)
        key = ShardKeys(0).inbox
        await simulation.runtime.stores.client.run(
            "XCLAIM", key, GROUP, "dead", 0, queued.id, "RETRYCOUNT", TAKEN_AT_MOST
        )
        async with worker(simulation.runtime.settings):
            await simulation.settled()
        (letter,) = [letter async for letter in shard.dead.all()]
        assert (letter.kind, letter.reason) == ("event", "10 workers ended while they had it in hand")
        assert await shard.dead.replay(letter)
        async with worker(simulation.runtime.settings):
            await simulation.settled()
        assert len(ana.replies) == 1
