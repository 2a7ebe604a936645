from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.testing.player import app

TRANSCRIPT = 'locale = "en"\n[[turn]]\nperson = "hello"\nbot = []\n'
RIGHT = 'locale = "en"\n[[turn]]\nreact = "👍"\nbot = []\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "silence.toml").write_text(TRANSCRIPT, "utf-8")
    return tmp_path


def test_a_folder_of_transcripts_is_played(folder: Path) -> None:
    result = CliRunner().invoke(app, [str(folder)])
    assert result.exit_code == 1
    assert "silence.toml: turn 1: expected [], the bot said ['opt_in.ask']" in result.output
    assert result.output.endswith(f"1 of 1 transcript failed: {folder}/silence.toml\n")


def test_a_folder_of_transcripts_is_updated(folder: Path) -> None:
    result = CliRunner().invoke(app, [str(folder), "--update"])
    assert result.exit_code == 0
    assert result.output.endswith("silence.toml: rewritten\n1 transcript played. All went as written.\n")
    assert "opt_in.ask" in (folder / "silence.toml").read_text("utf-8")


def test_a_single_file_is_played(folder: Path) -> None:
    (folder / "right.toml").write_text(RIGHT, "utf-8")
    played = CliRunner().invoke(app, [str(folder / "right.toml")])
    assert (played.exit_code, played.output) == (0, "1 transcript played. All went as written.\n")
    assert CliRunner().invoke(app, [str(folder / "silence.toml")]).exit_code == 1


def test_all_failing_transcripts_are_counted_and_named_though_one_cannot_be_read(folder: Path) -> None:
    (folder / "right.toml").write_text(RIGHT, "utf-8")
    (folder / "a_broken.toml").write_text("[[turn]", "utf-8")
    result = CliRunner().invoke(app, [str(folder)])
    assert result.exit_code == 1
    assert "a_broken.toml: not valid TOML" in result.output
    assert result.output.endswith(f"2 of 3 transcripts failed: {folder}/a_broken.toml, {folder}/silence.toml\n")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "nothing happens; write at least one [[turn]]"),
        ('locale = "en"', "nothing happens; write at least one [[turn]]"),
        (f"locales = []\n{TRANSCRIPT.partition(chr(10))[2]}", "locales: "),
        ('locale = "en"\n[[turn]]\nperson = "hello"\n', "expects nothing"),
        ('locale = "gv"\n[[turn]]\nperson = "hello"\nbot = []\n', "locale: 'gv' is not offered; use one of ar, bg"),
        ('as = "foo"\n[[turn]]\nperson = "hello"\nbot = []\n', "as: 'foo' is no address"),
        ('locale = "en"\nhost = "none"\n[[turn]]\nperson = "hello"\nbot = []\n', "host: 'none' is no purpose"),
        ('[[turn]]\nreact = "👍"\nbot = []\nstatus = { none = "none" }\n', "status: 'none' is no purpose"),
        ('[[turn]]\nbusiness = { opt_in = "none" }\nbot = []\n', "business: 'none' is no purpose"),
        ('[[turn]]\npreference = "start"\nbot = []\n', "preference: not a known word; use 'stop' or 'resume'"),
        (f'locales = ["de"]\n{TRANSCRIPT}', "locale and locales are both there; keep one"),
        ('locales = ["de", "en", "de"]\n[[turn]]\nreact = "👍"\nbot = []\n', "locales names a language twice"),
        ('[[turn]]\nperson = "x"\nbot = { text_id = "a", chioces = [] }\n', "turn.0.bot.0.chioces: unknown key"),
        ('[[turn]]\ntap = "yes"\nbot = []\n', "turn 1: there is no 'yes' to tap"),
        ("[[turn]]\nagain = true\nbot = []\n", "turn 1: nothing was postponed"),
        ('[[turn]]\nwhatsapp = "delivers"\nbot = []\n', "turn 1: no such question was asked"),
        ('[[turn]]\nperson = "x"\nquotes = "opt_in.ask"\nbot = []\n', "turn 1: there is no 'opt_in.ask' to quote"),
    ],
)
def test_a_file_that_plays_nothing_fails_with_its_name_and_cure(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "file.toml"
    path.write_text(content, "utf-8")
    for named in (path, tmp_path):
        result = CliRunner().invoke(app, [str(named)])
        assert result.exit_code == 1
        assert told in result.output
        assert result.output.endswith(f"1 of 1 transcript failed: {path}\n")


@pytest.mark.parametrize(("name", "told"), [("none", "does not exist"), ("empty", "has no transcript (*.toml)")])
def test_a_path_without_a_transcript_fails(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(app, [str(tmp_path / name)])
    assert result.exit_code == 1
    assert told in result.output
    assert "All went" not in result.output
