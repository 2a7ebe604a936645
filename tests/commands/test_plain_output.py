"""What a command prints is its result and, where something is wrong, a line for people: never a log line in JSON."""

import json
import logging
import sys
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from bot import logs
from bot.commands.cli import app
from tests.commands.shell import ANA, Run
from tests.commands.test_commands import COMMANDS
from tests.commands.test_looks import LOOKS, request_of_ana

__all__ = ["request_of_ana"]

READS_OR_WRITES: dict[tuple[str, ...], list[str]] = LOOKS | {
    ("requests", "list"): [],
    ("deadletter", "list"): [],
    ("deadletter", "replay"): ["0:1-1"],
    ("webhooks", "add"): ["https://crm.example/events"],
    ("webhooks", "list"): [],
    ("webhooks", "test"): ["nonsense"],
    ("webhooks", "rotate"): ["nonsense"],
    ("webhooks", "remove"): ["nonsense"],
    ("webhooks", "replay"): ["nonsense", "--since", "2026-01-01"],
    ("ledger", "verify"): [],
    ("ledger", "checkpoint"): [],
    ("ledger", "consistency"): ["1"],
    ("ledger", "key"): [],
    ("retention",): ["--dry-run"],
    ("replay-erasures",): [],
    ("rotate-keys",): [],
    ("tokens", "create"): ["crm", "--scope", "read"],
    ("tokens", "list"): [],
    ("tokens", "revoke"): ["nonsense"],
    ("templates", "diff"): [],
    ("templates", "status"): [],
    ("doctor",): [],
    ("migrate",): [],
    ("flows", "lint"): [],
    ("flows", "diagram"): ["opt_in"],
    ("flows", "reference"): [],
    ("i18n", "status"): [],
}
"""Every command that can be run here, with arguments."""

LEFT_OUT: dict[tuple[str, ...], str] = {
    ("web",): "its logs are its output",
    ("worker",): "its logs are its output",
    ("all",): "its logs are its output",
    ("chat",): "a conversation; tests/commands/test_chat.py",
    ("demo",): "a conversation",
    ("init",): "makes a folder; tests/commands/test_init.py",
    ("templates", "push"): "changes what Meta has",
    ("templates", "pull"): "changes what Meta has",
    **{path: "works on files of the project" for path in COMMANDS if path[0] == "i18n" and path not in READS_OR_WRITES},
}


def test_every_command_is_run_here_or_left_out_for_a_reason() -> None:
    assert READS_OR_WRITES.keys() | LEFT_OUT.keys() == COMMANDS.keys()
    assert not READS_OR_WRITES.keys() & LEFT_OUT.keys()


def is_a_log_line(line: str) -> bool:
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and "event" in found


@pytest.mark.parametrize("path", READS_OR_WRITES, ids=" ".join)
def test_no_command_prints_log_lines(
    environment: dict[str, str | None], request_of_ana: str, tmp_path: Path, path: tuple[str, ...]
) -> None:
    (tmp_path / "list.csv").write_text(f"phone,status\n{ANA},unsubscribed\n", "utf-8")
    arguments = [one.format(request=request_of_ana, folder=tmp_path) for one in READS_OR_WRITES[path]]
    result = CliRunner().invoke(app, [*path, *arguments], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert not list(filter(is_a_log_line, result.stdout.splitlines()))
    for line in result.stderr.splitlines():
        assert not is_a_log_line(line)
        assert "operator_read" not in line.replace(" ", "_")


def test_a_warning_of_a_command_is_a_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("WARNING", stream=sys.stderr, plain=True)
    structlog.get_logger("bot.stores").warning("media_left", code="131053", cure="the channel deletes it by itself")
    structlog.get_logger("bot.stores").info("not_shown")
    logging.getLogger("third_party").error("lost %s", "+447911123456")
    assert capsys.readouterr().err.splitlines() == [
        "warning: media left code=131053; the channel deletes it by itself",
        "error: lost %s",
    ]


def test_a_table_begins_with_the_table(talked: Run) -> None:
    assert talked("person", "show", ANA)[1].startswith("Person ")
    assert talked("ledger", "show", ANA)[1].startswith("1. requested")
