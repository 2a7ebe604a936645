"""Operators import files, list whom they may write to, and suppress addresses."""

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands.cli import app
from tests.commands.shell import ANA, Run

BEN, CID = "+447911123457", "+447911123458"
SOURCE = ("--source", "Shop export")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ana subscribed, Ben unsubscribed, and somebody whose number a spreadsheet has rounded."""
    path = tmp_path / "list.csv"
    path.write_text(
        f"address,purpose,status,at\n{ANA},offers,subscribed,2026-10-05\n{BEN},offers,unsubscribed,\n4.4e+11,offers,yes,\n",
        "utf-8",
    )
    return path


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_file_is_imported_with_a_report_of_each_row(run: Run, file: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    code, output = run("import", str(file), *SOURCE, "--report", str(report))
    assert (code, output.splitlines()) == (
        0,
        ["3 rows:", "  1 recorded as claims, which allow nothing", "  1 suppressed", "  1 refused"],
    )
    told = rows(report.read_text("utf-8"))
    assert [(row["row"], row["outcome"], row["purpose"]) for row in told] == [
        ("1", "claim", "offers"),
        ("2", "suppressed", "offers"),
        ("3", "refused", ""),
    ]
    assert "rounded by a spreadsheet; " in told[2]["reason"]
    assert ANA not in report.read_text("utf-8")


def test_a_dry_run_changes_nothing(run: Run, file: Path) -> None:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert f'sha256 = "{sha256}"' in run("import", str(file), *SOURCE, "--dry-run")[1]
    code, output = run("import", str(file), *SOURCE, "--dry-run", "--json")
    assert (code, json.loads(output)) == (
        0,
        {
            "ok": True,
            "dry_run": True,
            "rows": 3,
            "outcomes": {"claim": 1, "suppressed": 1, "refused": 1},
            "sha256": sha256,
        },
    )
    assert run("person", "show", ANA)[0] == 1


def test_standard_input_is_imported(environment: dict[str, str | None]) -> None:
    typed = ["import", "-", *SOURCE, "--json", "--purpose", "offers"]
    result = CliRunner().invoke(app, typed, env=environment, input=f'{{"phone": "{ANA}", "status": "subscribed"}}\n')
    assert (result.exit_code, json.loads(result.stdout)["outcomes"]) == (0, {"claim": 1})


def test_a_claim_is_shown_as_such_everywhere(run: Run, file: Path) -> None:
    assert run("import", str(file), *SOURCE)[0] == 0
    known = json.loads(run("person", "show", ANA, "--json")[1])
    (offers,) = [consent for consent in known["consents"] if consent["purpose"] == "offers"]
    assert (offers["status"], offers["claimed"]) == ("none", "2026-10-05T00:00:00+00:00")
    assert [entry["kind"] for entry in known["ledger"]] == ["imported"]
    assert "claimed" in run("person", "show", ANA)[1]
    story = run("ledger", "show", ANA)[1]
    assert "a claim, which allows nothing: Shop export" in story
    assert "in the file" in story
    assert "according to an imported file" in story
    (document,) = [json.loads(line) for line in run("ledger", "export", ANA)[1].splitlines()]
    (record,) = document["@graph"]
    assert record["dpv:hasConsentStatus"] == {"@id": "dpv:ConsentUnknown"}
    assert record["dct:hasPart"][0]["@type"] == "dpv:ConsentUnknown"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--format", "excel", *SOURCE), "no format 'excel'; write one of"),
        ((), "needs its source"),
        ((*SOURCE, "--purpose", "nonsense"), "no such purpose; name one of"),
    ],
)
def test_wrong_options_are_told_with_their_cure(run: Run, file: Path, arguments: tuple[str, ...], problem: str) -> None:
    code, output = run("import", str(file), *arguments)
    assert (code, problem in output) == (1, True), output


def test_a_file_that_is_not_there_is_told_with_its_cure(run: Run, tmp_path: Path) -> None:
    code, output = run("import", str(tmp_path / "none.csv"), *SOURCE)
    assert (code, "can't be read (No such file or directory); " in output) == (1, True)


def test_the_list_of_consents_names_no_address_unless_asked_for(run: Run, file: Path, tmp_path: Path) -> None:
    assert run("import", str(file), *SOURCE)[0] == 0
    table = tmp_path / "claimed.csv"
    assert run("consents", "list", "--purpose", "offers", "--csv", str(table))[0] == 0
    (row,) = rows(table.read_text("utf-8"))
    assert (row["status"], row["source"], "phone" in row) == ("claimed", "import: Shop export", False)
    assert ANA not in table.read_text("utf-8")
    code, output = run("consents", "list", "--purpose", "offers", "--with-addresses", "--csv", str(table))
    assert (code, output) == (0, f"1 persons written to {table}.\n")
    assert [row["phone"] for row in rows(table.read_text("utf-8"))] == [ANA]
    assert run("consents", "list", "--purpose", "offers", "--status", "in", "--json") == (0, "")


def test_suppressed_addresses_are_exported_and_read_again(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"address,status,purpose\n{ANA},subscribed,offers\n{BEN},subscribed,offers\n", "utf-8")
    assert run("import", str(listed), *SOURCE)[0] == 0
    assert run("suppressions", "add", ANA, CID, "--reason", "a letter", "--purpose", "offers", "--json")[0] == 0
    for format, columns in {
        "consentbot": ["address", "purpose", "status", "at"],
        "twilio": ["contact_id", "status", "date_of_consent"],
        "infobip": ["Contact information", "Channel", "Added"],
    }.items():
        file = tmp_path / f"{format}.csv"
        assert run("suppressions", "export", "--format", format, "--csv", str(file))[0] == 0
        (row,) = rows(file.read_text("utf-8"))  # Cid is a stranger: only a keyed hash is known
        assert (list(row), row[columns[0]]) == (columns, ANA)
        code, output = run("import", str(file), *SOURCE, "--json", "--dry-run", "--format", format)
        assert (code, set(json.loads(output)["outcomes"])) == (
            0,
            {"unchanged"} if format == "consentbot" else {"suppressed"},
        )


def test_what_is_no_address_is_told_by_its_place(run: Run) -> None:
    code, output = run("suppressions", "add", ANA, "hello", "--reason", "a letter")
    assert (code, "number 2 of those typed; " in output, "hello" in output) == (1, True, False)
    assert "0 suppressed, 1 were before" in run("suppressions", "add", ANA, "--reason", "a letter")[1]
