"""Two web processes and two workers on the same stores, and everything at once."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.app.runtime import open_runtime
from bot.app.simulation import Simulation, somebody
from bot.channels.simulator import webhooks
from bot.channels.simulator.hook import Hook
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.evidence import Kind
from bot.settings import Settings
from tests.service.stage import front, listener, worker
from tests.service.watching import BRITISH, assert_sound, kinds_of, owner_of, quiet, record_of

pytestmark = pytest.mark.slow


@asynccontextmanager
async def doubled(stores: Settings) -> AsyncIterator[tuple[Simulation, list[Hook]]]:
    """Run everything twice."""
    async with front(stores, takeover_seconds=30) as simulation:
        settings = simulation.runtime.settings
        async with (
            open_runtime(settings) as other,
            listener(other) as hook,
            worker(settings),
            worker(settings),
        ):
            yield simulation, [simulation.hook, hook]


async def test_batches_with_duplicates_posted_many_times_have_one_effect(stores: Settings) -> None:
    async with doubled(stores) as (simulation, hooks):
        people = [simulation.person(somebody(BRITISH)) for _ in range(5)]
        messages = [webhooks.text(person.who, "Hello") for person in people]
        for person in people:
            simulation.graph.heard(person.who)
        chance = random.Random(1)
        posts = [webhooks.together(*chance.choices(messages, k=8)) for _ in range(48)]
        posts += [webhooks.together(*messages, *messages)] * 2
        await asyncio.gather(*(chance.choice(hooks).post(post) for post in posts))
        await quiet(simulation)
        assert [len(person.replies) for person in people] == [1] * len(people)
        for person in people:
            assert await kinds_of(simulation, person) == ["requested order_updates"]
        await assert_sound(simulation, *people)


WORDS = ("YES", "YES", "YES", "NO", "STOP", "START", "START", "CHOICES", "hello?", "how can I stop a tap")
ROUNDS = 8
MESSAGES = 5


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_people_say_in_whatever_order_it_arrives_a_stop_stands(stores: Settings, seed: int) -> None:
    chance = random.Random(seed)
    async with doubled(stores) as (simulation, hooks):
        people = [simulation.person(somebody(BRITISH)) for _ in range(4)]
        stops = dict.fromkeys(people, 0)
        begun = int(time.time()) - 3 * (ROUNDS + 1)  # nothing is from times ahead, which would count as its arrival
        for number in range(ROUNDS):
            posts = []
            for person in people:
                simulation.graph.heard(person.who)
                for _ in range(chance.randint(1, MESSAGES)):
                    at = begun + number * 3 + chance.randint(0, 3)
                    post, stopped = something(person, at, chance)
                    posts += [post] * chance.choice((1, 1, 1, 2))
                    stops[person] = max(stops[person], at if stopped else 0)
            chance.shuffle(posts)
            await asyncio.gather(*(chance.choice(hooks).post(post) for post in posts))
            if chance.random() < 0.7:
                await quiet(simulation)
        await quiet(simulation)
        await assert_sound(simulation, *people)
        for person in people:
            await assert_nothing_is_given_that_was_stopped(simulation, person, stops[person])


def something(person: SimulatedPerson, at: int, chance: random.Random) -> tuple[bytes, bool]:
    """Return a webhook: something typed or tapped; and whether it stops everything."""
    buttons = [(reply.id, button) for reply in person.replies for button in reply.buttons]
    if buttons and chance.random() < 0.3:
        message, button = chance.choice(buttons[-8:])
        return webhooks.button_tap(person.who, button.id, button.title, at=at, quoted=message), button.id == "stop"
    word = chance.choice(WORDS)
    return webhooks.text(person.who, word, at=at), word == "STOP"


async def assert_nothing_is_given_that_was_stopped(
    simulation: Simulation, person: SimulatedPerson, stopped_at: int
) -> None:
    record = await record_of(simulation, person)
    story = await simulation.runtime.stores.ledger.story(await owner_of(simulation.runtime, person))
    asked = {entry.question: entry for entry in story if entry.kind is Kind.REQUESTED}
    given = [entry for entry in story if entry.kind is Kind.GIVEN]
    assert max(Counter(entry.question for entry in given).values(), default=1) == 1
    for entry in given:
        request = asked[entry.question]
        assert (request.purpose, request.wording) == (entry.purpose, entry.wording)
        assert request.number < entry.number
        assert request.at <= entry.at <= request.expires_at
    for purpose in record.given:
        consent = record.consent(purpose)
        assert consent.since > stopped_at
        assert consent.asked_at >= stopped_at
