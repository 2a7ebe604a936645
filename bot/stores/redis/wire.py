"""How values are stored in Redis: MessagePack, decoded only as the expected type."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from ...conversation.session import Session
from ...messages.inbound import Event
from ...messages.reply import Outbound
from ...service.ports import Assigned, HandedOver

T = TypeVar("T")

Item = Event | Outbound | HandedOver | Assigned
"""What an entry of a queue is."""

encode = msgspec.msgpack.Encoder().encode


def _reader(decode: Callable[[bytes], T]) -> Callable[[bytes], T | None]:
    def read(payload: bytes) -> T | None:
        try:
            return decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    return read


_decode_event: Callable[[bytes], Event] = msgspec.msgpack.Decoder[Any](Event).decode

read_event: Callable[[bytes], Event | None] = _reader(_decode_event)
"""Return the event of an inbox entry; None if this version of the program cannot read it. The other readers alike."""

read_outbound = _reader(msgspec.msgpack.Decoder(Outbound).decode)
read_handed_over = _reader(msgspec.msgpack.Decoder(HandedOver).decode)
read_assigned = _reader(msgspec.msgpack.Decoder(Assigned).decode)

READERS: Mapping[str, Callable[[bytes], Item | None]] = {
    "event": read_event,
    "outbound": read_outbound,
    "handover": read_handed_over,
    "task": read_assigned,
}
"""Kind of a dead letter → what reads the entry that it was."""

read_session = _reader(msgspec.msgpack.Decoder(Session).decode)
