"""The bytes of an HTTP/1.1 answer → its status and body (RFC 9112). What could be read in two ways is not read."""

import re
from collections.abc import Generator, Mapping
from typing import NamedTuple

MOST = 1024 * 1024
"""Bytes of one answer; Graph's have some hundreds."""

_MOST_OF_A_LINE = 64 * 1024
"""Bytes of a head, or of a line in a chunked body."""

_status_line = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?").fullmatch
_field_name = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+").fullmatch
_decimal = re.compile(rb"[0-9]{1,8}").fullmatch
_hexadecimal = re.compile(rb"[0-9A-Fa-f]{1,8}").fullmatch

_WITHOUT_BODY = (204, 304)


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes
    keeps: bool
    """Whether the connection may carry another request."""


class Unreadable(Exception):
    """It is no answer of HTTP/1.1, or a larger one than is read here."""


class AnswerReader:
    """Takes the bytes of one answer as they come."""

    def __init__(self) -> None:
        self.status = 0
        """Known once the head has come; else 0."""
        self._received = bytearray()
        self._reading = self._read()
        next(self._reading)

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return bool(self._received)

    def feed(self, data: bytes) -> Answer | None:
        """Take more bytes; return the answer once it is whole. Raises `Unreadable`."""
        self._received += data
        if len(self._received) > MOST:
            raise Unreadable
        return self._resume(closed=False)

    def end(self) -> Answer | None:
        """Take note that no more will come; return the answer if that makes it whole."""
        return self._resume(closed=True)

    def _resume(self, *, closed: bool) -> Answer | None:
        try:
            self._reading.send(closed)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
        return None

    # --- reading: each `yield` waits for more, and returns whether the connection was closed instead

    def _read(self) -> Generator[None, bool, Answer]:
        (status, keeps, fields), at = yield from self._head()
        self.status = status
        coding, length = fields.get(b"transfer-encoding"), fields.get(b"content-length")
        if status in _WITHOUT_BODY:
            body = b""
        elif coding is not None:
            if coding.lower() != b"chunked" or length is not None:
                raise Unreadable
            body, at = yield from self._chunks(at)
        elif length is not None:
            end = at + (int(length) if _decimal(length) else _unreadable())
            yield from self._reach(end)
            body, at = bytes(self._received[at:end]), end
        else:
            while not (yield):
                pass
            return Answer(status, bytes(self._received[at:]), keeps=False)
        return Answer(status, body, keeps and at == len(self._received))

    def _head(self) -> Generator[None, bool, tuple["_Head", int]]:
        """Return the head and where it ends. Interim answers, which precede the real one, are skipped."""
        at = 0
        while True:
            end = yield from self._find(b"\r\n\r\n", at)
            head = _head(bytes(self._received[at:end]))
            at = end + 4
            if head.status >= 200:
                return head, at

    def _chunks(self, at: int) -> Generator[None, bool, tuple[bytes, int]]:
        """Return the body and where the answer ends. Trailers are skipped."""
        body = bytearray()
        while True:
            end = yield from self._find(b"\r\n", at)
            size = bytes(self._received[at:end]).partition(b";")[0].rstrip(b" \t")
            at, end = end + 2, end + 2 + (int(size, 16) if _hexadecimal(size) else _unreadable())
            if at == end:
                break
            yield from self._reach(end + 2)
            if self._received[end : end + 2] != b"\r\n":
                raise Unreadable
            body += self._received[at:end]
            at = end + 2
        while (end := (yield from self._find(b"\r\n", at))) != at:
            at = end + 2
        return bytes(body), at + 2

    def _find(self, mark: bytes, at: int) -> Generator[None, bool, int]:
        while (found := self._received.find(mark, at)) < 0:
            if len(self._received) - at > _MOST_OF_A_LINE:
                raise Unreadable
            yield
        return found

    def _reach(self, end: int) -> Generator[None, bool, None]:
        while len(self._received) < end:
            yield


def _unreadable() -> int:
    raise Unreadable


class _Head(NamedTuple):
    status: int
    keeps: bool
    fields: Mapping[bytes, bytes]
    """By their names in lower case."""


def _head(head: bytes) -> _Head:
    first, *lines = head.split(b"\r\n")
    status_line = _status_line(first)
    if status_line is None:
        raise Unreadable
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        if not colon or not _field_name(name):
            raise Unreadable
        fields[name] = fields[name] + b"," + value if name in fields else value
    wishes = [wish.strip(b" \t") for wish in fields.get(b"connection", b"").lower().split(b",")]
    return _Head(int(status_line[2]), status_line[1] == b"1" and b"close" not in wishes, fields)
