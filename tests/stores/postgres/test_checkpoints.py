"""The tree over the ledger: it grows, is signed, proves entries, and shows what was tampered with behind its back."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from bot.consent.evidence import Entry
from bot.consent.verifier import check_consistency, check_inclusion, leaf_hash, opened
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append, BadEntry, PersonId
from bot.stores.postgres.checkpoints import LONGEST_TRANSACTION, MOST, TILE, Checkpoints
from bot.stores.postgres.connect import Database
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.tree_verification import verify_tree
from tests.stores.made import given, requested, withdrawn

NOW = 1_790_000_300.0


@pytest.fixture
def checkpoints(database: Database, keys: Keyring) -> Checkpoints:
    return Checkpoints(database, keys.signers[0])


def dated(entry: Entry, at: float) -> Entry:
    return msgspec.structs.replace(entry, recorded_at=at)


async def written(database: Database, keys: Keyring, persons: int, first: int = 0, at: float = NOW) -> list[PersonId]:
    """Write three entries for each of some persons."""
    senders = [Sender(None, f"DE.{number:016d}") for number in range(first, first + persons)]
    ids = await Persons(database, keys).create(senders)
    appends = [
        Append(person, 0, [dated(make(f"m{number}"), at) for make in (requested, given, withdrawn)])
        for number, person in enumerate(ids, first)
    ]
    assert await Ledger(database, keys).append(appends) == set(ids)
    return ids


async def sequences(database: Database) -> list[tuple[int, bytes]]:
    rows = await database.fetch("SELECT sequence, entry_hash FROM ledger ORDER BY sequence")
    return [(row["sequence"], row["entry_hash"]) for row in rows]


async def faults(database: Database, keys: Keyring, most: int = MOST) -> list[BadEntry]:
    public = [signer.public_key for signer in keys.signers]
    return [one async for one in verify_tree(database, public, most=most) if isinstance(one, BadEntry)]


async def behind_the_back(database: Database, *statements: str) -> None:
    """Do what only a superuser could: the tables refuse it to the program."""
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)


async def test_advance_adds_new_entries_to_the_tree_once(
    database: Database, keys: Keyring, checkpoints: Checkpoints
) -> None:
    assert await checkpoints.advance(NOW) == 0
    await written(database, keys, 3)
    assert await checkpoints.advance(NOW) == 9
    assert await checkpoints.advance(NOW + 60) == 0
    await written(database, keys, 1, first=3, at=NOW + 90)
    assert await checkpoints.advance(NOW + 120) == 3
    assert await faults(database, keys) == []


@pytest.mark.parametrize("persons", [[1], [90], [60, 40], [86, 85, 1]])
async def test_every_entry_has_a_valid_inclusion_proof(
    database: Database, keys: Keyring, checkpoints: Checkpoints, persons: Sequence[int]
) -> None:
    for round, count in enumerate(persons):
        await written(database, keys, count, first=sum(persons[:round]))
        await checkpoints.advance(NOW + round)
    for sequence, entry_hash in await sequences(database):
        proof = await checkpoints.prove(sequence)
        assert proof is not None
        signed = opened(proof.note, keys.signers[0].public_key)
        check_inclusion(leaf_hash(entry_hash), proof.leaf, signed.size, proof.steps, signed.root)


async def test_an_entry_that_no_checkpoint_covers_has_no_proof_yet(
    database: Database, keys: Keyring, checkpoints: Checkpoints
) -> None:
    await written(database, keys, 1)
    ((sequence, _), *_) = await sequences(database)
    assert await checkpoints.prove(sequence) is None


async def test_a_newer_tree_is_proven_consistent_with_the_older_one(
    database: Database, keys: Keyring, checkpoints: Checkpoints
) -> None:
    await written(database, keys, 90)
    await checkpoints.advance(NOW)
    older = opened(await checkpoints.newest() or "", keys.signers[0].public_key)
    await written(database, keys, 7, first=90)
    await checkpoints.advance(NOW + 1)
    newer = opened(await checkpoints.newest() or "", keys.signers[0].public_key)
    proof = await checkpoints.consistency(older.size)
    check_consistency(older.size, older.root, newer.size, newer.root, proof)


async def test_concurrent_processes_add_each_entry_to_the_tree_once(
    database: Database, keys: Keyring, checkpoints: Checkpoints
) -> None:
    await written(database, keys, 30)
    taken = await asyncio.gather(*(checkpoints.advance(NOW) for _ in range(5)))
    assert sum(taken) == 90
    assert await faults(database, keys) == []


async def test_a_backlog_of_several_checkpoints_raises_no_false_alarm(database: Database, keys: Keyring) -> None:
    await written(database, keys, 30, at=NOW - 86_400)
    few = Checkpoints(database, keys.signers[0], most=20)
    assert [await few.advance(NOW + round) for round in range(6)] == [20, 20, 20, 20, 10, 0]
    assert await faults(database, keys, most=20) == []


async def test_an_entry_that_commits_late_is_added_by_a_later_checkpoint(
    database: Database, keys: Keyring, checkpoints: Checkpoints
) -> None:
    (slow,) = await Persons(database, keys).create([Sender(None, "DE.1")])
    async with database.transaction() as held:
        await held.execute("SELECT nextval(pg_get_serial_sequence('ledger', 'sequence'))")
        await written(database, keys, 2, first=10)
        await checkpoints.advance(NOW)
    await Ledger(database, keys).append([Append(slow, 0, [dated(requested("late"), NOW + 1)])])
    assert await checkpoints.advance(NOW + LONGEST_TRANSACTION + 1) == 1
    assert await faults(database, keys) == []


TAMPERED = {
    "a record taken away": ("DELETE FROM ledger WHERE sequence = 5", 5, "taken away"),
    "a record replaced": ("UPDATE ledger SET entry_hash = '\\x01' WHERE sequence = 5", 5, "replaced"),
    "a leaf replaced too": (
        "UPDATE ledger SET entry_hash = '\\x01' WHERE sequence = 5; "
        "UPDATE leaves SET entry_hash = '\\x01' WHERE sequence = 5",
        9,
        "not the one that was signed",
    ),
    "two leaves swapped": (
        "UPDATE leaves SET number = -1 WHERE number = 3; UPDATE leaves SET number = 3 WHERE number = 4; "
        "UPDATE leaves SET number = 4 WHERE number = -1",
        9,
        "not the one that was signed",
    ),
    "a leaf taken away": ("DELETE FROM leaves WHERE number = 4", 6, "missing before it"),
    "a checkpoint forged": (
        "UPDATE checkpoints SET note = replace(note, '\n9\n', '\n8\n')",
        9,
        "does not hold",
    ),
    "a checkpoint of another key": (
        "UPDATE checkpoints SET public_key = '\\x00'",
        9,
        "another key",
    ),
    "a checkpoint dated back": ("UPDATE checkpoints SET at = 0", 9, "differs from what was signed"),
    "a checkpoint with another root beside it": (
        "UPDATE checkpoints SET root = '\\x00'",
        9,
        "differs from what was signed",
    ),
    "a checkpoint from which another tree would grow": (
        "UPDATE checkpoints SET edge = ARRAY[edge[2], edge[1]]",
        9,
        "differs from what was signed",
    ),
    "a leaf put in at the end": (
        "INSERT INTO leaves SELECT 9, sequence, entry_hash FROM ledger WHERE sequence = 0 UNION SELECT 9, 99, '\\x00'",
        0,
        "10 leaves, and the newest checkpoint signs 9",
    ),
    "the last leaf taken away": (
        "DELETE FROM leaves WHERE number = 8",
        0,
        "8 leaves, and the newest checkpoint signs 9",
    ),
    "the checkpoints taken away": ("DELETE FROM checkpoints", 0, "9 leaves, and the newest checkpoint signs 0"),
    "a checkpoint put in": (
        "INSERT INTO checkpoints SELECT -1, root, edge, at, horizon, complete, note, public_key FROM checkpoints",
        0,
        "2 checkpoints, of which 1 ",
    ),
    "a tile put in": ("INSERT INTO tiles VALUES (0, '\\x00')", 0, "1 tiles, and 9 leaves make 0"),
}


@pytest.mark.parametrize(("statement", "sequence", "reason"), TAMPERED.values(), ids=TAMPERED)
async def test_each_kind_of_tampering_is_reported_at_its_entry(
    database: Database,
    keys: Keyring,
    checkpoints: Checkpoints,
    statement: str,
    sequence: int,
    reason: str,
) -> None:
    await written(database, keys, 3)
    await checkpoints.advance(NOW)
    await behind_the_back(database, *statement.split("; "))
    found = await faults(database, keys)
    assert found
    assert any(bad.sequence == sequence and reason in bad.reason for bad in found), found


async def test_a_backdated_record_is_reported(database: Database, keys: Keyring, checkpoints: Checkpoints) -> None:
    (person, *_) = await written(database, keys, 1)
    await checkpoints.advance(NOW + 2 * LONGEST_TRANSACTION)
    await Ledger(database, keys).append([Append(person, 3, [dated(requested("forged"), NOW)])])
    assert [bad.sequence for bad in await faults(database, keys)] == [4]
    await checkpoints.advance(NOW + 3 * LONGEST_TRANSACTION)
    assert [bad.reason for bad in await faults(database, keys)] == ["claims to be older than the checkpoint before it"]


async def test_a_checkpoint_marked_incomplete_hides_no_backdated_record(
    database: Database, keys: Keyring, checkpoints: Checkpoints
) -> None:
    (person, *_) = await written(database, keys, 1)
    await checkpoints.advance(NOW + 2 * LONGEST_TRANSACTION)
    await behind_the_back(database, "UPDATE checkpoints SET complete = false")
    await Ledger(database, keys).append([Append(person, 3, [dated(requested("forged"), NOW)])])
    await checkpoints.advance(NOW + 3 * LONGEST_TRANSACTION)
    assert [bad.reason for bad in await faults(database, keys)] == ["claims to be older than the checkpoint before it"]


async def test_a_changed_tile_is_reported(database: Database, keys: Keyring, checkpoints: Checkpoints) -> None:
    await written(database, keys, 90)
    await checkpoints.advance(NOW)
    await behind_the_back(database, "UPDATE tiles SET root = '\\x00'")
    (bad,) = await faults(database, keys)
    assert bad.sequence == TILE


async def test_the_program_itself_cannot_change_the_tree(
    database: Database, keys: Keyring, checkpoints: Checkpoints
) -> None:
    await written(database, keys, 1)
    await checkpoints.advance(NOW)
    for table in ("leaves", "tiles", "checkpoints"):
        with pytest.raises(Exception, match="append-only"):
            await database.execute(f"DELETE FROM {table}")


async def test_old_checkpoints_still_verify_after_a_key_rotation(
    database: Database, keys: Keyring, checkpoints: Checkpoints
) -> None:
    await written(database, keys, 1)
    await checkpoints.advance(NOW)
    rotated = Keyring(["a newer secret of this test, thirty-two", "a secret of this test, thirty-two characters"])
    await written(database, keys, 1, first=1)
    await Checkpoints(database, rotated.signers[0]).advance(NOW + 1)
    assert await faults(database, rotated) == []
    assert await faults(database, keys) != []
