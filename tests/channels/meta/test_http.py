"""POSTs over connections that are kept, and everything that can go wrong with them."""

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.meta import http
from bot.channels.meta.http import Endpoint, NoAnswer, NotConnected
from bot.channels.meta.http_response import Response
from tests.channels.meta.scripted import OK, Do, Line, Scripted, scripted

CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\n\r\nok"
LATE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"


@asynccontextmanager
async def endpoint(server: Scripted, **more: Any) -> AsyncIterator[Endpoint]:
    opened = Endpoint(more.pop("url", server.url), {"Authorization": "Bearer t"}, **more)
    try:
        yield opened
    finally:
        await opened.close()


async def test_a_request_is_valid_http() -> None:
    async with scripted() as server, endpoint(server) as to:
        assert await to.post(b'{"a":1}') == Response(200, b"ok", keeps=True)
        assert server.requests == [
            b"POST /v26.0/1/messages HTTP/1.1\r\n"
            b"Host: 127.0.0.1:%d\r\n"
            b"Accept-Encoding: identity\r\n"
            b"Authorization: Bearer t\r\n"
            b'Content-Length: 7\r\n\r\n{"a":1}' % server.port
        ]


@pytest.mark.parametrize("answer", [OK, CHUNKED, CLOSING, (UNTIL_CLOSED, Do.CLOSE)], ids=repr)
async def test_an_answer_is_read_however_it_is_framed(answer: Any) -> None:
    async with scripted(answer) as server, endpoint(server) as to:
        status, body, _ = await to.post(b"")
        assert (status, body) == (200, b"ok")


async def test_an_answer_may_come_in_pieces() -> None:
    async with scripted(tuple(bytes([byte]) for byte in CHUNKED)) as server, endpoint(server) as to:
        assert (await to.post(b"")).body == b"ok"


async def test_a_large_body_arrives_whole() -> None:
    async with scripted() as server, endpoint(server) as to:
        await to.post(b"x" * 3_000_000)
        assert server.requests[0].endswith(b"\r\n\r\n" + b"x" * 3_000_000)


async def test_a_redirect_is_not_followed() -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with scripted(moved) as server, endpoint(server) as to:
        assert (await to.post(b"")).status == 307
        assert len(server.requests) == 1


class TestKeptConnections:
    """One connection serves many requests, and none serves one too many."""

    async def test_consecutive_requests_share_one_connection(self) -> None:
        async with scripted() as server, endpoint(server) as to:
            for _ in range(5):
                await to.post(b"")
            assert (len(server.requests), server.connections) == (5, 1)

    async def test_no_more_connections_are_opened_than_allowed(self) -> None:
        async with scripted() as server, endpoint(server, connections=3) as to:
            answers = await asyncio.gather(*(to.post(b"%d" % n) for n in range(20)))
            assert {answer.body for answer in answers} == {b"ok"}
            assert {request.rpartition(b"\r\n")[2] for request in server.requests} == {b"%d" % n for n in range(20)}
            assert server.most_at_once == server.connections == 3

    async def test_each_request_on_a_shared_connection_gets_its_own_answer(self) -> None:
        answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%02d" % n for n in range(50)]
        async with scripted(*answers) as server, endpoint(server, connections=1) as to:
            bodies = [answer.body for answer in await asyncio.gather(*(to.post(b"") for _ in range(50)))]
            assert bodies == [b"%02d" % n for n in range(50)]

    @pytest.mark.parametrize(
        "answer",
        [CLOSING, b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", OK + b"surplus"],
        ids=["closing", "older", "with surplus"],
    )
    async def test_a_connection_with_close_http_1_0_or_surplus_bytes_is_not_reused(self, answer: bytes) -> None:
        async with scripted(answer) as server, endpoint(server) as to:
            assert (await to.post(b"")).body == b"ok"
            assert (await to.post(b"")).body == b"ok"
            assert server.connections == 2
            await server.quiet(1)

    async def test_a_connection_that_receives_unsolicited_bytes_is_not_reused(self) -> None:
        async with scripted() as server, endpoint(server) as to:
            await to.post(b"")
            server.writers[0].write(LATE)
            await server.quiet()
            assert (await to.post(b"")).body == b"ok"
            assert server.connections == 2

    async def test_a_connection_answered_before_the_request_was_fully_sent_is_not_reused(self) -> None:
        """What is left of it would go out before the next request, or would be waited for in vain."""
        writers: list[asyncio.StreamWriter] = []

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            to = Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {})
            try:
                for body in (b"x" * 30_000_000, b""):
                    assert (await to.post(body)).status == 413
                assert len(writers) == 2
            finally:
                await to.close()
                for writer in writers:
                    writer.transport.abort()

    async def test_a_connection_idle_for_too_long_is_not_reused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with scripted() as server, endpoint(server) as to:
            await to.post(b"")
            monkeypatch.setattr(http, "IDLE_SECONDS", -1)
            await to.post(b"")
            assert server.connections == 2

    async def test_surplus_idle_connections_are_closed_while_others_are_in_use(self) -> None:
        async with scripted() as server, endpoint(server) as to:
            await asyncio.gather(*(to.post(b"") for _ in range(4)))
            assert server.open == 4
            for _ in range(8):
                for connection in to._idle:
                    connection.idle_since -= http.IDLE_SECONDS / 4
                await to.post(b"")
            await server.quiet(1)
            assert server.connections == 4

    async def test_closing_the_endpoint_releases_all_connections(self) -> None:
        async with scripted() as server:
            async with endpoint(server) as to:
                await asyncio.gather(*(to.post(b"") for _ in range(4)))
            await server.quiet()

    async def test_a_connection_in_use_at_closing_is_released_after_its_answer(self) -> None:
        async with scripted() as server, endpoint(server) as to:
            using = asyncio.create_task(to.post(b""))
            await asyncio.sleep(0)
            await to.close()
            assert (await using).body == b"ok"
            await server.quiet()


