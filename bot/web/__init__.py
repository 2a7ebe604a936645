"""HTTP: routes that only translate between requests and use cases.

In: requests from channels, from the company's programs, from persons who open the link to their data, and from
monitoring; out: calls to `bot.service`, and pages. May be mounted into any aiohttp application beside its own routes.
"""

from .api import Api, api_fallback, api_routes
from .health import Health, health_routes, metrics_routes
from .my_data import Downloads, my_data_routes
from .verify import Verifying, verify_routes
from .webhook import webhook_routes

__all__ = [
    "Api",
    "Downloads",
    "Health",
    "Verifying",
    "api_fallback",
    "api_routes",
    "health_routes",
    "metrics_routes",
    "my_data_routes",
    "verify_routes",
    "webhook_routes",
]
