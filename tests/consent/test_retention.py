"""Every number of retention has a source, a company may set its own, and a consent ends by the earliest of its ends."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.business import Business, load
from bot.consent.evidence import Kind
from bot.consent.retention import DEFAULT, FILE, Due, End, RuleName, What, due, end, figures, policy, spans
from bot.errors import FileError
from bot.paths import FLOWS
from tests.consent.facts import admitted, entry

DAY = 86400


def company(country: str = "DE", **own: timedelta) -> Business:
    business = load(FLOWS / "business.toml")
    controller = business.controller.model_copy(update={"country": country})
    retention = business.retention.model_copy(update=own)
    return business.model_copy(update={"controller": controller, "retention": retention})


def days(country: str, name: RuleName, **own: timedelta) -> int:
    return policy(company(country, **own))[name].after.days


# --- the numbers


def test_every_retention_period_has_a_source_and_an_explanation() -> None:
    found = [figure for names in figures().values() for figure in names.values()]
    assert len(found) > 8
    assert all(len(figure.source) > 20 and len(figure.means) > 20 for figure in found)


@pytest.mark.parametrize(
    ("country", "name", "expected"),
    [
        ("DE", RuleName.UNUSED_LAPSE, 730),
        ("FR", RuleName.UNUSED_LAPSE, 1095),
        ("DK", RuleName.PROOF_AFTER_WITHDRAWAL, 180),
        ("DK", RuleName.SUPPRESSION, 1095),
        ("PT", RuleName.PROOF_AFTER_WITHDRAWAL, 1095),
    ],
)
def test_the_controller_s_country_decides(country: str, name: RuleName, expected: int) -> None:
    assert days(country, name) == expected


def test_the_default_applies_where_a_country_has_no_rule() -> None:
    rules = policy(company("FR"))
    assert (rules[RuleName.UNUSED_LAPSE].country, rules[RuleName.DEAD_LETTERS].country) == ("FR", DEFAULT)


def test_no_consent_ends_by_age_alone_unless_a_company_wants_it() -> None:
    assert RuleName.MAX_AGE not in policy(company())
    assert days("DE", RuleName.MAX_AGE, max_age=timedelta(days=500)) == 500


@pytest.mark.parametrize(
    ("name", "own", "beyond"),
    [
        (RuleName.UNUSED_LAPSE, 731, "longer"),
        (RuleName.UNUSED_LAPSE, 730, ""),
        (RuleName.UNUSED_LAPSE, 100, ""),
        (RuleName.SUPPRESSION, 1094, "shorter"),
        (RuleName.SUPPRESSION, 2000, ""),
    ],
)
def test_a_company_s_own_figure_applies_and_is_compared_with_the_source(name: RuleName, own: int, beyond: str) -> None:
    rule = policy(company("DE", **{name: timedelta(days=own)}))[name]
    assert (rule.after.days, rule.beyond) == (own, beyond)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('after = "730d"', 'after = "two years"', "not a duration"),
        ('basis = "ours"', 'basis = "hearsay"', "default.unused_lapse.basis"),
        ("[default.suppression]", "[default.suppresion]", "default.suppresion"),
        ("[default.suppression]", "[XX.suppression]", "lacks suppression"),
        ("[default.suppression]", "[default.suppression", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key(tmp_path: Path, old: str, new: str, told: str) -> None:
    file = tmp_path / "retention.toml"
    text = FILE.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(FileError, match=told):
        figures(file)


# --- when a consent ends

GIVEN = admitted(entry(Kind.REQUESTED, 100), entry(Kind.GIVEN, 110, expires_at=110 + 1000 * DAY)).consent("offers")
LASTS = spans(policy(company()))


def test_an_unused_consent_ends_before_its_validity() -> None:
    assert end(GIVEN, 0, LASTS) == End(110 + 730 * DAY, "unused_lapse")


def test_each_message_of_the_person_restarts_the_unused_period() -> None:
    assert end(GIVEN, 5 * DAY, LASTS) == End(5 * DAY + 730 * DAY, "unused_lapse")
    assert end(GIVEN, 900 * DAY, LASTS) == End(110 + 1000 * DAY, "validity")


def test_age_ends_a_consent_however_often_it_is_used() -> None:
    assert end(GIVEN, 900 * DAY, spans(policy(company(max_age=timedelta(days=500))))) == End(110 + 500 * DAY, "max_age")


def test_a_customer_is_kept_as_long_as_a_sale_counts() -> None:
    rules = policy(company())
    sale = admitted(entry(Kind.RELATIONSHIP, 100, recorded_at=200, expires_at=2000 * DAY))
    assert [*due(sale, 100, rules)] == [Due(2000 * DAY, What.PROSPECT)]
    stopped = admitted(
        entry(Kind.RELATIONSHIP, 100, recorded_at=200, expires_at=2000 * DAY), entry(Kind.WITHDRAWN, 300)
    )
    assert [*due(stopped, 100, rules)] == [Due(100 + 1095 * DAY, What.PROSPECT)]
