"""By which address a person's session is kept, and in which shard they lie."""

from ..keys import Keyring
from ..messages.inbound import Sender


def token_of(sender: Sender, keys: Keyring) -> bytes:
    """Return the token of the address by which a person is kept: the BSUID's where it is known, else the phone's."""
    return keys.address(sender.bsuid or sender.phone or "")


def shard_of(token: bytes, shards: int) -> int:
    """Return the shard of an address token."""
    return int.from_bytes(token[:4], "big") % shards if shards > 1 else 0
