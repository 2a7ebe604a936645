from gettext import c2py
from pathlib import Path

import pytest

from bot.errors import OperatorError
from bot.i18n.catalogs import languages, read
from bot.i18n.po import read as read_po
from bot.translating.extract import template
from bot.translating.start import plural_forms, start
from tests.i18n.made import HEADERS, LANGUAGES, SOURCES, german, write_catalog


def begin(folder: Path, code: str) -> Path:
    return start(folder, code, template(SOURCES, folder.parent))


def test_a_new_language_is_a_draft_with_an_empty_catalog(folder: Path) -> None:
    path = begin(folder, "pt-BR")
    added = languages(folder)["pt-BR"]
    assert (added.offered, added.reviewed, added.fallback) == (False, False, "en")
    assert added.plural == "nplurals=2; plural=(n > 1);"
    file = read_po(path)
    assert file.headers["Language"] == "pt_BR"
    assert [entry.translation for entry in file.entries] == [""] * 5
    assert read(folder, "pt-BR") == {}


def test_comments_show_the_words_that_a_language_prints(folder: Path) -> None:
    (folder / "nb").mkdir()
    (folder / "nb" / "keywords.toml").write_text('[yes]\nshow = "JA"\n', "utf-8")
    (asked,) = (entry for entry in read_po(begin(folder, "nb")).entries if entry.id == "opt_in.ask")
    assert "Example of {yes_word}: JA" in asked.notes
    assert "Example of {business}: Blumen Haas" in asked.notes


@pytest.mark.parametrize(("code", "template"), [("nb", "nb"), ("pt-BR", "pt_BR"), ("is", "")])
def test_a_new_language_has_its_code_for_templates_if_meta_has_it(folder: Path, code: str, template: str) -> None:
    (folder / "languages.toml").write_text(LANGUAGES.replace("pt-BR", "xx"), "utf-8")
    begin(folder, code)
    assert languages(folder)[code].template == template


def test_the_other_languages_stay_as_they_are(folder: Path) -> None:
    before = languages(folder)
    begin(folder, "it")
    after = languages(folder)
    assert {code: after[code] for code in before} == before


@pytest.mark.parametrize("code", ["de@informal", "ca@valencia", "sr-Latn"])
def test_a_language_variant_is_started_like_a_language(folder: Path, code: str) -> None:
    begin(folder, code)
    assert languages(folder)[code].plural == plural_forms(code)


def test_a_catalog_that_a_translator_has_sent_is_kept(folder: Path) -> None:
    write_catalog(folder, *german(), code="nl", headers=HEADERS)
    begin(folder, "nl")
    assert read(folder, "nl")["common.no"] == ("No", "Nein")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("de", "is there already"),
        ("en", "is there already"),
        ("xx", "no language that CLDR knows"),
        ("../it", "no language that CLDR knows"),
        ("", "no language that CLDR knows"),
        ("pt_br", "write 'pt-BR'"),
        ("PT-BR", "write 'pt-BR'"),
        ("iw", "write 'he"),
    ],
)
def test_a_wrong_code_is_refused_and_nothing_is_written(folder: Path, code: str, message: str) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(OperatorError) as caught:
        begin(folder, code)
    assert message in str(caught.value)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("de", "nplurals=2; plural=(n != 1);"),
        ("fr", "nplurals=2; plural=(n > 1);"),
        ("pt-BR", "nplurals=2; plural=(n > 1);"),
        ("pt-PT", "nplurals=2; plural=(n != 1);"),
        ("tr", "nplurals=2; plural=(n != 1);"),
        ("hu", "nplurals=2; plural=(n != 1);"),
        ("id", "nplurals=1; plural=0;"),
        ("de-AT", "nplurals=2; plural=(n != 1);"),
        ("de@informal", "nplurals=2; plural=(n != 1);"),
    ],
)
def test_the_plural_rule_is_that_of_gnu_gettext(code: str, rule: str) -> None:
    assert plural_forms(code) == rule


def test_a_language_missing_from_the_table_gets_the_cldr_plural_rule() -> None:
    assert plural_forms("gd").startswith("nplurals=4;")


@pytest.mark.parametrize("code", ["ar", "cs", "de", "fr", "ga", "hr", "lt", "lv", "mt", "pl", "ro", "ru", "sl", "is"])
def test_each_plural_rule_is_one_that_gettext_can_read(code: str) -> None:
    count, _, expression = plural_forms(code).removeprefix("nplurals=").partition("; plural=")
    form = c2py(expression.rstrip(";"))
    assert {form(number) for number in range(1000)} | {form(1_000_000)} == set(range(int(count)))
