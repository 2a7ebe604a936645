"""Posts signed webhooks of any bytes."""

import io

import aiohttp

from bot.app.simulation import Simulation
from bot.channels.meta.provider import META
from bot.channels.meta.settings import MetaSettings
from bot.channels.meta.webhooks import SIGNATURE_HEADER, sign


def secret_of(simulation: Simulation) -> str:
    secret = simulation.runtime.settings.of(MetaSettings).whatsapp_app_secret
    assert secret is not None
    return secret.get_secret_value()


async def post(simulation: Simulation, http: aiohttp.ClientSession, body: bytes, **headers: str) -> int:
    """Post a signed body; return the status."""
    signed = {SIGNATURE_HEADER: sign(body, secret_of(simulation)), "Content-Type": "application/json"} | headers
    async with http.post(META.path, data=io.BytesIO(body), headers=signed) as response:
        return response.status
