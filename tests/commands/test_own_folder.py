"""What the translators' commands do for a company with a folder of its own: they write there, and nowhere else."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import paths
from bot.commands.cli import app
from bot.folders import Folders
from bot.i18n.catalogs import read
from bot.translating import check, project
from tests.own_folder import shop

TITLE = "purpose.order_updates.title"


def run(*arguments: str, folder: Path | None) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments, env={"APP_DIR": str(folder) if folder else None, "COLUMNS": "200"})
    return result.exit_code, result.output


def stamps() -> dict[Path, int]:
    """When each file of ours was written last."""
    return {path: path.stat().st_mtime_ns for room in (paths.LOCALES, paths.FLOWS) for path in room.rglob("*")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shop(tmp_path, ('title = "order updates"', 'title = "news of your order"'))


def test_everything_is_written_into_the_folder_and_nothing_into_ours(folder: Path) -> None:
    before = stamps()
    for command in ("extract", "update", "confirm", "init nb", f"confirm {TITLE} --editorial"):
        code, output = run("i18n", *command.split(), folder=folder)
        assert code == 0, output
    assert stamps() == before
    written = {path.relative_to(folder / "locales").as_posix() for path in (folder / "locales").rglob("*.*")}
    assert written >= {
        "bot.pot",
        "changes.toml",
        "languages.toml",
        "de/LC_MESSAGES/bot.po",
        "fr/LC_MESSAGES/bot.po",
        "nb/LC_MESSAGES/bot.po",
        "nb/keywords.toml",
    }


def test_the_catalog_of_a_language_of_ours_has_only_the_companys_texts(folder: Path) -> None:
    run("i18n", "update", folder=folder)
    run("i18n", "init", "nb", folder=folder)
    german = (folder / "locales/de/LC_MESSAGES/bot.po").read_text("utf-8")
    assert 'msgctxt "hours.told"' in german
    assert 'msgstr "Angebote und Neuigkeiten"' in german
    assert "opt_in.ask" not in german
    assert "opt_in.ask" in (folder / "locales/nb/LC_MESSAGES/bot.po").read_text("utf-8")


def test_reworded_texts_are_listed_and_confirmed(folder: Path) -> None:
    assert f"{TITLE}: still said as before in de, fr" in run("i18n", "confirm", folder=folder)[1]
    assert run("i18n", "confirm", TITLE, folder=folder)[0] == 1
    assert run("i18n", "confirm", TITLE, "--legal", "--editorial", folder=folder)[0] == 1
    assert run("i18n", "confirm", "opt_in.ask", "--legal", folder=folder)[0] == 1
    assert run("i18n", "check", folder=folder)[0] == 0
    assert run("i18n", "confirm", TITLE, "--legal", folder=folder)[0] == 0
    code, output = run("i18n", "check", "de", folder=folder)
    assert (code, "[legal] purpose.order_updates.title" in output) == (1, True)
    assert run("i18n", "confirm", folder=folder)[1] == "0 reworded texts are not confirmed\n"


def test_a_check_finds_what_is_wrong_in_the_folder_with_its_file(folder: Path) -> None:
    run("i18n", "update", folder=folder)
    catalog = folder / "locales/de/LC_MESSAGES/bot.po"
    catalog.write_text(catalog.read_text("utf-8").replace('"Infos zur Bestellung"', f'"{"Infos " * 9}"'), "utf-8")
    catalog.write_text(catalog.read_text("utf-8").replace("#, fuzzy, ", "#, "), "utf-8")
    code, output = run("i18n", "check", folder=folder)
    assert code == 1
    assert f"{catalog}:" in output
    assert "[length]" in output


def test_compiled_catalogs_keep_reworded_texts_in_force(folder: Path) -> None:
    run("i18n", "update", folder=folder)
    reworked = project.Project(Folders(own=folder))
    targets = check.compile_all(reworked.locales, reworked.sources().slots, reworked.known)
    assert {path.parent.parent.name for path in targets} == {"de", "fr"}
    assert read(reworked.locales, "de")[TITLE] == ("order updates", "Infos zur Bestellung")


def test_an_installed_package_is_never_written_to(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(project, "INSTALLED", paths.LOCALES.parent)
    before = stamps()
    for command in ("extract", "update", "init nb", "compile"):
        code, output = run("i18n", *command.split(), folder=None)
        assert (code, "make a folder of your own with `python -m bot init DIR`" in output) == (1, True), command
    assert run("i18n", "update", folder=folder)[0] == 0
    assert stamps() == before


def test_flows_lint_names_words_and_dialogues_that_do_not_find_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are in two files, so a misspelt name is easily overlooked."""
    folder = shop(tmp_path)
    monkeypatch.setenv("APP_DIR", str(folder))
    well = CliRunner().invoke(app, ["flows", "lint"])
    assert (well.exit_code, well.output) == (0, "The dialogues are well.\n")
    words, flow = folder / "locales" / "en" / "keywords.toml", folder / "flows" / "hours.toml"
    words.write_text('# ours\n[ours]\nwords = ["opening hours"]\n', "utf-8")
    result = CliRunner().invoke(app, ["flows", "lint"])
    assert result.exit_code == 1
    first, second, counted = result.output.splitlines()
    assert first.startswith(f"{words}:2: no flow claims the intent of [ours]; add intents")
    assert second.startswith(f"{flow}:3: intents: nobody can say 'hours'; add its words")
    assert counted == "2 problems"
