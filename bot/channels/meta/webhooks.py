"""Meta's webhooks for a business number, as `bot.service.ports.Webhooks`: authenticity and content.

Meta: webhooks/create-webhook-endpoint. A webhook is signed with HMAC-SHA256 of the raw body and the app secret. The
signature holds no time, so a replay passes: deduplication is the defence against it.
"""

import hmac
import re
from urllib.parse import parse_qs, urlsplit

from ...service.ports import Parsed, WebAnswer, WebRequest
from ..whatsapp import payloads

SIGNATURE_HEADER = "X-Hub-Signature-256"

_well_formed = re.compile(r"sha256=[0-9a-f]{64}").fullmatch


def sign(body: bytes, app_secret: str) -> str:
    """Return the signature header for `body`, as Meta makes it."""
    return "sha256=" + hmac.digest(app_secret.encode(), body, "sha256").hex()


def verify(body: bytes, header: str | None, app_secret: str) -> bool:
    """Tell whether `header` signs exactly these raw bytes. Without a secret nothing is genuine."""
    if not app_secret or header is None or not _well_formed(header):
        return False
    return hmac.compare_digest(header, sign(body, app_secret))


class WhatsAppWebhooks:
    """The webhooks of one app about one number. Its `repr` shows neither."""

    def __init__(self, app_secret: str, phone_number_id: str, verify_token: str = "") -> None:
        """Without an `app_secret` nothing is genuine; with an empty `phone_number_id` all numbers are read.

        Whoever knows the `verify_token` is shown that this address is ours.
        """
        self._app_secret = app_secret
        self._phone_number_id = phone_number_id
        self._verify_token = verify_token.encode()

    def handshake(self, request: WebRequest) -> WebAnswer | None:
        """Prove to Meta that this address is ours: whoever knows the verify token gets the challenge back."""
        if request.method == "POST":
            return None
        if not self._verify_token:
            return WebAnswer(503, "WHATSAPP_VERIFY_TOKEN is not set\n")
        query = parse_qs(urlsplit(request.target).query)
        mode, token, challenge = (query.get(f"hub.{name}", [""])[0] for name in ("mode", "verify_token", "challenge"))
        offered = token.encode("utf-8", "surrogatepass")
        if mode != "subscribe" or not hmac.compare_digest(offered, self._verify_token):
            return WebAnswer(403, "wrong verify token\n")
        return WebAnswer(200, challenge)

    def authentic(self, request: WebRequest) -> bool:
        """Tell whether Meta signed these raw bytes. The header's name may be in lower case, as some servers give it."""
        header = request.headers.get(SIGNATURE_HEADER) or request.headers.get(SIGNATURE_HEADER.lower())
        return verify(request.body, header, self._app_secret)

    def parse(self, body: bytes, received_at: float) -> Parsed:
        """Read a webhook; `received_at` is our time in unix seconds. Raises `NotAWebhook`."""
        return payloads.parse(body, phone_number_id=self._phone_number_id, received_at=received_at)
