"""Where a list goes on: opaque to clients, and never anything personal."""

import base64
import binascii
from collections.abc import Sequence

import orjson

from .problems import Refused, invalid

LONGEST = 200


def cursor(*parts: str) -> str:
    """Return the cursor that leads on from here."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def parts_of(text: str, count: int) -> Sequence[str]:
    """Return what `cursor` was made of. Raises `Refused`."""
    try:
        parts = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise not_ours() from None
    if not isinstance(parts, list) or len(parts) != count or not all(isinstance(part, str) for part in parts):
        raise not_ours()
    return parts


def not_ours() -> Refused:
    """Return the refusal of a cursor that no answer of ours held."""
    return invalid("cursor", "is none that an answer held", "send `next` of the answer before, or leave it out")
