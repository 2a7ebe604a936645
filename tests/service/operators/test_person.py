"""Where a consent stands as of now, and which entry shows it."""

from datetime import date

import pytest

from bot.business import Business, Notice, load
from bot.consent.evidence import Fact, Kind, Method
from bot.paths import FLOWS
from bot.service.operators.person import KnownConsent, known_consents
from bot.service.ports import PastFact

NOW = 1_790_000_000

ASKED = Fact(kind=Kind.REQUESTED, purpose="offers", at=NOW - 100, question="q1", expires_at=NOW + 100)
GIVEN = Fact(kind=Kind.GIVEN, purpose="offers", at=NOW - 90, question="q1", expires_at=NOW + 50, notice="2026-10")


@pytest.fixture
def business() -> Business:
    return load(FLOWS / "business.toml")


def offers(business: Business, *facts: Fact, now: float = NOW) -> KnownConsent:
    past = [PastFact(fact, b"", 10 + number) for number, fact in enumerate(facts)]
    return known_consents(past, business, now)["offers"]


@pytest.mark.parametrize(
    ("facts", "in_force", "state", "evidence"),
    [
        ((), "none", "none", None),
        ((ASKED,), "asked", "requested", 10),
        ((ASKED, GIVEN), "in", "given", 11),
        ((ASKED, Fact(kind=Kind.REFUSED, purpose="offers", at=NOW, question="q1")), "out", "refused", 11),
        ((ASKED, GIVEN, Fact(kind=Kind.WITHDRAWN, purpose="offers", at=NOW)), "out", "withdrawn", 12),
        ((ASKED, Fact(kind=Kind.LAPSED, purpose="offers", at=NOW, question="q1")), "none", "none", 11),
        # a STOP that was written before the question and arrived after it
        ((ASKED, Fact(kind=Kind.WITHDRAWN, purpose="offers", at=NOW - 200)), "out", "requested", 10),
        # what changes nothing about it shows nothing about it
        ((ASKED, GIVEN, Fact(kind=Kind.RESTRICTED, purpose="offers", at=NOW)), "in", "given", 11),
        ((ASKED, GIVEN, Fact(kind=Kind.WITHDRAWN, purpose="order_updates", at=NOW)), "in", "given", 11),
    ],
)
def test_a_consent_stands_as_the_ledger_says(
    business: Business, facts: tuple[Fact, ...], in_force: str, state: str, evidence: int | None
) -> None:
    known = offers(business, *facts)
    assert (known.in_force, known.state, known.evidence) == (in_force, state, evidence)


def test_a_consent_whose_time_is_over_is_out_before_the_ledger_says_so(business: Business) -> None:
    assert (offers(business, ASKED, GIVEN, now=NOW + 49).in_force, offers(business, ASKED, GIVEN).until) == (
        "in",
        NOW + 50,
    )
    late = offers(business, ASKED, GIVEN, now=NOW + 50)
    assert (late.in_force, late.state) == ("out", "expired")


def test_a_consent_under_an_older_notice_is_out(business: Business) -> None:
    newer = Notice(version="newer", published=date(2026, 11, 1), change="material", url=business.notice.url)
    changed = business.model_copy(update={"notices": (*business.notices, newer)})
    stale = offers(changed, ASKED, GIVEN)
    assert (stale.in_force, stale.state) == ("out", "stale")


def test_the_source_is_that_of_the_entry_that_shows_it(business: Business) -> None:
    letter = Fact(kind=Kind.WITHDRAWN, purpose="offers", at=NOW, method=Method.LETTER)
    assert offers(business, ASKED, GIVEN, letter).source == "letter"
    assert offers(business).source is None
