"""Checks that the ledger is still what was written: every entry in its place, with its answer, wording and person."""

from collections.abc import AsyncGenerator, Iterator

import asyncpg
import msgspec

from ...keys import Keyring, PersonKey, Undecipherable
from ...service.ports import BadEntry, PersonId
from .connect import Database
from .entries import entry_hash
from .persons import read_sender

_ALL = """
SELECT ledger.*, persons.key,
    ledger.wording = '' OR EXISTS (
        SELECT FROM wordings WHERE sha256 = ledger.wording AND sha256(convert_to(text, 'UTF8')) = sha256
    ) AS wording_is_kept
FROM ledger LEFT JOIN persons ON persons.id = ledger.person ORDER BY person, person_seq
"""

_MISCOUNTED = """
SELECT id, ledger_seq, count(sequence) AS found FROM persons LEFT JOIN ledger ON person = id
GROUP BY id HAVING count(sequence) <> ledger_seq ORDER BY id
"""

_ADDRESSED = """
SELECT id, addresses, ARRAY(SELECT token FROM addresses WHERE person = persons.id) AS tokens FROM persons ORDER BY id
"""

_DESERTED = """
SELECT person, max(sequence) AS sequence FROM ledger
WHERE NOT EXISTS (SELECT FROM persons WHERE persons.id = ledger.person)
GROUP BY person HAVING NOT bool_or(kind = 'erased') ORDER BY 2
"""

_ALTERED_TEXTS = "SELECT sha256 FROM wordings WHERE sha256(convert_to(text, 'UTF8')) <> sha256 ORDER BY 1"

_STRANGE_NOTICES = """
SELECT sequence, person, shown.notice
FROM (SELECT notice, wording, min(sequence) AS sequence FROM ledger WHERE notice <> '' AND wording <> '' GROUP BY 1, 2)
    AS shown
JOIN ledger USING (sequence) JOIN wordings ON wordings.sha256 = shown.wording
WHERE sha256(convert_to(text, 'UTF8')) = sha256
    AND NOT EXISTS (SELECT FROM notices WHERE version = shown.notice AND strpos(wordings.text, url) > 0)
ORDER BY sequence
"""

_PAGE = 1000

_NOBODY = PersonId("")


async def verify(database: Database, keys: Keyring) -> AsyncGenerator[BadEntry | int, None]:
    """Check everything as of now, in constant memory. Raises `Unavailable`.

    A caller that stops early must close it, since it holds a connection.
    """
    checked = 0
    chain = _Chain(keys)
    async with database.transaction("repeatable_read", readonly=True) as connection:
        async for row in connection.cursor(_ALL, prefetch=_PAGE, timeout=None):
            for reason in chain.faults(row):
                yield BadEntry(row["sequence"], PersonId(str(row["person"])), reason)
            checked += 1
            if checked % _PAGE == 0:
                yield checked
        async for row in connection.cursor(_MISCOUNTED, prefetch=_PAGE, timeout=None):
            reason = f"{row['ledger_seq']} entries were written, {row['found']} are there"
            yield BadEntry(0, PersonId(str(row["id"])), reason)
        async for row in connection.cursor(_ADDRESSED, prefetch=_PAGE, timeout=None):
            if reason := _address_fault(row, keys):
                yield BadEntry(0, PersonId(str(row["id"])), reason)
        async for row in connection.cursor(_DESERTED, prefetch=_PAGE, timeout=None):
            reason = "has lost its person, and nothing says that they were erased"
            yield BadEntry(row["sequence"], PersonId(str(row["person"])), reason)
        async for row in connection.cursor(_STRANGE_NOTICES, prefetch=_PAGE, timeout=None):
            reason = f"shows another address of the privacy notice {row['notice']} than was kept, or none was"
            yield BadEntry(row["sequence"], PersonId(str(row["person"])), reason)
        async for row in connection.cursor(_ALTERED_TEXTS, prefetch=_PAGE, timeout=None):
            yield BadEntry(0, _NOBODY, f"the wording {row['sha256'].hex()} is not the text that its hash says")
    yield checked


def _address_fault(row: "asyncpg.Record", keys: Keyring) -> str:
    """Return what is wrong with a person's addresses, which decide whose evidence it is."""
    try:
        sender = read_sender(keys.decrypt(row["addresses"]))
    except (Undecipherable, msgspec.MsgspecError):
        return "has addresses that were altered, or a key of SECRET_KEY is missing"
    tokens = set(row["tokens"])
    if any(tokens.isdisjoint(keys.addresses(address)) for address in sender.addresses):
        return "is not found by one of their addresses: what leads to them was altered"
    return ""


class _Chain:
    """Follows the entries of one person after another."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys
        self._person: object = None
        self._number = 0
        self._head = b""
        self._key: PersonKey | None = None
        self._key_fault = ""

    def faults(self, row: "asyncpg.Record") -> Iterator[str]:
        """Yield what is wrong with the next entry."""
        if row["person"] != self._person:
            self._begin(row)
        if row["person_seq"] != self._number + 1:
            yield f"follows number {self._number} of its person but is number {row['person_seq']}"
        elif entry_hash(self._head, row) != row["entry_hash"]:
            yield "differs from what was written, or the entry before it does"
        if not row["wording_is_kept"]:
            yield "the text that it showed is missing or was altered"
        yield from self._answer_faults(row)
        self._number, self._head = row["person_seq"], row["entry_hash"]

    def _begin(self, row: "asyncpg.Record") -> None:
        self._person, self._number, self._head = row["person"], 0, b""
        self._key, self._key_fault = None, ""
        if row["key"] is not None:  # deleted with an erased person
            try:
                self._key = self._keys.person(row["key"])
            except Undecipherable:
                self._key_fault = "the person's key was altered, or a key of SECRET_KEY is missing"

    def _answer_faults(self, row: "asyncpg.Record") -> Iterator[str]:
        if self._key_fault:
            yield self._key_fault
        if self._key is None:
            return
        try:
            answer = self._key.open(row["answer"]) if row["answer"] else ""
        except Undecipherable:
            yield "its answer was altered"
            return
        if (self._key.commit(answer) if answer else b"") != row["answer_hash"]:
            yield "its answer was altered"
