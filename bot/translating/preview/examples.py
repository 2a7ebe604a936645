"""Example values as a customer of each language sees them: dates, periods, names of purposes."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from babel import Locale
from babel.dates import format_date

from ...i18n.periods import period

_DAY = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_YEARS = re.compile(r"(\d+) years?")


def localized(example: str, code: str, translations: Mapping[str, str]) -> str:
    """Return `example`, written in English in the flows, in the language `code`.

    `translations`: English text → translation, for texts that may be part of a value, such as titles of purposes.
    """
    if years := _YEARS.fullmatch(example):
        return period(timedelta(days=365 * int(years[1])), code)
    if _DAY.fullmatch(example):
        number, month, year = example.split()
        day = date(int(year), _MONTHS.index(month[:3]) // 3 + 1, int(number))
        return format_date(day, "medium", locale=Locale.parse(code.replace("-", "_")))
    for english, translation in translations.items():
        example = example.replace(english, translation)
    return example
