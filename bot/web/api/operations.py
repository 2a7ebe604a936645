"""All operations of the API, in the order in which they are documented."""

from collections.abc import Sequence

from . import company
from .operation import AnyOperation

OPERATIONS: Sequence[AnyOperation] = [*company.OPERATIONS]
