"""When each person last wrote: for a day after that anything may be sent to them. Meta: messages/send-messages."""

from collections.abc import Sequence

from ...keys import Keyring
from ...messages.inbound import Sender
from ..ports import Sessions
from ..shards import shard_of, token_of


class Window:
    """Reads it from the sessions. The window of a session that Redis lost counts as closed: only templates are sent."""

    def __init__(self, sessions: Sequence[Sessions], keys: Keyring) -> None:
        """`sessions` of all shards."""
        self._sessions = sessions
        self._keys = keys

    async def wrote_at(self, senders: Sequence[Sender]) -> list[int]:
        """Return when each person last wrote, unix seconds; 0 if that is not known. Raises `Unavailable`."""
        tokens = [token_of(sender, self._keys) for sender in senders]
        found: dict[bytes, int] = {}
        for number, sessions in enumerate(self._sessions):
            here = [token for token in tokens if shard_of(token, len(self._sessions)) == number]
            for token, loaded in zip(here, await sessions.load(here), strict=True):
                found[token] = loaded[0].last_at if loaded else 0
        return [found[token] for token in tokens]
