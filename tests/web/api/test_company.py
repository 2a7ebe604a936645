"""What the API tells about the company."""

from bot.app.simulation import Simulation
from bot.service.ports import Scope
from tests.web.api.conftest import NewClient


async def test_purposes_are_those_of_the_business(simulation: Simulation, client: NewClient) -> None:
    call = await client(Scope.READ)
    status, answer = await call("GET", "/purposes")
    assert status == 200
    assert [purpose["id"] for purpose in answer["purposes"]] == [purpose.id for purpose in simulation.business.purposes]
