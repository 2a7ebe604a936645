"""Answers of HTTP/1.1, in whatever pieces they come."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.meta.http_response import MOST, Answer, AnswerReader, Unreadable

OK = b"HTTP/1.1 200 OK\r\n"
SIZED = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n1\r\no\r\n0\r\n\r\n"
UNTIL_CLOSED = OK + b"\r\nhello"

HELLO = Answer(200, b"hello", keeps=True)


def read(*pieces: bytes, closed: bool = False) -> Answer | None:
    reader = AnswerReader()
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
        (OK + b"Content-Length: 0\r\n\r\n", Answer(200, b"", keeps=True)),
        (b"HTTP/1.1 400\r\nContent-Length: 0\r\n\r\n", Answer(400, b"", keeps=True)),
        (b"HTTP/1.1 500 Sm\xc3\xb8rrebr\xc3\xb8d\r\nContent-Length: 0\r\n\r\n", Answer(500, b"", keeps=True)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204, b"", keeps=True)),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Answer(304, b"", keeps=True)),
        # chunks with extensions, upper-case sizes, trailers
        (
            OK + b"Transfer-Encoding: Chunked\r\n\r\nA;x=y\r\n0123456789\r\n00\r\nTrailer: 1\r\nMore: 2\r\n\r\n",
            Answer(200, b"0123456789", keeps=True),
        ),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2 \r\n\r\n\r\n0\r\n\r\n", Answer(200, b"\r\n", keeps=True)),
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
        (CHUNKED + b"\r\n", HELLO._replace(keeps=False)),
    ],
)
def test_an_answer(received: bytes, answer: Answer) -> None:
    assert read(received) == answer


def test_an_answer_of_no_stated_length_ends_with_the_connection() -> None:
    assert read(UNTIL_CLOSED) is None
    assert read(UNTIL_CLOSED, closed=True) == HELLO._replace(keeps=False)


@given(st.sampled_from([SIZED, CHUNKED, b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED]), st.data())
def test_an_answer_in_pieces(received: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(1, len(received) - 1), max_size=8, unique=True)))
    pieces = [received[start:end] for start, end in zip([0, *cuts], [*cuts, len(received)], strict=True)]
    assert read(*pieces) == HELLO


@pytest.mark.parametrize("received", [SIZED, CHUNKED])
def test_an_answer_byte_by_byte(received: bytes) -> None:
    assert read(*(bytes([byte]) for byte in received)) == HELLO


@pytest.mark.parametrize("received", [SIZED, CHUNKED])
def test_a_connection_that_ends_too_early_leaves_no_answer(received: bytes) -> None:
    for length in range(len(received)):
        assert read(received[:length], closed=True) is None


@pytest.mark.parametrize("received", [SIZED, CHUNKED, UNTIL_CLOSED])
def test_the_status_is_known_as_soon_as_the_head_has_come(received: bytes) -> None:
    reader = AnswerReader()
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
        b"HTTP/2 200 OK\r\n\r\n",
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
        OK + b"Transfer-Encoding: identity\r\n\r\nhello",
        *(OK + b"Content-Length: %b\r\n\r\nhello" % length for length in b",+5,-5,5_0,0x5,5.0".split(b",")),
        *(
            OK + b"Transfer-Encoding: chunked\r\n\r\n%b\r\n" % size
            for size in b",-1,0x5,+5,5_0, 5,g,;x,123456789".split(b",")
        ),
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_not_read(received: bytes) -> None:
    with pytest.raises(Unreadable):
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
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * (MOST // 6),
        b"HTTP/1.1 100 Continue\r\n\r\n" * (MOST // 20),
    ],
    ids=lambda endless: repr(endless[-40:]),
)
def test_an_endless_answer_is_given_up(endless: bytes) -> None:
    with pytest.raises(Unreadable):
        read(endless)


@example(b"HTTP/1.1 200 OK\r\n\r\n")
@given(st.builds(bytes.join, st.sampled_from([b"", b"\r\n", OK, b": ", b"chunked"]), st.lists(st.binary(max_size=20))))
def test_any_bytes_are_an_answer_or_none_or_unreadable(received: bytes) -> None:
    try:
        answer = read(received, closed=True)
    except Unreadable:
        return
    assert answer is None or isinstance(answer, Answer)
