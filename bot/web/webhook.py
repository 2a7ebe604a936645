"""The webhook routes of channels: a webhook is acknowledged only once it is stored.

Anything but 200 makes a channel try again, Meta for days. So 200 is also the answer to what does not concern us, and
503 to what can't be stored now.
"""

from collections.abc import Callable, Iterable

import structlog
from aiohttp import web

from ..errors import Unavailable
from ..service import metrics
from ..service.incoming.receive import Receipt, Receive
from ..service.ports import WebAnswer, Webhooks, WebRequest

log = structlog.get_logger(__name__)

LARGEST = 3 * 1024 * 1024
"""Bytes of one webhook. Meta: webhooks/overview."""

_STATUS = {Receipt.STORED: 200, Receipt.FORGED: 401, Receipt.UNREADABLE: 400, Receipt.FULL: 503}


def webhook_routes(
    path: str, channel: str, webhooks: Webhooks, receive: Callable[[], Receive | None]
) -> Iterable[web.RouteDef]:
    """Return the routes of one channel, by its name.

    While `receive` gives None (not started, or settings are missing) webhooks get 503, and handshakes their answer.
    """
    hook = _Hook(channel, webhooks, receive)
    yield web.get(path, hook.ask)
    yield web.post(path, hook.post)


class _Hook:
    def __init__(self, channel: str, webhooks: Webhooks, receive: Callable[[], Receive | None]) -> None:
        self._channel = channel
        self._webhooks = webhooks
        self._receive = receive

    async def ask(self, request: web.Request) -> web.Response:
        """Answer a channel that checks whether this address is ours."""
        asked = WebRequest(request.method, request.raw_path, request.headers, b"")
        return _told(self._webhooks.handshake(asked) or WebAnswer(404))

    async def post(self, request: web.Request) -> web.Response:
        """Take a webhook."""
        with metrics.ACKNOWLEDGED.time():
            answer, outcome = await self._taken(request)
        metrics.WEBHOOKS.labels(outcome).inc()
        return answer

    async def _taken(self, request: web.Request) -> tuple[web.Response, str]:
        try:
            body = await _body(request)
        except (web.RequestPayloadError, ConnectionError):  # wrongly packed, or its sender is gone
            return web.Response(status=400), "broken"
        if body is None:
            return web.Response(status=413), "too_large"
        posted = WebRequest("POST", request.raw_path, request.headers, body)
        if answer := self._webhooks.handshake(posted):
            return _told(answer), "handshake"
        receive = self._receive()
        if receive is None:
            return web.Response(status=503), "not_configured"
        try:
            receipt = await receive(self._channel, posted)
        except Unavailable as error:
            log.warning("store_unavailable", worker="web", reason=str(error), cure=error.cure)
            return web.Response(status=503), "unavailable"
        return web.Response(status=_STATUS[receipt]), receipt


def _told(answer: WebAnswer) -> web.Response:
    """Return an answer as plain text, whatever it repeats of the request."""
    return web.Response(status=answer.status, text=answer.text, headers={"X-Content-Type-Options": "nosniff"})


async def _body(request: web.Request) -> bytes | None:
    """Return the raw body; None if it is too large, whatever limit the surrounding application has.

    Raises `RequestPayloadError` or `ConnectionError` when it can't be read to its end.
    """
    if request.content_length is not None and request.content_length > LARGEST:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)
