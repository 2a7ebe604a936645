"""Calls of the company's programs, so that a repeated call gets the same answer. Keys and bodies are kept as hashes."""

import hashlib
import time
from collections.abc import Callable, Sequence

import asyncpg
from uuid_utils.compat import uuid7

from ...batcher import Batcher
from ...keys import Keyring
from ...service.ports import Given, Repeated
from ...times import DAY
from .connect import Database

REPEATABLE_FOR = 7 * DAY
"""Seconds for which a call may be repeated."""

_BEGIN = """
INSERT INTO calls (caller, key, id, at, digest)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::uuid[], $4::bigint[], $5::bytea[])
    AS new (caller, key, id, at, digest)
ORDER BY caller, key ON CONFLICT DO NOTHING
"""

_FIND = """
SELECT caller, key, id, digest, status, answer FROM calls
JOIN unnest($1::text[], $2::bytea[]) AS wanted (caller, key) USING (caller, key)
"""

_FINISH = """
UPDATE calls SET status = new.status, answer = new.answer
FROM unnest($1::text[], $2::bytea[], $3::int[], $4::bytea[]) AS new (caller, key, status, answer)
WHERE calls.caller = new.caller AND calls.key = new.key AND calls.status IS NULL
"""

_New = tuple[str, str, bytes]
_Done = tuple[str, str, Given]


class KnownCalls:
    """Table `calls`. Implements `ports.Calls`."""

    def __init__(self, database: Database, keys: Keyring, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._beginning: Batcher[_New, Repeated] = Batcher(self._begin)
        self._finishing: Batcher[_Done, None] = Batcher(self._finish)

    async def begin(self, caller: str, key: str, content: bytes) -> Repeated:
        """Note a call, or find the first with this key."""
        return await self._beginning.add((caller, key, content))

    async def finish(self, caller: str, key: str, given: Given) -> None:
        """Keep the answer to a call for its repetitions."""
        await self._finishing.add((caller, key, given))

    async def _begin(self, batch: Sequence[_New]) -> Sequence[Repeated]:
        tokens = [self._tokens(caller, key) for caller, key, _ in batch]
        digests = [self._digests(content) for _, _, content in batch]
        await self._database.execute(
            _BEGIN,
            [caller for caller, _, _ in batch],
            [newest for newest, *_ in tokens],
            [str(uuid7()) for _ in batch],
            [int(self._clock())] * len(batch),
            [newest for newest, *_ in digests],
        )
        named = [
            (caller, token) for (caller, _, _), all_tokens in zip(batch, tokens, strict=True) for token in all_tokens
        ]
        rows = await self._database.fetch(_FIND, [caller for caller, _ in named], [token for _, token in named])
        known = {(row["caller"], row["key"]): row for row in rows}
        return [
            _call(next(known[caller, token] for token in all_tokens[::-1] if (caller, token) in known), same)
            for (caller, _, _), all_tokens, same in zip(batch, tokens, digests, strict=True)
        ]

    async def _finish(self, batch: Sequence[_Done]) -> Sequence[None]:
        named = [(caller, token, given) for caller, key, given in batch for token in self._tokens(caller, key)]
        await self._database.execute(
            _FINISH,
            [caller for caller, _, _ in named],
            [token for _, token, _ in named],
            [given.status for _, _, given in named],
            [given.body for _, _, given in named],
        )
        return [None] * len(batch)

    def _tokens(self, caller: str, key: str) -> list[bytes]:
        """Return the hashes of a key, that of the newest `SECRET_KEY` first."""
        return self._keys.messages(f"call {caller} {key}")

    def _digests(self, content: bytes) -> list[bytes]:
        return self._keys.messages(f"content {hashlib.sha256(content).hexdigest()}")


def _call(row: "asyncpg.Record", digests: Sequence[bytes]) -> Repeated:
    given = Given(row["status"], row["answer"]) if row["status"] is not None else None
    return Repeated(str(row["id"]), row["digest"] in digests, given)
