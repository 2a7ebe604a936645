"""The JSON of a webhook, read leniently and written again for dead letters."""

import json
from typing import Any

import orjson

from ...service.ports import NotAWebhook
from .fields import Fields

OBJECT = "whatsapp_business_account"

OTHER_OBJECTS = ("application", "certificate_transparency", "instagram", "page", "permissions", "threads", "user")
"""Other products of Meta whose webhooks may be posted here by mistake. Meta: graph-api/webhooks."""


def decoded(body: bytes) -> Fields:
    """Return the JSON object that a body holds. Raises `NotAWebhook`."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _decoded_leniently(body)
    if type(document) is not dict:
        raise NotAWebhook("the body is not a JSON object")
    return document


def written(entry: object) -> bytes:
    """Write one entry as a webhook of its own; empty when it is nested too deeply."""
    try:
        return orjson.dumps({"object": OBJECT, "entry": [entry]})
    except orjson.JSONEncodeError:
        return b""


def _decoded_leniently(body: bytes) -> Any:
    """Read JSON with broken characters or numbers out of range: a single bad text must not stop the others.

    Invalid characters become U+FFFD.
    """
    try:
        return _scrubbed(
            json.loads(body.decode("utf-8", "replace"), parse_int=_number, parse_constant=lambda _: None, strict=False)
        )
    except (ValueError, RecursionError):
        return None


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float(digits)


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {_scrubbed(key): _scrubbed(item) for key, item in value.items()}
    return value
