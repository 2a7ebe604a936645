from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.i18n.po import read, written
from bot.i18n.slot import Slot, TextKind
from bot.translating.check import Finding, everything, source
from bot.translating.extract import template
from tests.i18n.made import FOOTER, GERMAN, HEADERS, HELP, SLOTS, SOURCES, YES, entry, german, write_catalog


@pytest.fixture
def checked(folder: Path) -> Path:
    """A `locales/` in which there is nothing to find."""
    (folder / "bot.pot").write_text(written(template(SOURCES, folder.parent)), "utf-8")
    return folder


def findings(folder: Path, only: Iterable[str] = ()) -> list[str]:
    """What is found, without folders: `bot.po:12: [code] …`."""
    return [
        str(finding).removeprefix(f"{finding.path.parent}/") for finding in everything(folder, SOURCES, tuple(only))
    ]


def draft(folder: Path) -> None:
    """Take German off offer."""
    path = folder / "languages.toml"
    path.write_text(path.read_text().replace('[de]\nstatus = "offered"', '[de]\nstatus = "draft"'))


def test_sound_catalogs_have_no_findings(checked: Path) -> None:
    assert findings(checked) == []


def test_a_finding_is_printed_as_path_line_code_and_message() -> None:
    assert str(Finding(Path("a/bot.po"), 3, "url", "x")) == "a/bot.po:3: [url] x"
    assert str(Finding(Path("a/bot.po"), 3, "url", "x", error=False)) == "a/bot.po:3: [url] warning: x"


def test_a_fault_is_reported_with_file_line_and_id(checked: Path) -> None:
    write_catalog(checked, *german(common_footer="Abmelden"))
    line = (
        (checked / "de/LC_MESSAGES/bot.po").read_text().splitlines().index('msgid "Reply {stop_word} to unsubscribe"')
    )
    assert findings(checked) == [
        f"bot.po:{line + 1}: [placeholder] common.footer: {{stop_word}} is missing; put it where its value belongs"
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"common_footer": "Mit {stop_wort} abmelden"}, "placeholder"),
        ({"common_footer": "Mit {stop_word abmelden"}, "placeholder"),
        ({"common_yes": "Ja, dem stimme ich gern zu"}, "length"),
        ({"common_yes": "Ja\u202e"}, "forbidden"),
        ({"opt_in_ask": GERMAN["opt_in.ask"].replace(".example", ".invalid")}, "url"),
        ({"opt_in_ask": GERMAN["opt_in.ask"].replace("*{business}*", "*{business}")}, "format"),
        ({"opt_in_ask": GERMAN["opt_in.ask"].replace("\n\n", "\n")}, "newline"),
        ({"common_no": GERMAN["common.yes"].upper()}, "unique"),
    ],
)
def test_each_mutation_of_a_catalog_is_found(checked: Path, changes: dict[str, str], code: str) -> None:
    write_catalog(checked, *german(**changes))
    found = [finding for finding in everything(checked, SOURCES) if finding.error]
    assert {finding.code for finding in found} == {code}


def test_a_percent_sign_is_accepted(checked: Path) -> None:
    write_catalog(checked, *german(help_help="Wie kann ich zu 100 % helfen?"))
    assert findings(checked) == []


@pytest.mark.parametrize(
    ("headers", "code", "message"),
    [
        ("#, fuzzy\n" + HEADERS, "header", "tools would skip the whole catalog"),
        (HEADERS.replace("Language: de", "Language: nl"), "header", "Language is 'nl', not 'de'"),
        (HEADERS.replace("UTF-8", "ISO-8859-1"), "header", "charset=UTF-8"),
        (HEADERS.replace("nplurals=2", "nplurals=3"), "plural", "differs from languages.toml"),
        (HEADERS.replace('"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n', ""), "plural", "differs"),
    ],
)
def test_headers_are_compared_with_languages_toml(checked: Path, headers: str, code: str, message: str) -> None:
    write_catalog(checked, *german(), headers=headers)
    (finding,) = findings(checked)
    assert f"[{code}]" in finding
    assert message in finding


def test_spaces_in_the_plural_rule_are_ignored(checked: Path) -> None:
    write_catalog(checked, *german(), headers=HEADERS.replace("plural=(n != 1);", "plural=(n!=1)"))
    assert findings(checked) == []


@pytest.mark.parametrize("plural", ['msgid_plural "{n} days"\n', ""])
def test_plural_forms_in_a_catalog_are_refused(checked: Path, plural: str) -> None:
    half = f'msgctxt "common.days"\nmsgid "{{n}} day"\n{plural}msgstr[0] "{{n}} Tag"\nmsgstr[1] ""\n'
    write_catalog(checked, *german(), half)
    assert any("[plural] common.days: has plural forms" in finding for finding in findings(checked))


def test_a_duplicate_id_is_found(checked: Path) -> None:
    write_catalog(checked, *german(), entry("common.no", "No", "Nö"))
    (finding,) = findings(checked)
    assert "[duplicate] common.no: stands at line 19 already" in finding


def test_an_entry_without_id_is_found(checked: Path) -> None:
    write_catalog(checked, *german(), 'msgid "No"\nmsgstr "Nein"\n')
    assert any("has no msgctxt" in finding for finding in findings(checked))


def test_bad_syntax_is_the_only_finding_reported(checked: Path) -> None:
    write_catalog(checked, 'msgctxt "a"\nmsgid "No\n')
    (finding,) = findings(checked)
    assert finding.startswith("bot.po:11: [syntax] ")


