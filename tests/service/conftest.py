"""A person to talk to the running program."""

import pytest

from bot.app.simulation import Simulation, somebody
from bot.channels.simulator.person import SimulatedPerson
from tests.service.watching import BRITISH


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    """Somebody who writes English, and has not written yet."""
    return simulation.person(somebody(BRITISH))
