"""What a deployer takes from deploy/, Dockerfile and compose.yaml: parsed, and run where the tools are here."""

import re
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from bot.commands.cli import app

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"

_COMMAND = re.compile(r"(?:python|\$\{PYTHON:-python\}\"?) -m bot ([a-z][a-z -]*)")


def commands(text: str) -> list[str]:
    """The commands of the program that a text tells to run, with their options."""
    return [found.strip() for found in _COMMAND.findall(text)]


def is_command(words: str) -> bool:
    """Whether the program has this command, with these options."""
    names = [word for word in words.split() if not word.startswith("-")]
    shown = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    return shown.exit_code == 0 and all(word in shown.output for word in words.split() if word.startswith("-"))


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))
