"""What a channel is asked, as the web hands it over."""

from collections.abc import Mapping

from bot.service.ports import WebRequest


def posted(body: bytes, headers: Mapping[str, str] | None = None, target: str = "/webhooks/whatsapp") -> WebRequest:
    return WebRequest("POST", target, headers or {}, body)


def asked(target: str) -> WebRequest:
    return WebRequest("GET", target, {}, b"")
