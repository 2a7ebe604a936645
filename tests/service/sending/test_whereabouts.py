"""What an address tells about where a person is."""

import pytest

from bot.messages.inbound import Sender
from bot.service.sending.whereabouts import countries, zones


@pytest.mark.parametrize(
    ("of", "found"),
    [
        (Sender("+4915112345678"), "DE"),
        (Sender(None, "DE.1"), "DE"),
        (Sender("+4915112345678", "DE.1"), "DE"),
        (Sender("+4915112345678", "PL.1"), "DE PL"),
        (Sender("+447400129539"), "GB"),
        (Sender("+882161234"), ""),
        (Sender(None, "XX.1"), ""),
        (Sender(), ""),
    ],
    ids=repr,
)
def test_every_address_names_its_country(of: Sender, found: str) -> None:
    assert countries(of) == set(found.split())


@pytest.mark.parametrize(
    ("of", "found"),
    [
        (Sender("+4915112345678"), ["Europe/Berlin"]),
        (Sender("+12125550123", "US.1"), ["America/New_York"]),
        (Sender("+351912345678"), ["Atlantic/Azores", "Europe/Lisbon"]),
        (Sender(None, "PT.1"), ["Atlantic/Azores", "Atlantic/Madeira", "Europe/Lisbon"]),
        (Sender("+33612345678", "PL.1"), ["Europe/Paris", "Europe/Warsaw"]),
        (Sender("+882161234"), ["Europe/Vienna"]),
        (Sender("+882161234", "PL.1"), ["Europe/Warsaw"]),
        (Sender(None, "XX.1"), ["Europe/Vienna"]),
        (Sender(), ["Europe/Vienna"]),
    ],
    ids=repr,
)
def test_all_zones_that_an_address_leaves_open_count(of: Sender, found: list[str]) -> None:
    assert zones(of, "Europe/Vienna") == found


def test_a_number_without_a_region_may_be_in_any_zone_of_its_country() -> None:
    assert {"Pacific/Honolulu", "America/New_York"} <= {*zones(Sender("+15005550006"), "UTC")}
