"""`/webhooks/whatsapp`: Meta's handshake, and webhooks, acknowledged only once they are stored.

Meta: webhooks/create-webhook-endpoint. Anything but 200 makes Meta try again for days, so 200 is also the answer to
what does not concern us, and 503 the one to what can't be stored now.
"""

import hmac
from collections.abc import Callable, Iterable

import structlog
from aiohttp import web

from ..errors import Unavailable
from ..service import metrics
from ..service.incoming.receive import Receipt, Receive

log = structlog.get_logger(__name__)

PATH = "/webhooks/whatsapp"

LARGEST = 3 * 1024 * 1024
"""Bytes of one webhook. Meta: webhooks/overview."""

_STATUS = {Receipt.STORED: 200, Receipt.FORGED: 401, Receipt.UNREADABLE: 400, Receipt.FULL: 503}


def webhook_routes(receive: Callable[[], Receive | None], verify_token: str) -> Iterable[web.RouteDef]:
    """Return the routes; while `receive` gives None (not started, or settings are missing) webhooks get 503."""
    hook = _Hook(receive, verify_token.encode())
    yield web.get(PATH, hook.handshake)
    yield web.post(PATH, hook.post)


class _Hook:
    def __init__(self, receive: Callable[[], Receive | None], verify_token: bytes) -> None:
        self._receive = receive
        self._verify_token = verify_token

    async def handshake(self, request: web.Request) -> web.Response:
        """Prove to Meta that this address is ours: whoever knows the verify token gets the challenge back."""
        if not self._verify_token:
            return web.Response(status=503, text="WHATSAPP_VERIFY_TOKEN is not set\n")
        query = request.query
        offered = query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
        if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(offered, self._verify_token):
            return web.Response(status=403, text="wrong verify token\n")
        return web.Response(text=query.get("hub.challenge", ""), headers={"X-Content-Type-Options": "nosniff"})

    async def post(self, request: web.Request) -> web.Response:
        """Take a webhook."""
        with metrics.ACKNOWLEDGED.time():
            status, outcome = await self._taken(request)
        metrics.WEBHOOKS.labels(outcome).inc()
        return web.Response(status=status)

    async def _taken(self, request: web.Request) -> tuple[int, str]:
        receive = self._receive()
        if receive is None:
            return 503, "not_configured"
        try:
            body = await _body(request)
        except (web.RequestPayloadError, ConnectionError):  # wrongly packed, or its sender is gone
            return 400, "broken"
        if body is None:
            return 413, "too_large"
        try:
            receipt = await receive(body, request.headers)
        except Unavailable as error:
            log.warning("store_unavailable", worker="web", reason=str(error), cure=error.cure)
            return 503, "unavailable"
        return _STATUS[receipt], receipt


async def _body(request: web.Request) -> bytes | None:
    """Return the raw body; None when it is too large, whatever the application that we are part of allows.

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
