"""Sessions, and the commit of a batch: next sessions, outbox, timers and finished messages in one step."""

from collections.abc import Iterable, Sequence

import msgspec

from ...conversation.session import Session
from ...service.ports import Commit, Wrote
from ...times import DAY
from .connect import Argument, Client
from .keys import GROUP, ShardKeys
from .scripts import COMMIT
from .wire import encode, read_session

IDLE_SECONDS = 30 * DAY
"""Seconds after which an unused session is forgotten; the ledger rebuilds it."""


class Sessions:
    """The sessions of one shard. Implements `ports.Sessions`."""

    def __init__(self, client: Client, shard: ShardKeys, lane: str = "") -> None:
        """`lane`: the stream whose entries are finished by a commit; by default the inbox."""
        self._client = client
        self._shard = shard
        self._lane = lane or shard.inbox

    async def load(self, tokens: Sequence[bytes]) -> list[tuple[Session, bytes] | None]:
        """Return the session of each token with the bytes that it was read from; None where there is none.

        A session that this version of the program can't read is deleted and counts as lost.
        """
        if not tokens:
            return []
        keys = [self._shard.session(token) for token in tokens]
        values: list[bytes | None] = await self._client.run("MGET", *keys)
        sessions = [None if value is None else read_session(value) for value in values]
        found: list[tuple[Session, bytes] | None] = []
        unreadable = []
        for key, value, session in zip(keys, values, sessions, strict=True):
            found.append(None if session is None or value is None else (session, value))
            if session is None and value is not None:
                unreadable.append(key)
        if unreadable:
            await self._client.run("DEL", *unreadable)
        return found

    async def commit(self, commits: Sequence[Commit]) -> list[bool]:
        """Finish each person's messages, unless the person's session changed in the meantime.

        A person is also skipped if a message is no longer there: it was finished, perhaps by an earlier try of this
        commit whose answer was lost.
        """
        if not commits:
            return []
        shard = self._shard
        keys: list[str | bytes] = [self._lane, shard.outbox, shard.lanes, shard.waiting, shard.handover, shard.tasks]
        keys.append(shard.timers)
        keys += [shard.session(commit.token) for commit in commits]
        arguments: list[Argument] = [GROUP, IDLE_SECONDS, len(commits)]
        for commit in commits:
            arguments += _arguments(commit)
        return [result == 1 for result in await COMMIT.run(self._client, keys, arguments)]

    async def forget(self, token: bytes) -> None:
        """Forget the session under a token; the ledger rebuilds what matters.

        Only when the person last wrote, and what, is kept for a day: the ledger does not know it.
        """
        (loaded,) = await self.load([token])
        if loaded is None:
            return
        if loaded[0].last_at:
            wrote = Wrote(loaded[0].last_at, loaded[0].unanswered)
            await self._client.run("SET", self._shard.window(token), _encode_wrote(wrote), "EX", DAY)
        await self._client.run("DEL", self._shard.session(token))

    async def wrote(self, tokens: Sequence[bytes]) -> list[Wrote]:
        """Return what is known of each person's last message."""
        if not tokens:
            return []
        kept: list[bytes | None] = await self._client.run("MGET", *map(self._shard.window, tokens))
        found = []
        for loaded, value in zip(await self.load(tokens), kept, strict=True):
            before = _decode_wrote(value) if value is not None else Wrote()
            now = Wrote(loaded[0].last_at, loaded[0].unanswered) if loaded is not None else Wrote()
            found.append(now if now.at >= before.at else before)
        return found


_encode_wrote = msgspec.msgpack.Encoder().encode
_decode_wrote = msgspec.msgpack.Decoder(Wrote).decode


def _arguments(commit: Commit) -> Iterable[Argument]:
    yield commit.read
    yield encode(commit.session)
    yield commit.outbound[0].person if commit.outbound else ""
    yield len(commit.messages)
    yield from commit.messages
    yield len(commit.outbound)
    yield from map(encode, commit.outbound)
    yield len(commit.handed_over)
    yield from map(encode, commit.handed_over)
    yield len(commit.tasks)
    yield from map(encode, commit.tasks)
    yield len(commit.timers)
    for due, event in commit.timers:
        yield due
        yield encode(event)
    yield len(commit.ended)
    yield from map(encode, commit.ended)
