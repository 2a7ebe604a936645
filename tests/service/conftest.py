"""Many programs start here, so what they have in common is read once."""

import pytest

from bot.channels.simulator.person import SimulatedPerson
from bot.simulation import Simulation, somebody
from tests.service.dialogues import read_once
from tests.service.watching import BRITISH


@pytest.fixture(autouse=True)
def _dialogues_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runtime.load_world", read_once)


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    """Somebody who writes English, and has not written yet."""
    return simulation.person(somebody(BRITISH))
