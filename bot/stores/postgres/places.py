"""What PostgreSQL holds of a person: to be shown to them, and erased."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from bot.conversation.inbound import Sender
from bot.keys import Keyring
from bot.service.places import Place, Subject
from bot.stores.postgres.connect import Database
from bot.stores.postgres.story import story

NOT_PERSONAL: Mapping[str, str] = {
    "wordings": "texts as they were shown to everybody, shown to a person with their entries",
    "notices": "versions of the privacy notice",
    "leaves": "hashes of ledger entries; their personal part is salted with a key that dies with the person",
    "tiles": "hashes of leaves",
    "checkpoints": "signed hashes of the whole tree",
}
"""Tables that hold nothing of a person, and why."""

_decode = msgspec.msgpack.Decoder(Sender).decode


class PersonRow:
    """The person, their addresses, and their key: without it every answer is unreadable, in the ledger, too."""

    name = "person"
    holds = frozenset({"persons", "addresses"})

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def export(self, subject: Subject) -> dict[str, Any] | None:
        """Return the addresses, the language, and since when the person is known."""
        rows = await self._database.fetch("SELECT * FROM persons WHERE id = $1", subject.person)
        if not rows:
            return None
        sender = _decode(self._keys.decrypt(rows[0]["addresses"]))
        return {
            "id": subject.person,
            "phone": sender.phone,
            "whatsapp_user_id": sender.bsuid,
            "language": rows[0]["locale"],
            "known_since": rows[0]["created_at"].isoformat(timespec="seconds"),
            "last_contact": _time(rows[0]["last_contact"]),
        }

    async def erase(self, subject: Subject) -> int:
        """Delete the row; the addresses that lead to it go with it."""
        return await _count(self._database, "DELETE FROM persons WHERE id = $1 RETURNING 1", subject)


class LedgerEntries:
    """The person's consents: what was shown, answered and noted.

    The entries outlive the person as pseudonymous proof (GDPR Art. 17(3)(b), (e)), to the end of its retention.
    """

    name = "consents"
    holds = frozenset({"ledger"})

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def export(self, subject: Subject) -> list[dict[str, Any]] | None:
        """Return every entry with the text that it showed, the notice and the answer."""
        entries = await story(self._database, self._keys, subject.person)
        return [
            {
                "what": entry.kind.value,
                "purpose": entry.purpose,
                "at": _time(entry.at),
                "recorded_at": _time(entry.recorded_at),
                "language": entry.locale,
                "text_shown": entry.text,
                "answer": entry.answer,
                "understood_as": entry.rule,
                "valid_until": _time(entry.expires_at),
                "privacy_notice": entry.notice,
                "privacy_notice_url": entry.notice_url,
                "legal_basis": entry.legal_basis,
                "method": entry.method.value,
                "by": entry.actor,
            }
            for entry in entries
        ] or None

    async def erase(self, subject: Subject) -> int:
        """Leave the entries; the answers in them die with the person's key."""
        return 0


class RequestRows:
    """What the person asked for about their data.

    That they asked, and by when it was answered, stays: the company must be able to show it (GDPR Art. 5(2)).
    """

    name = "requests"
    holds = frozenset({"requests", "request_steps"})

    _STEPS = """
    SELECT steps.*, right_asked, received_at, due, requests.state AS stands
    FROM requests JOIN request_steps AS steps ON steps.request = requests.id
    WHERE person = $1 ORDER BY received_at, request, number
    """

    _EMPTY = """
    UPDATE request_steps SET reason = '' FROM requests
    WHERE requests.id = request_steps.request AND person = $1 AND reason <> '' RETURNING 1
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, subject: Subject) -> list[dict[str, Any]] | None:
        """Return every request with its steps."""
        found: dict[object, dict[str, Any]] = {}
        for row in await self._database.fetch(self._STEPS, subject.person):
            request = found.setdefault(
                row["request"],
                {
                    "right": row["right_asked"],
                    "received_at": _time(row["received_at"]),
                    "due": row["due"].isoformat(),
                    "state": row["stands"],
                    "steps": [],
                },
            )
            request["steps"].append(
                {"at": _time(row["at"]), "state": row["state"], "by": row["actor"], "reason": row["reason"]}
            )
        return list(found.values()) or None

    async def erase(self, subject: Subject) -> int:
        """Empty the reasons, which are free text."""
        return await _count(self._database, self._EMPTY, subject)


class ExportRows:
    """Documents that were made for the person to fetch, sealed with their key."""

    name = "documents"
    holds = frozenset({"exports"})

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, subject: Subject) -> list[dict[str, Any]] | None:
        """Return that there are documents, not what is in them: that is all the rest."""
        rows = await self._database.fetch("SELECT * FROM exports WHERE person = $1 ORDER BY made_at", subject.person)
        return [
            {
                "made_at": _time(row["made_at"]),
                "expires_at": _time(row["expires_at"]),
                "fetched_at": _time(row["fetched_at"]),
            }
            for row in rows
        ] or None

    async def erase(self, subject: Subject) -> int:
        """Delete the documents: their links lead nowhere any more."""
        return await _count(self._database, "DELETE FROM exports WHERE person = $1 RETURNING 1", subject)


class KeptRows:
    """What an erasure leaves: that someone under this address was erased, and what they had withdrawn.

    Only keyed hashes, ids that tell nothing, purposes and dates; kept to their own end, whoever is erased again.
    """

    name = "kept_after_an_erasure"
    holds = frozenset({"suppressions", "retained", "erasures"})

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def export(self, subject: Subject) -> dict[str, Any] | None:
        """Return what is found by the person's addresses."""
        addresses = [address for address in (subject.sender.bsuid, subject.sender.phone) if address]
        tokens = [token for address in addresses for token in self._keys.addresses(address)]
        withdrawn = await self._database.fetch(
            "SELECT scope, max(since) AS since FROM suppressions WHERE token = ANY($1::bytea[]) GROUP BY 1 ORDER BY 1",
            tokens,
        )
        proofs = await self._database.fetch(
            "SELECT at, max(until) AS until FROM retained JOIN erasures USING (person) "
            "WHERE token = ANY($1::bytea[]) GROUP BY 1 ORDER BY 1",
            tokens,
        )
        if not withdrawn and not proofs:
            return None
        return {
            "withdrawn": [{"purpose": row["scope"], "since": _time(row["since"])} for row in withdrawn],
            "erased": [{"at": _time(row["at"]), "proof_kept_until": row["until"].isoformat()} for row in proofs],
        }

    async def erase(self, subject: Subject) -> int:
        """Leave everything."""
        return 0


def places(database: Database, keys: Keyring) -> Sequence[Place]:
    """Return all places, in the order in which they are erased: the person's key, which opens the rest, is the last."""
    return (
        ExportRows(database),
        RequestRows(database),
        LedgerEntries(database, keys),
        KeptRows(database, keys),
        PersonRow(database, keys),
    )


async def _count(database: Database, statement: str, subject: Subject) -> int:
    return len(await database.fetch(statement, subject.person))


def _time(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else None
