"""Makes what readers have in hand look as if they had died long ago."""

from bot.stores.redis.connect import Client
from bot.stores.redis.keys import GROUP
from bot.stores.redis.streams import ABANDONED_AFTER_MS


async def given_up(client: Client, stream: str) -> None:
    """Let every entry that was read and not finished have been left for longer than a living reader leaves one."""
    for entry, reader, *_ in await client.run("XPENDING", stream, GROUP, "-", "+", 1000):
        long = 2 * ABANDONED_AFTER_MS
        await client.run("XCLAIM", stream, GROUP, reader, 0, entry, "IDLE", long, "JUSTID")
