"""What lies in Redis is read back as what was written, and as nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stores.redis.wire import encode, read_event, read_handed_over, read_outbound, read_session
from tests.stores.made import handed_over, lapse, message, outbound, session

READERS = [read_event, read_outbound, read_handed_over, read_session]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (read_event, message()),
        (read_event, lapse()),
        (read_outbound, outbound(attempt=3)),
        (read_handed_over, handed_over()),
        (read_session, session()),
    ],
)
def test_a_value_is_read_back_unchanged(read: Any, value: Any) -> None:
    assert read(encode(value)) == value


@pytest.mark.parametrize("read", READERS)
@given(st.binary(max_size=60))
def test_reading_random_bytes_never_raises(read: Any, rubbish: bytes) -> None:
    read(rubbish)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("rubbish", [b"", b"\xc1", b"\x91" * 100_000, b"\xa1\xff", b"\x81\xa1\xff\x01"])
def test_malformed_bytes_are_read_as_none(read: Any, rubbish: bytes) -> None:
    assert read(rubbish) is None


@given(st.integers(0, 400), st.integers(0, 255))
def test_reading_an_altered_message_never_raises(index: int, value: int) -> None:
    written = bytearray(encode(outbound()))
    written[index % len(written)] = value
    read_outbound(bytes(written))
