"""The commands as a whole: each teaches itself, and the small ones do what they say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from bot import __version__
from bot.commands.cli import app
from tests.commands.shell import Run


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be typed, with the words that it is typed by."""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))
    else:
        yield path, command


COMMANDS = dict(commands(get_command(app)))


def test_without_arguments_all_commands_are_listed(run: Run) -> None:
    _, output = run()
    for name, *_ in COMMANDS:
        assert name in output


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_parameter_has_a_help_text(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == 0
    command = COMMANDS[path]
    assert command.help, "what it is for"
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"what {parameter.name} is"


def test_the_version_option_prints_the_version(run: Run) -> None:
    assert run("--version") == (0, f"{__version__}\n")


def test_requests_are_listed(run: Run) -> None:
    assert run("requests", "list") == (0, "Nothing waits for an answer.\n")
    assert run("requests", "close", "nonsense")[0] == 1


def test_keys_rotate(run: Run) -> None:
    code, output = run("rotate-keys")
    assert (code, output.strip().startswith("0 persons renewed")) == (0, True)


def test_flows_are_linted_and_drawn(run: Run, tmp_path: Path) -> None:
    assert run("flows", "lint")[0] == 0
    assert run("flows", "diagram", "opt_in")[1].startswith("---\ntitle: opt_in\n---\nstateDiagram-v2\n")
    assert run("flows", "diagram", "nothing")[0] == 1
    assert run("flows", "lint", "--folder", str(tmp_path))[0] == 1


def test_the_page_about_the_flows_is_what_the_command_prints(run: Run) -> None:
    page = Path(__file__).parents[2] / "docs" / "flows.md"
    assert run("flows", "diagram") == (0, page.read_text("utf-8"))
