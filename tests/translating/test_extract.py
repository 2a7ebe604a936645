from dataclasses import replace
from pathlib import Path

from bot.i18n.po import written
from bot.i18n.slot import Slot, SourceTexts, TextKind
from bot.translating.extract import template
from tests.i18n.made import ASK, SOURCES, YES

ROOT = Path("/somewhere/project")


def only(slot: Slot) -> str:
    """The entry of one text, without the headers."""
    appearances = SOURCES.appearances
    return written(template(SourceTexts((slot,), appearances), ROOT)).split("\n\n", 1)[1]


def test_each_entry_tells_where_it_appears_its_kind_limit_and_whether_it_is_legal() -> None:
    assert only(YES) == (
        '#. Button 1 of 2 under "opt_in.ask".\n'
        "#. WhatsApp button, at most 20 characters, on one line.\n"
        "#. Legal: without this text the language is not offered. Add nothing, leave nothing out.\n"
        "#. Seen in its place (`i18n preview`): preview/LANGUAGE.html#common.yes\n"
        "#: flows/common.toml\n"
        "#, max-length:20\n"
        'msgctxt "common.yes"\n'
        'msgid "Yes, I agree"\n'
        'msgstr ""\n'
    )


def test_placeholders_come_with_examples() -> None:
    notes = only(ASK).splitlines()
    assert "#. Copy unchanged: {business}, {yes_word}." in notes
    assert "#. Example of {business}: Blumen Haas" in notes
    assert "#. WhatsApp message, at most 1024 characters with the example values." in notes
    assert "#, python-brace-format" in notes


def test_an_example_of_several_lines_stays_one_comment() -> None:
    slot = Slot("a.b", TextKind.BODY, "{contact}", examples={"contact": "one\ntwo"})
    assert "#. Example of {contact}: one / two" in only(slot).splitlines()


def test_a_percent_sign_is_not_flagged_as_python_format() -> None:
    flags = [line for line in only(Slot("a.b", TextKind.BODY, "100% sure")).splitlines() if line.startswith("#,")]
    assert flags == ["#, max-length:1024"]


def test_extraction_is_reproducible_and_has_no_date() -> None:
    first = written(template(SOURCES, ROOT))
    assert first == written(template(SOURCES, ROOT))
    assert "Date" not in first
    assert str(ROOT) not in first


def test_a_source_outside_the_project_is_named_without_its_folder() -> None:
    assert "#: mine.toml\n" in only(replace(YES, source="/etc/secret/mine.toml"))
    assert "#: flows/x.toml\n" in only(replace(YES, source=str(ROOT / "flows" / "x.toml")))


def test_texts_are_extracted_in_the_order_of_the_flows() -> None:
    text = written(template(SOURCES, ROOT))
    starts = [text.index(f'"{slot.id}"\nmsgid') for slot in SOURCES.slots]
    assert starts == sorted(starts)
