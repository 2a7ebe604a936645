"""Everything that proves one person's consents, in the form that the verifier reads."""

from typing import Any

from ...consent.verifier import FIELDS, LATER_FIELDS
from ...keys import Keyring
from ...paths import COMMAND
from ...service.ports import NotSignedYet, PersonId
from .checkpoints import Checkpoints
from .connect import Database

FORMAT = "consentbot-evidence/1"

_RECORDS = """
SELECT ledger.*, persons.key FROM ledger LEFT JOIN persons ON persons.id = ledger.person
WHERE ledger.person = $1 ORDER BY person_seq
"""
_WORDINGS = "SELECT sha256, text FROM wordings WHERE sha256 = ANY($1::bytea[])"
_NOTICES = (
    "SELECT version, locale, url, change, published FROM notices WHERE version = ANY($1::text[]) ORDER BY 1, 2, 3"
)


async def evidence(database: Database, keys: Keyring, checkpoints: Checkpoints, person: PersonId) -> dict[str, Any]:
    """Return a person's evidence as plain data. Raises `NotSignedYet`, `Unavailable`, `Undecipherable`.

    An erased person's answers are gone; everything else can still be proven.
    """
    rows = await database.fetch(_RECORDS, person)
    key = keys.person(rows[0]["key"]) if rows and rows[0]["key"] else None
    records: list[dict[str, Any]] = []
    note, public_key = "", b""
    for row in rows:
        proof = await checkpoints.prove(row["sequence"])
        if proof is None:
            raise NotSignedYet(
                f"the newest record is not covered by a checkpoint yet; run `{COMMAND} ledger checkpoint` first"
            )
        note, public_key = proof.note, proof.public_key
        records.append(
            {name: _plain(row[name]) for name in (*FIELDS, *LATER_FIELDS, "entry_hash")}
            | {
                "sequence": row["sequence"],
                "answer": key.open(row["answer"]) if key and row["answer"] else None,
                "leaf": proof.leaf,
                "proof": [step.hex() for step in proof.steps],
            }
        )
    wordings = await database.fetch(_WORDINGS, [row["wording"] for row in rows])
    notices = await database.fetch(_NOTICES, [row["notice"] for row in rows])
    return {
        "format": FORMAT,
        "person": person,
        "records": records,
        "wordings": {row["sha256"].hex(): row["text"] for row in wordings},
        "notices": [{name: _plain(value) for name, value in row.items()} for row in notices],
        "answer_key": key.answer_key.hex() if key else None,
        "checkpoint": note,
        "public_key": public_key.hex(),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, int | str) else str(value)
