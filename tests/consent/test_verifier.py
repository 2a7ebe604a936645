"""Signatures, checkpoints and whole evidence files: what holds is taken, whatever was tampered with is named."""

import copy
import hashlib
import hmac
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.consent import verifier
from bot.consent.merkle import consistency_proof, inclusion_proof, root_of
from bot.consent.verifier import (
    Checkpoint,
    NotProven,
    check_evidence,
    check_signature,
    leaf_hash,
    opened,
    record_hash,
    signed_note,
)

SECRET = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = SECRET.public_key().public_bytes_raw()
ANSWER_KEY = b"\x05" * 32
ADDRESS_KEY = b"\x06" * 32
ADDRESSES = ["+33600000001", "FR.10000000000000000001"]

RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


class TestSignature:
    @pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
    def test_the_examples_of_rfc_8032_verify(self, key: str, message: str, signature: str) -> None:
        check_signature(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))

    @settings(max_examples=20, deadline=None)
    @given(st.binary(max_size=200), st.integers(0, 511), st.binary(min_size=32, max_size=32))
    def test_a_flipped_bit_is_refused(self, message: bytes, bit: int, seed: bytes) -> None:
        secret = Ed25519PrivateKey.from_private_bytes(seed)
        public, signature = secret.public_key().public_bytes_raw(), bytearray(secret.sign(message))
        check_signature(public, message, bytes(signature))
        signature[bit // 8] ^= 1 << bit % 8
        with pytest.raises(NotProven):
            check_signature(public, message, bytes(signature))

    @pytest.mark.parametrize("key", [b"", b"\xff" * 32, b"\x02" + b"\x00" * 31, PUBLIC[:-1]])
    def test_a_malformed_key_is_refused(self, key: bytes) -> None:
        with pytest.raises(NotProven):
            check_signature(key, b"message", SECRET.sign(b"message"))

    def test_a_scalar_beyond_the_order_is_refused(self) -> None:
        signature = SECRET.sign(b"message")
        scalar = int.from_bytes(signature[32:], "little") + verifier._ORDER
        with pytest.raises(NotProven):
            check_signature(PUBLIC, b"message", signature[:32] + scalar.to_bytes(32, "little"))


def note_of(checkpoint: Checkpoint, secret: Ed25519PrivateKey = SECRET) -> str:
    public = secret.public_key().public_bytes_raw()
    return signed_note(checkpoint, public, secret.sign(checkpoint.text.encode()))


class TestCheckpoint:
    CHECKPOINT = Checkpoint("consentbot.example", 7, hashlib.sha256(b"root").digest(), 1_790_000_000)

    def test_a_checkpoint_is_read_as_it_was_signed(self) -> None:
        assert opened(note_of(self.CHECKPOINT), PUBLIC) == self.CHECKPOINT

    @pytest.mark.parametrize(
        "tamper",
        [
            lambda note: note.replace("\n7\n", "\n8\n"),
            lambda note: note.replace("\n7\n", "\n07\n"),
            lambda note: note.replace("1790000000", "1790000001"),
            lambda note: note.replace("consentbot.example\n7", "other.example\n7"),
            lambda note: note + "more\n",
            lambda note: note.replace("\n\n", "\n"),
            lambda note: note.replace("time", "date"),
            lambda note: "",
            lambda note: note[:-10],
        ],
    )
    def test_a_changed_checkpoint_is_refused(self, tamper: Callable[[str], str]) -> None:
        with pytest.raises(NotProven):
            opened(tamper(note_of(self.CHECKPOINT)), PUBLIC)

    def test_a_checkpoint_signed_by_another_key_is_refused(self) -> None:
        stranger = Ed25519PrivateKey.generate()
        with pytest.raises(NotProven, match="another key"):
            opened(note_of(self.CHECKPOINT, stranger), PUBLIC)


def record(number: int, kind: str, *, answer: str = "", wording: str = "") -> dict[str, Any]:
    salted = hmac.digest(ANSWER_KEY, answer.encode(), "sha256").hex() if answer else ""
    return {
        "person": "0198c0de-0000-7000-8000-000000000001",
        "person_seq": number,
        "kind": kind,
        "purpose": "offers",
        "at": 1_790_000_000 + number,
        "recorded_at": 1_790_000_000_000 + number,
        "question": "q1",
        "locale": "fr",
        "expires_at": 0,
        "notice": "2026-10",
        "wording": wording,
        "legal_basis": "consent",
        "method": "chat",
        "rule": "yes:fr:exact",
        "actor": "person",
        "inbound": f"{number:032x}",
        "answer_hash": salted,
        "app_version": "1",
        "answer": answer,
        "subject": "".join(sealed(address) for address in ADDRESSES) if number == 1 else "",
    }


def sealed(address: str) -> str:
    return hmac.digest(ADDRESS_KEY, address.encode(), "sha256").hex()[:32]


def evidence(others: int = 9, *, without: Callable[[dict[str, Any]], dict[str, Any]] = dict) -> dict[str, Any]:
    """An evidence file of one person in a tree with records of others."""
    text = "Écrire « OUI » pour accepter: offres ☘"
    digest = hashlib.sha256(text.encode()).hexdigest()
    records = [record(1, "requested", wording=digest), record(2, "given", answer="Oui ☘", wording=digest)]
    records = [without(one) for one in records]
    hashes = [leaf_hash(bytes([number])) for number in range(others)]
    previous = b""
    for one in records:
        previous = record_hash(previous, one)
        one["entry_hash"], one["leaf"] = previous.hex(), len(hashes)
        hashes.append(leaf_hash(previous))
    hashes += [leaf_hash(b"later")]
    for one in records:
        one["proof"] = [step.hex() for step in inclusion_proof(hashes, one["leaf"])]
    checkpoint = Checkpoint("consentbot.example", len(hashes), root_of(hashes), 1_790_000_100)
    return {
        "person": records[0]["person"],
        "records": records,
        "wordings": {digest: text},
        "answer_key": ANSWER_KEY.hex(),
        "about": {"addresses": list(ADDRESSES), "unnamed": 0, "key": ADDRESS_KEY.hex()},
        "checkpoint": note_of(checkpoint),
    }


Tamper = Callable[[dict[str, Any]], object]


def _address(it: dict[str, Any], address: str) -> None:
    it["about"]["addresses"][0] = address


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "another purpose": (lambda it: it["records"][1].update(purpose="news"), "record 2"),
    "another time": (lambda it: it["records"][0].update(at=1), "record 1"),
    "another answer": (lambda it: it["records"][1].update(answer="Non"), "record 2"),
    "another answer without a key": (
        lambda it: (it.pop("answer_key"), it["records"][1].update(answer="Oui, tout")),
        "record 2.*without the key",
    ),
    "an answer where none was given": (lambda it: it["records"][0].update(answer="Oui"), "record 1"),
    "an answer left out": (lambda it: it["records"][1].update(answer=None), "record 2.*left out"),
    "another address": (lambda it: it["about"].update(addresses=["+33600000002"]), r"no record is about \+33600000002"),
    "an address beside the right ones": (lambda it: it["about"]["addresses"].append("+33600000002"), "no record is"),
    "another address with its own salted hash": (
        lambda it: (
            it["about"].update(addresses=["+33600000002"]),
            [record.update(subject=sealed("+33600000002")) for record in it["records"]],
        ),
        "record 1",
    ),
    "an address left out": (lambda it: it["about"]["addresses"].pop(), "left out"),
    "the other address left out": (lambda it: it["about"]["addresses"].pop(0), "left out"),
    "all addresses left out": (lambda it: it["about"]["addresses"].clear(), "left out"),
    "an address twice, for another": (lambda it: it["about"].update(addresses=ADDRESSES[:1] * 2), "named twice"),
    "addresses joined into one": (lambda it: it["about"].update(addresses=["".join(ADDRESSES)]), "no record is"),
    "addresses as a text": (lambda it: it["about"].update(addresses=ADDRESSES[0]), "no record is"),
    "an address without its last digit": (lambda it: _address(it, ADDRESSES[0][:-1]), "no record is"),
    "an address with a digit more": (lambda it: _address(it, ADDRESSES[0] + "0"), "no record is"),
    "an address with digits swapped": (lambda it: _address(it, "+33600000010"), "no record is"),
    "an address without its plus": (lambda it: _address(it, ADDRESSES[0][1:]), "no record is"),
    "an address with blanks": (lambda it: _address(it, "+33 600000001"), "no record is"),
    "an address with an unseen letter": (lambda it: _address(it, ADDRESSES[0] + "\u200b"), "no record is"),
    "an address in other digits": (lambda it: _address(it, "+٣٣٦٠٠٠٠٠٠٠١"), "no record is"),
    "an empty address": (lambda it: _address(it, ""), "no record is"),
    "a BSUID of another country": (
        lambda it: it["about"]["addresses"].__setitem__(1, ADDRESSES[1].replace("FR", "DE")),
        "no record is",
    ),
    "a BSUID in small letters": (
        lambda it: it["about"]["addresses"].__setitem__(1, ADDRESSES[1].lower()),
        "no record is",
    ),
    "addresses sealed by another record": (
        lambda it: it["records"][1].update(subject=it["records"][0].pop("subject")),
        "record 1",
    ),
    "the sealing taken out of the records": (lambda it: it["records"][0].update(subject=""), "record 1"),
    "the sealing swapped": (
        lambda it: it["records"][0].update(subject="".join(map(sealed, reversed(ADDRESSES)))),
        "record 1",
    ),
    "the sealing cut": (lambda it: it["records"][0].update(subject=it["records"][0]["subject"][:-2]), "record 1"),
    "an address of a key of one's own": (
        lambda it: it["about"].update(addresses=["+33600000002"], key="00" * 32, unnamed=1),
        "no record is",
    ),
    "another key of the addresses": (lambda it: it["about"].update(key="07" * 32), "no record is about"),
    "nobody whom it is about": (lambda it: it.pop("about"), "left out"),
    "an address that the records no longer seal": (
        lambda it: it["records"][0].update(subject=sealed(ADDRESSES[0])),
        "record 1",
    ),
    "no records": (lambda it: it["records"].clear(), "no records"),
    "another text": (lambda it: it["wordings"].update({next(iter(it["wordings"])): "OK?"}), "record 1"),
    "no text": (lambda it: it["wordings"].clear(), "record 1"),
    "a record taken away": (lambda it: it["records"].pop(0), "record 1"),
    "records swapped": (lambda it: it["records"].reverse(), "record 1"),
    "a record of someone else": (lambda it: it["records"][1].update(person="other"), "record 2"),
    "another place in the tree": (lambda it: it["records"][1].update(leaf=3), "record 2"),
    "a shorter proof": (lambda it: it["records"][1]["proof"].pop(), "record 2"),
    "a recomputed hash": (
        lambda it: it["records"][1].update(
            purpose="news",
            entry_hash=record_hash(
                bytes.fromhex(it["records"][0]["entry_hash"]), {**it["records"][1], "purpose": "news"}
            ).hex(),
        ),
        "record 2",
    ),
    "a checkpoint of another tree": (
        lambda it: it.update(checkpoint=note_of(Checkpoint("consentbot.example", 12, b"\1" * 32, 1))),
        "record 1",
    ),
}


