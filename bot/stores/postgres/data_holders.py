"""What PostgreSQL holds about a person, to be exported and erased."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...consent.answers import Said
from ...consent.evidence import Fact
from ...consent.lifecycle import Consent, Status, fold
from ...keys import Keyring
from ...service.ports import DataHolder, Held, PersonId, StoryEntry, Subject
from ...times import iso, iso_if_any
from .connect import Database
from .conversations import Conversations
from .messages import SentMessages
from .persons import read_move, read_sender
from .reads import Reads
from .sendings import Sendings
from .story import story

NOT_PERSONAL: Mapping[str, str] = {
    "calls": "keyed hashes of the calls of the company's programs, with ids and reasons; forgotten after a week",
    "wordings": "texts as they were shown to everybody, shown to a person with their entries",
    "notices": "versions of the privacy notice",
    "leaves": "hashes of ledger entries; their personal part is salted with a key that dies with the person",
    "tiles": "hashes of leaves",
    "checkpoints": "signed hashes of the whole tree",
    "tokens": "names and digests of what the company's own programs use",
    "endpoints": "addresses of the company's own systems, sealed",
    "imports": "keyed hashes of imported files, and how many of their rows were accepted",
    "templates": "what the channel says about message templates, which are the same for everybody",
}
"""Tables without personal data, and why."""


class PersonRow:
    """The person, their addresses and their key, without which their answers are unreadable, in the ledger as well."""

    name = "person"
    holds = frozenset({"persons", "addresses"})

    _ROWS = "SELECT * FROM persons WHERE id = ANY($1::uuid[]) ORDER BY id <> $2, id"

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def export(self, subject: Subject) -> Held | None:
        """Return the addresses, the language, and since when the person is known, including their earlier records."""
        rows = await self._database.fetch(self._ROWS, subject.records, subject.person)
        if not rows or str(rows[0]["id"]) != subject.person:
            return None
        now, *earlier = rows
        sender = read_sender(self._keys.decrypt(now["addresses"]))
        person = {
            "id": subject.person,
            "since": min(row["created_at"] for row in rows).isoformat(),
            "language": now["locale"],
            "phone": sender.phone,
            "whatsapp_id": sender.bsuid,
            "last_contact": iso_if_any(max(row["last_contact"] for row in rows)),
            "earlier_records": [
                {
                    "id": str(row["id"]),
                    "since": row["created_at"].isoformat(),
                    "language": row["locale"],
                    "last_contact": iso_if_any(row["last_contact"]),
                }
                for row in earlier
            ],
        }
        return {"person": person}

    async def erase(self, subject: Subject) -> int:
        """Delete the row; the addresses that lead to it go with it."""
        return await _count(self._database, "DELETE FROM persons WHERE id = ANY($1::uuid[]) RETURNING 1", subject)


class LedgerEntries:
    """The person's consents: what was shown, answered and noted.

    The entries outlive the person as pseudonymous proof (GDPR Art. 17(3)(b), (e)), to the end of its retention.
    """

    name = "consents"
    holds = frozenset({"ledger"})

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def export(self, subject: Subject) -> Held | None:
        """Return every entry with the text shown, the notice and the answer, and the consents that result.

        Merged records hold no consent that is in force.
        """
        stories = [await story(self._database, self._keys, record) for record in subject.records]
        entries = sorted((entry for history in stories for entry in history), key=lambda entry: entry.sequence)
        if not entries:
            return None
        record = fold(_fact(entry) for entry in stories[0])
        return {
            "consents": [_consent(purpose, consent) for purpose, consent in record.consents.items()],
            "history": [_happened(entry) for entry in entries],
        }

    async def erase(self, subject: Subject) -> int:
        """Keep the entries; their answers become unreadable with the person's key."""
        return 0


def _fact(entry: StoryEntry) -> Fact:
    return Fact(
        kind=entry.kind,
        purpose=entry.purpose,
        at=entry.at,
        recorded_at=entry.recorded_at,
        question=entry.question,
        locale=entry.locale,
        expires_at=entry.expires_at,
        notice=entry.notice,
        wording=entry.wording,
        method=entry.method,
        seen=entry.seen,
    )


def _consent(purpose: str, consent: Consent) -> dict[str, Any]:
    return {
        "purpose": purpose,
        "status": "claimed" if consent.claimed else consent.status.value,
        "legal_basis": consent.legal_basis,
        "since": iso_if_any(consent.since),
        "valid_until": _valid_until(consent),
        "paused": consent.resting,
        "notice_version": consent.notice if consent.status is Status.GIVEN else "",
    }


