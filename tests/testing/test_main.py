from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.testing.__main__ import app

TRANSCRIPT = 'locale = "en"\n[[turn]]\nperson = "hello"\nbot = []\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "silence.toml").write_text(TRANSCRIPT, "utf-8")
    return tmp_path


def test_a_folder_of_transcripts_is_played(folder: Path) -> None:
    result = CliRunner().invoke(app, [str(folder)])
    assert result.exit_code == 1
    assert "silence.toml: turn 1: expected [], the bot said ['opt_in.ask']" in result.output
    assert result.output.endswith("1 failed\n")


def test_a_folder_of_transcripts_is_updated(folder: Path) -> None:
    result = CliRunner().invoke(app, [str(folder), "--update"])
    assert result.exit_code == 0
    assert result.output.endswith("silence.toml: rewritten\nAll went as written.\n")
    assert "opt_in.ask" in (folder / "silence.toml").read_text("utf-8")
