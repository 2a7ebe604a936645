"""`ledger` and `person`: the evidence that a conversation left, checked and shown."""

import asyncio
import json
import zipfile
from pathlib import Path

import pytest

from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append
from bot.stores.postgres.connect import connect
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from tests.commands.shell import ANA, Run
from tests.stores.made import given, requested


def test_an_untouched_ledger_verifies(talked: Run) -> None:
    assert talked("ledger", "checkpoint")[0] == 0
    code, output = talked("ledger", "verify", "--json")
    assert (code, json.loads(output)) == (0, {"ok": True, "checked": 6, "first_bad": None})


def test_the_story_of_a_person_is_shown(talked: Run) -> None:
    code, output = talked("ledger", "show", ANA)
    assert code == 0
    assert "'STOP'" in output
    assert "https://blumen-haas.example/en/privacy" in output
    entries = json.loads(talked("ledger", "show", ANA, "--json")[1])
    for said in ("legal basis: consent", entries[0]["wording"], entries[0]["entry_hash"], entries[0]["app_version"]):
        assert said in output
    assert [entry["kind"] for entry in entries][:2] == ["requested", "given"]


def test_one_entry_is_shown_and_proven_by_its_number(talked: Run) -> None:
    third = json.loads(talked("ledger", "show", ANA, "--json")[1])[2]
    assert json.loads(talked("ledger", "show", str(third["sequence"]), "--json")[1]) == [third]
    talked("ledger", "checkpoint")
    proven = json.loads(talked("ledger", "prove", str(third["sequence"]), "--json")[1])
    assert third["sequence"] in [record["sequence"] for record in proven["records"]]


def test_showing_an_unknown_entry_number_fails(talked: Run) -> None:
    for number in ("999999", "9" * 30):
        assert talked("ledger", "show", number)[0] == 1


def test_a_person_is_shown_as_json(talked: Run) -> None:
    code, output = talked("person", "show", ANA, "--json")
    known = json.loads(output)
    assert code == 0
    assert known.keys() == {"person", "merged", "locale", "consents", "ledger", "requests", "reads", "erased_at"}
    assert {one["purpose"]: one["status"] for one in known["consents"]} == {
        "order_updates": "withdrawn",
        "offers": "withdrawn",
    }
    assert all({"kind", "purpose", "at"} <= entry.keys() for entry in known["ledger"])
    assert all({"purpose", "status", "since"} <= one.keys() for one in known["consents"])
    assert known["requests"] == []


def test_a_person_is_shown_as_text_without_their_number(talked: Run) -> None:
    code, output = talked("person", "show", ANA)
    assert code == 0
    assert output.count("withdrawn") == 4
    assert ANA not in output


def test_each_read_by_an_operator_is_recorded(talked: Run) -> None:
    for command in (["person", "show", ANA], ["ledger", "show", ANA]):
        assert talked(*command)[0] == 0
    reads = json.loads(talked("person", "show", ANA, "--json")[1])["reads"]
    assert [read["command"] for read in reads[-3:]] == ["person show", "ledger show", "person show"]


def test_the_ledger_is_proven_and_bundled_reproducibly(talked: Run, tmp_path: Path) -> None:
    talked("ledger", "checkpoint")
    assert "unchanged, in its place" in talked("ledger", "prove", ANA)[1]
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    for path in (first, second):
        assert talked("ledger", "bundle", ANA, "-o", str(path))[0] == 0
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        told = archive.read("story.txt").decode()
        for record in json.loads(archive.read("evidence.json"))["records"]:
            for field in (
                "legal_basis",
                "question",
                "wording",
                "entry_hash",
                "app_version",
                "notice",
                "actor",
                "method",
            ):
                assert record[field] in told, field
        for name in ("README.txt", "story.txt"):
            assert archive.read(name).decode().find(f"About: {ANA}") >= 0, name
        assert ANA in json.loads(archive.read("evidence.json"))["about"]["addresses"]
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}, "the clock is not in it"
    assert first.stat().st_mode & 0o077 == 0, "it holds personal data"
    code, output = talked("ledger", "bundle", ANA, "-o", str(tmp_path / "no" / "1.zip"))
    told = "can't be written (No such file or directory); name another file with --output"
    assert (code, output.splitlines()[-1].endswith(told)) == (1, True)


def test_the_ledger_is_exported_as_csv_and_json(talked: Run) -> None:
    rows = talked("ledger", "export", "--format", "csv")[1].splitlines()
    assert len(rows) == 7
    document = json.loads(talked("ledger", "export")[1])
    assert len(document["@graph"]) == 2


@pytest.mark.parametrize("who", ["+447911999999", "GB.1", "019a0000-0000-7000-8000-000000000001", "Ana"])
def test_an_unknown_person_is_reported_without_repeating_what_was_typed(talked: Run, who: str) -> None:
    code, output = talked("person", "show", who)
    assert code == 1
    assert "error:" in output
    assert who not in output


def test_a_row_changed_directly_in_the_database_is_reported(run: Run, database_url: str) -> None:
    async def written_and_changed() -> None:
        database, keys = await connect(database_url, connections=1), Keyring(["0123456789abcdef" * 4])
        (person,) = await Persons(database, keys).create([Sender(phone=ANA)])
        await Ledger(database, keys).append([Append(person, 0, [requested("a"), given("b")])])
        await database.execute("ALTER TABLE ledger DISABLE TRIGGER USER")
        await database.execute("UPDATE ledger SET purpose = 'anything' WHERE kind = 'given'")
        await database.close()

    asyncio.run(written_and_changed())
    code, output = run("ledger", "verify")
    assert code == 1
    assert output.startswith("Entry 2 of person ")
    code, output = run("ledger", "verify", "--json")
    answer = json.loads(output)
    assert (code, answer["ok"], answer["first_bad"]["sequence"]) == (1, False, 2)
