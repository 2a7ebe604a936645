"""Posts webhooks to the bot, signed as Meta signs them: for the simulated Graph API and the simulated persons."""

import aiohttp

from ..meta.webhooks import SIGNATURE_HEADER, sign


class WebhookRefused(Exception):
    """The bot did not answer 200; Meta would try again for a week."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the bot answered a webhook with HTTP status {status}")
        self.status = status


class Hook:
    """The bot's webhook address, and the secret that proves who posts."""

    def __init__(self, url: str, app_secret: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._app_secret = app_secret
        self._session = session

    async def post(self, body: bytes) -> None:
        """Post one webhook. Raises `WebhookRefused`."""
        headers = {SIGNATURE_HEADER: sign(body, self._app_secret), "Content-Type": "application/json"}
        async with self._session.post(self.url, data=body, headers=headers) as response:
            if response.status != 200:
                raise WebhookRefused(response.status)
