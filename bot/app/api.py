"""Builds what the REST API calls."""

from ..conversation.world import World
from ..web.api import Api
from .operators import Operators


def api(operators: Operators, world: World) -> Api:
    """Return the use cases of the REST API."""
    return Api(
        admission=operators.admission,
        find=operators.find,
        person=operators.person,
        changes=operators.changes,
        requests=operators.requests,
        count=operators.count,
        business=world.business,
        languages=world.texts.offered,
    )
