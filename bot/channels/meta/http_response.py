"""Reads the bytes of HTTP/1.1 answers. httptools parses them; the rules here are what it leaves open."""

from typing import NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MOST = 1024 * 1024
"""Maximum bytes of an answer; Graph's have some hundreds."""

MOST_AROUND = 64 * 1024
"""Maximum bytes of an answer besides its body: head, chunk sizes, trailers."""


class Response(NamedTuple):
    """A complete answer."""

    status: int
    body: bytes
    keeps: bool
    """Whether the connection may carry another request."""


class BadResponse(Exception):
    """The answer is not HTTP/1.1, is ambiguous, or is too large."""


class ResponseReader:
    """Takes the bytes of a connection's answers as they arrive, one answer after the other.

    The methods `on_…` are called by the parser, which stops where they raise.
    """

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)  # reused for all answers: making it takes 2 µs
        self._parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True)  # some servers pad the size
        self.expect()

    def expect(self) -> None:
        """Prepare for the next answer. The previous answer must be complete, and the connection kept open."""
        self.status = 0
        self._first_line = 0
        self._received = 0
        self._framed = False
        self._body = bytearray()
        self._answer: Response | None = None

    status: int
    """The answer's, known once its head has come or cannot be read; else 0."""

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return self._received > 0

    def feed(self, data: bytes) -> Response | None:
        """Take more bytes; return the answer once it is complete. Raises `BadResponse`."""
        begins_wrongly = not self.begun and not data.startswith(b"H")  # the parser would skip empty lines
        self._received += len(data)
        if begins_wrongly:
            raise BadResponse
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if self._answer is None:
                self.status = self.status or self._first_line
                raise BadResponse from None
            self._answer = self._answer._replace(keeps=False)  # it is more than was asked for
        if self._received > MOST or self._received - len(self._body) > MOST_AROUND:
            raise BadResponse
        return self._answer

    def end(self) -> Response | None:
        """Note that no more bytes will come; return the answer if that completes it."""
        if self.status and not self._framed and self._answer is None:
            self._answer = Response(self.status, bytes(self._body), keeps=False)
        return self._answer

    def on_message_begin(self) -> None:
        if self._answer is not None:
            raise BadResponse

    def on_status(self, _reason: bytes) -> None:
        self._first_line = self._parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"content-length":  # the parser refuses two lengths, or a length beside a transfer coding
            self._framed = True
        elif name == b"transfer-encoding":
            if self._framed or value.rstrip(b" \t").lower() != b"chunked":
                raise BadResponse
            self._framed = True

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 100 or self._parser.get_http_version() not in ("1.1", "1.0"):
            raise BadResponse
        if status >= 200:
            self.status = status

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self.status:
            self._answer = Response(self.status, bytes(self._body), self._parser.should_keep_alive())
        else:  # an interim answer: the real one follows
            self._framed = False
            self._body.clear()
