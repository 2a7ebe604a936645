"""No operator sees a traceback for a file that they name: each that commands read or write, in every bad way."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands.cli import app
from bot.commands.running import at_terminal, text_of
from bot.testing import player as testing
from tests.commands.shell import Run
from tests.commands.test_bad_configuration import WAYS, copy_two_languages, problems_of, put_at

LATIN_1 = "Grüße".encode("latin-1")

READ: Mapping[str, bytes | None] = {
    "not UTF-8": LATIN_1,
    "UTF-16": "Hi".encode("utf-16"),
    "binary": bytes(range(256)),
    "huge": b"Hi\n" * 400_000,
    "missing": None,
    "a folder": None,
    "below a file": None,
}


def put(folder: Path, way: str, content: bytes | None) -> Path:
    """Put what is named there, if anything."""
    path = folder / "named"
    if way == "below a file":
        path.touch()
        return path / "named"
    put_at(path, way, content)
    return path


@pytest.mark.parametrize("way", READ)
def test_a_script_that_cannot_be_read_is_reported(tmp_path: Path, way: str) -> None:
    path = put(tmp_path, way, READ[way])
    result = CliRunner().invoke(app, ["chat", "--script", str(path)], env={"VAR_DIR": str(tmp_path / "var")})
    (problem,) = problems_of(result)
    assert problem.startswith(f"{path}: ")


@pytest.mark.parametrize("arguments", [["chat"], ["chat", "--script", "-"]])
@pytest.mark.parametrize("way", ["not UTF-8", "UTF-16", "binary", "huge"])
def test_a_script_on_standard_input_that_cannot_be_read_is_reported(
    tmp_path: Path, arguments: list[str], way: str
) -> None:
    environment = {"VAR_DIR": str(tmp_path / "var")}
    result = CliRunner().invoke(app, arguments, input=READ[way], env=environment)
    assert "standard input: " in result.stderr
    assert (result.exit_code, "; " in result.stderr, "Traceback" in result.output) == (1, True, False)


def test_a_closed_standard_input_has_no_lines_and_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert (text_of(None, most=1), at_terminal()) == ("", False)


def test_an_erasure_that_nobody_can_confirm_is_refused_with_a_cure() -> None:
    for json in ([], ["--json"]):
        result = CliRunner().invoke(app, ["person", "erase", "+447911123456", *json])
        assert "add --yes" in (result.stdout if json else result.stderr)
        assert (result.exit_code, '"cure": ""' in result.output) == (1, False)


NOT_A_LIST = {
    "not UTF-8": LATIN_1,
    "binary": bytes(range(256)),
    "other JSON": b'[]\n5\n"x"\n{"person":1}\n',
    "endless": b"[" * 100_000,
    "infinite": b'{"person":"","at":1e400,"reason":"","suppressions":[],"proof":[]}',
    "late": b'{"person":"","at":99999999999999999999,"reason":"","suppressions":[],"proof":[]}',
    "later": b'{"person":"","at":253402300800,"reason":"","suppressions":[],"proof":[]}',
    "NUL": b'{"person":"","at":1,"reason":"\\u0000","suppressions":[],"proof":[]}',
    "no id": b'{"person":"me","at":1,"reason":"","suppressions":[],"proof":[]}',
    "surrogate": b'{"person":"\\ud800","at":1,"reason":"","suppressions":[],"proof":[]}',
}


@pytest.mark.parametrize("way", NOT_A_LIST)
def test_broken_lines_of_a_list_of_erasures_are_reported(run: Run, tmp_path: Path, way: str) -> None:
    path = tmp_path / "erasures.jsonl"
    path.write_bytes(NOT_A_LIST[way])
    code, output = run("replay-erasures", "--file", str(path), "--json")
    assert (code, '"cure": "get them from another copy' in output) == (1, True)


@pytest.mark.parametrize("way", ["a folder", "below a file", "missing"])
@pytest.mark.parametrize("option", ["--file", "--write"])
def test_a_list_of_erasures_that_cannot_be_used_is_reported(
    environment: dict[str, str | None], tmp_path: Path, way: str, option: str
) -> None:
    path = put(tmp_path, way, None)
    named = str(path if option == "--file" or way != "missing" else path / "named")
    for json in (False, True):
        arguments = ["replay-erasures", option, named, *(["--json"] if json else [])]
        (problem,) = problems_of(CliRunner().invoke(app, arguments, env=environment), as_json=json)
        assert problem.startswith(f"{named}: ")


def test_the_current_folder_is_no_list_of_erasures(
    environment: dict[str, str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["replay-erasures", "--write", "."], env=environment)
    assert (result.exit_code, result.stderr) == (1, "error: .: can't be written (Is a directory); name another file\n")


@pytest.mark.parametrize(
    ("command", "way"),
    [("collisions", "a folder"), ("assent", "a folder"), ("preview", "a file"), ("preview", "below a file")],
)
def test_an_output_that_cannot_be_written_is_reported(tmp_path: Path, command: str, way: str) -> None:
    path = put(tmp_path, way, b"" if way == "a file" else None)
    result = CliRunner().invoke(app, ["i18n", command, "--output", str(path)])
    (problem,) = problems_of(result)
    assert str(path) in problem


# --- what translators edit

CATALOGS = {**WAYS, "not PO": b"hello", "no headers": b'msgid "a"\nmsgstr "b"\n'}


@pytest.mark.parametrize("way", CATALOGS)
@pytest.mark.parametrize("command", ["update", "status", "preview", "compile"])
def test_a_broken_catalog_is_reported_by_its_path(tmp_path: Path, command: str, way: str) -> None:
    path = _locales(tmp_path) / "de/LC_MESSAGES/bot.po"
    path.unlink()
    put_at(path, way, CATALOGS[way])
    chosen = {"preview": ["de", "--output", str(tmp_path / "out")], "compile": []}.get(command, ["de"])
    result = CliRunner().invoke(app, ["i18n", "--locales", str(tmp_path / "locales"), command, *chosen])
    if command == "update" and way in ("empty", "missing"):
        assert result.exit_code == 0, "it makes a new one"
        return
    assert any(str(path) in problem for problem in problems_of(result))


@pytest.mark.parametrize("way", ["not UTF-8", "UTF-16", "missing"])
def test_a_template_that_cannot_be_read_is_a_finding(tmp_path: Path, way: str) -> None:
    path = _locales(tmp_path) / "bot.pot"
    path.unlink()
    put_at(path, way, WAYS[way])
    result = CliRunner().invoke(app, ["i18n", "--locales", str(path.parent), "check"])
    assert (result.exit_code, "[stale]" in result.output, "Traceback" in result.output) == (1, True, False)


def _locales(folder: Path) -> Path:
    """A copy of the catalogs of two languages."""
    locales = folder / "locales"
    locales.mkdir()
    copy_two_languages(locales)
    (locales / "languages.toml").write_text('[en]\nstatus = "offered"\n[de]\nstatus = "offered"\n', "utf-8")
    return locales


# --- transcripts

TRANSCRIPTS = {
    **{way: content for way, content in WAYS.items() if way != "a folder"},
    "not a duration": b'locale = "en"\n[[turn]]\nwait = "soon"\n',
    "not a moment": b'locale = "en"\n[[turn]]\nperson = "Hi"\nat = "soon"\n',
    "not a language": b'locale = "xx"\n[[turn]]\nperson = "Hi"\n',
    "not a word": b'locale = "en"\n[[turn]]\nperson = "{foo}"\n',
    "not a name": b'locale = "en"\n[[turn]]\nperson = "{"\n',
}


@pytest.mark.parametrize("way", TRANSCRIPTS)
@pytest.mark.parametrize("options", [[], ["--update"]])
def test_a_broken_transcript_is_reported_by_its_path(tmp_path: Path, options: list[str], way: str) -> None:
    path = tmp_path / "broken.toml"
    put_at(path, way, TRANSCRIPTS[way])
    result = CliRunner().invoke(testing.app, [str(tmp_path), *options])
    assert all(str(tmp_path) in problem for problem in problems_of(result))


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("missing", "does not exist"),
        ("a file", "turn: nothing happens"),
        ("an empty folder", "has no transcript (*.toml) below it"),
    ],
)
def test_a_folder_without_transcripts_is_reported(tmp_path: Path, way: str, told: str) -> None:
    path = tmp_path / "named"
    if way == "a file":
        path.touch()
    elif way == "an empty folder":
        path.mkdir()
    (problem,) = problems_of(CliRunner().invoke(testing.app, [str(path)]))
    assert problem.startswith(f"{path}: {told}")


def test_a_transcript_that_cannot_be_rewritten_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "talk.toml"
    path.write_text('locale = "en"\n[[turn]] # first\nperson = "Hi"\n', "utf-8")
    (problem,) = problems_of(CliRunner().invoke(testing.app, [str(tmp_path), "--update"]))
    assert problem == f"{path}: can't be rewritten; write each [[turn]] alone on a line"
