"""Builds what the REST API calls."""

from ..web.api import Api
from . import channels
from .operators import Operators
from .use_cases import UseCases


def api(operators: Operators, use_cases: UseCases) -> Api:
    """Return the use cases of the REST API."""
    world = use_cases.dialogue.world
    return Api(
        admission=operators.admission,
        find=operators.find,
        person=operators.person,
        changes=operators.changes,
        requests=operators.requests,
        count=operators.count,
        audience=operators.audience,
        suppress=operators.suppress,
        imports=operators.imports,
        events=operators.events,
        endpoints=operators.endpoints,
        sales=operators.sales,
        strangers=use_cases.strangers,
        repeatable=use_cases.repeatable,
        opt_ins=use_cases.opt_ins,
        messages=use_cases.messages,
        address=channels.address,
        business=world.business,
        languages=world.texts.offered,
    )
