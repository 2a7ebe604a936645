import hashlib

from tests.consent.facts import SHOWN


def test_a_wording_is_known_by_the_hash_of_its_text() -> None:
    assert SHOWN.sha256 == hashlib.sha256(b"May we write to you?").digest()
