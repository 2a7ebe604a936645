from pathlib import Path

from bot.translating.status import Progress, reports
from tests.i18n.made import HELP, SOURCES, YES, entry, german, write_catalog


def test_a_complete_language_is_at_100_percent(folder: Path) -> None:
    english, german_one = reports(folder, SOURCES)
    assert english.whole == german_one.whole == Progress(total=5, translated=5, fuzzy=0, missing=0, legal_missing=0)
    assert german_one.whole.percent == 100


def test_missing_translations_are_counted_in_total_and_per_flow(folder: Path) -> None:
    blocks = [block for block in german() if "common.yes" not in block and "help.help" not in block]
    write_catalog(folder, *blocks, entry(YES.id, YES.english, "Ja", "#, fuzzy\n"), entry(HELP.id, HELP.english, ""))
    report = reports(folder, SOURCES)[1]
    assert report.whole == Progress(total=5, translated=3, fuzzy=1, missing=1, legal_missing=1)
    assert report.flows["help"] == Progress(total=1, translated=0, fuzzy=0, missing=1, legal_missing=0)
    assert report.flows["common"] == Progress(total=3, translated=2, fuzzy=1, missing=0, legal_missing=1)


def test_a_translation_of_an_older_english_is_fuzzy(folder: Path) -> None:
    blocks = [block for block in german() if "help.help" not in block]
    write_catalog(folder, *blocks, entry(HELP.id, "Old help.", "Alte Hilfe."))
    assert reports(folder, SOURCES)[1].whole.fuzzy == 1


def test_percentages_are_rounded_down() -> None:
    assert Progress(total=200, translated=199, fuzzy=0, missing=1, legal_missing=0).percent == 99
