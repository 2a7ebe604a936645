import gettext
import os
from pathlib import Path

import pytest

from bot.errors import FileError, OperatorError
from bot.i18n.catalogs import catalog_path, languages, read
from bot.translating.check import compile_all
from tests.i18n.made import ASK, GERMAN, HEADERS, SLOTS, YES, entry, german, write_catalog


def test_languages_are_read_with_their_defaults(folder: Path) -> None:
    german_one = languages(folder)["de"]
    assert (german_one.offered, german_one.fallback, german_one.template, german_one.reviewed) == (
        True,
        "en",
        "de",
        False,
    )


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[de]\nstatus = "ready"', "de.status: neither of the two words; write 'offered' or 'draft'"),
        ('[de]\nstatus = "draft"\nname = "Deutsch"', "de.name: unknown key; write one of"),
        ("de = 1", "as in the other entries"),
        ("[de", "not valid TOML"),
        ('[xx]\nstatus = "draft"', "no language that CLDR knows"),
        ("[de]\nreviewed = true", "de.status: missing; add this key"),
        ('[de]\nstatus = "draft"\nstate = "x"', "de.state: unknown key; write one of status, fallback,"),
        ('[de]\nstatus = "draft"\nreviewed = "no"', "de.reviewed: not a yes or no; write true or false"),
        ('[de]\nstatus = "draft"\ntemplate = 5', "de.template: not a text; put it in quotes"),
        ('de = "draft"', "de: not a table; write a line for each key"),
        ('[de]\nstatus = "draft"\nfallback = "fr"', "fallback 'fr' is not in this file"),
        ('[de]\nstatus = "draft"\nfallback = "de"', "go in a circle: de → de"),
        (
            '[pt-PT]\nstatus = "draft"\nfallback = "pt-BR"\n[pt-BR]\nstatus = "draft"\nfallback = "pt-PT"',
            "go in a circle: pt-PT → pt-BR → pt-PT",
        ),
    ],
)
def test_a_wrong_languages_toml_is_refused_with_its_cure(tmp_path: Path, toml: str, message: str) -> None:
    (tmp_path / "languages.toml").write_text(toml, "utf-8")
    with pytest.raises(FileError) as caught:
        languages(tmp_path)
    assert message in str(caught.value)
    assert "languages.toml" in str(caught.value)


def test_a_file_saved_by_notepad_is_read(tmp_path: Path) -> None:
    (tmp_path / "languages.toml").write_text('[de]\r\nstatus = "draft"\r\n', "utf-8-sig", newline="")
    assert list(languages(tmp_path)) == ["de"]


def test_a_catalog_is_read_by_id_with_its_english(folder: Path) -> None:
    catalog = read(folder, "de")
    assert catalog["common.yes"] == ("Yes, I agree", "Ja, ich stimme zu")
    assert len(catalog) == len(SLOTS)


def test_empty_and_fuzzy_translations_are_left_out(folder: Path) -> None:
    write_catalog(
        folder, entry("a.empty", "A", ""), entry("a.fuzzy", "B", "Be", above="#, fuzzy\n"), entry("a.good", "C", "Ce")
    )
    assert list(read(folder, "de")) == ["a.good"]


def test_missing_and_broken_catalogs_are_reported_by_their_path(folder: Path) -> None:
    write_catalog(folder, 'msgctxt "a"\nmsgid "No\n')
    with pytest.raises(FileError, match=r"bot\.po:11: .*i18n check de"):
        read(folder, "de")
    catalog_path(folder, "de").unlink()
    with pytest.raises(FileError, match=r"bot\.po: can't be read"):
        read(folder, "de")


def test_compiled_catalogs_say_the_same_as_their_source(folder: Path) -> None:
    before = read(folder, "de")
    assert compile_all(folder, SLOTS) == [catalog_path(folder, "de", "mo")]
    catalog_path(folder, "de").unlink()
    assert read(folder, "de") == before


