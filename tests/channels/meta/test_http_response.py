"""Answers of HTTP/1.1, in whatever pieces they come."""

from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.meta.http_response import MOST, BadResponse, Response, ResponseReader

OK = b"HTTP/1.1 200 OK\r\n"
SIZED = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n1\r\no\r\n0\r\n\r\n"
UNTIL_CLOSED = OK + b"\r\nhello"

HELLO = Response(200, b"hello", keeps=True)


def read(*pieces: bytes, closed: bool = False) -> Response | None:
    reader = ResponseReader()
    answer = None
    for piece in pieces:
        assert answer is None, "nothing is asked for after the end"
        answer = reader.feed(piece)
    return reader.end() if closed and answer is None else answer


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        (SIZED, HELLO),
        (CHUNKED, HELLO),
        (OK + b"content-length:5 \r\n\r\nhello", HELLO),
        (OK + b"CONTENT-LENGTH: \t 5\r\nConnection: keep-alive\r\n\r\nhello", HELLO),
        (OK + b"Content-Length: 0\r\n\r\n", Response(200, b"", keeps=True)),
        (b"HTTP/1.1 400\r\nContent-Length: 0\r\n\r\n", Response(400, b"", keeps=True)),
        (b"HTTP/1.1 500 Sm\xc3\xb8rrebr\xc3\xb8d\r\nContent-Length: 0\r\n\r\n", Response(500, b"", keeps=True)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Response(204, b"", keeps=True)),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Response(304, b"", keeps=True)),
        # chunks with extensions, upper-case sizes, trailers
        (
            OK + b"Transfer-Encoding: Chunked\r\n\r\nA;x=y\r\n0123456789\r\n00\r\nTrailer: 1\r\nMore: 2\r\n\r\n",
            Response(200, b"0123456789", keeps=True),
        ),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2 \r\n\r\n\r\n0\r\n\r\n", Response(200, b"\r\n", keeps=True)),
        # interim answers
        (b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED, HELLO),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + b"HTTP/1.1 102 Processing\r\n\r\n" + CHUNKED, HELLO),
        # connections that end
        (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", HELLO._replace(keeps=False)),
        (OK + b"Connection: x , CLOSE\r\nContent-Length: 5\r\n\r\nhello", HELLO._replace(keeps=False)),
        (OK + b"Connection: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", HELLO._replace(keeps=False)),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", HELLO._replace(keeps=False)),
        # more than was asked for
        (SIZED + b"H", HELLO._replace(keeps=False)),
        (CHUNKED + SIZED, HELLO._replace(keeps=False)),
        (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhelloH", HELLO._replace(keeps=False)),
        # with its last bytes, an empty line, which nobody could take for an answer
        (CHUNKED + b"\r\n", HELLO),
    ],
)
def test_a_whole_answer_is_parsed(received: bytes, answer: Response) -> None:
    assert read(received) == answer


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    assert read(UNTIL_CLOSED) is None
    assert read(UNTIL_CLOSED, closed=True) == HELLO._replace(keeps=False)


def cut(data: st.DataObject, whole: bytes, most: int = 8) -> list[bytes]:
    """Return the pieces of what is not empty, cut anywhere."""
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=most)))
    return [piece for start, end in zip([0, *cuts], [*cuts, None], strict=True) if (piece := whole[start:end])]


def framed(data: st.DataObject, body: bytes) -> bytes:
    """Return the rest of an answer, from where its body's length is stated in one of two ways."""
    if data.draw(st.booleans()):
        return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in cut(data, body)]
    return b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks) + b"0\r\n\r\n"


@given(
    st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    st.binary(max_size=300),
    st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\n"]),
    st.data(),
)
def test_an_answer_in_pieces_is_read_like_one_that_comes_whole(
    status: int, body: bytes, before: bytes, data: st.DataObject
) -> None:
    received = before + b"HTTP/1.1 %d Whatever\r\nA: b\r\n" % status + framed(data, body)
    answer = Response(status, body, keeps=True)
    assert read(received) == answer
    assert read(*cut(data, received)) == answer
    assert read(*cut(data, received[:-1]), closed=True) is None, "never half a body for a whole one"


@given(st.data())
def test_consecutive_answers_are_read_independently(data: st.DataObject) -> None:
    reader = ResponseReader()
    for status in range(400, data.draw(st.integers(402, 405))):
        body = b"%d" % status * data.draw(st.integers(0, 50))
        received = b"HTTP/1.1 %d Whatever\r\n%b" % (status, framed(data, body))
        reader.expect()
        assert (reader.begun, reader.status) == (False, 0)
        assert first(reader, cut(data, received)) == Response(status, body, keeps=True)


