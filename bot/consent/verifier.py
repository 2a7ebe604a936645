"""Checks evidence without trusting whoever made it. It needs this one file, Python 3.11 and a public key.

    python verifier.py EVIDENCE.zip --key PUBLIC_KEY [--newer CHECKPOINT --proof CONSISTENCY.json]

For each record it checks that its hash covers what it says (about whom, which purpose, when, which answer, which text
and notice), that it follows the same person's previous record, that the text shown and the answer are those that were
hashed, and that it is a leaf of the Merkle tree (RFC 9162) whose root was signed (Ed25519, RFC 8032) in the checkpoint.
Get the public key from the company by another way than the evidence, and compare.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIELDS = (
    "person", "person_seq", "kind", "purpose", "at", "recorded_at", "question", "locale", "expires_at", "notice",
    "wording", "legal_basis", "method", "rule", "actor", "inbound", "answer_hash", "app_version",
)  # fmt: skip
"""The fields that a record's hash covers, in this order, each as text (bytes in hexadecimal)."""

LATER_FIELDS = ("accepted_at", "delivered_at", "seen", "clock", "subject")
"""Further fields, appended as `name=value` where the record has them; older records do not."""

_DIGEST = hashlib.sha256().digest_size
_SALTED = 16
"""Bytes of the salted hash of an address."""


class NotProven(Exception):
    """A check failed; the text says which."""