def _valid_until(consent: Consent) -> str | None:
    if consent.status is Status.GIVEN:
        return iso(consent.expires_at)
    return iso(consent.soft_until) if consent.is_related else None


def _happened(entry: StoryEntry) -> dict[str, Any]:
    return {
        "at": iso(entry.at),
        "recorded_at": iso(entry.recorded_at),
        "record": entry.person,
        "kind": entry.kind.value,
        "purpose": entry.purpose,
        "method": entry.method.value,
        "locale": entry.locale,
        "wording": entry.text,
        "answer": entry.answer or "",
        "rule": entry.rule,
        "question_accepted_at": iso_if_any(entry.accepted_at),
        "question_delivered_at": iso_if_any(entry.delivered_at),
        "question_seen": entry.seen.value,
        "legal_basis": entry.legal_basis,
        "valid_until": iso_if_any(entry.expires_at),
        "notice_version": entry.notice,
        "notice_url": entry.notice_url,
        "entry_hash": entry.entry_hash.hex(),
    }


class MoveRows:
    """Which of the person's addresses became which, kept for a while because messages may arrive late."""

    name = "moves"
    holds = frozenset({"moves"})

    _THEIRS = """
    token = ANY($1::bytea[]) OR target = ANY($1::bytea[])
    OR token IN (SELECT token FROM addresses WHERE person = ANY($2::uuid[]))
    OR target IN (SELECT token FROM addresses WHERE person = ANY($2::uuid[]))
    """

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def export(self, subject: Subject) -> Held | None:
        """Return which address became which, and when."""
        rows = await self._database.fetch(
            f"SELECT at, addresses FROM moves WHERE {self._THEIRS} ORDER BY at", *self._theirs(subject)
        )
        # a move has a row for each address it led from
        told = dict.fromkeys((row["at"], read_move(self._keys.decrypt(row["addresses"]))) for row in rows)
        waiting = [
            {"what": self.name, "since": iso(at), "text": " → ".join(" ".join(sender.addresses) for sender in move)}
            for at, move in told
        ]
        return {"waiting": waiting} if waiting else None

    async def erase(self, subject: Subject) -> int:
        """Delete the moves."""
        deleted = f"DELETE FROM moves WHERE {self._THEIRS} RETURNING 1"
        return len(await self._database.fetch(deleted, *self._theirs(subject)))

    def _theirs(self, subject: Subject) -> tuple[Sequence[bytes], Sequence[PersonId]]:
        return [*self._keys.addresses(*subject.sender.addresses), *subject.tokens], subject.records


_BY = {"person": "person", "system": "program"}
"""Who took a step of a request, as its table and as the person's data name them; others work for the company."""


class RequestRows:
    """What the person asked for about their data, in their own words where those are needed.

    The fact that they asked, and when it was answered, is kept: the company must be able to show it (GDPR Art. 5(2)).
    """

    name = "requests"
    holds = frozenset({"requests", "request_steps"})

    _STEPS = """
    SELECT steps.*, right_asked, received_at, due, requests.state AS stands, details, persons.key
    FROM requests
    JOIN request_steps AS steps ON steps.request = requests.id
    LEFT JOIN persons ON persons.id = requests.person
    WHERE person = ANY($1::uuid[]) ORDER BY received_at, request, number
    """

    _EMPTY_REASONS = """
    UPDATE request_steps SET reason = '' FROM requests
    WHERE requests.id = request_steps.request AND person = ANY($1::uuid[]) AND reason <> '' RETURNING 1
    """

    _CLOSE = """
    WITH closed AS (
        UPDATE requests SET state = 'done'
        WHERE person = ANY($1::uuid[]) AND state IN ('open', 'extended') AND right_asked <> 'erasure'
        RETURNING id, person, right_asked, due
    ), told AS (
        INSERT INTO events (type, at, person, subject, data)
        SELECT
            'request.closed', extract(epoch FROM now())::bigint, person, id::text,
            jsonb_build_object('right', right_asked, 'state', 'done', 'due', due)
        FROM closed ORDER BY id
    )
    INSERT INTO request_steps (request, at, state, actor, reason)
    SELECT id, extract(epoch FROM now())::bigint, 'done', 'system', '' FROM closed RETURNING 1
    """

    _EMPTY_DETAILS = "UPDATE requests SET details = '' WHERE person = ANY($1::uuid[]) AND details <> '' RETURNING 1"

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def export(self, subject: Subject) -> Held | None:
        """Return every request with its steps; the person's own words are the reason of the first step."""
        found: dict[object, dict[str, Any]] = {}
        for row in await self._database.fetch(self._STEPS, subject.records):
            request = found.setdefault(
                row["request"],
                {
                    "id": str(row["request"]),
                    "right": row["right_asked"],
                    "received_at": iso(row["received_at"]),
                    "due": row["due"].isoformat(),
                    "state": row["stands"],
                    "steps": [],
                },
            )
            by = _BY.get(row["actor"], "company")
            said = Said.recorded(row["reason"]) if by == "company" else Said(words=row["reason"])
            words = said.words
            if not request["steps"] and row["details"] and row["key"]:
                words = self._keys.person(row["key"]).open(row["details"])
            request["steps"].append(
                {
                    "at": iso(row["at"]),
                    "state": row["state"],
                    "by": by,
                    "because": said.because or "",
                    "reason": words,
                }
            )
        return {"requests": list(found.values())} if found else None

    async def erase(self, subject: Subject) -> int:
        """Empty every free text and close open requests: nobody is left to answer.

        The erasure's own request is closed by the use case when the erasure is done.
        """
        return sum(
            [
                await _count(self._database, statement, subject)
                for statement in (self._EMPTY_REASONS, self._EMPTY_DETAILS, self._CLOSE)
            ]
        )


