"""The translators' commands, typed as they would."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.commands.i18n import app
from bot.paths import FLOWS, LOCALES
from tests.outside import needs

GERMAN = "de/LC_MESSAGES/bot.po"


@pytest.fixture
def locales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what is shipped, without compiled catalogs, in the folder that commands are typed in."""
    monkeypatch.delenv("BUSINESS_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(FLOWS, tmp_path / "flows")
    return Path(shutil.copytree(LOCALES, tmp_path / "locales", ignore=shutil.ignore_patterns("*.mo")))


def typed(*words: str) -> Result:
    return CliRunner().invoke(
        app, ["--locales", str(Path.cwd() / "locales"), "--flows", str(Path.cwd() / "flows"), *words]
    )


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_shipped_texts_pass_the_strict_check(locales: Path) -> None:
    result = typed("check", "--strict")
    assert (result.stdout, result.exit_code) == ("", 0)


def test_a_withdrawal_word_that_is_ordinary_in_another_language_is_found(locales: Path) -> None:
    change(locales / "fi" / "keywords.toml", '"seis"', '"seis", "zapato"')
    result = typed("check", "es", "fi")
    assert result.exit_code == 1
    assert (
        "locales/ordinary.toml:1: [ordinary] 'zapato', an ordinary word in es, would withdraw; "
        "run `python -m bot i18n ordinary`" in result.stdout
    )
    assert "ordinary word in fi" not in result.stdout


def test_ordinary_words_are_not_checked_without_frequency_lists(locales: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.translating.ordinary_words.installed", lambda: False)
    result = typed("check", "fi")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "0 errors, 0 warnings; ordinary words unchecked: install the extra `dev`\n"
    result = typed("ordinary")
    assert result.exit_code == 1
    assert "install the extra `dev`" in result.stderr


def test_a_preview_has_a_page_for_each_language_and_an_index(locales: Path) -> None:
    result = typed("preview", "en", "de")
    assert result.stdout == "2 languages in preview: open preview/index.html in a browser\n"
    assert {path.name for path in Path("preview").iterdir()} == {"en.html", "de.html", "index.html"}
    assert typed("preview", "en").stdout == "1 language in preview: open preview/en.html in a browser\n"


def test_a_new_language_can_be_looked_at_before_anything_is_translated(locales: Path) -> None:
    assert typed("init", "nb").exit_code == 0
    assert typed("preview", "nb").exit_code == 0
    page = Path("preview/nb.html").read_text("utf-8")
    assert "Norwegian Bokmål" in page
    assert '<b class="missing">draft</b>' in page
    assert typed("check", "nb").exit_code == 0, "a draft has warnings only"


def test_every_offered_language_is_complete(locales: Path) -> None:
    result = typed("status", "--json")
    assert result.exit_code == 0
    found = {report["language"]["code"]: report["whole"] for report in json.loads(result.stdout)}
    assert {"en", "de", "fr"} <= found.keys()
    assert all(counts["translated"] == counts["total"] for counts in found.values())


def test_extracting_and_updating_again_changes_nothing(locales: Path) -> None:
    before = {path: path.read_bytes() for path in locales.rglob("bot.po*")}
    assert typed("extract").exit_code == 0
    result = typed("update")
    assert result.exit_code == 0
    assert "de/LC_MESSAGES/bot.po: up to date" in result.stdout
    assert {path: path.read_bytes() for path in locales.rglob("bot.po*")} == before


def test_a_reworded_text_needs_its_translators_again(locales: Path) -> None:
    change(locales.parent / "flows" / "help.toml", "You can reply:", "These words are understood:")
    result = typed("check", "de")
    assert result.exit_code == 1
    assert "[stale] help.help: the English has changed; run `python -m bot i18n update`" in result.stdout

    assert typed("update", "de").exit_code == 0
    assert '#| "You can reply:' in (locales / GERMAN).read_text()
    result = typed("check", "de")
    assert result.exit_code == 0
    assert "[missing] warning: help.help: waits for a look" in result.stdout
    assert typed("check", "de", "--strict").exit_code == 1
    assert typed("status", "de").exit_code == 1


def test_findings_name_the_file_relative_to_the_current_folder(locales: Path) -> None:
    change(locales / GERMAN, 'msgstr "Ja, ich stimme zu"', 'msgstr "Ja, ich stimme dem gern zu"')
    result = typed("check", "de")
    assert result.exit_code == 1
    assert result.stdout.startswith("locales/de/LC_MESSAGES/bot.po:")
    assert "[length] common.yes: has 26 characters" in result.stdout
    assert result.stderr == "1 errors, 0 warnings\n"


def test_findings_can_be_read_by_a_script(locales: Path) -> None:
    change(locales / GERMAN, 'msgstr "Ja, ich stimme zu"', 'msgstr ""')
    result = typed("check", "--json", "de")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    (finding,) = answer["findings"]
    assert answer["ok"] is False
    assert (finding["path"], finding["code"], finding["error"]) == (f"locales/{GERMAN}", "legal", True)


def test_a_word_with_two_meanings_is_found(locales: Path) -> None:
    change(locales / "de" / "keywords.toml", 'show = "NEIN"\nwords = [', 'show = "NEIN"\nwords = ["ja",')
    result = typed("check")
    assert result.exit_code == 1
    line = 1 + (locales / "de" / "keywords.toml").read_text("utf-8").splitlines().index('show = "NEIN"') + 1
    assert f"locales/de/keywords.toml:{line}: [keyword] no: 'ja' already means yes" in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "after", "message"),
    [
        ("[yes]", "[yes", "[yes", "not valid TOML"),
        ('show = "JA"', 'shows = "JA"', "[yes]", "yes.shows: unknown key"),
        ('show = "JA"', 'show = ""', "[yes]", "yes.show: empty; write a word between"),
        ('show = "STOPP"', 'show = "SCHLUSS JETZT"', "[stop]", "stop.show: 'SCHLUSS JETZT' is in none of its lists"),
    ],
)
def test_a_mistake_in_keywords_toml_is_reported_with_its_line(
    locales: Path, old: str, new: str, after: str, message: str
) -> None:
    path = locales / "de" / "keywords.toml"
    change(path, old, new)
    lines = path.read_text("utf-8").splitlines()
    line = lines.index(new, lines.index(after)) + 1
    assert f"locales/de/keywords.toml:{line}: [keyword] {message}" in typed("check", "de").stdout


