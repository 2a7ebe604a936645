"""What tests look at after a conversation: the ledger, the sessions, the queues; and short ways into one."""

import asyncio

import msgspec

from bot.app.runtime import Runtime
from bot.app.simulation import Simulation, somebody
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.lifecycle import Record, fold
from bot.conversation.session import Session
from bot.service.ports import PersonId
from bot.service.shards import shard_of
from bot.stores.postgres.tree_verification import verify_tree
from bot.stores.redis.keys import ShardKeys

BRITISH = "en"


def crowd(simulation: Simulation, size: int) -> list[SimulatedPerson]:
    """Make up people."""
    return [simulation.person(somebody(BRITISH)) for _ in range(size)]


async def owner_of(runtime: Runtime, person: SimulatedPerson) -> PersonId:
    """Who the program takes a person for."""
    address = person.who.bsuid or person.who.phone or ""
    return (await runtime.stores.persons.find([address]))[address]


async def record_of(simulation: Simulation, person: SimulatedPerson) -> Record:
    """What the ledger says of a person."""
    owner = await owner_of(simulation.runtime, person)
    return fold(past.fact for past in (await simulation.runtime.stores.ledger.facts([owner])).get(owner, ()))


async def kinds_of(simulation: Simulation, person: SimulatedPerson) -> list[str]:
    """A person's ledger, e.g. `given offers`."""
    owner = await owner_of(simulation.runtime, person)
    return [f"{entry.kind} {entry.purpose}" for entry in await simulation.runtime.stores.ledger.story(owner)]


async def session_of(simulation: Simulation, person: SimulatedPerson) -> Session | None:
    """Where Redis says that a person stands."""
    runtime = simulation.runtime
    token = runtime.stores.keys.address(person.who.bsuid or person.who.phone or "")
    (loaded,) = await runtime.stores.shards[shard_of(token, len(runtime.stores.shards))].sessions.load([token])
    return loaded[0] if loaded else None


async def quiet(simulation: Simulation, seconds: float = 60.0) -> None:
    """Wait until nothing is queued, nor put back to be sent again. Raises `TimeoutError`."""
    runtime = simulation.runtime
    retries = [ShardKeys(shard.number).retries for shard in runtime.stores.shards]
    async with asyncio.timeout(seconds):
        while True:
            await simulation.settled(seconds)
            waiting = sum([await runtime.stores.client.run("ZCARD", key) for key in retries])
            if waiting + sum(count for name, count in (await runtime.queued()).items() if name != "dead") == 0:
                return
            await asyncio.sleep(0.01)


async def assert_sound(simulation: Simulation, *people: SimulatedPerson) -> None:
    """Nothing is queued or dead, the ledger verifies, and Redis says of these people what the ledger says."""
    runtime = simulation.runtime
    assert {name: count for name, count in (await runtime.queued()).items() if count} == {}
    public_keys = [signer.public_key for signer in runtime.stores.keys.signers]
    for found in (runtime.stores.ledger.verify(), verify_tree(runtime.stores.database, public_keys)):
        assert [bad async for bad in found if not isinstance(bad, int)] == []
    for person in people:
        session = await session_of(simulation, person)
        assert session is not None
        assert msgspec.to_builtins(session.record) == msgspec.to_builtins(await record_of(simulation, person))


async def subscribed(simulation: Simulation, person: SimulatedPerson) -> None:
    """Answer yes to everything."""
    await person.say("Hi", replies=1)
    while (await record_of(simulation, person)).pending is not None:
        before = len(person.replies)
        await person.say("YES", replies=0)
        await simulation.settled()
        assert len(person.replies) > before
    assert (await record_of(simulation, person)).given
