"""The likely language of a person who has not chosen one."""

from collections.abc import Collection
from functools import lru_cache

import phonenumbers
from babel.languages import get_official_languages

from .cldr import babel_locale

_FALLBACKS = {"no": "nb", "iw": "he", "in": "id", "tl": "fil"}
"""Old or collective codes that Babel's negotiation does not map."""

_OFFICIAL = {"UA": ("uk",)}
"""Countries about which CLDR is wrong: Ukrainian is the only state language (constitution, art. 10; law 2704-VIII)."""

_ALSO_SPOKEN = {
    "AT": ("hr", "sl", "hu"),
    "DE": ("da",),
    "EE": ("ru",),
    "ES": ("ca",),
    "FR": ("ca",),
    "GB": ("ga",),
    "HR": ("it",),
    "HU": ("de",),
    "IT": ("de", "fr", "sl", "ca"),
    "LT": ("ru", "pl"),
    "LV": ("ru",),
    "MD": ("ru", "uk"),
    "PL": ("de", "uk"),
    "RO": ("hu", "de"),
    "RS": ("hr", "hu"),
    "SE": ("fi",),
    "SI": ("it", "hu"),
    "SK": ("hu", "cs"),
    "UA": ("ru",),
    "US": ("es",),
}
"""Languages of whole regions or of many people beside the official language: Catalan in Spain, German in South Tyrol,
Russian in Latvia. Nobody is asked for their sake; they come first in the list, and decide between words that several
languages share. CLDR mixes them with languages learnt at school, such as German in the Netherlands.
"""


def country(phone: str | None, bsuid: str | None) -> str | None:
    """Return the ISO 3166 country of an address: the BSUID's prefix, else the number's region.

    The dial code alone would be wrong (+1, +7 and +44 serve several countries).
    """
    if bsuid and len(bsuid) > 2 and bsuid[2] == ".":
        return bsuid[:2]
    if phone:
        try:
            return phonenumbers.region_code_for_number(phonenumbers.parse(phone))
        except phonenumbers.NumberParseException:
            return None
    return None


@lru_cache(maxsize=512)
def languages_of(country_code: str) -> tuple[str, ...]:
    """Return the official languages of a country, the most used first; empty if the country is unknown."""
    return _OFFICIAL.get(country_code) or tuple(get_official_languages(country_code, de_facto=True))


@lru_cache(maxsize=2048)
def _match(wanted: str, offered: tuple[str, ...]) -> str | None:
    try:
        locale = babel_locale(_FALLBACKS.get(wanted, wanted))
    except ValueError:
        return None
    parsed = {code: babel_locale(code) for code in offered}
    for same in (
        lambda other: other == locale,
        lambda other: (other.language, other.script) == (locale.language, locale.script),
        lambda other: other.language == locale.language,
    ):
        for code, other in parsed.items():
            if same(other):
                return code
    return None


def negotiate(wanted: str, offered: Collection[str]) -> str | None:
    """Return the offered locale nearest to `wanted`: exact, then language and script, then language; else None.

    Babel's own `negotiate_locale` returns None for pt_PT → pt_BR and zh_TW → zh_Hant.
    """
    return _match(wanted, tuple(offered))


def guess(phone: str | None, bsuid: str | None, offered: Collection[str]) -> tuple[str, ...]:
    """Return the offered locales that the person's country makes likely.

    One result can be used; several mean that the person should be asked; none means the default. For a country with
    several official languages the first must be offered, or several of them: French alone is no guess
    for Canada.
    """
    code = country(phone, bsuid)
    if code is None:
        return ()
    official = {language: _spoken_in(language, code, offered) for language in languages_of(code)}
    found = tuple(dict.fromkeys(locale for locale in official.values() if locale))
    first = next(iter(official.values()), None)
    return found if first or len(found) > 1 else ()


def _spoken_in(language: str, country_code: str, offered: Collection[str]) -> str | None:
    """Return the country's own variety if it is offered: pt-PT in Portugal."""
    return negotiate(f"{language}-{country_code}", offered) or negotiate(language, offered)


def also_spoken(phone: str | None, bsuid: str | None, offered: Collection[str]) -> tuple[str, ...]:
    """Return the offered locales of regions and minorities in the person's country."""
    code = country(phone, bsuid) or ""
    found = (_spoken_in(language, code, offered) for language in _ALSO_SPOKEN.get(code, ()))
    return tuple(dict.fromkeys(locale for locale in found if locale))