@pytest.mark.parametrize("above", ["", "#, fuzzy\n"], ids=["empty", "fuzzy"])
def test_a_missing_legal_text_is_an_error_only_in_an_offered_language(checked: Path, above: str) -> None:
    blocks = [block for block in german() if "common.yes" not in block]
    write_catalog(checked, *blocks, entry(YES.id, YES.english, "Ja" if above else "", above))
    (finding,) = findings(checked)
    assert "[legal] common.yes: " in finding
    draft(checked)
    (finding,) = findings(checked)
    assert "[legal] warning: common.yes" in finding


def test_a_missing_text_that_is_not_legal_is_a_warning(checked: Path) -> None:
    write_catalog(checked, *german(help_help=""))
    (finding,) = findings(checked)
    assert "[missing] warning: help.help: has no translation: the message is said in en" in finding


def test_a_catalog_that_is_not_up_to_date_is_found(checked: Path) -> None:
    blocks = [block for block in german() if "help.help" not in block and "common.no" not in block]
    write_catalog(
        checked, *blocks, entry(HELP.id, "What do you want?", "Was wollen Sie?"), entry("a.gone", "Bye", "Ciao")
    )
    told = findings(checked)
    assert any("[stale] common.no is not in the catalog; run `python -m bot i18n update`" in each for each in told)
    assert any("[stale] help.help: the English has changed" in each for each in told)
    assert any("[stale] a.gone: no text has this id any more" in each for each in told)
    assert len(told) == 3


def test_a_template_that_is_not_up_to_date_is_found(checked: Path) -> None:
    (checked / "bot.pot").write_text("old", "utf-8")
    assert findings(checked) == ["bot.pot:1: [stale] differs from the flows; run `python -m bot i18n extract`"]
    (checked / "bot.pot").unlink()
    assert len(findings(checked)) == 1


def test_a_catalog_that_languages_toml_does_not_list_is_found(checked: Path) -> None:
    write_catalog(checked, *german(), code="nl")
    assert findings(checked) == ["bot.po:1: [language] [nl] is not in languages.toml; run `python -m bot i18n init nl`"]


def test_a_language_without_catalog_is_found(checked: Path) -> None:
    (checked / "de" / "LC_MESSAGES" / "bot.po").unlink()
    assert findings(checked) == [
        "bot.po:1: [missing] there is no catalog; restore it from version control, "
        "or run `python -m bot i18n update` for an empty one"
    ]


def test_only_the_languages_asked_for_are_checked(checked: Path) -> None:
    write_catalog(checked, *german(common_footer="Abmelden"))
    (checked / "bot.pot").write_text("old", "utf-8")
    assert len(findings(checked, ["de"])) == 1


def test_the_english_is_checked_too(checked: Path) -> None:
    flow = checked.parent / "common.toml"
    flow.write_text('flow = "common"\n\n[texts.yes]\nkind = "button"\nen = "Yes, I really do agree to it"\n', "utf-8")
    long = replace(YES, english="Yes, I really do agree to it", source=str(flow))
    broken = replace(SOURCES, slots=(long, *(slot for slot in SLOTS if slot is not YES)))
    told = [str(finding) for finding in everything(checked, broken)]
    assert any(each.startswith(f"{flow}:5: [length] common.yes: has 28 characters") for each in told)


def test_a_text_of_the_business_is_reported_with_its_line(checked: Path) -> None:
    file = checked.parent / "business.toml"
    file.write_text('[[purposes]]\nid = "news"\ntitle = "A title that is too long"\n', "utf-8")
    title = Slot("purpose.news.title", TextKind.BUTTON, "A title that is too long", source=str(file))
    told = [str(finding) for finding in source([title])]
    assert [line.partition(" [")[0] for line in told] == [f"{file}:3:"]


def test_a_stale_template_is_reported_with_the_line_of_the_first_difference(checked: Path) -> None:
    path = checked / "bot.pot"
    text = path.read_text("utf-8").replace('msgid "No"', 'msgid "Nope"')
    path.write_text(text, "utf-8")
    (finding,) = [finding for finding in everything(checked, SOURCES) if finding.code == "stale"]
    assert (
        text.splitlines()[finding.line :][:4].count('msgid "Nope"') == 1
        or 'msgid "Nope"' in text.splitlines()[finding.line - 1]
    )


def test_a_comment_with_another_word_than_the_language_prints_is_a_warning(checked: Path) -> None:
    (checked / "de/keywords.toml").write_text('[stop]\nshow = "STOPP"\nstrong = []\n', "utf-8")
    file = read(checked / "de/LC_MESSAGES/bot.po")
    noted = [replace(one, notes=("Example of {stop_word}: STOP",)) for one in file.entries if one.id == FOOTER.id]
    others = [one for one in file.entries if one.id != FOOTER.id]
    (checked / "de/LC_MESSAGES/bot.po").write_text(written(replace(file, entries=(*others, *noted))), "utf-8")
    (finding,) = everything(checked, SOURCES)
    assert (finding.code, finding.error) == ("stale", False)
    assert "example of {stop_word} is not 'STOPP'" in finding.message


def test_different_punctuation_is_only_a_warning(checked: Path) -> None:
    write_catalog(checked, *german(help_help="Wie kann ich helfen"))
    (finding,) = everything(checked, SOURCES)
    assert (finding.code, finding.error) == ("punctuation", False)


def test_a_text_too_long_with_the_longest_values_is_a_warning(checked: Path) -> None:
    wide = replace(SOURCES, widest={"stop_word": "M" * 50})
    (finding,) = everything(checked, wide)
    assert (finding.code, finding.error) == ("room", False)
    assert FOOTER.id in finding.message
