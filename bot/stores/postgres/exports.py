"""What was made for persons: sealed files behind links that work once, and the documents uploaded to the channel."""

import hashlib
import secrets

import asyncpg
import msgspec
from uuid_utils.compat import uuid7

from ...consent.rights import Right
from ...keys import Keyring, PersonKey
from ...service.ports import Export, NoSuchPerson, PersonId
from .connect import Database

_SECRET_BYTES = 32

_KEY = "SELECT key FROM persons WHERE id = $1"

_KEEP = """
INSERT INTO exports (id, person, made_at, expires_at, token, data, media_id, right_asked)
SELECT $1, persons.id, $3, $4, $5, $6, $7, $8 FROM persons WHERE persons.id = $2 FOR KEY SHARE RETURNING id
"""

_NEWEST = """
SELECT exports.*, persons.key FROM exports JOIN persons ON persons.id = person
WHERE person = $1 AND right_asked = $2 AND fetched_at IS NULL AND expires_at > $3
ORDER BY made_at DESC, exports.id DESC LIMIT 1
"""

_SINCE = """
SELECT exports.*, persons.key FROM exports JOIN persons ON persons.id = person
WHERE person = $1 AND right_asked = $2 AND made_at >= $3 ORDER BY made_at DESC, exports.id DESC
"""

_LANGUAGE = """
SELECT locale FROM exports JOIN persons ON persons.id = person
WHERE token = $1 AND fetched_at IS NULL AND expires_at > $2
"""

_FETCH = """
UPDATE exports SET fetched_at = $2 FROM persons
WHERE persons.id = person AND token = $1 AND fetched_at IS NULL AND expires_at > $2 RETURNING data, key
"""

_MEDIA = "SELECT media_id FROM exports WHERE person = $1 AND media_id IS NOT NULL ORDER BY id"

_EXPIRE = "DELETE FROM exports WHERE expires_at <= $1 RETURNING media_id"


class _File(msgspec.Struct, array_like=True):
    """The sealed content: the file, and the secret of its link so that the same link can be sent again."""

    secret: str
    content: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_File).decode


class Exports:
    """Table `exports`. Implements `ports.Exports`; every method raises `Unavailable`."""

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def keep(
        self, person: PersonId, right: Right, *, file: bytes, media_id: str, made_at: int, expires_at: int
    ) -> Export:
        """Keep a file behind a new link, beside the document with the same content. Raises `NoSuchPerson`."""
        key = await self._key(person)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        export = Export(
            str(uuid7()),
            made_at=made_at,
            expires_at=expires_at,
            secret=secret,
            file=file,
            media_id=media_id,
        )
        kept = await self._database.fetch(
            _KEEP,
            export.id,
            person,
            made_at,
            expires_at,
            _token(secret),
            key.seal_bytes(_encode(_File(secret, file))),
            media_id or None,
            right,
        )
        if not kept:
            raise NoSuchPerson
        return export

    async def newest(self, person: PersonId, right: Right, now: float) -> Export | None:
        """Return the newest export for a right with a working link, to be sent again. Raises `Undecipherable`."""
        rows = await self._database.fetch(_NEWEST, person, right, int(now))
        return self._export(rows[0]) if rows else None

    async def made_since(self, person: PersonId, right: Right, since: float) -> list[Export]:
        """Return the exports made for a right from `since` on, newest first, whether fetched or not.

        Raises `Undecipherable`.
        """
        return [self._export(row) for row in await self._database.fetch(_SINCE, person, right, int(since))]

    async def media(self, person: PersonId) -> list[str]:
        """Return the channel's ids of a person's documents, to delete them there."""
        return [row["media_id"] for row in await self._database.fetch(_MEDIA, person)]

    async def language(self, secret: str, now: float) -> str | None:
        """Return the language of the person whose link this is; None if the link no longer exists."""
        rows = await self._database.fetch(_LANGUAGE, _token(secret), int(now))
        return rows[0]["locale"] if rows else None

    async def fetch(self, secret: str, now: float) -> bytes | None:
        """Return the file behind a link, once; None if the link no longer exists. Raises `Undecipherable`."""
        rows = await self._database.fetch(_FETCH, _token(secret), int(now))
        return _file(rows[0], self._keys.person(rows[0]["key"])).content if rows else None

    async def expire(self, now: float) -> list[str]:
        """Delete exports whose link has expired; return the channel's ids of their documents."""
        return [row["media_id"] for row in await self._database.fetch(_EXPIRE, int(now)) if row["media_id"]]

    async def _key(self, person: PersonId) -> PersonKey:
        rows = await self._database.fetch(_KEY, person)
        if not rows:
            raise NoSuchPerson
        return self._keys.person(rows[0]["key"])

    def _export(self, row: "asyncpg.Record") -> Export:
        file = _file(row, self._keys.person(row["key"]))
        return Export(
            id=str(row["id"]),
            made_at=row["made_at"],
            expires_at=row["expires_at"],
            secret=file.secret,
            file=file.content,
            media_id=row["media_id"] or "",
            fetched=row["fetched_at"] is not None,
        )


def _file(row: "asyncpg.Record", key: PersonKey) -> _File:
    return _decode(key.open_bytes(row["data"]))


def _token(secret: str) -> bytes:
    """Return the token under which a link is found, so that nobody who reads the database can open a link."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
