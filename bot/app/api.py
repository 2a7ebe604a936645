"""Builds what the REST API calls."""

from ..conversation.world import World
from ..service.company.calls import Repeatable
from ..service.company.messages import Messages
from ..service.company.opt_ins import OptIns
from ..service.company.strangers import Strangers
from ..web.api import Api
from . import channels
from .operators import Operators


def api(
    operators: Operators,
    world: World,
    *,
    opt_ins: OptIns,
    messages: Messages,
    strangers: Strangers,
    repeatable: Repeatable,
) -> Api:
    """Return the use cases of the REST API."""
    return Api(
        admission=operators.admission,
        find=operators.find,
        person=operators.person,
        changes=operators.changes,
        requests=operators.requests,
        conversations=operators.conversations,
        count=operators.count,
        audience=operators.audience,
        suppress=operators.suppress,
        imports=operators.imports,
        events=operators.events,
        endpoints=operators.endpoints,
        sales=operators.sales,
        strangers=strangers,
        repeatable=repeatable,
        opt_ins=opt_ins,
        messages=messages,
        address=channels.address,
        business=world.business,
        languages=world.texts.offered,
    )
