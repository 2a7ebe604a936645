"""Which address a person's session is stored under, and in which shard.

Whoever stores a message and whoever answers it must agree on both.
"""

from collections.abc import Sequence
from typing import TypeVar

from ..keys import Keyring
from ..messages.inbound import Sender

T = TypeVar("T")


def token_of(sender: Sender, keys: Keyring) -> bytes:
    """Return the token under which a person is stored: the BSUID's if known, else the phone's."""
    return keys.address(sender.bsuid or sender.phone or "")


def of_shard(token: bytes, each: Sequence[T]) -> T:
    """Return that of the shard of an address token; there is one of `each` shard."""
    return each[shard_of(token, len(each))]


def shard_of(token: bytes, shards: int) -> int:
    """Return the shard of an address token."""
    return int.from_bytes(token[:4], "big") % shards if shards > 1 else 0
