"""Checks whether `business.toml` speaks of this company, as its customers will read it: the sample does not."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

from ..business import Business, load
from ..conversation.flow_file import NO_FLOW
from ..i18n.catalogs import SOURCE_LOCALE
from ..i18n.cldr import territory_name
from ..paths import FLOWS
from ..service.ports import Check

_OF_THE_COMPANY = frozenset({"name", "address", "email", "phone", "url"})
"""Keys of the controller and its contacts that no two companies share."""

_SAMPLE_NAME = re.compile(r"blumen[\W_]*haas", re.IGNORECASE)
_RESERVED = re.compile(
    r"(?<![\w.-])(?:[\w-]+\.)*(?:[\w-]+\.(?:example|test|invalid|localhost)|localhost|example\.(?:com|net|org))(?![\w-])(?!\.\w)",
    re.IGNORECASE,
)
"""Names that belong to nobody and never will (RFC 2606)."""

_NOT_ENCRYPTED = re.compile(r"(?<!\w)http://", re.IGNORECASE)

_COUNTRIES = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"

EEA = frozenset({"EU", "EEA", *re.findall(r"\w+", _COUNTRIES)})
"""Where no transfer to a third country takes place (GDPR Art. 44; EEA Joint Committee Decision 154/2018)."""


def company_checks(
    business: Business, offered: Sequence[str], today: date, *, source: str, required: bool = True
) -> Sequence[Check]:
    """Report what customers must not read, or would miss; `offered` are the languages in which they are answered.

    With `required` false what is left of the sample is only a warning: a first deploy has nothing else yet.
    """
    found = [
        *_sample(business, source, required=required),
        *_notices(business, offered, today, source, required=required),
        *_places(business, source),
    ]
    return found or [Check("company", ok=True, detail=f"{business.controller.name}, notice {business.notice.version}")]


def _sample(business: Business, source: str, *, required: bool) -> Iterator[Check]:
    """Yield what still is the sample's, or nobody's."""
    sample = dict(_texts("", _sample_file().model_dump(mode="json")))
    for key, text in _texts("", business.model_dump(mode="json")):
        name = key.rpartition(".")[2]
        reserved = _RESERVED.search(text)
        if _SAMPLE_NAME.search(text):
            what = "names Blumen Haas, the company of the sample"
        elif reserved:
            what = f"has {reserved[0]!a}, an address that belongs to nobody"
        elif text and key.startswith(("controller.", "human.")) and name in _OF_THE_COMPANY and sample.get(key) == text:
            what = "is still the sample's"
        else:
            continue
        yield Check("company", ok=False, detail=f"{key}: {what}", cure=f"write yours in {source}", required=required)


@cache
def _sample_file() -> Business:
    return load(FLOWS / NO_FLOW)


def _notices(
    business: Business, offered: Sequence[str], today: date, source: str, *, required: bool
) -> Iterator[Check]:
    notice = business.notice
    if notice.published > today:
        detail = f"version {notice.version} is in force, but published on {notice.published}, which is still to come"
        cure = f"correct the date in {source}, or add the version on that day: it counts as soon as it is there"
        yield Check("notice", ok=False, detail=detail, cure=cure, required=required)
    yield from _addresses(business, source)
    lacking = [locale for locale in offered if not _has_notice(locale, notice.url)]
    if lacking:
        detail = f"version {notice.version} is missing in {', '.join(lacking)}: they get it in the default language"
        cure = f"add its addresses under [notices.url] in {source}, or offer fewer languages"
        yield Check("notice", ok=False, detail=detail, cure=cure, required=False)


def _addresses(business: Business, source: str) -> Iterator[Check]:
    """Yield addresses that customers are given, and cannot safely open."""
    for key, text in _texts("", business.model_dump(mode="json")):
        if _NOT_ENCRYPTED.search(text):
            detail = f"{key}: has an http:// address, so anybody on the way can change what is read"
        elif key == "human.url" and text and not text.lower().startswith("https://"):
            detail = f"{key}: does not begin with https://, so not everybody can open it"
        else:
            continue
        yield Check("addresses", ok=False, detail=detail, cure=f"write its https:// address in {source}")


def _has_notice(locale: str, urls: Collection[str]) -> bool:
    """Whether a notice is in the language of `locale`, in whatever variety."""
    language = re.split("[-_@]", locale, maxsplit=1)[0]
    return any(re.split("[-_@]", known, maxsplit=1)[0] == language for known in urls)


def _places(business: Business, source: str) -> Iterator[Check]:
    """Yield recipients outside the places that customers are told of (GDPR Art. 13(1)(f))."""
    places = business.storage.places
    for place in places:
        if place != place.upper() and place.upper() in EEA:
            detail = f"storage.places: {place!r} is read as it is written"
            cure = f'write "{place.upper()}" in {source}: it is then named in each language'
            yield Check("storage", ok=False, detail=detail, cure=cure, required=False)
    for party in business.third_parties:
        if party.country not in EEA and not _told(party.country, places):
            detail = (
                f"storage.places says {', '.join(places)}, but {party.name} is in {party.country}: "
                "what it can read from there is transferred there"
            )
            cure = f'add "{party.country}" to storage.places in {source}, or correct the country of who gets the data'
            yield Check("storage", ok=False, detail=detail, cure=cure, required=False)


def _told(country: str, places: Sequence[str]) -> bool:
    """Whether people are told of a country: by its code, or by its name in a place in words."""
    name = territory_name(country, SOURCE_LOCALE).casefold()
    return any(country == place or name in place.casefold() for place in places)


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text below `key`, with its own key."""
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in value.items():
                yield from _texts(f"{key}.{name}" if key else name, inner)
        case list():
            for number, inner in enumerate(value):
                yield from _texts(f"{key}.{number}", inner)
