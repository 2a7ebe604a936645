"""A length of time in words, such as "3 years": CLDR's, except where CLDR has none or a wrong one."""

from collections.abc import Mapping
from datetime import timedelta

from babel import Locale
from babel.dates import format_timedelta

_OURS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "ga": {
        "year": {
            "one": "{} bhliain",
            "two": "{} bhliain",
            "few": "{} bliana",
            "many": "{} mbliana",
            "other": "{} bliain",
        }
    },
    "mt": {
        "year": {"one": "sena", "two": "sentejn", "few": "{} snin", "many": "{}-il sena", "other": "{} sena"},
        "month": {"one": "xahar", "two": "xahrejn", "few": "{} xhur", "many": "{}-il xahar", "other": "{} xahar"},
    },
    "sl": {"year": {"one": "{} leto", "two": "{} leti", "few": "{} leta", "other": "{} let"}},
}
"""Language → unit → plural category → words. CLDR 47 has "3 bl", "3 y" and "3 let" for three years in these."""


def period(span: timedelta, code: str) -> str:
    """Return `span` in words of the language `code`, in years or months, rounded."""
    locale = Locale.parse(code.replace("-", "_"))
    number, unit = format_timedelta(span, granularity="month", locale="en").split()
    words = _OURS.get(locale.language, {}).get(unit.removesuffix("s"))
    if words is None:
        return format_timedelta(span, granularity="month", locale=locale)
    return words[locale.plural_form(int(number))].format(number)