class TestEvidence:
    def test_untouched_evidence_verifies(self) -> None:
        found = check_evidence(evidence(), PUBLIC)
        assert len(found) == 5
        assert "unchanged" in found[-1]

    def test_it_says_whom_it_is_about(self) -> None:
        about = [line for line in check_evidence(evidence(), PUBLIC) if line.startswith("about: ")]
        assert about == [f"about: {one}, sealed since record 1" for one in ADDRESSES]

    def test_addresses_that_are_not_named_are_counted(self) -> None:
        moved = evidence()
        moved["about"].update(addresses=ADDRESSES[1:], unnamed=1)
        about = [line for line in check_evidence(moved, PUBLIC) if line.startswith("about: ")]
        assert about[0] == f"about: {ADDRESSES[1]}, sealed since record 1"
        assert "1 more that the records seal" in about[1]

    def test_records_older_than_the_sealing_of_addresses_name_nobody(self) -> None:
        def without(record: dict[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in record.items() if name != "subject"}

        older = evidence(without=without)
        del older["about"]
        assert "nobody is named" in check_evidence(older, PUBLIC)[1]
        older["about"] = {"addresses": ADDRESSES[:1], "key": ADDRESS_KEY.hex()}
        with pytest.raises(NotProven, match="no record is about"):
            check_evidence(older, PUBLIC)

    def test_an_erased_person_s_records_verify_without_their_answers(self) -> None:
        erased = evidence()
        del erased["answer_key"], erased["about"]
        for one in erased["records"]:
            one["answer"] = None
        assert len(check_evidence(erased, PUBLIC)) == 4

    @pytest.mark.parametrize(("tamper", "where"), TAMPERED.values(), ids=TAMPERED)
    def test_tampered_evidence_is_named(self, tamper: Tamper, where: str) -> None:
        changed = copy.deepcopy(evidence())
        tamper(changed)
        with pytest.raises(NotProven, match=where):
            check_evidence(changed, PUBLIC)


class TestCommand:
    """The file is run alone, as an auditor would."""

    @pytest.fixture
    def archive(self, tmp_path: Path) -> Path:
        path = tmp_path / "evidence.zip"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("evidence.json", json.dumps(evidence()))
        return path

    def run(self, tmp_path: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        alone = tmp_path / "verify.py"
        alone.write_text(Path(verifier.__file__).read_text("utf-8"), "utf-8")
        command = [sys.executable, "-I", "-S", str(alone), *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    def test_the_verifier_needs_nothing_but_python(self, tmp_path: Path, archive: Path) -> None:
        done = self.run(tmp_path, archive, "--key", PUBLIC.hex())
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Everything holds.")

    def test_a_bundle_whose_address_was_swapped_is_refused(self, tmp_path: Path, archive: Path) -> None:
        swapped = json.dumps(evidence()).replace(ADDRESSES[0], "+33600000002")
        (tmp_path / "evidence.json").write_text(swapped)
        done = self.run(tmp_path, "evidence.json", "--key", PUBLIC.hex())
        assert (done.returncode, done.stderr) == (1, "NOT PROVEN: no record is about +33600000002\n")
        assert f"about: {ADDRESSES[0]}, sealed" in self.run(tmp_path, archive, "--key", PUBLIC.hex()).stdout

    def test_evidence_is_refused_under_another_key(self, tmp_path: Path, archive: Path) -> None:
        done = self.run(tmp_path, archive, "--key", Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex())
        assert done.returncode == 1
        assert "another key" in done.stderr

    def test_a_file_without_evidence_is_reported_without_a_traceback(self, tmp_path: Path) -> None:
        (tmp_path / "broken.json").write_text("[]")
        done = self.run(tmp_path, "broken.json", "--key", PUBLIC.hex())
        assert done.returncode == 1
        assert "Traceback" not in done.stderr

    def test_a_newer_checkpoint_shows_that_nothing_older_was_changed(self, tmp_path: Path, archive: Path) -> None:
        hashes = [leaf_hash(bytes([number])) for number in range(9)]
        hashes += [leaf_hash(bytes.fromhex(one["entry_hash"])) for one in evidence()["records"]]
        hashes += [leaf_hash(b"later"), leaf_hash(b"newest")]
        newer = Checkpoint("consentbot.example", len(hashes), root_of(hashes), 1_790_000_200)
        (tmp_path / "newer.txt").write_text(note_of(newer), "utf-8")
        proof = [step.hex() for step in consistency_proof(hashes, 12)]
        (tmp_path / "proof.json").write_text(json.dumps(proof))
        command = (archive, "--key", PUBLIC.hex(), "--newer", "newer.txt", "--proof", "proof.json")
        assert self.run(tmp_path, *command).returncode == 0
        (tmp_path / "proof.json").write_text(json.dumps(proof[:-1]))
        assert self.run(tmp_path, *command).returncode == 1