def test_python_gettext_can_read_compiled_catalogs(folder: Path) -> None:
    compile_all(folder, SLOTS)
    translations = gettext.translation("bot", folder, ["de"])
    assert translations.pgettext("common.yes", "Yes, I agree") == "Ja, ich stimme zu"


def test_the_newer_of_source_and_compiled_catalog_is_read(folder: Path) -> None:
    (compiled,) = compile_all(folder, SLOTS)
    source = write_catalog(folder, *german(common_yes="Ja!"))
    os.utime(compiled, (1, 1))
    assert read(folder, "de")["common.yes"][1] == "Ja!"
    os.utime(source, (0, 0))
    assert read(folder, "de")["common.yes"][1] == "Ja, ich stimme zu"


def test_fuzzy_translations_are_not_compiled(folder: Path) -> None:
    write_catalog(
        folder, entry(YES.id, YES.english, "Ja", above="#, fuzzy\n"), entry(ASK.id, ASK.english, GERMAN[ASK.id])
    )
    compile_all(folder, SLOTS)
    catalog_path(folder, "de").unlink()
    assert list(read(folder, "de")) == ["opt_in.ask"]


@pytest.mark.parametrize(
    ("blocks", "headers", "code"),
    [
        (german(common_footer="Abmelden"), HEADERS, "[placeholder]"),
        (german(common_yes="Ja, dem stimme ich gern zu"), HEADERS, "[length]"),
        (german(), "#, fuzzy\n" + HEADERS, "[header]"),
        (german(), HEADERS.replace("nplurals=2", "nplurals=1"), "[plural]"),
        ([*german(), entry("common.no", "No", "Nö")], HEADERS, "[duplicate]"),
        ([*german(), "oops\n"], HEADERS, "[syntax]"),
    ],
    ids=["placeholder", "length", "fuzzy header", "plural rule", "doubled id", "syntax"],
)
def test_nothing_is_compiled_when_one_catalog_is_unsound(
    folder: Path, blocks: list[str], headers: str, code: str
) -> None:
    """Babel would write the broken .mo all the same."""
    with (folder / "languages.toml").open("a") as table:
        table.write('\n[fr]\nstatus = "draft"\n')
    write_catalog(folder, *german(), code="fr", headers=HEADERS.replace("de", "fr"))
    write_catalog(folder, *blocks, headers=headers)
    with pytest.raises(OperatorError) as caught:
        compile_all(folder, SLOTS)
    assert code in str(caught.value)
    assert "nothing was compiled" in str(caught.value)
    assert list(folder.rglob("*.mo*")) == []


def test_a_draft_with_errors_does_not_block_other_languages(folder: Path) -> None:
    with (folder / "languages.toml").open("a") as table:
        table.write('\n[fr]\nstatus = "draft"\n')
    write_catalog(folder, *german(common_yes=""), "oops\n", code="fr", headers=HEADERS.replace("de", "fr"))
    assert compile_all(folder, SLOTS) == [catalog_path(folder, "de", "mo")]


def test_a_good_compiled_catalog_survives_a_failed_compilation(folder: Path) -> None:
    (compiled,) = compile_all(folder, SLOTS)
    before = compiled.read_bytes()
    write_catalog(folder, *german(common_footer="Abmelden"))
    with pytest.raises(OperatorError):
        compile_all(folder, SLOTS)
    assert compiled.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\xde\x12\x04\x95", b"\xde\x12\x04\x95" + b"\xff" * 40])
def test_a_damaged_compiled_catalog_is_named_with_its_cure(folder: Path, damage: bytes) -> None:
    (compiled,) = compile_all(folder, SLOTS)
    compiled.write_bytes(damage)
    with pytest.raises(FileError, match=r"bot\.mo: can't be read .*i18n compile"):
        read(folder, "de")


def test_percent_signs_and_braces_survive_compilation(folder: Path) -> None:
    write_catalog(folder, *german(help_help="100% %s %(x)s {{ok}}?"))
    compile_all(folder, SLOTS)
    catalog_path(folder, "de").unlink()
    assert read(folder, "de")["help.help"][1] == "100% %s %(x)s {{ok}}?"
