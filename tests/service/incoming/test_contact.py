"""Last contact is what the person wrote or tapped, noted once a day; nothing that we do or WhatsApp tells moves it.

CNIL: the time of a prospect runs from the last contact that came from them; reading a message is none.
"""

import time

import pytest

from bot.app.simulation import Simulation
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from tests.service.watching import owner_of, subscribed

DAY = 86400


async def last_contact(simulation: Simulation, person: SimulatedPerson) -> int:
    owner = await owner_of(simulation.runtime, person)
    rows = await simulation.runtime.stores.database.fetch("SELECT last_contact FROM persons WHERE id = $1", owner)
    return int(rows[0]["last_contact"])


async def long_ago(simulation: Simulation) -> None:
    """Let all that was noted be of long ago, also in the session."""
    await simulation.runtime.stores.database.execute("UPDATE persons SET last_contact = 1")
    await simulation.runtime.stores.client.run("FLUSHALL")


async def test_message_that_changes_no_consent_still_updates_last_contact(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    await long_ago(simulation)
    before = int(time.time())
    await ana.say("HELP", replies=1)
    assert await last_contact(simulation, ana) >= before


async def test_last_contact_is_updated_once_a_day(
    simulation: Simulation, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribed(simulation, ana)
    midnight = int(time.time()) // DAY * DAY
    monkeypatch.setattr(simulation.runtime.receive, "_clock", lambda: midnight + 3.0 * DAY)  # nothing is from ahead
    for at, noted in (
        (DAY + 100, DAY + 100),
        (DAY + 5000, DAY + 100),
        (2 * DAY + 7, 2 * DAY + 7),
        (DAY + 9, 2 * DAY + 7),
    ):
        await ana.say("HELP", at=midnight + at)
        await simulation.settled()
        assert await last_contact(simulation, ana) == midnight + noted


async def test_statuses_reactions_and_settings_do_not_update_last_contact(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    await long_ago(simulation)
    shown = ana.replies[-1].id
    await simulation.hook.post(webhooks.status(ana.who, shown, "read"))
    await ana.react("👍")
    await ana.prefer("stop")
    await simulation.settled()
    assert await last_contact(simulation, ana) == 1
    await ana.say("HELP", replies=1)
    assert await last_contact(simulation, ana) > 1
