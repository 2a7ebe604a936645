"""All HTTP routes of a process, including a process without stores."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from ..service.incoming.receive import Receive
from ..service.ports import Backlog, Check, Provider, Webhooks
from ..settings import Settings
from ..web import Api, Downloads, Health, api_fallback, api_routes, health_routes, my_data_routes, webhook_routes
from . import channels
from .api import api
from .doctor import settings_checks
from .operators import operators
from .runtime import Runtime, missing


def routes(settings: Settings, current: Callable[[], Runtime | None]) -> list[web.RouteDef]:
    """Return all HTTP routes; while there is no `current` runtime they say what is missing, and refuse webhooks."""

    def receive() -> Receive | None:
        runtime = current()
        return runtime.receive if runtime else None

    def hook(provider: Provider[Any]) -> Webhooks:
        return provider.webhooks(settings.of(provider.settings))

    async def ready() -> Sequence[Check]:
        runtime = current()
        return await runtime.ready() if runtime else settings_checks(settings)

    async def queued() -> Mapping[str, int]:
        runtime = current()
        return await runtime.queued() if runtime else {}

    async def behind() -> Sequence[Backlog]:
        runtime = current()
        return await runtime.behind() if runtime else []

    def downloads() -> Downloads | None:
        runtime = current()
        return Downloads(runtime.use_cases.links, runtime.dialogue.world) if runtime else None

    made: list[tuple[Runtime, Api]] = []

    def calls() -> Api | None:
        runtime = current()
        if runtime is not None and not (made and made[0][0] is runtime):
            made[:] = [(runtime, _api(runtime))]
        return made[0][1] if runtime else None

    return [
        *(
            route
            for provider in channels.PROVIDERS
            for route in webhook_routes(provider.path, provider.name, hook(provider), receive)
        ),
        *my_data_routes(downloads),
        *health_routes(Health(missing(settings), ready, queued, behind)),
        *api_routes(calls),
    ]


def own_routes(settings: Settings, current: Callable[[], Runtime | None]) -> list[web.RouteDef]:
    """Return the routes of an application that has no others."""
    return [*routes(settings, current), *api_fallback()]


def _api(runtime: Runtime) -> Api:
    company = runtime.use_cases
    return api(
        operators(runtime),
        runtime.dialogue.world,
        opt_ins=company.opt_ins,
        messages=company.messages,
        strangers=company.strangers,
        repeatable=company.repeatable,
    )