# --- Merkle tree, RFC 9162 section 2.1


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf's data; the prefix keeps nodes from passing for leaves."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two joined subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` (its hash) is number `index` of the `size` leaves under `root`. Raises `NotProven`."""
    _well_formed(proof, root, leaf)
    if not 0 <= index < size:
        raise NotProven("the tree has no such leaf")
    node, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise NotProven("the proof is too long")
        if node & 1 or node == last:
            found = node_hash(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise NotProven("the proof is too short")
    if not hmac.compare_digest(found, root):
        raise NotProven("the proof leads to another root")


def check_consistency(size: int, root: bytes, newer_size: int, newer_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the newer tree only added leaves to the older tree. Raises `NotProven`."""
    _well_formed(proof, root, newer_root)
    if size > newer_size:
        raise NotProven("the newer tree is smaller: leaves were taken away")
    if size == newer_size:
        if proof or not hmac.compare_digest(root, newer_root):
            raise NotProven("two trees of one size differ: there are two histories")
        return
    if size == 0:
        if proof or root != hashlib.sha256(b"").digest():
            raise NotProven("a tree without leaves has one root, and nothing to prove")
        return
    steps = list(proof)
    if size & (size - 1) == 0:
        steps.insert(0, root)
    if not steps:
        raise NotProven("the proof is empty")
    node, last = size - 1, newer_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise NotProven("the proof is too long")
        if node & 1 or node == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise NotProven("the proof is too short")
    if not hmac.compare_digest(older, root) or not hmac.compare_digest(newer, newer_root):
        raise NotProven("the proof leads to other roots: an older record was changed")


def _well_formed(proof: Sequence[bytes], *hashes: bytes) -> None:
    if any(type(value) is not bytes or len(value) != _DIGEST for value in (*proof, *hashes)):
        raise NotProven("a hash has the wrong length")


# --- Ed25519, RFC 8032 section 5.1

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]


def _add(p: _Point, q: _Point) -> _Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, p: _Point) -> _Point:
    q: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            q = _add(q, p)
        p, scalar = _add(p, p), scalar >> 1
    return q


def _same(p: _Point, q: _Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % _P == 0 and (p[1] * q[2] - q[1] * p[2]) % _P == 0


def _point(encoded: bytes) -> _Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))


def check_signature(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Check an Ed25519 signature. Raises `NotProven`."""
    key = _point(public_key) if len(public_key) == 32 else None
    if key is None:
        raise NotProven("this is not a public key")
    commitment = _point(signature[:32]) if len(signature) == 64 else None
    scalar = int.from_bytes(signature[32:], "little")
    challenge = hashlib.sha512(signature[:32] + public_key + message).digest()
    if (
        commitment is None
        or _BASE is None
        or scalar >= _ORDER
        or not _same(_times(scalar, _BASE), _add(commitment, _times(int.from_bytes(challenge, "little") % _ORDER, key)))
    ):
        raise NotProven("the signature does not fit: it is forged, or of another key")


# --- checkpoints: signed notes as in C2SP tlog-checkpoint


@dataclass(frozen=True)
class Checkpoint:
    """The signed state of the tree."""

    origin: str
    size: int
    root: bytes
    at: int
    """Unix seconds."""

    @property
    def text(self) -> str:
        """The text that is signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.at}\n"


def key_name(origin: str, public_key: bytes) -> bytes:
    """Return the four bytes by which a signature names its key."""
    return hashlib.sha256(origin.encode() + b"\n\x01" + public_key).digest()[:4]


def signed_note(checkpoint: Checkpoint, public_key: bytes, signature: bytes) -> str:
    """Return a checkpoint with its signature, in the form that is stored and handed out."""
    stamp = base64.b64encode(key_name(checkpoint.origin, public_key) + signature).decode()
    return f"{checkpoint.text}\n\u2014 {checkpoint.origin} {stamp}\n"


def opened(note: str, public_key: bytes) -> Checkpoint:
    """Return a checkpoint after checking its signature. Raises `NotProven`."""
    try:
        text, stamps = note.split("\n\n", 1)
        origin, size, root, time = text.split("\n")
        checkpoint = Checkpoint(
            origin, int(size), base64.b64decode(root, validate=True), int(time.removeprefix("time "))
        )
        dash, name, stamp = stamps.rstrip("\n").split(" ")
        signature = base64.b64decode(stamp, validate=True)
    except (ValueError, binascii.Error):
        raise NotProven("the checkpoint has another form") from None
    if (dash, name) != ("\u2014", origin) or checkpoint.text != text + "\n" or len(checkpoint.root) != _DIGEST:
        raise NotProven("the checkpoint has another form")
    if signature[:4] != key_name(origin, public_key):
        raise NotProven("the checkpoint is signed by another key")
    check_signature(public_key, checkpoint.text.encode(), signature[4:])
    return checkpoint


# --- records


def record_hash(previous: bytes, record: Mapping[str, Any]) -> bytes:
    """Return the hash of a record that follows a record with the hash `previous` (empty for a person's first)."""
    values = [str(record[name]) for name in FIELDS]
    values += [f"{name}={value}" for name in LATER_FIELDS if (value := record.get(name))]
    return hashlib.sha256(previous + json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()).digest()


def check_evidence(evidence: Mapping[str, Any], public_key: bytes) -> list[str]:
    """Check a whole evidence file and return the findings in plain language. Raises `NotProven`."""
    checkpoint = opened(evidence["checkpoint"], public_key)
    if not evidence["records"]:
        raise NotProven("there are no records in it")
    previous = b""
    found: list[str] = []
    for number, record in enumerate(evidence["records"], 1):
        where = f"record {number} ({record['kind']} {record['purpose']})"
        try:
            previous = _check_record(record, number, previous, evidence, checkpoint)
        except NotProven as error:
            raise NotProven(f"{where}: {error}") from None
        found.append(f"{where}: unchanged, in its place, number {record['leaf']} of the tree")
    signed = f"checkpoint: {checkpoint.size} records, root {checkpoint.root.hex()}, signature holds"
    return [signed, *_check_subject(evidence), *found]


def _check_record(
    record: Mapping[str, Any], number: int, previous: bytes, evidence: Mapping[str, Any], checkpoint: Checkpoint
) -> bytes:
    if int(record["person_seq"]) != number or record["person"] != evidence["person"]:
        raise NotProven("a record of this person is missing, or this is not theirs")
    entry_hash = record_hash(previous, record)
    if entry_hash.hex() != record["entry_hash"]:
        raise NotProven("it does not say what was written, or the record before it does not")
    _check_words(record, evidence)
    proof = [bytes.fromhex(step) for step in record["proof"]]
    check_inclusion(leaf_hash(entry_hash), record["leaf"], checkpoint.size, proof, checkpoint.root)
    return entry_hash


def _check_subject(evidence: Mapping[str, Any]) -> list[str]:
    """Check that each address that the evidence names was sealed into its records; say whom they are about."""
    about = evidence.get("about")
    if about is None:
        if evidence.get("answer_key") and any(record.get("subject") for record in evidence["records"]):
            raise NotProven("whom the records are about was left out, though the person is known")
        return ["about: nobody is named; the person was erased, or the records are older than the sealing of addresses"]
    key, found, named = bytes.fromhex(about["key"]), [], set()
    for address in about["addresses"]:
        salted = hmac.digest(key, address.encode(), "sha256")[:_SALTED]
        sealed = [record for record in evidence["records"] if salted in _subject(record)]
        if not sealed:
            raise NotProven(f"no record is about {address}")
        if salted in named:
            raise NotProven(f"{address} is named twice")
        named.add(salted)
        found.append(f"about: {address}, sealed since record {sealed[0]['person_seq']}")
    unnamed = len({salted for record in evidence["records"] for salted in _subject(record)}) - len(named)
    if unnamed != about.get("unnamed", unnamed):
        raise NotProven("an address that the records seal was left out")
    if unnamed:
        found.append(f"about: {unnamed} more that the records seal, which the file does not name: the person's earlier")
    return found or ["about: no address is proven; the records seal none of those that the person has now"]


def _subject(record: Mapping[str, Any]) -> list[bytes]:
    """Return the salted hashes of the addresses that a record seals; empty if the records before it say them."""
    sealed = bytes.fromhex(record.get("subject", ""))
    return [sealed[at : at + _SALTED] for at in range(0, len(sealed), _SALTED)]


def _check_words(record: Mapping[str, Any], evidence: Mapping[str, Any]) -> None:
    """Check the text that was shown and, unless it was erased, the answer as typed."""
    if record["wording"]:
        text = evidence["wordings"].get(record["wording"])
        if text is None or hashlib.sha256(text.encode()).hexdigest() != record["wording"]:
            raise NotProven("the text that was shown is missing, or is another")
    answer, key = record.get("answer"), evidence.get("answer_key")
    if key and record["answer_hash"] and not answer:
        raise NotProven("the answer was left out, though its key is there")
    if answer:
        if not key:
            raise NotProven("the answer can't be checked without the key of the person's answers")
        salted = hmac.digest(bytes.fromhex(key), answer.encode("utf-8", "surrogatepass"), "sha256")
        if salted.hex() != record["answer_hash"]:
            raise NotProven("this is not the answer that was given")


# --- the command


def _read(path: Path) -> Any:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("evidence.json"))
    return json.loads(path.read_text("utf-8"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the files that the arguments name; return 0 when everything holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("evidence", type=Path, help="EVIDENCE.zip, or the evidence.json in it")
    parser.add_argument("--key", required=True, help="the company's public key, in hexadecimal, or a file with it")
    parser.add_argument("--newer", type=Path, help="a newer checkpoint, to see that nothing older was changed")
    parser.add_argument("--proof", type=Path, help="the consistency proof between the two, as JSON")
    options = parser.parse_args(arguments)
    try:
        key = Path(options.key).read_text("utf-8") if Path(options.key).is_file() else options.key
        public_key = bytes.fromhex(key.strip())
        evidence = _read(options.evidence)
        for line in check_evidence(evidence, public_key):
            print(line)
        if options.newer:
            older = opened(evidence["checkpoint"], public_key)
            newer = opened(options.newer.read_text("utf-8"), public_key)
            steps = json.loads(options.proof.read_text("utf-8")) if options.proof else []
            proof = [bytes.fromhex(step) for step in steps]
            check_consistency(older.size, older.root, newer.size, newer.root, proof)
            print(f"newer checkpoint: {newer.size} records, grown from the older checkpoint")
    except (NotProven, OSError, KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        print(f"NOT PROVEN: {error if isinstance(error, NotProven) else f'cannot be read: {error!r}'}", file=sys.stderr)
        return 1
    print("Everything holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