@pytest.mark.parametrize("file", ["keywords.toml", "tests.toml"])
def test_an_offered_language_needs_keywords_and_phrases(locales: Path, file: str) -> None:
    (locales / "de" / file).unlink()
    result = typed("check", "de")
    assert result.exit_code == 1
    assert f"locales/de/{file}:1: " in result.stdout
    change(locales / "languages.toml", '[de]\nstatus = "offered"', '[de]\nstatus = "draft"')
    result = typed("check", "de")
    assert f"locales/de/{file}:1: " in result.stdout
    assert " warning: " in result.stdout


def test_a_keyword_without_a_translation_to_print_is_found(locales: Path) -> None:
    change(locales / "pt" / "keywords.toml", 'show = "PESSOA"\n', "")
    result = typed("check", "pt-BR")
    assert result.exit_code == 1
    assert "pt/keywords.toml:1: [keyword] has no `show` for human, so texts print the English word" in result.stdout


def test_compiling_needs_neither_redis_nor_postgresql(locales: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")
    result = typed("compile")
    assert result.exit_code == 0
    assert (locales / "de/LC_MESSAGES/bot.mo").exists()


def test_a_broken_catalog_is_not_compiled(locales: Path) -> None:
    change(locales / GERMAN, "Mit {stop_word} melden", "Mit {stopp_wort} melden")
    result = typed("compile")
    assert result.exit_code == 1
    assert "[placeholder] common.footer: {stop_word} is missing" in result.stderr
    assert list(locales.rglob("*.mo")) == []


def test_a_new_language_can_be_started(locales: Path) -> None:
    result = typed("init", "eo")
    assert result.exit_code == 0
    assert "i18n check eo" in result.stdout
    found = {report["language"]["code"]: report for report in json.loads(typed("status", "--json").stdout)}
    assert found["eo"]["language"]["offered"] is False
    assert found["eo"]["whole"]["missing"] == found["eo"]["whole"]["total"]
    assert typed("check", "eo").exit_code == 0, "a draft may be empty"


def test_a_deleted_catalog_can_be_recreated(locales: Path) -> None:
    (locales / GERMAN).unlink()
    result = typed("check", "de")
    assert (result.exit_code, "de/LC_MESSAGES/bot.po:1: [missing]" in result.stdout) == (1, True)
    assert "python -m bot i18n update" in result.stdout
    assert typed("update", "de").exit_code == 0
    assert "[missing] there is" not in typed("check", "de").stdout


def test_a_new_language_gets_keyword_and_phrase_files_to_fill_in(locales: Path) -> None:
    told = typed("init", "is").stdout
    for file in ("keywords.toml", "tests.toml"):
        assert str(locales / "is" / file) in told
    change(
        locales / "is" / "keywords.toml", '[yes]\n# show = "YES"\n# words = []', '[yes]\nshow = "JÁ"\nwords = ["jamm"]'
    )
    assert "as an answer to a question in is: yes (yes:is:exact)" in typed("say", "is", "jamm").stdout
    result = typed("check", "is")
    assert "has no `show` for stop, my_data, portability," in result.stdout
    assert "human, no, so texts" in result.stdout  # yes has one now
    assert "is/tests.toml:1: [phrase] warning: tries 0 phrases" in result.stdout
    assert result.exit_code == 0


def test_a_language_variant_uses_the_keywords_of_its_language(locales: Path) -> None:
    before = (locales / "de" / "keywords.toml").read_bytes()
    told = typed("init", "de@informal").stdout
    assert str(locales / "de" / "keywords.toml") in told
    assert (locales / "de" / "keywords.toml").read_bytes() == before
    assert typed("check", "de@informal").exit_code == 0
    assert "yes (yes:de:exact)" in typed("say", "de@informal", "ja").stdout


@pytest.mark.parametrize(
    "command", [("update", "xx"), ("check", "xx"), ("status", "xx"), ("say", "xx", "ja"), ("init", "xx")]
)
def test_an_unknown_language_is_reported_without_a_traceback(locales: Path, command: tuple[str, ...]) -> None:
    result = typed(*command)
    assert result.exit_code == 1
    assert "xx" in result.stderr
    assert "Traceback" not in result.output


def test_a_broken_flow_is_reported(locales: Path) -> None:
    (locales.parent / "flows" / "help.toml").write_text("flow = ", "utf-8")
    result = typed("check")
    assert result.exit_code == 1
    assert "help.toml: not valid TOML" in result.stderr


@pytest.mark.parametrize(
    ("language", "text", "answer", "unasked"),
    [("de", "ja", "yes", "yes"), ("de", "STOP", "stop", "stop"), ("fr", "ja", None, "yes"), ("de", "hmpf", None, None)],
)
def test_say_shows_what_a_text_means(
    locales: Path, language: str, text: str, answer: str | None, unasked: str | None
) -> None:
    meanings = json.loads(typed("say", language, text, "--json").stdout)
    assert (meanings["answer"] and meanings["answer"]["intent"]) == answer
    assert (meanings["unasked"] and meanings["unasked"]["intent"]) == unasked
    said = typed("say", language, text)
    assert said.exit_code == 0
    assert f"as an answer to a question in {language}: {answer or 'nothing known'}" in said.stdout


def test_the_pseudo_languages_are_printed(locales: Path) -> None:
    assert "common.no: [Ñó]" in typed("pseudo").stdout
    assert "common.no: [" in typed("pseudo", "--arabic").stdout


@needs("msgfmt", "gettext")
@pytest.mark.parametrize("path", sorted(LOCALES.glob("*/LC_MESSAGES/bot.po")), ids=lambda path: path.parts[-3])
def test_gnu_gettext_accepts_every_catalog(path: Path) -> None:
    result = subprocess.run(
        ["msgfmt", "--check-format", "--check-domain", "-o", "/dev/null", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stderr, result.returncode) == ("", 0)


def test_a_phrase_that_means_something_else_fails_the_check_of_its_language(locales: Path) -> None:
    change(locales / "fr/tests.toml", '"OUI!"', '"peut-être !"')
    result = typed("check", "fr")
    assert result.exit_code == 1
    assert "fr/tests.toml:4: [phrase] phrase 'peut-être !' should mean yes but means nothing" in result.stdout
    assert typed("check", "de").exit_code == 0


def test_the_kinds_of_yes_are_written(locales: Path) -> None:
    result = typed("assent", "--output", "kinds.md")
    assert result.exit_code == 0
    assert "✅ oui |" in Path("kinds.md").read_text("utf-8")


def test_the_map_of_collisions_is_written(locales: Path) -> None:
    result = typed("collisions", "--output", "map.md")
    assert result.exit_code == 0
    assert "| ne | " in Path("map.md").read_text("utf-8")
