"""A person to talk to the running program."""

import pytest

from bot.channels.simulator.person import SimulatedPerson
from bot.simulation import Simulation, somebody
from tests.service.watching import BRITISH


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    """Somebody who writes English, and has not written yet."""
    return simulation.person(somebody(BRITISH))
