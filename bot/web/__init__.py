"""HTTP: routes that only translate between requests and use cases.

In: requests from channels, from persons who open the link to their data, and from monitoring; out: calls to
`bot.service`, and pages. May be mounted into any aiohttp application beside its own routes.
"""

from .health import Health, health_routes
from .my_data import Downloads, my_data_routes
from .webhook import webhook_routes

__all__ = ["Downloads", "Health", "health_routes", "my_data_routes", "webhook_routes"]
