"""`python -m tests.benchmarks.ledger`: what appending, signing, verifying and proving costs in a large ledger.

Each step is a process of its own, so that its memory is told apart.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from bot.consent.verifier import check_evidence
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append, PersonId
from bot.stores.postgres.checkpoints import Checkpoints
from bot.stores.postgres.connect import Database, connect
from bot.stores.postgres.evidence import evidence
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.tree_verification import verify_tree
from tests.benchmarks.stage import stage
from tests.stores.made import given, keep_notice, requested

EACH = 2
"""Entries of a person: asked, and given."""

_TOGETHER = 256

_KEYS = Keyring(["benchmark" * 4])


async def _append(database: Database, entries: int) -> None:
    await keep_notice(database)
    persons, ledger = Persons(database, _KEYS), Ledger(database, _KEYS)
    for first in range(0, entries // EACH, _TOGETHER):
        numbers = range(first, min(first + _TOGETHER, entries // EACH))
        made = await persons.create([Sender(f"+49151{number:08}", f"DE.{number}") for number in numbers])
        facts = [[requested(f"{number}r"), given(f"{number}g")] for number in numbers]
        await ledger.append([Append(person, 0, both) for person, both in zip(made, facts, strict=True)])


async def _sign(database: Database, entries: int) -> None:
    checkpoints, signed = Checkpoints(database, _KEYS.signers[0]), 0
    while more := await checkpoints.advance(time.time()):
        signed += more
    assert signed == entries, f"{signed} of {entries} entries were signed"


async def _verify(database: Database, entries: int) -> None:
    keys = [signer.public_key for signer in _KEYS.signers]
    for found in (Ledger(database, _KEYS).verify(), verify_tree(database, keys)):
        checked = [one async for one in found][-1]
        assert checked == entries, f"{checked} instead of {entries} entries"


async def _prove(database: Database, _: int) -> None:
    (row,) = await database.fetch("SELECT person FROM ledger ORDER BY sequence OFFSET 1000 LIMIT 1")
    proven = await evidence(database, _KEYS, Checkpoints(database, _KEYS.signers[0]), PersonId(str(row["person"])))
    check_evidence(proven, bytes.fromhex(proven["public_key"]))


STEPS: dict[str, Callable[[Database, int], Awaitable[None]]] = {
    "append": _append,
    "sign": _sign,
    "verify": _verify,
    "prove": _prove,
}


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Database]:
    database = await connect(url, connections=4)
    try:
        yield database
    finally:
        await database.close()


async def _do(step: str, url: str, entries: int) -> None:
    async with _open(url) as database:
        began, cpu = time.perf_counter(), time.process_time()
        await STEPS[step](database, entries)
        took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    print(json.dumps(took | {"resident_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main(
    entries: Annotated[int, typer.Option(min=2 * _TOGETHER, help="Entries of the ledger.")] = 1_000_000,
    step: Annotated[str, typer.Option(hidden=True)] = "",
    url: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Measure the ledger's work, one step after the other."""
    if step:
        return asyncio.run(_do(step, url, entries))
    with stage() as on:
        url = on.stores().database_url
        for name in STEPS:
            command = [sys.executable, "-m", "tests.benchmarks.ledger", "--entries", str(entries)]
            done = subprocess.run([*command, "--step", name, "--url", url], capture_output=True, text=True, check=True)
            took = json.loads(done.stdout)
            print(
                f"{name:7} {took['seconds']:8.2f} s, {took['seconds'] / entries * 1e6:7.2f} µs an entry, "
                f"{took['cpu']:7.2f} s of our CPU, {took['resident_mib']:.0f} MiB resident",
                flush=True,
            )
    return None


if __name__ == "__main__":
    typer.run(main)