@pytest.mark.parametrize(
    ("received", "status"),
    [
        (b"HTTP/1.1 400 Bad\r\nContent-Length: x\r\n\r\n", 400),
        (b"HTTP/1.1 400 Bad\r\nno colon\r\n\r\n", 400),
        (b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\nx", 400),
        (b"HTTP/1.1 4000 Bad\r\n\r\n", 0),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 0),
        (b"HTTPS-2.0\r\n\r\n", 0),
    ],
)
def test_an_unreadable_answer_has_the_status_of_its_own_first_line(received: bytes, status: int) -> None:
    """Not that of the answer before it, which may have been a 200: that would mean that Graph accepted both."""
    reader = ResponseReader()
    reader.feed(SIZED)
    reader.expect()
    with pytest.raises(BadResponse):
        reader.feed(received)
    assert reader.status == status


@pytest.mark.parametrize("received", [SIZED, CHUNKED])
def test_an_answer_can_be_read_byte_by_byte(received: bytes) -> None:
    assert read(*(bytes([byte]) for byte in received)) == HELLO


@pytest.mark.parametrize("received", [SIZED, CHUNKED])
def test_a_connection_that_ends_too_early_leaves_no_answer(received: bytes) -> None:
    for length in range(len(received)):
        pieces = [received[:length]] if length else []
        assert read(*pieces, closed=True) is None


@pytest.mark.parametrize("received", [SIZED, CHUNKED, UNTIL_CLOSED])
def test_the_status_is_known_as_soon_as_the_head_has_come(received: bytes) -> None:
    reader = ResponseReader()
    assert not reader.begun
    end = received.index(b"\r\n\r\n") + 4
    reader.feed(received[: end - 1])
    assert reader.begun
    assert reader.status == 0
    reader.feed(received[end - 1 : end])
    assert reader.status == 200


@pytest.mark.parametrize(
    "received",
    [
        b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"\r\n" + SIZED,
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/0.9 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + SIZED,
        b"HTTP/1.2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 020 OK\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n",
        b" HTTP/1.1 200 OK\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b": no name\r\n\r\n",
        OK + b"Content-Length : 5\r\n\r\nhello",
        OK + b"A: 1\r\n folded\r\n\r\n",
        OK + b"A: 1\n\r\nB C: 2\r\n\r\n",
        # lengths that could be read in two ways
        OK + b"Content-Length: 5, 5\r\n\r\nhello",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: identity\r\n\r\nhello",
        *(OK + b"Content-Length: %b\r\n\r\nhello" % length for length in b",+5,-5,5_0,0x5,5.0".split(b",")),
        *(
            OK + b"Transfer-Encoding: chunked\r\n\r\n%b\r\n" % size
            for size in b",-1,0x5,+5,5_0, 5,g,;x,10000000000000000".split(b",")
        ),
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
    ],
)  # fmt: skip
def test_an_invalid_http_answer_is_unreadable(received: bytes) -> None:
    with pytest.raises(BadResponse):
        read(received)


@pytest.mark.parametrize(
    "endless",
    [
        b"x" * 70_000,
        OK + b"A: " + b"x" * 70_000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * 70_000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: " + b"x" * 70_000,
        OK + b"Content-Length: 99999999\r\n\r\n" + b"x" * MOST,
        OK + b"\r\n" + b"x" * MOST,
        OK + b"Transfer-Encoding: chunked\r\n\r\n123456789\r\n" + b"x" * MOST,
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * (MOST // 6),
        b"HTTP/1.1 100 Continue\r\n\r\n" * (MOST // 20),
    ],
    ids=lambda endless: repr(endless[-40:]),
)
def test_an_endless_answer_is_rejected(endless: bytes) -> None:
    with pytest.raises(BadResponse):
        read(endless)


FRAGMENTS = [
    *(OK, b"HTTP/1.1 100 \r\n\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"A: b\r\n"),
    *(b"Connection: close\r\n", b"\r\n", b"5\r\nhello\r\n", b"hello", b"0\r\n\r\n", b"chunked", b": "),
]


@example([b"HTTP/1.1 200 OK\r\n\r\n"])
@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=20)), max_size=12))
def test_any_bytes_give_the_same_outcome_however_they_are_split(fragments: list[bytes]) -> None:
    def outcome(*pieces: bytes) -> tuple[int, bytes] | str | None:
        try:
            answer = first(ResponseReader(), pieces)
        except BadResponse:
            return "unreadable"
        return answer and (answer.status, answer.body)

    received = b"".join(fragments)
    assert outcome(*(bytes([byte]) for byte in received)) == outcome(received)


def first(reader: ResponseReader, pieces: Iterable[bytes]) -> Response | None:
    """Return the answer as soon as it is whole, as a connection does."""
    for piece in pieces:
        if piece and (answer := reader.feed(piece)):
            return answer
    return reader.end()
