"""Times in which a process serves and ends, beside those of Heroku's router and dynos."""

import asyncio

import pytest
from aiohttp import web

from bot.app import processes as serving

ROUTER_KEEPS_CONNECTIONS = 90
DYNO_HAS_TO_END = 30
"""Seconds. Heroku: dev center, HTTP routing and dyno shutdown."""


def test_connections_stay_open_longer_than_the_router_keeps_them() -> None:
    assert serving.KEEP_ALIVE > ROUTER_KEEPS_CONNECTIONS


def test_requests_and_work_in_hand_end_before_the_dyno_is_killed() -> None:
    assert 2 * serving._HANDLERS_HAVE + serving._WORK_HAS < DYNO_HAS_TO_END


async def test_an_idle_connection_is_closed_after_the_keep_alive_time_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "KEEP_ALIVE", 1)
    async with serving.listening(web.Application(), "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"404: Not Found")
        began = asyncio.get_running_loop().time()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        assert asyncio.get_running_loop().time() - began > 0.5
        writer.close()
