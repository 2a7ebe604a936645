"""How an event looks on its way: signed as Standard Webhooks (github.com/standard-webhooks, specification 1.0.0)."""

import base64
import hmac
import os
from collections.abc import Iterable, Mapping

import orjson

from ..ports import Event, Secret

PREFIX = "whsec_"

_BYTES = 32
"""Of a secret: the specification wants 24 to 64."""


def new_secret() -> str:
    """Return a new secret."""
    return PREFIX + base64.b64encode(os.urandom(_BYTES)).decode()


def body(event: Event, address: str | None = None) -> bytes:
    """Return what is sent; with the person's address, if the endpoint gets it and there is one."""
    return orjson.dumps(event.as_dict() | ({"address": address} if address else {}))


def headers(event_id: str, body: bytes, secrets: Iterable[Secret], now: float) -> Mapping[str, str]:
    """Return the headers of an attempt: a signature by each secret that is valid now, the newest first."""
    signed = b"%b.%d.%b" % (event_id.encode(), int(now), body)
    valid = [secret.text for secret in secrets if secret.until is None or now <= secret.until]
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in valid),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
