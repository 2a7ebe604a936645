"""All operations of the API, in the order in which they are documented."""

from collections.abc import Sequence

from . import audience, company, conversations, events, messages, opt_ins, persons, requests
from .operation import AnyOperation

OPERATIONS: Sequence[AnyOperation] = [
    *opt_ins.OPERATIONS,
    *persons.OPERATIONS,
    *audience.OPERATIONS,
    *messages.OPERATIONS,
    *conversations.OPERATIONS,
    *events.OPERATIONS,
    *requests.OPERATIONS,
    *company.OPERATIONS,
]
