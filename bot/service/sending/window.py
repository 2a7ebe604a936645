"""When each person last wrote: for a day after that anything may be sent to them. Meta: messages/send-messages."""

from collections.abc import Sequence

from ...keys import Keyring
from ...messages.inbound import Sender
from ..ports import Sessions, Wrote
from ..shards import shard_of, token_of


class Window:
    """Reads it from Redis. If Redis lost it, the window counts as closed: then only templates are sent."""

    def __init__(self, sessions: Sequence[Sessions], keys: Keyring) -> None:
        """`sessions` of all shards."""
        self._sessions = sessions
        self._keys = keys

    async def wrote(self, senders: Sequence[Sender]) -> list[Wrote]:
        """Return what is known of each person's last message. Raises `Unavailable`."""
        tokens = [token_of(sender, self._keys) for sender in senders]
        found: dict[bytes, Wrote] = {}
        for number, sessions in enumerate(self._sessions):
            here = [token for token in tokens if shard_of(token, len(self._sessions)) == number]
            found |= zip(here, await sessions.wrote(here), strict=True)
        return [found[token] for token in tokens]
