"""Dead letters: what could not be processed, with the reason, until somebody inspects or replays it.

They stay for weeks, unlike entries of queues, so their content is sealed.
"""

import re
import time
from collections.abc import AsyncIterator, Sequence

from ...keys import Keyring, Undecipherable
from ...service.ports import DeadLetter
from .connect import Argument, Client
from .keys import ShardKeys
from .scripts import REPLAY
from .wire import READERS, read_outbound

MOST = 100_000
"""Dead letters kept per shard; the oldest are dropped first."""

_PAGE = 100


def plain_numbers(webhook: bytes) -> bytes:
    """Return a webhook whose numbers have no blanks and dashes, so that it can be searched for a number."""
    return re.sub(rb"(?<=[0-9])[ .()/-]+(?=[0-9])", b"", webhook)


class DeadLetters:
    """The dead letters of one shard. Implements `ports.DeadLetters`, and `dead_letters.Letters` for operators."""

    def __init__(self, client: Client, shard: ShardKeys, keys: Keyring) -> None:
        self._client = client
        self._shard = shard
        self._keys = keys
        self._queues = {
            "event": (shard.inbox,),
            "outbound": (shard.outbox, shard.lanes, shard.waiting),
            "handover": (shard.handover,),
            "task": (shard.tasks,),
        }

    async def add(self, payload: bytes, reason: str, kind: str, channel: str = "") -> None:
        """Keep what could not be processed, sealed."""
        fields = (
            "e",
            self._keys.encrypt(payload),
            "reason",
            reason,
            "kind",
            kind,
            "channel",
            channel,
            "at",
            time.time(),
        )
        await self._client.run("XADD", self._shard.dead, "MAXLEN", "~", MOST, "*", *fields)

    async def all(self) -> AsyncIterator[DeadLetter]:
        """Yield all letters, oldest first."""
        start = "-"
        while entries := await self._client.run("XRANGE", self._shard.dead, start, "+", "COUNT", _PAGE):
            for entry_id, fields in entries:
                yield self._letter(entry_id, fields)
            start = "(" + entries[-1][0].decode()

    async def count(self) -> int:
        """Return how many letters there are."""
        return int(await self._client.run("XLEN", self._shard.dead))

    async def sealed_before(self) -> int:
        """Return how many letters the newest key of `SECRET_KEY` does not open."""
        return sum([not letter.newest async for letter in self.all()])

    async def replay(self, letter: DeadLetter) -> bool:
        """Put a letter back into the queue it came from, and delete it in the same step.

        A message goes behind what is queued for the same person; unreadable messages share a lane of their own.
        Return False if somebody else has taken the letter, or no key opens it. Raises `ValueError` for a raw letter:
        parse its webhook again, store the events, then `remove` it.
        """
        if letter.kind not in self._queues:
            raise ValueError(f"a letter of kind {letter.kind} came from no queue")
        if letter.payload is None:
            return False
        outbound = read_outbound(letter.payload) if letter.kind == "outbound" else None
        keys = [self._shard.dead, *self._queues[letter.kind]]
        arguments: list[Argument] = [letter.id, outbound.person if outbound else "", letter.payload]
        return bool(await REPLAY.run(self._client, keys, arguments))

    async def count_by(self, moments: Sequence[float]) -> tuple[list[int], float | None]:
        """Return how many letters are older than each moment (unix seconds), and when the oldest was put aside."""
        times = [letter.at async for letter in self.all()]
        return [sum(at < moment for at in times) for moment in moments], min(times, default=None)

    async def forget(self, before: float) -> int:
        """Delete the letters put aside before a moment (unix seconds); return how many."""
        return int(await self._client.run("XTRIM", self._shard.dead, "MINID", int(before * 1000)))

    async def remove(self, letter_id: str) -> None:
        """Delete a letter."""
        await self._client.run("XDEL", self._shard.dead, letter_id)

    def _letter(self, entry_id: bytes, fields: list[bytes]) -> DeadLetter:
        named = dict(zip(fields[::2], fields[1::2], strict=True))
        kind, stored = named[b"kind"].decode(), named[b"e"]
        return DeadLetter(
            id=entry_id.decode(),
            shard=self._shard.number,
            reason=named[b"reason"].decode(),
            kind=kind,
            at=float(named[b"at"]),
            size=len(stored),
            payload=self._opened(kind, stored),
            channel=named.get(b"channel", b"").decode(),
            newest=self._keys.is_newest(stored),
        )

    def _opened(self, kind: str, stored: bytes) -> bytes | None:
        try:
            return self._keys.decrypt(stored)
        except Undecipherable:
            return stored if _was_never_sealed(kind, stored) else None


def _was_never_sealed(kind: str, stored: bytes) -> bool:
    """Whether a letter dates from before letters were sealed."""
    return stored.startswith(b"{") if kind == "raw" else READERS[kind](stored) is not None
