"""Names and periods as CLDR writes them in each language, through Babel."""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_timedelta

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


def babel_locale(code: str) -> Locale:
    """Return Babel's object for one of our locale codes, e.g. `pt-BR`. Raises `ValueError` with a cure."""
    try:
        return Locale.parse(code.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        raise ValueError(f"{code!r} is no language that CLDR knows; write e.g. it or pt-BR") from None


def autonym(code: str) -> str:
    """Return the name of a language in that language, e.g. `Français`."""
    name = babel_locale(code).get_display_name() or code
    return name[:1].upper() + name[1:]


def in_reading_order(codes: Iterable[str], reader: str) -> list[str]:
    """Return languages as a reader of `reader` looks for them: their own script first, then by name.

    Names are compared without accents, which gives the order of CLDR's collation for the names that there are.
    """
    own = _script(autonym(reader))
    names = {code: autonym(code) for code in codes}
    return sorted(names, key=lambda code: (_script(names[code]) != own, _script(names[code]), _plain(names[code])))


def _script(name: str) -> str:
    """Return the script of a name's first letter, e.g. `LATIN`."""
    return unicodedata.name(name[0]).partition(" ")[0]


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def day(date: date, code: str) -> str:
    """Return a day as it is written in the language `code`, e.g. "24 nov. 2026"."""
    return format_date(date, "medium", locale=babel_locale(code))


def territory_name(territory: str, code: str) -> str:
    """Return the name of `territory`, such as DE or EU, in the language `code`; other texts are returned unchanged."""
    return str(babel_locale(code).territories.get(territory, territory))


_COMMAS: Mapping[str, str] = {"ar": "\u060c "}
"""Language → comma, where it is another than ours."""


def in_a_row(items: Iterable[str], code: str) -> str:
    """Return items with commas between them, as the language `code` writes commas."""
    return _COMMAS.get(babel_locale(code).language, ", ").join(items)


def period(span: timedelta, code: str) -> str:
    """Return `span` in words of the language `code`, in years or months, rounded."""
    locale = babel_locale(code)
    number, unit = format_timedelta(span, granularity="month", locale="en").split()
    words = _OURS.get(locale.language, {}).get(unit.removesuffix("s"))
    if words is None:
        return format_timedelta(span, granularity="month", locale=locale)
    return words[locale.plural_form(int(number))].format(number)
