"""The REST API under `/api/v1`: declarations of operations, and the frame that serves them.

In: HTTP requests of the company's own programs, each with a token. Out: calls to use cases of `bot.service`. Each
operation is declared once (`operation.Operation`); routing, validation, `/api/v1/openapi.json` and `/api/docs` follow
from that.
"""

from .frame import api_fallback, api_routes
from .operation import Api

__all__ = ["Api", "api_fallback", "api_routes"]
