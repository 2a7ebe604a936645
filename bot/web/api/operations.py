"""All operations of the API, in the order in which they are documented."""

from collections.abc import Sequence

from . import audience, company, events, messages, opt_ins
from .operation import AnyOperation

OPERATIONS: Sequence[AnyOperation] = [
    *opt_ins.OPERATIONS,
    *messages.OPERATIONS,
    *audience.OPERATIONS,
    *events.OPERATIONS,
    *company.OPERATIONS,
]
