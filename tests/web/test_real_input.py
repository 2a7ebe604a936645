"""Each webhook of Meta's documentation, signed and posted over HTTP to the running program, has its expected effect."""

import re
import time
import tomllib
from pathlib import Path

import pytest

from bot.app.simulation import Simulation

DATA = Path(__file__).parents[1] / "data"
EFFECTS = tomllib.loads((DATA / "effects.toml").read_text("utf-8"))
_TIME = re.compile(r'("timestamp"\s*:\s*"?)\d{10}')


def lately_written(name: str, at: int) -> bytes:
    """A webhook as if it were written lately, under ids of its own: whoever is unknown again is not unheard."""
    text = (DATA / "webhooks" / f"{name}.json").read_text("utf-8")
    return _TIME.sub(lambda found: f"{found[1]}{at}", text).replace("wamid.", f"wamid.{name}.").encode()


def test_every_sample_webhook_is_listed_in_effects_toml() -> None:
    assert EFFECTS.keys() == {path.stem for path in (DATA / "webhooks").glob("*.json")}


async def forgotten(simulation: Simulation) -> None:
    """Let nobody be known."""
    for key in await simulation.runtime.stores.client.run("KEYS", "*"):
        if any(part in key for part in (b":p:", b":l:", b":dead", b":timers")):
            await simulation.runtime.stores.client.run("DEL", key)
    async with simulation.runtime.stores.database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("TRUNCATE ledger, persons, addresses CASCADE")
    simulation.graph.sent.clear()


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_each_sample_webhook_has_its_expected_effect(simulation: Simulation) -> None:
    simulation.graph._window = False  # who wrote is told by the webhook itself
    began = int(time.time()) - len(EFFECTS)
    for at, (name, expected) in enumerate(EFFECTS.items(), began):
        await forgotten(simulation)
        await simulation.hook.post(lately_written(name, at))
        await simulation.settled()
        rows = await simulation.runtime.stores.database.fetch("SELECT kind FROM ledger ORDER BY sequence")
        done = {
            "replies": len(simulation.graph.sent),
            "ledger": sorted(row["kind"] for row in rows),  # of several persons a withdrawal comes first
            "dead": (await simulation.runtime.queued())["dead"],
        }
        assert done == expected | {"ledger": sorted(expected["ledger"])}, name
