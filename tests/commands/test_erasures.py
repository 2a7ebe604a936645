"""`person erase`, `replay-erasures` and what the other commands say of erased persons."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.consent.erasure import AddressToken, Erasure, Lead, Suppression, to_line
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append
from bot.stores.postgres.connect import Database, connect
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from tests.commands.shell import ANA, Run
from tests.stores.made import BSUID, given, keep_notice, requested

SECRET = "0123456789abcdef" * 4


@pytest.fixture
def ana(database_url: str) -> str:
    """Ana, who has agreed to order updates; her id."""

    async def made(database: Database) -> str:
        keys = Keyring([SECRET])
        await keep_notice(database)
        (person,) = await Persons(database, keys).create([Sender(ANA, BSUID)])
        await Ledger(database, keys).append([Append(person, 0, [requested("a"), given("b")])])
        return person

    person: str = in_database(database_url, made)
    return person


def in_database(url: str, work: Any) -> Any:
    async def done() -> Any:
        database = await connect(url, connections=1)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(done())


def restored(url: str) -> None:
    """Let the database forget erasures, as if a backup from before them had been restored, with Ana in it."""

    async def forgotten(database: Database) -> None:
        for table in ("suppressions", "retained", "erasures"):
            await database.execute(f"DELETE FROM {table}")
        await database.execute("ALTER TABLE ledger DISABLE TRIGGER USER")
        await database.execute("DELETE FROM ledger WHERE kind = 'erased'")

    in_database(url, forgotten)


def brought_back(url: str, person: str) -> None:
    async def back(database: Database) -> None:
        keys = Keyring([SECRET])
        (other,) = await Persons(database, keys).create([Sender(ANA, BSUID)])
        await database.execute("DELETE FROM addresses")
        await database.execute("UPDATE persons SET id = $1, ledger_seq = 2 WHERE id = $2", person, other)
        for token in (keys.address(ANA), keys.address(BSUID)):
            await database.execute("INSERT INTO addresses VALUES ($1, $2, $3)", token, keys.key_id, person)

    restored(url)
    in_database(url, back)


def test_a_person_is_erased_by_number_and_their_proof_is_still_found(run: Run, ana: str) -> None:
    code, output = run("person", "erase", ANA, "--yes", "--json")
    done = json.loads(output)
    assert (code, done["person"], done["suppressed"]) == (0, ana, ["order_updates"])
    assert (done["erased"]["person"], done["proof_until"] > "2026") == (1, True)
    known = json.loads(run("person", "show", ANA, "--json")[1])
    assert (known["person"], known["locale"]) == (ana, "")
    assert known["erased_at"] == done["at"]
    assert [entry["kind"] for entry in known["ledger"]] == ["requested", "given", "erased"]
    assert {one["purpose"]: one["status"] for one in known["consents"]}["order_updates"] == "withdrawn"
    assert "erased at" in run("person", "show", ANA)[1]
    story = run("ledger", "show", BSUID)[1]
    assert "3. erased every purpose" in story
    assert "erased with the person, matched as yes:en:exact" in story
    assert json.loads(run("ledger", "show", ANA, "--json")[1])[1]["answer"] is None
    assert run("ledger", "checkpoint")[0] == 0
    for address in (ANA, BSUID, ana):
        assert "unchanged, in its place" in run("ledger", "prove", address)[1]
    assert run("ledger", "verify")[0] == 0
    assert '"dct:identifier":' in run("ledger", "export")[1]


def test_the_proof_is_found_by_number_even_when_a_new_person_has_it(run: Run, ana: str, database_url: str) -> None:
    run("person", "erase", ANA, "--yes")

    async def back(database: Database) -> str:
        (person,) = await Persons(database, Keyring([SECRET])).create([Sender(ANA)])
        return person

    newcomer = in_database(database_url, back)
    code, output = run("person", "show", ANA)
    assert (code, f"their proof: {ana}" in output, f"Person {newcomer}" in output) == (0, True, True)
    run("person", "erase", ANA, "--yes")
    output = run("ledger", "show", ANA)[1]
    assert (f"their proof: {ana}" in output, f"their proof: {newcomer}" in output) == (True, False)
    assert run("ledger", "show", ana)[0] == 0


def test_erasing_twice_succeeds(run: Run, ana: str) -> None:
    assert run("person", "erase", ANA, "--yes")[0] == 0
    code, output = run("person", "erase", ANA, "--yes")
    assert code == 0
    assert f"Person {ana} is erased." in output
    assert ANA not in output
    by_id = json.loads(run("person", "erase", ana, "--yes", "--json")[1])
    assert by_id["suppressed"] == ["order_updates"]


def test_erasing_needs_confirmation_and_a_known_person(run: Run, ana: str) -> None:
    code, output = run("person", "erase", ANA)
    assert (code, "add --yes" in output) == (1, True)
    assert json.loads(run("person", "show", ANA, "--json")[1])["erased_at"] is None
    assert run("person", "erase", "+447911999999", "--yes")[0] == 1


@pytest.mark.parametrize(("answer", "gone"), [("y", True), ("n", False)])
def test_at_a_terminal_erasing_asks_for_confirmation(
    run: Run, ana: str, environment: dict[str, str | None], answer: str, gone: bool
) -> None:
    ours, theirs = pty.openpty()
    variables = {name: value for name, value in environment.items() if value}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "person", "erase", ANA],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **variables},
    ) as process:
        os.write(ours, f"{answer}\n".encode())
        output, asked = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert b"can't be undone" in asked
    assert (process.returncode == 0, b"is erased" in output) == (gone, gone)


def test_persons_brought_back_by_a_backup_are_erased_again(
    run: Run, ana: str, database_url: str, tmp_path: Path
) -> None:
    run("person", "erase", ANA, "--yes")
    kept = tmp_path / "kept.jsonl"
    assert "1 erasures, 4 suppressions" in run("replay-erasures", "--write", str(kept))[1]
    assert ANA[1:] not in kept.read_text()
    assert kept.read_text() in run("replay-erasures", "--write", "-")[1]
    brought_back(database_url, ana)
    assert json.loads(run("person", "show", ANA, "--json")[1])["erased_at"] is None
    code, output = run("replay-erasures", "--file", str(kept), "--json")
    assert (code, json.loads(output)) == (
        0,
        {"ok": True, "erasures": 1, "erased_again": 1, "suppressions": 4, "broken_lines": 0},
    )
    assert json.loads(run("person", "show", ANA, "--json")[1])["erased_at"] is not None
    assert "0 persons were back" in run("replay-erasures")[1]


def test_the_list_in_var_dir_is_replayed_by_default(run: Run, ana: str, database_url: str) -> None:
    run("person", "erase", ANA, "--yes")
    brought_back(database_url, ana)
    assert "1 persons were back" in run("replay-erasures")[1]


def test_replaying_an_old_list_restores_no_expired_suppression(run: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    token = AddressToken(b"t" * 16, b"k" * 4)
    id = "019a0000-0000-7000-8000-000000000001"
    old.write_bytes(to_line(Erasure(id, 1, "", (Suppression(token, "*", 1),), (Lead(token, date(2020, 1, 1)),))))
    answer = json.loads(run("replay-erasures", "--file", str(old), "--json")[1])
    assert (answer["erasures"], answer["suppressions"]) == (1, 0)
    assert run("replay-erasures", "--file", str(old), "--write", str(new))[0] == 0
    assert token.token.hex() not in new.read_text()
    assert id in new.read_text()


def test_broken_lines_of_a_list_are_reported(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text('{"person":"019a')
    code, output = run("replay-erasures", "--file", str(path))
    assert (code, "1 lines of" in output) == (1, True)
    assert run("replay-erasures", "--file", str(tmp_path / "none"))[0] == 1


def test_rotating_says_what_still_needs_the_old_key(run: Run, ana: str) -> None:
    run("person", "erase", ANA, "--yes")
    assert "Only the first key" in run("rotate-keys")[1]
    both = {"SECRET_KEY": f"{'fedcba9876543210' * 4},{SECRET}"}
    code, output = run("rotate-keys", **both)
    assert code == 0
    assert "Keep the older keys on SECRET_KEY: 4 suppressions and 2 proofs" in output
    assert json.loads(run("person", "show", ANA, "--json", **both)[1])["person"] == ana
    assert "proofs of erased persons" not in run("doctor", "--release", **both)[1]
    code, output = run("doctor", "--release", SECRET_KEY="fedcba9876543210" * 4)
    assert code == 1
    assert "4 suppressions and 2 proofs of erased persons can't be found" in output
