"""Every Redis key of the program. A key names its use and contains keyed hashes, never an address."""

from dataclasses import dataclass
from functools import cached_property

GROUP = "workers"
"""The consumer group of every stream."""

BUCKET = "{number}:bucket"
"""Hash: the token bucket of the business number, which all shards share."""

CALLS = "calls:{%s}"
"""Count: the calls of a token of the API, by the token's id, in the present window."""


@dataclass(frozen=True)
class ShardKeys:
    """The keys of one shard; they share a hash tag, so they fit in one slot of a Cluster."""

    number: int

    def key(self, name: str) -> str:
        """Return a key of this shard."""
        return f"{{s{self.number:02d}}}:{name}"

    @cached_property
    def inbox(self) -> str:
        """Stream: events to be answered."""
        return self.key("inbox")

    @cached_property
    def urgent(self) -> str:
        """Stream: events to be answered before those of the inbox."""
        return self.key("urgent")

    @cached_property
    def outbox(self) -> str:
        """Stream: messages to be sent."""
        return self.key("outbox")

    @cached_property
    def lanes(self) -> str:
        """Hash: persons with a message on its way, and how far each has come."""
        return self.key("lanes")

    @cached_property
    def waiting(self) -> str:
        """Hash: messages waiting behind another message to the same person."""
        return self.key("waiting")

    @cached_property
    def handover(self) -> str:
        """Stream: messages for the host's bot."""
        return self.key("handover")

    @cached_property
    def tasks(self) -> str:
        """Stream: tasks created by dialogues."""
        return self.key("tasks")

    @cached_property
    def dead(self) -> str:
        """Stream: what could not be processed, with the reason."""
        return self.key("dead")

    @cached_property
    def timers(self) -> str:
        """Sorted set: events that will be due."""
        return self.key("timers")

    @cached_property
    def retries(self) -> str:
        """Sorted set: messages to be sent again later."""
        return self.key("retries")

    def seen(self, day: int) -> str:
        """Set: digests of the events of one day (days since 1970)."""
        return self.key(f"seen:{day}")

    @cached_property
    def _session_prefix(self) -> bytes:
        return self.key("p:").encode()

    @cached_property
    def _limit_prefix(self) -> bytes:
        return self.key("l:").encode()

    @cached_property
    def _window_prefix(self) -> bytes:
        return self.key("w:").encode()

    @cached_property
    def _status_prefix(self) -> bytes:
        return self.key("d:").encode()

    @cached_property
    def _early_prefix(self) -> bytes:
        return self.key("e:").encode()

    def window(self, token: bytes) -> bytes:
        """Return the key of when the person with this address token last wrote, if their session was forgotten."""
        return self._window_prefix + token

    def queued(self, message: str) -> str:
        """Return the key that says that the company's message with this id was queued."""
        return self.key(f"q:{message}")

    def session(self, token: bytes) -> bytes:
        """Return the key of the session of the person with this address token."""
        return self._session_prefix + token

    def limit(self, token: bytes) -> bytes:
        """Return the key of the allowance of the person with this address token."""
        return self._limit_prefix + token

    def status(self, token: bytes) -> bytes:
        """Return the key of the status of the sent message with this token, and of what depends on the message."""
        return self._status_prefix + token

    def early(self, token: bytes) -> bytes:
        """Return the key of the statuses that came before we had finished sending the message with this token."""
        return self._early_prefix + token
