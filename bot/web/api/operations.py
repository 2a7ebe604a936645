"""All operations of the API, in the order in which they are documented."""

from collections.abc import Sequence

from . import audience, company, events, messages, opt_ins, persons, requests
from .operation import AnyOperation

OPERATIONS: Sequence[AnyOperation] = [
    *opt_ins.OPERATIONS,
    *persons.OPERATIONS,
    *audience.OPERATIONS,
    *messages.OPERATIONS,
    *events.OPERATIONS,
    *requests.OPERATIONS,
    *company.OPERATIONS,
]
