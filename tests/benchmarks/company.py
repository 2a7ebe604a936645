"""A program of the company that sends: posts messages to the API, and waits until all of them have left.

`python -m tests.benchmarks.company ORDER` (JSON) prints a line when it begins, one when everything has been sent, and
then what came of it (JSON).
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import count
from uuid import uuid4

import aiohttp
import msgspec
import uvloop

from bot.app.operators import open_operators
from bot.service.ports import Scope
from bot.settings import Settings
from tests.benchmarks import talk
from tests.benchmarks.load import Outcome

_LOOK_EVERY = 0.02
"""Seconds between looks at what is still queued."""


class Sending(msgspec.Struct, kw_only=True, frozen=True):
    """What to do."""

    port: int
    token: str
    first: int
    persons: int
    """They are these many from number `first` on, in turn."""
    seconds: float
    """For so long messages are posted, each when the one before it was taken."""
    at_once: int


async def token(settings: Settings) -> str:
    """Make a token that may send."""
    async with open_operators(settings) as operators:
        _, secret = await operators.tokens.create("benchmark", [Scope.SEND])
        return secret


async def send(order: Sending) -> Outcome:
    """Post messages until the time is over, and wait until all of them have left."""
    taken: list[float] = []
    refused = 0
    numbers = (order.first + turn % order.persons for turn in count())
    headers = {"Authorization": f"Bearer {order.token}"}
    connector = aiohttp.TCPConnector(limit=order.at_once)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{order.port}", headers=headers, connector=connector) as http:
        began = time.monotonic()

        async def post(turns: Iterator[int]) -> None:
            nonlocal refused
            while time.monotonic() < began + order.seconds:
                body = {"to": talk.identity(next(turns)).phone, "purpose": "order_updates", "text": "It is on its way."}
                at = time.monotonic()
                async with http.post(
                    "/api/v1/messages", json=body, headers={"Idempotency-Key": str(uuid4())}
                ) as answer:
                    await answer.read()
                    refused += answer.status != 202
                taken.append(time.monotonic() - at)

        async with asyncio.TaskGroup() as group:
            for _ in range(order.at_once):
                group.create_task(post(numbers))
        while await _queued(http):
            await asyncio.sleep(_LOOK_EVERY)
        seconds = time.monotonic() - began
    ordered = sorted(taken)
    return Outcome(
        all_messages=len(taken),
        messages=len(taken),
        replies=len(taken),
        seconds=seconds,
        unanswered=0,
        refused=refused,
        disordered=0,
        acknowledged_ms=(1000 * ordered[len(ordered) // 2], 1000 * ordered[len(ordered) * 99 // 100]),
        answered_ms=(0.0, 0.0),
    )


async def _queued(http: aiohttp.ClientSession) -> float:
    async with http.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("consentbot_queued{"))


def main() -> None:
    """Do what the command line says."""
    order = msgspec.json.decode(sys.argv[1], type=Sending)
    print("warm", flush=True)
    outcome = uvloop.run(send(order))
    print("over", flush=True)
    sys.stdout.write(msgspec.json.encode(outcome).decode())


if __name__ == "__main__":
    main()
