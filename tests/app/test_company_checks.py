"""What of `business.toml` customers must not read, or would miss, is told with its cure."""

import tomllib
from datetime import date, timedelta
from typing import Any

import pytest

from bot.app.company_checks import company_checks
from bot.app.doctor import language_checks
from bot.business import Business, load
from bot.paths import FLOWS
from bot.service.ports import Check
from tests.conversation.worlds import WORLD

SAMPLE = load(FLOWS / "business.toml")
TODAY = date(2026, 12, 1)


def of_roses(**changes: Any) -> Business:
    """A company that has filled in everything, with `changes` of its top-level keys."""
    own = (FLOWS / "business.toml").read_text("utf-8").replace("Blumen Haas", "Rosen Huber")
    own = own.replace("blumen-haas.example", "huber.de").replace("Marktplatz 1", "Am Hafen 2")
    filled = tomllib.loads(own.replace("761 1234567", "40 7654321"))
    return Business.model_validate(filled | {"storage": {"places": ["EU", "US"]}} | changes)


def told(business: Business, offered: tuple[str, ...] = ("en", "de", "fr"), **more: Any) -> list[Check]:
    checks = company_checks(business, offered, TODAY, source="business.toml", **more)
    return [check for check in checks if not check.ok]


def test_a_company_that_has_filled_in_everything_has_nothing_to_do() -> None:
    assert told(of_roses()) == []


def test_every_name_and_address_of_the_sample_is_marked() -> None:
    keys = {check.detail.partition(":")[0] for check in told(SAMPLE) if check.name == "company"}
    assert keys >= {
        "controller.name",
        "controller.address",
        "controller.email",
        "controller.dpo.name",
        "controller.dpo.email",
        "human.email",
        "human.phone",
        "notices.0.url.en",
        "notices.0.url.de",
        "notices.0.url.fr",
    }
    assert all(check.required for check in told(SAMPLE) if check.name == "company")


def test_a_release_is_not_held_up_by_the_sample() -> None:
    """The first deploy of the button has nothing else, and must run so that it can be tried."""
    assert not any(check.required for check in told(SAMPLE, required=False))


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("info@example.com", True),
        ("write to help@shop.test", True),
        ("https://shop.EXAMPLE/help", True),
        ("BLUMEN-HAAS", True),
        ("Blumen\N{NON-BREAKING HYPHEN}Haas", True),
        ("Blumen\N{NO-BREAK SPACE} HAAS GmbH", True),
        ("info@blumen.haas.de", True),
        ("Blumenhaus Haas", False),
        ("https://a.b.example.ORG/x", True),
        ("https://localhost/help", True),
        ("https://shop.localhost", True),
        ("localhosting.de", False),
        ("info@example.de", False),
        ("https://for-example.com", False),
        ("https://shop.example.company.com/", False),
        ("an example, please", False),
    ],
)
def test_addresses_that_belong_to_nobody_are_marked_wherever_they_stand(text: str, marked: bool) -> None:
    found = told(of_roses(human={"email": "hi@huber.de", "hours": text}))
    assert [check.detail.partition(":")[0] for check in found] == (["human.hours"] if marked else [])


def test_a_notice_that_is_still_to_come_is_marked() -> None:
    notice = SAMPLE.notice.model_dump(mode="json") | {"url": {"en": "https://huber.de/en", "de": "https://huber.de/de"}}
    for days, marked in ((0, False), (1, True)):
        published = TODAY + timedelta(days=days)
        business = of_roses(notices=[notice | {"published": published.isoformat()}])
        assert [check.name for check in told(business, ("en", "de"))] == (["notice"] if marked else [])


def test_an_offered_language_without_a_notice_is_named() -> None:
    (check,) = told(of_roses(), ("en", "de", "pt-BR", "fr"))
    assert "missing in pt-BR:" in check.detail
    assert told(of_roses(), ("en", "de@informal", "fr")) == []


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("human.url", {"human": {"url": "http://huber.de/help", "email": "hi@huber.de"}}),
        ("human.url", {"human": {"url": "HTTP://HUBER.DE", "email": "hi@huber.de"}}),
        ("human.url", {"human": {"url": "huber.de/help", "email": "hi@huber.de"}}),
        ("human.url", {"human": {"url": "ftp://huber.de", "email": "hi@huber.de"}}),
        ("human.hours", {"human": {"hours": "Always, see http://huber.de", "email": "hi@huber.de"}}),
        (
            "notices.0.url.de",
            {"notices": [SAMPLE.notice.model_dump(mode="json") | {"url": {"en": "https://h.de", "de": "http://h.de"}}]},
        ),
    ],
)
def test_addresses_that_are_not_encrypted_are_marked_wherever_they_stand(key: str, changes: dict[str, Any]) -> None:
    found = told(of_roses(**changes), ("en", "de"))
    assert [(check.name, check.detail.partition(":")[0], check.required) for check in found] == [
        ("addresses", key, True)
    ]


@pytest.mark.parametrize(
    ("places", "countries", "named"),
    [
        (["EU"], ["IE", "US"], ["US"]),
        (["DE"], ["NO"], []),
        (["EU", "US"], ["US"], []),
        (["DE", "EU"], ["IN", "US"], ["IN", "US"]),
        (["EU", "GB"], ["GB", "US"], ["US"]),
        (["CH"], ["US"], ["US"]),
        (["EEA"], ["GB"], ["GB"]),
        (["Frankfurt am Main"], ["US"], ["US"]),
        (["EU", "a data centre in the United States"], ["US"], []),
    ],
)
def test_recipients_outside_of_the_places_that_people_are_told_are_named(
    places: list[str], countries: list[str], named: list[str]
) -> None:
    parties = [
        {"name": f"Processor {country}", "role": "processor", "what": "hosting", "country": country}
        for country in countries
    ]
    found = told(of_roses(storage={"places": places}, third_parties=parties))
    assert [check.cure.split('"')[1] for check in found] == named


def test_a_place_that_is_not_written_as_its_code_is_marked() -> None:
    (check,) = told(of_roses(storage={"places": ["eu", "US"]}))
    assert (check.detail, check.cure.partition(" in ")[0]) == (
        "storage.places: 'eu' is read as it is written",
        'write "EU"',
    )


def test_our_own_texts_are_complete_in_every_language() -> None:
    assert language_checks(WORLD) == []
