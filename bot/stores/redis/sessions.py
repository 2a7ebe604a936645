"""Sessions, and the commit of a batch: next sessions, outbox, timers and finished messages in one step."""

from collections.abc import Iterable, Sequence

import msgspec
from redis.asyncio import Redis

from bot.conversation.session import Session
from bot.service.ports import Commit
from bot.stores.redis.inbox import encode
from bot.stores.redis.keys import GROUP, Shard
from bot.stores.redis.scripts import Argument, Scripts

IDLE_SECONDS = 30 * 86400
"""A session that nobody used for so long is forgotten; the ledger rebuilds it."""

_decode = msgspec.msgpack.Decoder(Session).decode


class Sessions:
    """The sessions of one shard."""

    def __init__(self, client: "Redis[bytes]", shard: Shard) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._shard = shard

    async def load(self, tokens: Sequence[bytes]) -> list[tuple[Session, bytes] | None]:
        """Return the session of each token with the bytes that it was read from; None where there is none.

        A session that an older or newer version of the program wrote and this one can't read counts as lost.
        """
        values = await self._client.mget([self._shard.session(token) for token in tokens])
        return [_decoded(value) for value in values]

    async def commit(self, commits: Sequence[Commit]) -> list[bool]:
        """Finish each person's messages, or leave a person as is whose session changed meanwhile."""
        arguments: list[Argument] = [GROUP, IDLE_SECONDS]
        for commit in commits:
            arguments += self._arguments(commit)
        shard = self._shard
        keys: list[str | bytes] = [shard.inbox, shard.outbox, shard.handover, shard.timers]
        keys += [shard.session(commit.token) for commit in commits]
        results: list[int] = await self._scripts.run("commit", keys, arguments)
        return [result == 1 for result in results]

    def _arguments(self, commit: Commit) -> Iterable[Argument]:
        superseded = self._shard.session(commit.superseded) if commit.superseded else b""
        yield superseded
        yield commit.read
        yield encode(commit.session)
        yield len(commit.messages)
        yield from commit.messages
        yield len(commit.outbound)
        yield from map(encode, commit.outbound)
        yield len(commit.handed_over)
        yield from map(encode, commit.handed_over)
        yield len(commit.timers)
        for due, event in commit.timers:
            yield due
            yield encode(event)
        yield len(commit.ended)
        yield from map(encode, commit.ended)


def _decoded(value: bytes | None) -> tuple[Session, bytes] | None:
    if value is None:
        return None
    try:
        return _decode(value), value
    except msgspec.DecodeError:
        return None
