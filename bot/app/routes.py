"""All HTTP routes of a process, including a process without stores."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from ..service.incoming.receive import Receive
from ..service.ports import Backlog, Check, Provider, Webhooks
from ..settings import Settings
from ..web import (
    Api,
    Downloads,
    Health,
    Verifying,
    api_fallback,
    api_routes,
    health_routes,
    metrics_routes,
    my_data_routes,
    verify_routes,
    webhook_routes,
)
from . import channels
from .api import api
from .doctor import settings_checks
from .operators import operators
from .runtime import Runtime, missing


def routes(settings: Settings, current: Callable[[], Runtime | None]) -> list[web.RouteDef]:
    """Return all HTTP routes; while there is no `current` runtime they say what is missing, and refuse webhooks."""

    health = _health(settings, current)

    def receive() -> Receive | None:
        runtime = current()
        return runtime.receive if runtime else None

    def hook(provider: Provider[Any]) -> Webhooks:
        return provider.webhooks(settings.of(provider.settings))

    def downloads() -> Downloads | None:
        runtime = current()
        return Downloads(runtime.use_cases.links, runtime.dialogue.world) if runtime else None

    def verifying() -> Verifying | None:
        runtime = current()
        return Verifying(runtime.dialogue.world, runtime.use_cases.public_keys) if runtime else None

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
        *health_routes(health),
        *metrics_routes(health, _token(settings)),
        *verify_routes(verifying),
        *api_routes(calls),
    ]


def own_routes(settings: Settings, current: Callable[[], Runtime | None]) -> list[web.RouteDef]:
    """Return the routes of an application that has no others."""
    return [*routes(settings, current), *api_fallback()]


def public_routes(settings: Settings, current: Callable[[], Runtime | None]) -> list[web.RouteDef]:
    """Return the routes of `PORT`: without `/metrics`, if these have a port of their own."""
    alone = settings.metrics_port is not None
    return [route for route in own_routes(settings, current) if not (alone and route.path == "/metrics")]


def watching_routes(settings: Settings, current: Callable[[], Runtime | None]) -> list[web.RouteDef]:
    """Return the routes of `METRICS_PORT`."""
    health = _health(settings, current)
    return [*health_routes(health), *metrics_routes(health, _token(settings))]


def _health(settings: Settings, current: Callable[[], Runtime | None]) -> Health:
    async def ready() -> Sequence[Check]:
        runtime = current()
        return await runtime.ready() if runtime else settings_checks(settings)

    async def queued() -> Mapping[str, int]:
        runtime = current()
        return await runtime.queued() if runtime else {}

    async def unread() -> Mapping[str, float]:
        runtime = current()
        return await runtime.unread() if runtime else {}

    async def requests() -> Mapping[str, int]:
        runtime = current()
        return await runtime.requests_due() if runtime else {}

    async def behind() -> Sequence[Backlog]:
        runtime = current()
        return await runtime.behind() if runtime else []

    return Health(missing(settings), ready, queued, unread, requests, behind)


def _token(settings: Settings) -> str:
    return settings.metrics_token.get_secret_value() if settings.metrics_token else ""


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
