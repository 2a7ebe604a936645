"""Nothing inside our network can be reached by naming it as an endpoint."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer, TestServer

from bot.endpoints import post
from bot.endpoints.post import READ_AT_MOST, Post, is_public

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2002:c058:6301::1",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "::127.0.0.1",
    "::a9fe:a9fe",
    "::8.8.8.8",
    "fec0::1",
    "192.88.99.1",
    "::ffff:192.88.99.1",
    "fd00::1",
    "fe80::1%lo",
    "ff02::1",
]
NAMES = ["localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"]
"""What the resolver turns into an address of this machine."""


class Counted:
    """A server of this machine that counts who reaches it."""

    def __init__(self) -> None:
        self.requests = 0
        self.redirects_to = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if self.redirects_to:
            return web.Response(status=307, headers={"location": self.redirects_to})
        return web.Response(body=b"x" * (4 * READ_AT_MOST))


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
async def port(counted: Counted) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", counted.handle)
    server = TestServer(app)
    await server.start_server()
    assert server.port is not None
    yield server.port
    await server.close()


@pytest.fixture
async def outward() -> AsyncIterator[Post]:
    """As production posts."""
    made = Post(private=False)
    yield made
    await made.close()


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", [*INSIDE, *NAMES])
async def test_no_address_inside_is_connected_to(outward: Post, host: str, port: int, counted: Counted) -> None:
    literal = f"[{host}]" if ":" in host else host
    answered = await outward(f"https://{literal}:{port}/", {}, b"{}")
    assert answered in [(False, "not allowed"), (False, "address not public"), (False, "no connection")]
    assert counted.requests == 0


async def test_the_address_is_checked_where_the_socket_is_made(
    outward: Post, port: int, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may be public when it is looked at and private when it is connected to."""
    opened: list[Any] = []
    monkeypatch.setattr("bot.endpoints.post.socket.socket", lambda *arguments: opened.append(arguments))
    monkeypatch.setattr(Post, "refuses", lambda self, url: "")
    for url in (f"http://127.0.0.1:{port}/", f"http://localhost:{port}/"):
        assert (await outward(url, {}, b"{}")).status in ("address not public", "no connection")
    assert opened == []


async def test_where_it_is_allowed_a_private_address_is_reached_and_little_is_read(port: int, counted: Counted) -> None:
    inward = Post(private=True)
    assert await inward(f"http://127.0.0.1:{port}/", {}, b"{}") == (True, "HTTP 200")
    counted.redirects_to = f"http://127.0.0.1:{port}/elsewhere"
    assert await inward(f"http://127.0.0.1:{port}/", {}, b"{}") == (False, "HTTP 307")
    assert counted.requests == 2
    await inward.close()


async def test_more_than_100_slow_answers_hold_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "_SECONDS", aiohttp.ClientTimeout(total=10))
    came, all_came = list[web.BaseRequest](), asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.Response:
        came.append(request)
        if len(came) == 110:
            all_came.set()
        await all_came.wait()
        return web.Response()

    inward = Post(private=True)
    async with RawTestServer(slow) as server:
        answers = await asyncio.gather(*(inward(str(server.make_url("/")), {}, b"{}") for _ in range(110)))
    assert answers == [(True, "HTTP 200")] * 110
    await inward.close()


async def test_an_endpoint_that_does_not_answer_is_left_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(post, "_SECONDS", aiohttp.ClientTimeout(total=0.1))
    inward = Post(private=True)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert await inward(f"http://127.0.0.1:{port}/", {}, b"{}") == (False, "timeout")
    assert await inward(f"http://127.0.0.1:{port}/", {}, b"{}") == (False, "no connection")
    await inward.close()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    "url", ["", "crm", "ftp://crm.example.com", "http://crm.example.com", "https://", "https://[x", "https://a:x/"]
)
async def test_what_cannot_be_posted_to_is_told_with_a_cure(outward: Post, url: str) -> None:
    assert "; " in outward.refuses(url)
    assert await outward(url, {}, b"{}") == (False, "not allowed")


async def test_a_public_https_address_is_accepted(outward: Post) -> None:
    assert outward.refuses("https://crm.example.com:8443/hook?key=x") == ""
