"""Lists what could not be processed, without its content, and gives it another try.

No look at a person is recorded, since there is none: a letter's content stays sealed and its owner is not shown.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...times import iso
from ..ports import DeadLetter


@dataclass(frozen=True, slots=True)
class LetterLine:
    """What operators see of a dead letter."""

    id: str
    """Id, unique across all shards."""
    kind: str
    channel: str
    """The channel that a raw letter came from; otherwise empty."""
    reason: str
    at: int
    """Our time, unix seconds."""
    bytes: int

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "id": self.id,
            "kind": self.kind,
            "channel": self.channel,
            "reason": self.reason,
            "at": iso(self.at),
            "bytes": self.bytes,
        }


@dataclass(frozen=True, slots=True)
class Replayed:
    """The outcome of a replay."""

    done: int
    """How many went back to where they came from."""
    left: int
    """How many stay because they still can't be read, or somebody else has just taken them."""
    unknown: Collection[str]
    """Ids without a letter."""


class Letters(Protocol):
    """The dead letters of one shard. Every method raises `Unavailable`."""

    def all(self) -> AsyncIterator[DeadLetter]:
        """Yield all letters, the oldest first."""

    async def replay(self, letter: DeadLetter) -> bool:
        """Put a letter back into the queue that it came from, unless it is `raw`; return whether that was done."""

    async def remove(self, letter_id: str) -> None:
        """Delete a letter."""


class ReplayLetters:
    """The use cases. All methods raise `Unavailable`."""

    def __init__(
        self, *, shards: Sequence[Letters], receive: Callable[[str, bytes, float], Awaitable[bool]] | None
    ) -> None:
        """`receive` stores a channel's webhook again or says that it can't.

        It is None if settings are missing.
        """
        self._shards = shards
        self._receive = receive

    async def waiting(self) -> Sequence[LetterLine]:
        """Return a line per letter, the oldest of a shard first."""
        return [
            LetterLine(
                id=_id(letter),
                kind=letter.kind,
                channel=letter.channel,
                reason=letter.reason,
                at=int(letter.at),
                bytes=letter.size,
            )
            async for _, letter in self._all()
        ]

    async def replay(self, wanted: Collection[str] | None) -> Replayed:
        """Give the letters with these ids, or all letters, another try."""
        chosen = [pair async for pair in self._all() if wanted is None or _id(pair[1]) in wanted]
        done = sum([await self._again(letters, letter) for letters, letter in chosen])
        unknown = set(wanted or ()) - {_id(letter) for _, letter in chosen}
        return Replayed(done, len(chosen) - done, unknown)

    async def _all(self) -> AsyncIterator[tuple[Letters, DeadLetter]]:
        for letters in self._shards:
            async for letter in letters.all():
                yield letters, letter

    async def _again(self, letters: Letters, letter: DeadLetter) -> bool:
        if letter.kind != "raw":
            return await letters.replay(letter)
        if letter.payload is None:  # a key of SECRET_KEY was removed too early
            return False
        if self._receive is None or not await self._receive(letter.channel, letter.payload, letter.at):
            return False
        await letters.remove(letter.id)
        return True


def _id(letter: DeadLetter) -> str:
    return f"{letter.shard}:{letter.id}"
