"""One person's ledger in the clear: who, when, which exact words, in which language, under which notice."""

import asyncpg

from ...consent.evidence import Kind, Method, Seen
from ...keys import Keyring, PersonKey
from ...service.ports import PersonId, StoryEntry
from .connect import Database

_STORY = """
SELECT ledger.*, persons.key, wordings.text, wordings.text_id, coalesce(notice.url, '') AS notice_url
FROM ledger
LEFT JOIN persons ON persons.id = ledger.person
LEFT JOIN wordings ON wordings.sha256 = ledger.wording
LEFT JOIN LATERAL (
    SELECT url FROM notices WHERE version = ledger.notice AND locale IN (ledger.locale, '')
    ORDER BY strpos(coalesce(wordings.text, ''), url) > 0 DESC, locale <> '' DESC, url LIMIT 1
) AS notice ON true
WHERE ledger.person = $1 ORDER BY person_seq
"""


async def story(database: Database, keys: Keyring, person: PersonId) -> list[StoryEntry]:
    """Return a person's entries in the order of their sequence. Raises `Unavailable`, `Undecipherable`."""
    rows = await database.fetch(_STORY, person)
    key = keys.person(rows[0]["key"]) if rows and rows[0]["key"] else None
    return [_entry(row, key) for row in rows]


def _entry(row: "asyncpg.Record", key: PersonKey | None) -> StoryEntry:
    return StoryEntry(
        sequence=row["sequence"],
        person=PersonId(str(row["person"])),
        number=row["person_seq"],
        kind=Kind(row["kind"]),
        purpose=row["purpose"],
        at=row["at"],
        recorded_at=row["recorded_at"] / 1000,
        locale=row["locale"],
        question=row["question"],
        expires_at=row["expires_at"],
        notice=row["notice"],
        notice_url=row["notice_url"],
        wording=row["wording"],
        text=row["text"] or "",
        text_id=row["text_id"] or "",
        legal_basis=row["legal_basis"],
        method=Method(row["method"]),
        rule=row["rule"],
        actor=row["actor"],
        answer=_answer(row["answer"], key),
        app_version=row["app_version"],
        entry_hash=row["entry_hash"],
        accepted_at=row["accepted_at"],
        delivered_at=row["delivered_at"],
        seen=Seen(row["seen"]),
        clock=row["clock"],
    )


def _answer(sealed: bytes, key: PersonKey | None) -> str | None:
    if not sealed:
        return ""
    return key.open(sealed) if key else None
