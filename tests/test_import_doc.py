"""docs/import.md: its file is imported as the page says, and its table names what the formats know."""

import re
import shlex
from pathlib import Path

import pytest

from bot.service.operators.import_formats import formats
from tests.commands.conftest import environment, run
from tests.commands.shell import Run

__all__ = ["environment", "run"]

PAGE = (Path(__file__).parent.parent / "docs" / "import.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_command_of_the_page_runs_on_its_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (content,) = blocks("csv")
    (tmp_path / "list.csv").write_text(content, "utf-8")
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 8
    for command in commands:
        code, output = run(*shlex.split(command.removeprefix("python -m bot ")))
        assert code == 0, (command, output)
    outcomes = [line.split(",")[1] for line in (tmp_path / "report.csv").read_text("utf-8").splitlines()[1:]]
    assert outcomes == ["claim", "suppressed"]


def test_the_setting_of_the_page_makes_a_claim_count(run: Run, tmp_path: Path) -> None:
    (content,), (setting,) = blocks("csv"), blocks("toml")
    business, file = tmp_path / "business.toml", tmp_path / "list.csv"
    business.write_text(Path("flows/business.toml").read_text("utf-8") + setting, "utf-8")
    file.write_text(content, "utf-8")
    source = ("--source", "Shopify, export of 2026-11-28")
    assert "1 recorded as claims" in run("import", str(file), *source)[1]
    assert "1 counted as given" in run("import", str(file), *source, BUSINESS_FILE=str(business))[1]


def test_the_table_of_the_page_lists_every_format_with_columns_that_it_knows() -> None:
    rows = {found[1]: found[2] for found in re.finditer(r"^\| `([a-z]+)` \| (.*)\|$", PAGE, re.MULTILINE)}
    assert set(formats()) <= set(rows)
    for name, format in formats().items():
        marks = re.findall(r"`([^`]+)`", rows[name].split(" | ")[0])
        assert marks, name
        assert set(marks) <= set(format.marks), name
