"""Everything that is derived from `SECRET_KEY`: lookup tokens, encryption at rest, signatures.

Each use has its own key (HKDF-SHA-256, RFC 5869), so that a token of one use tells nothing about another.
`SECRET_KEY` is a list, newest first: new tokens and ciphertexts use the first key; the rest only decrypt and look up.
"""

import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import OperatorError
from .numbers import canonical, spellings
from .paths import COMMAND

TOKEN_BYTES = 16
_NONCE_BYTES = 12


class Undecipherable(OperatorError):
    """No key of `SECRET_KEY` opens this; a key was removed too early, or the data was altered."""


def _derive(secret: str, use: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"consentbot {use}".encode()).derive(
        secret.encode()
    )


class Keyring:
    """The keys of one installation."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Derive all keys from `secrets`, newest first. Raises `ValueError` if there is none."""
        if not secrets:
            raise ValueError("SECRET_KEY is empty; set it to a random string of 32 characters or more")
        self._lookup = [hmac.new(_derive(secret, "address"), digestmod=hashlib.sha256) for secret in secrets]
        self._message = hmac.new(_derive(secrets[0], "message"), digestmod=hashlib.sha256)
        self._log = hmac.new(_derive(secrets[0], "log"), digestmod=hashlib.sha256)
        self.questions = _derive(secrets[0], "question")
        """Makes the ids of our questions, which nobody can guess without it."""
        self._rest = [AESGCM(_derive(secret, "at rest")) for secret in secrets]
        self.signers = [Signer(secret) for secret in secrets]
        self.key_ids = [hashlib.sha256(_derive(secret, "key id")).digest()[:4] for secret in secrets]
        self.key_id = self.key_ids[0]
        """Identifies the key that a token was made with."""
        self.older = [Keyring([secret]) for secret in secrets[1:]]
        """The token maker of each older key."""

    def __repr__(self) -> str:
        return f"Keyring({len(self._lookup)} keys)"

    def address(self, address: str) -> bytes:
        """Return the token by which an address is found, however it is spelled.

        16 bytes that reveal nothing without the key.
        """
        return _token(self._lookup[0], canonical(address))

    def addresses(self, *addresses: str) -> list[bytes]:
        """Return the tokens that each address has or had, newest key first.

        Rows stored before spellings were unified are found by each spelling.
        """
        return [
            _token(key, spelling) for address in addresses for key in self._lookup for spelling in spellings(address)
        ]

    def by_token(self, addresses: Iterable[str]) -> dict[bytes, list[str]]:
        """Return the tokens of `addresses`, newest key first, each with the addresses that it stands for."""
        found: dict[bytes, list[str]] = {}
        for address in dict.fromkeys(addresses):
            for token in self.addresses(address):
                found.setdefault(token, []).append(address)
        return found

    def log_name(self, person: str) -> str:
        """Return a person's name in logs, 12 digits: the same each time, and of no use without the key."""
        return _token(self._log, person).hex()[:12]

    def message(self, message_id: str) -> bytes:
        """Return the token of a message id (WhatsApp's ids hold the phone number)."""
        return _token(self._message, message_id)

    def messages(self, message_id: str) -> list[bytes]:
        """Return the tokens of a message id by all keys, the newest first."""
        return [self.message(message_id), *(keys.message(message_id) for keys in self.older)]

    def encrypt(self, plain: bytes) -> bytes:
        """Encrypt for storage (AES-256-GCM)."""
        return _encrypt(self._rest[0], plain)

    def decrypt(self, sealed: bytes) -> bytes:
        """Undo `encrypt` with the key that fits. Raises `Undecipherable`."""
        for key in self._rest:
            try:
                return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
            except (InvalidTag, ValueError):  # ValueError: too short to be ours
                continue
        raise Undecipherable("no key of SECRET_KEY opens this; put the key that it was written with back on the list")

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key opens this; an older key may as well."""
        try:
            self._rest[0].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError):
            return False
        return True

    def new_person_key(self) -> bytes:
        """Return a new personal key, wrapped; destroying it makes everything sealed with it unreadable."""
        return self.encrypt(AESGCM.generate_key(256))

    def person(self, wrapped: bytes) -> "PersonKey":
        """Unwrap a personal key. Raises `Undecipherable`."""
        return PersonKey(self.decrypt(wrapped))


class Signer:
    """Signs checkpoints of the ledger (Ed25519)."""

    def __init__(self, secret: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_derive(secret, "checkpoint"))
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self._key.sign(message)


class PersonKey:
    """Seals the personal parts of one person's evidence."""

    def __init__(self, key: bytes) -> None:
        self._sealer = AESGCM(key)
        self.answer_key = hmac.digest(key, b"consentbot answers", "sha256")
        """Salts the hashes of answers; it is handed out with evidence, so it reveals nothing about the key."""
        self.address_key = hmac.digest(key, b"consentbot addresses", "sha256")
        """Salts the hashes of addresses; it is handed out like `answer_key`."""

    def seal(self, text: str) -> bytes:
        """Encrypt a text."""
        return self.seal_bytes(text.encode("utf-8", "surrogatepass"))

    def open(self, sealed: bytes) -> str:
        """Decrypt a text. Raises `Undecipherable`."""
        return self.open_bytes(sealed).decode("utf-8", "surrogatepass")

    def seal_bytes(self, content: bytes) -> bytes:
        """Encrypt a file."""
        return _encrypt(self._sealer, content)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Decrypt a file. Raises `Undecipherable`."""
        try:
            return self._sealer.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError):  # ValueError: too short to be ours
            raise Undecipherable(
                f"the person's key does not open this, so it was altered; see `{COMMAND} ledger verify`"
            ) from None

    def commit(self, text: str) -> bytes:
        """Return a salted hash of a text, which proves it while the key exists and reveals nothing afterwards."""
        return hmac.digest(self.answer_key, text.encode("utf-8", "surrogatepass"), "sha256")

    def commit_address(self, address: str) -> bytes:
        """Return a salted hash of one of the person's addresses, spelled as it is: 16 bytes."""
        return hmac.digest(self.address_key, address.encode("utf-8", "surrogatepass"), "sha256")[:TOKEN_BYTES]


def _token(key: "hmac.HMAC", text: str) -> bytes:
    mac = key.copy()
    mac.update(text.encode("utf-8", "surrogatepass"))
    return mac.digest()[:TOKEN_BYTES]


def _encrypt(key: AESGCM, plain: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, None)
