"""`/healthz`, `/readyz` and `/metrics`, for monitoring. No secrets, no personal data."""

import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from .. import __version__
from ..errors import Unavailable
from ..service import metrics
from ..service.ports import Backlog, Check


@dataclass(frozen=True, slots=True)
class Health:
    """What the routes ask the program."""

    missing: Mapping[str, str]
    """Settings without which webhooks get 503, with what each is and where to find it."""
    ready: Callable[[], Awaitable[Sequence[Check]]]
    queued: Callable[[], Awaitable[Mapping[str, int]]]
    """Queue → unfinished entries. Raises `Unavailable`."""
    unread: Callable[[], Awaitable[Mapping[str, float]]]
    """Queue → seconds for which its oldest entry has waited unread. Raises `Unavailable`."""
    requests: Callable[[], Awaitable[Mapping[str, int]]]
    """How near the last day is → requests about personal data that wait. Raises `Unavailable`."""
    behind: Callable[[], Awaitable[Sequence[Backlog]]]
    """How far each endpoint of events is. Raises `Unavailable`."""


def health_routes(health: Health) -> Iterable[web.RouteDef]:
    """Return `/healthz` and `/readyz`, which anybody may ask."""

    async def alive(_: web.Request) -> web.Response:
        return _json({"status": "alive", "version": __version__, "missing": dict(health.missing)})

    async def ready(_: web.Request) -> web.Response:
        checks = await health.ready()
        ok = all(check.ok or not check.required for check in checks)
        answer = {
            "status": "ready" if ok else "not ready",
            "version": __version__,
            "checks": [check.as_dict() for check in checks],
        }
        return _json(answer, status=200 if ok else 503)

    yield web.get("/healthz", alive)
    yield web.get("/readyz", ready)


def metrics_routes(health: Health, token: str = "") -> Iterable[web.RouteDef]:
    """Return `/metrics`; with a `token`, only for those who send it."""
    expected = f"Bearer {token}".encode()

    async def measured(request: web.Request) -> web.Response:
        sent = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if token and not hmac.compare_digest(sent, expected):
            cure = "Send METRICS_TOKEN as a Bearer token.\n"
            return web.Response(status=401, text=cure, headers={"WWW-Authenticate": "Bearer"})
        await _asked(metrics.QUEUED, health.queued)
        await _asked(metrics.UNREAD, health.unread)
        await _asked(metrics.REQUESTS, health.requests)
        for gauge in (metrics.EVENTS_WAITING, metrics.EVENTS_OLDEST, metrics.EVENTS_DEAD):
            gauge.clear()
        with suppress(Unavailable):
            for backlog in await health.behind():
                metrics.EVENTS_WAITING.labels(backlog.endpoint).set(backlog.waiting)
                metrics.EVENTS_OLDEST.labels(backlog.endpoint).set(backlog.oldest)
                metrics.EVENTS_DEAD.labels(backlog.endpoint).set(backlog.dead)
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    yield web.get("/metrics", measured)


async def _asked(gauge: Gauge, ask: Callable[[], Awaitable[Mapping[str, float]]]) -> None:
    """Set a gauge with one label. Without an answer from the store, old figures are not repeated."""
    gauge.clear()
    with suppress(Unavailable):
        for label, figure in (await ask()).items():
            gauge.labels(label).set(figure)


def _json(answer: object, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(answer) + b"\n", status=status, content_type="application/json", charset="utf-8"
    )
