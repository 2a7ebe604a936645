"""Proof that a webhook comes from Meta: HMAC-SHA256 of the raw body with the app secret.

Meta: webhooks/create-webhook-endpoint. The signature holds no time, so a replay passes: deduplication is the
defence against it.
"""

import hmac
import re

HEADER = "X-Hub-Signature-256"

_well_formed = re.compile(r"sha256=[0-9a-f]{64}").fullmatch


def sign(body: bytes, app_secret: str) -> str:
    """Return the header's value for `body`, as Meta makes it."""
    return "sha256=" + hmac.digest(app_secret.encode(), body, "sha256").hex()


def verify(body: bytes, header: str | None, app_secret: str) -> bool:
    """Tell whether `header` signs exactly these raw bytes. Without a secret nothing is genuine."""
    if not app_secret or header is None or not _well_formed(header):
        return False
    return hmac.compare_digest(header, sign(body, app_secret))