class ExportRows:
    """Documents made for the person to fetch, sealed with their key."""

    name = "documents"
    holds = frozenset({"exports"})

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, subject: Subject) -> Held | None:
        """Return that there are documents, without their content, which repeats the rest of the export."""
        rows = await self._database.fetch(
            "SELECT made_at FROM exports WHERE person = ANY($1::uuid[]) ORDER BY made_at", subject.records
        )
        return {"waiting": [{"what": "document", "since": iso(row["made_at"])} for row in rows]} if rows else None

    async def erase(self, subject: Subject) -> int:
        """Delete the documents; their links stop working."""
        return await _count(self._database, "DELETE FROM exports WHERE person = ANY($1::uuid[]) RETURNING 1", subject)


class EventRows:
    """What the company's own systems were told, or will be, by our reference alone.

    Events stay to the end of their retention, so that the other systems learn of the erasure as well: without the
    person's row, the reference leads to nobody.
    """

    name = "events"
    holds = frozenset({"events", "deliveries"})

    _MESSAGES = """
    SELECT type, at FROM events WHERE person = ANY($1::uuid[]) AND type LIKE 'message.%' ORDER BY at, number
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, subject: Subject) -> Held | None:
        """Return what happened to messages; consents and requests, which are told too, are shown by themselves."""
        rows = await self._database.fetch(self._MESSAGES, subject.records)
        return {"waiting": [{"what": row["type"], "since": iso(row["at"])} for row in rows]} if rows else None

    async def erase(self, subject: Subject) -> int:
        """Keep everything."""
        return 0


class KeptRows:
    """What an erasure leaves behind: that a person with this address was erased, and what they had withdrawn.

    Only keyed hashes, opaque ids, purposes and dates; each is kept to its own end, even if the address is erased again.
    """

    name = "kept_after_an_erasure"
    holds = frozenset({"suppressions", "retained", "erasures"})

    _FOUND = """
    SELECT scope AS text, since FROM suppressions WHERE token = ANY($1::bytea[])
    UNION SELECT 'proof until ' || until, at FROM retained JOIN erasures USING (person) WHERE token = ANY($1::bytea[])
    ORDER BY since, text
    """

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def export(self, subject: Subject) -> Held | None:
        """Return what the person's addresses lead to: withdrawn purposes, and proofs with their last day."""
        rows = await self._database.fetch(self._FOUND, self._keys.addresses(*subject.sender.addresses))
        kept = [{"what": self.name, "since": iso(row["since"]), "text": row["text"]} for row in rows]
        return {"waiting": kept} if kept else None

    async def erase(self, subject: Subject) -> int:
        """Keep everything."""
        return 0


def data_holders(database: Database, keys: Keyring) -> Sequence[DataHolder]:
    """Return all holders in the order in which they are erased: the person's key, which opens the rest, comes last."""
    return (
        ExportRows(database),
        RequestRows(database, keys),
        LedgerEntries(database, keys),
        MoveRows(database, keys),
        EventRows(database),
        KeptRows(database, keys),
        Reads(database),
        SentMessages(database),
        Sendings(database),
        Conversations(database, keys),
        PersonRow(database, keys),
    )


async def _count(database: Database, statement: str, subject: Subject) -> int:
    return len(await database.fetch(statement, subject.records))
