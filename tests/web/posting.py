"""Posts signed webhooks of any bytes."""

import io

import aiohttp

from bot.app.simulation import Simulation
from bot.channels.meta.signature import HEADER, sign
from bot.web.webhook import PATH


def secret_of(simulation: Simulation) -> str:
    secret = simulation.runtime.settings.whatsapp_app_secret
    assert secret is not None
    return secret.get_secret_value()


async def post(simulation: Simulation, http: aiohttp.ClientSession, body: bytes, **headers: str) -> int:
    """Post a signed body; return the status."""
    signed = {HEADER: sign(body, secret_of(simulation)), "Content-Type": "application/json"} | headers
    async with http.post(PATH, data=io.BytesIO(body), headers=signed) as response:
        return response.status
