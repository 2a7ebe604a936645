"""Everything that proves one person's consents, in the form that the verifier reads."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from ...consent.verifier import FIELDS, LATER_FIELDS
from ...keys import TOKEN_BYTES, Keyring, PersonKey
from ...numbers import spellings
from ...paths import COMMAND
from ...service.ports import NotSignedYet, PersonId
from .checkpoints import Checkpoints
from .connect import Database
from .persons import read_sender

FORMAT = "consentbot-evidence/1"

_RECORDS = """
SELECT ledger.*, persons.key, present.addresses
FROM ledger
    LEFT JOIN persons ON persons.id = ledger.person
    LEFT JOIN persons AS present ON present.id = coalesce(persons.merged_into, persons.id)
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
        "about": _about(keys, key, rows),
        "records": records,
        "wordings": {row["sha256"].hex(): row["text"] for row in wordings},
        "notices": [{name: _plain(value) for name, value in row.items()} for row in notices],
        "answer_key": key.answer_key.hex() if key else None,
        "checkpoint": note,
        "public_key": public_key.hex(),
    }


class Proofs:
    """What proves the records of persons. Implements `ports.Proofs`."""

    def __init__(self, database: Database, keys: Keyring, checkpoints: Checkpoints) -> None:
        self._database = database
        self._keys = keys
        self._checkpoints = checkpoints

    async def evidence(self, person: PersonId) -> Mapping[str, Any]:
        """Return a person's evidence. Raises `NotSignedYet`, `Unavailable`, `Undecipherable`."""
        return await evidence(self._database, self._keys, self._checkpoints, person)

    async def sign(self, now: float) -> None:
        """Sign the records that no checkpoint covers yet. Raises `Unavailable`."""
        while await self._checkpoints.advance(now):
            pass


def _about(keys: Keyring, key: PersonKey | None, rows: Sequence[Any]) -> dict[str, Any] | None:
    """Return the person's present addresses that the records prove, and the key of their salted hashes.

    None for an erased person. An address is left out if every record is older than the address, or than the sealing;
    `unnamed` counts the sealed addresses that they had before.
    """
    if key is None:
        return None
    sealed = {
        row["subject"][at : at + TOKEN_BYTES] for row in rows for at in range(0, len(row["subject"]), TOKEN_BYTES)
    }
    present = read_sender(keys.decrypt(rows[0]["addresses"]))
    known = filter(None, (present.phone, present.bsuid))
    named = [found for address in known if (found := _as_sealed(address, key, sealed))]
    return {"addresses": named, "unnamed": len(sealed) - len(named), "key": key.address_key.hex()}


def _as_sealed(address: str, key: PersonKey, sealed: Container[bytes]) -> str | None:
    """Return an address in the spelling that the records seal."""
    return next((one for one in (address, *spellings(address)) if key.commit_address(one) in sealed), None)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, int | str) else str(value)
