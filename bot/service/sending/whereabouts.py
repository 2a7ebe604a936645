"""Where a person is, as far as their addresses tell: countries, for their laws, and time zones, for quiet hours."""

from collections.abc import Mapping, Sequence

import phonenumbers
from babel.core import get_global
from phonenumbers import timezone

from ...i18n.locale import country
from ...messages.inbound import Sender

_UNKNOWN = "Etc/Unknown"
"""What libphonenumber says of a number that belongs to no country, such as a satellite telephone."""


def countries(of: Sender) -> frozenset[str]:
    """Return the countries (two letters) that the addresses name: usually one, two if they differ, perhaps none."""
    named = (country(of.phone, None), country(None, of.bsuid))
    return frozenset(name for name in named if name and len(name) == 2 and name in _zones_by_country())


def zones(of: Sender, default: str) -> Sequence[str]:
    """Return every time zone (IANA) in which the person may be; `default` if nothing tells.

    A number tells its region, where its country has regions; a BSUID adds all zones of another country.
    """
    here = country(of.phone, None)
    known = set(_zones_of_number(of.phone)) if of.phone and here else set()
    elsewhere = country(None, of.bsuid)
    if elsewhere and (elsewhere != here or not known):
        known.update(_zones_by_country().get(elsewhere, ()))
    return sorted(known) or [default]


def _zones_of_number(phone: str) -> Sequence[str]:
    return [zone for zone in timezone.time_zones_for_number(phonenumbers.parse(phone)) if zone != _UNKNOWN]


def _zones_by_country() -> Mapping[str, Sequence[str]]:
    found: Mapping[str, Sequence[str]] = get_global("territory_zones")
    return found
