"""How long something lasts is told in words, in every language."""

import re
from datetime import timedelta

import pytest

from bot.i18n.catalogs import languages
from bot.i18n.cldr import period, territory_name
from bot.paths import LOCALES

YEAR, MONTH = timedelta(days=365), timedelta(days=30.5)


@pytest.mark.parametrize(
    ("code", "span", "words"),
    [
        ("de", 3 * YEAR, "3 Jahre"),
        ("pt-BR", 6 * MONTH, "6 meses"),
        ("ar", 3 * YEAR, "3 سنوات"),
        ("ga", 1 * YEAR, "1 bhliain"),
        ("ga", 3 * YEAR, "3 bliana"),
        ("ga", 10 * YEAR, "10 mbliana"),
        ("ga", 6 * MONTH, "6 mhí"),
        ("mt", 1 * YEAR, "sena"),
        ("mt", 2 * YEAR, "sentejn"),
        ("mt", 3 * YEAR, "3 snin"),
        ("mt", 15 * YEAR, "15-il sena"),
        ("mt", 6 * MONTH, "6 xhur"),
        ("sl", 2 * YEAR, "2 leti"),
        ("sl", 3 * YEAR, "3 leta"),
        ("sl", 5 * YEAR, "5 let"),
    ],
)
def test_a_period_is_spelled_out_in_each_language(code: str, span: timedelta, words: str) -> None:
    assert period(span, code) == words


@pytest.mark.parametrize("code", languages(LOCALES))
@pytest.mark.parametrize("span", [1 * YEAR, 3 * YEAR, 5 * YEAR, 6 * MONTH])
def test_no_language_abbreviates_a_period(code: str, span: timedelta) -> None:
    """What stands in legal texts must be a word: "3 y" is none in Maltese."""
    word = re.sub(r"[\d\s]", "", period(span, code))
    assert len(word) > 1
    assert word not in ("bl", "mbl", "bhl")


@pytest.mark.parametrize(
    ("territory", "code", "name"),
    [
        ("EU", "de", "Europäische Union"),
        ("EU", "ar", "الاتحاد الأوروبي"),
        ("IE", "pt-BR", "Irlanda"),
        ("Our cellar in Freiburg", "fr", "Our cellar in Freiburg"),
    ],
)
def test_a_country_is_named_in_the_language(territory: str, code: str, name: str) -> None:
    assert territory_name(territory, code) == name
