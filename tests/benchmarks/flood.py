"""`python -m tests.benchmarks.flood`: how long others wait for their STOP and their answers while one sender floods.

One process is web and worker on engines of its own; so is the sender of everything, which only makes it slower. Times
are from the begin of the webhook's request to the entry in the ledger.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.simulator import webhooks
from bot.channels.simulator.webhooks import Identity
from bot.settings import load_settings

MESSAGES = 3000
AT_ONCE = 8
"""Requests of the flood that are under way at any time; Meta's own number is not known."""

OTHERS = 200
"""Persons who write meanwhile, STOP and "Hello" in turn."""

EVERY = 0.1
"""Seconds between two of them."""

LOOK_EVERY = 0.02

_NEW = """
SELECT sequence, token FROM ledger JOIN addresses ON addresses.person = ledger.person WHERE sequence > $1
"""

HEAVY = "a" + "\u0344" * 2048 + "\u0316" * 2047


async def flood(simulation: Simulation, who: Identity, count: int) -> None:
    """Post the messages, as fast as they are acknowledged."""
    numbers = iter(range(count))

    async def one_after_another() -> None:
        for _ in numbers:
            await simulation.hook.post(webhooks.text(who, HEAVY))

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


class Watch:
    """Looks who has got an entry in the ledger; one for all, or those who wait would be the flood."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._last = 0

    async def says(self, text: str) -> float:
        """Let somebody say something; return the seconds until the ledger has what follows from it."""
        who, began = somebody(), time.perf_counter()
        recorded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[self._simulation.runtime.stores.keys.address(who.bsuid or "")] = recorded
        await self._simulation.hook.post(webhooks.text(who, text))
        await recorded
        return time.perf_counter() - began

    async def look(self) -> None:
        """Look without end."""
        while True:
            for sequence, token in await self._simulation.runtime.stores.database.fetch(_NEW, self._last):
                self._last = max(self._last, sequence)
                if (recorded := self._waiting.pop(token, None)) is not None:
                    recorded.set_result(None)
            await asyncio.sleep(LOOK_EVERY)


async def measure(count: int) -> None:
    """Print the times without a flood, and with one."""
    with tempfile.TemporaryDirectory() as folder:
        async with simulate(load_settings(None, var_dir=Path(folder))) as simulation:
            simulation.graph._window = False  # who wrote is told by the webhook itself
            watch = Watch(simulation)
            looking = asyncio.create_task(watch.look())
            await watch.says("Hello")
            for name, messages in (("calm", 0), ("flood", count)):
                began = time.perf_counter()
                flooding = asyncio.create_task(flood(simulation, somebody(), messages))
                waits: dict[str, list[asyncio.Task[float]]] = {"STOP": [], "Hello": []}
                while len(waits["Hello"]) * 2 < OTHERS or not flooding.done():
                    for text, tasks in waits.items():
                        tasks.append(asyncio.create_task(watch.says(text)))
                        await asyncio.sleep(EVERY)
                await flooding
                print(f"{name}: {messages} messages in {time.perf_counter() - began:.1f} s")
                for text, tasks in waits.items():
                    _show(name, text, await asyncio.gather(*tasks))
            looking.cancel()


def _show(name: str, text: str, seconds: list[float]) -> None:
    cuts = quantiles(seconds, n=100)
    told = f"p50 {cuts[49] * 1000:5.0f} ms, p99 {cuts[98] * 1000:5.0f} ms, slowest {max(seconds) * 1000:5.0f} ms"
    print(f"{name:6} {text:6} {told} ({len(seconds)} persons)", flush=True)


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES))
