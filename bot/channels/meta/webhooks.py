"""What Meta posts for one business number, as `bot.service.ports.Webhooks`: is it genuine, and what does it hold?"""

from collections.abc import Mapping

from ...service.ports import Parsed
from ..whatsapp import payloads
from . import signature


class WhatsAppWebhooks:
    """The webhooks of one app about one number. Its `repr` shows neither."""

    def __init__(self, app_secret: str, phone_number_id: str) -> None:
        """Without an `app_secret` nothing is genuine; with an empty `phone_number_id` all numbers are read."""
        self._app_secret = app_secret
        self._phone_number_id = phone_number_id

    def authentic(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether Meta signed these raw bytes. The header's name may be in lower case, as some servers give it."""
        header = headers.get(signature.HEADER) or headers.get(signature.HEADER.lower())
        return signature.verify(body, header, self._app_secret)

    def parse(self, body: bytes, received_at: float) -> Parsed:
        """Read a webhook; `received_at` is our time in unix seconds. Raises `NotAWebhook`."""
        return payloads.parse(body, phone_number_id=self._phone_number_id, received_at=received_at)
