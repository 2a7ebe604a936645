"""All operations of the API, in the order in which they are documented."""

from collections.abc import Sequence

from . import company, persons, requests
from .operation import AnyOperation

OPERATIONS: Sequence[AnyOperation] = [*persons.OPERATIONS, *requests.OPERATIONS, *company.OPERATIONS]
