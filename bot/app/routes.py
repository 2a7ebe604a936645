"""All HTTP routes of one process, those of a process without stores, too."""

from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from ..service.incoming.receive import Receive
from ..service.operators.checks import Check
from ..settings import Settings
from ..web import Downloads, Health, health_routes, my_data_routes, webhook_routes
from .doctor import settings_checks
from .runtime import Runtime, missing


def routes(settings: Settings, current: Callable[[], Runtime | None]) -> list[web.RouteDef]:
    """Return all HTTP routes; while there is no `current` runtime they say what is missing, and refuse webhooks."""

    def receive() -> Receive | None:
        runtime = current()
        return runtime.receive if runtime else None

    async def ready() -> Sequence[Check]:
        runtime = current()
        return await runtime.ready() if runtime else settings_checks(settings)

    async def queued() -> Mapping[str, int]:
        runtime = current()
        return await runtime.queued() if runtime else {}

    def downloads() -> Downloads | None:
        runtime = current()
        return Downloads(runtime.exports, runtime.dialogue.world) if runtime else None

    return [
        *webhook_routes(receive, _verify_token(settings)),
        *my_data_routes(downloads),
        *health_routes(Health(missing(settings), ready, queued)),
    ]


def _verify_token(settings: Settings) -> str:
    token = settings.whatsapp_verify_token
    return token.get_secret_value() if token else ""