TRUNCATED = [whole[:length] for whole in (OK, CHUNKED) for length in range(1, len(whole))]

ODD = st.builds(
    lambda whole, at, byte: whole[: at % len(whole)] + byte + whole[at % len(whole) + 1 :],
    st.sampled_from([OK, CHUNKED, CLOSING]),
    st.integers(0, 200),
    st.binary(min_size=1, max_size=1),
)
"""Answers with one wrong byte."""


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.sampled_from(TRUNCATED), ODD, st.binary(min_size=1, max_size=60)), st.booleans())
def test_after_any_received_bytes_the_next_request_gets_its_own_answer(received: bytes, used: bool) -> None:
    async def play() -> None:
        own = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nown"
        script: list[Line] = [*([OK] if used else []), (received, Do.CLOSE), own]
        async with scripted(*script) as server, endpoint(server, timeout=60.0) as to:
            if used:
                await to.post(b"0")
            with pytest.raises(NoAnswer) if received in TRUNCATED else suppress(NoAnswer):
                await to.post(b"1")
            assert (await to.post(b"2")).body == b"own"
            assert server.requests[-1].endswith(b"\r\n\r\n2")
            assert len(to._idle) == 1

    asyncio.run(play())


class TestSentAgain:
    """Only what went into a connection that was already over is sent again, and only once."""

    async def test_a_request_is_resent_if_the_server_closed_the_idle_connection(self) -> None:
        async with scripted() as server, endpoint(server) as to:
            await to.post(b"1")
            server.hang_up()
            assert (await to.post(b"2")).body == b"ok"
            await server.quiet(1)
            assert (await to.post(b"3")).body == b"ok"
            assert server.connections == 2

    async def test_a_request_is_resent_if_the_kept_connection_closes_on_arrival(self) -> None:
        async with scripted(OK, Do.CLOSE) as server, endpoint(server) as to:
            await to.post(b"1")
            assert (await to.post(b"2")).body == b"ok"
            assert [request[-1:] for request in server.requests] == [b"1", b"2", b"2"]

    async def test_a_request_is_not_sent_a_third_time(self) -> None:
        async with scripted(OK, OK, Do.CLOSE, Do.CLOSE) as server, endpoint(server) as to:
            await asyncio.gather(to.post(b"0"), to.post(b"0"))
            with pytest.raises(NoAnswer):
                await to.post(b"1")
            assert [request[-1:] for request in server.requests].count(b"1") == 2

    async def test_a_request_that_failed_on_a_new_connection_is_not_resent(self) -> None:
        async with scripted(Do.CLOSE) as server, endpoint(server) as to:
            with pytest.raises(NoAnswer):
                await to.post(b"1")
            assert len(server.requests) == 1

    @pytest.mark.parametrize("begun", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", OK[:-1]])
    async def test_a_request_is_not_resent_once_its_answer_has_begun(self, begun: bytes) -> None:
        async with scripted(OK, (begun, Do.CLOSE)) as server, endpoint(server) as to:
            await to.post(b"1")
            with pytest.raises(NoAnswer):
                await to.post(b"2")
            assert len(server.requests) == 2

    async def test_a_request_that_timed_out_is_not_resent(self) -> None:
        async with scripted(OK, Do.WAIT) as server, endpoint(server) as to:
            await to.post(b"1")
            to._timeout = 0.1
            with pytest.raises(NoAnswer):
                await to.post(b"2")
            assert len(server.requests) == 2


class TestNoAnswer:
    """The request went out, so it may have had its effect."""

    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            (Do.CLOSE, 0),
            (Do.WAIT, 0),
            ((OK[:20], Do.CLOSE), 0),
            ((OK[:20], Do.WAIT), 0),
            ((OK[:-1], Do.CLOSE), 200),
            ((OK[:-1], Do.WAIT), 200),
            ((CHUNKED[:-1], Do.CLOSE), 200),
            (b"HTTP/1.1 400 Bad\r\nContent-Length: x\r\n\r\n", 400),
            ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Do.WAIT), 0),
        ],
        ids=repr,
    )
    async def test_the_error_holds_the_status_of_a_broken_answer(
        self, answer: Any, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        patience = 1.0 if status else 0.1  # what the answer begins with must have come by then
        async with scripted(answer) as server, endpoint(server, timeout=patience) as to:
            with pytest.raises(NoAnswer) as error:
                await to.post(b"s3cr3t")
            assert error.value.status == status
            assert str(error.value) == "no whole answer"
            await server.quiet()
        assert not caplog.records, "nothing surprised the event loop"

    async def test_the_next_request_does_not_get_the_late_answer(self) -> None:
        async with scripted(Do.WAIT) as server, endpoint(server, timeout=0.1, connections=1) as to:
            with pytest.raises(NoAnswer):
                await to.post(b"1")
            to._timeout = 20.0
            server.writers[0].write(LATE)
            assert (await to.post(b"2")).body == b"ok"
            assert server.connections == 2

    @pytest.mark.parametrize("late", [LATE, b""], ids=["late", "never"])
    async def test_a_request_does_not_get_the_answer_to_a_cancelled_one(self, late: bytes) -> None:
        async with scripted(OK, Do.WAIT) as server, endpoint(server, connections=1) as to:
            await to.post(b"1")
            cancelled = asyncio.create_task(to.post(b"2"))
            while len(server.requests) < 2:
                await asyncio.sleep(0.001)
            cancelled.cancel()
            server.writers[0].write(late)
            assert (await to.post(b"3")).body == b"ok"
            assert cancelled.cancelled()
            assert server.connections == 2

    async def test_the_timeout_starts_when_the_request_has_a_connection(self) -> None:
        async with scripted(Do.WAIT) as server, endpoint(server, timeout=0.5, connections=1) as to:
            first, second = (asyncio.create_task(to.post(body)) for body in (b"1", b"2"))
            with pytest.raises(NoAnswer):
                await first
            assert (await second).body == b"ok"


class TestNotConnected:
    """Nothing was sent."""

    async def test_a_refused_connection_is_reported_as_not_connected(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        to = Endpoint(f"http://127.0.0.1:{port}/", {})
        with pytest.raises(NotConnected, match="ConnectionRefusedError"):
            await to.post(b"")

    async def test_a_tls_handshake_that_times_out_is_reported_as_not_connected(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "CONNECT_SECONDS", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel accepts, and nobody speaks TLS
            to = Endpoint(f"https://127.0.0.1:{silent.getsockname()[1]}/", {})
            with pytest.raises(NotConnected, match="TimeoutError"):
                await to.post(b"")

    async def test_a_failed_connection_frees_its_slot(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with scripted() as server, endpoint(server, connections=1) as to:
            with monkeypatch.context() as patched:
                patched.setattr(http, "CONNECT_SECONDS", -1)
                with pytest.raises(NotConnected):
                    await to.post(b"")
            assert (await to.post(b"")).body == b"ok"

    async def test_another_address_of_the_host_is_tried(self) -> None:
        """`localhost` is also ::1 on many machines, where nobody listens."""
        async with scripted() as server, endpoint(server, url=f"http://localhost:{server.port}/") as to:
            assert (await to.post(b"")).body == b"ok"


class TestTls:
    """Certificates are verified, against the names and authorities that count."""

    async def test_a_certificate_of_a_known_authority_is_accepted(self, authority: "Authority") -> None:
        async with (
            scripted(tls=authority.server("localhost")) as server,
            endpoint(server, url=f"https://localhost:{server.port}/", tls=authority.client) as to,
        ):
            for _ in range(3):
                assert (await to.post(b"")).body == b"ok"
            assert server.connections == 1

    async def test_a_tls_connection_closed_meanwhile_is_replaced(self, authority: "Authority") -> None:
        async with (
            scripted(OK, Do.CLOSE, tls=authority.server("localhost")) as server,
            endpoint(server, url=f"https://localhost:{server.port}/", tls=authority.client) as to,
        ):
            for _ in range(3):
                assert (await to.post(b"")).body == b"ok"
            assert server.connections == 2

    async def test_a_certificate_of_an_unknown_authority_is_refused(self, authority: "Authority") -> None:
        async with (
            scripted(tls=authority.server("localhost")) as server,
            endpoint(server, url=f"https://localhost:{server.port}/") as to,
        ):
            with pytest.raises(NotConnected, match="SSLCertVerificationError"):
                await to.post(b"")
            assert server.requests == []

    async def test_a_certificate_for_another_host_is_refused(self, authority: "Authority") -> None:
        async with (
            scripted(tls=authority.server("example.org")) as server,
            endpoint(server, url=f"https://localhost:{server.port}/", tls=authority.client) as to,
        ):
            with pytest.raises(NotConnected, match="SSLCertVerificationError"):
                await to.post(b"")
            assert server.requests == []

    async def test_a_server_without_tls_gets_no_request(
        self, authority: "Authority", monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "CONNECT_SECONDS", 0.2)
        async with (
            scripted() as server,
            endpoint(server, url=f"https://localhost:{server.port}/", tls=authority.client) as to,
        ):
            with pytest.raises(NotConnected):
                await to.post(b"s3cr3t")
            assert server.requests == []


@pytest.mark.parametrize(
    "url",
    ["", "graph.facebook.com", "ftp://graph.facebook.com", "https://", "https:///v26.0", "http://a b/", "http://a/b c",
     "http://a/\n", "http://a..b/", "http://é.org/ü", "http://a:99999/"],
)  # fmt: skip
def test_an_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Endpoint(url, {})


@pytest.mark.parametrize("value", ["s3cr3t\r\nX: 1", "s3cr3t\n", "s3cr3té", "s3cr3t\0"])
def test_a_header_with_unsendable_characters_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"^a header has characters that cannot be sent$"):
        Endpoint("http://a/", {"X": value})


async def test_credentials_in_a_url_are_not_sent() -> None:
    async with scripted() as server, endpoint(server, url=f"http://me:s3cr3t@127.0.0.1:{server.port}/") as to:
        await to.post(b"")
        assert b"\r\nHost: 127.0.0.1:%d\r\n" % server.port in server.requests[0]
        assert b"s3cr3t" not in server.requests[0]


class Authority:
    """Signs certificates that only its own clients trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign("Test authority", self._key, authority=True)
        self.client = ssl.create_default_context(
            cadata=self._certificate.public_bytes(serialization.Encoding.PEM).decode()
        )

    def server(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        file = self._folder / f"{host}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self._sign(host, key, authority=False).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(self, name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        usage = x509.KeyUsage(True, False, False, False, False, authority, authority, False, False)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), critical=False)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))
