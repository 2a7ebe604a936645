"""No path around the gate: whatever happened in whatever order, nothing is sent without a basis that still holds.

What holds is read from the facts themselves here, one by one, and not from the record that they fold into.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import business
from bot.business import Business, Purpose
from bot.consent.evidence import EVERY, Entry, Kind, Method
from bot.consent.lifecycle import fold
from bot.messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty, ForPurpose
from bot.messages.inbound import Sender
from bot.paths import FLOWS
from bot.service.ports import PersonId
from bot.service.sending.gate import Candidate, refusal
from bot.service.sending.reasons import Reason, Refuse
from tests.consent.facts import entry

BUSINESS = business.load(FLOWS / "business.toml")
START = 1_790_000_000
"""21 September 2026, 16:13 in Germany."""
LEGAL_BASES = ("consent", "soft_opt_in", "service")


def company(legal_basis: str) -> Business:
    """A company whose purposes have this legal basis, and all the limits that it may have."""
    settings: dict[str, object] = {"legal_basis": legal_basis, "category": "marketing"}
    if legal_basis == "soft_opt_in":
        settings |= {"soft_opt_in": {"product_family": "cut flowers"}}
    if legal_basis == "service":
        settings |= {"category": "utility"}
    else:
        settings |= {"quiet_hours": "21:00-08:00", "quiet_days": ["sunday"], "at_most": "2 per 1d"}
    purposes = tuple(Purpose.model_validate(purpose.model_dump() | settings) for purpose in BUSINESS.purposes)
    return BUSINESS.model_copy(update={"purposes": purposes})


COMPANIES = {legal_basis: company(legal_basis) for legal_basis in LEGAL_BASES}

ADDRESSES = {
    Sender("+4915112345678"): "DE",
    Sender("+447400129539"): "GB",
    Sender(None, "DE.1"): "DE",
    Sender("+393123456789"): "IT",
    Sender("+4915112345678", "IT.1"): "IT",
    Sender("+882161234"): "",
    Sender(None, None): "",
}

_KINDS = st.sampled_from([kind for kind in Kind if kind is not Kind.MERGED])
_PURPOSES = st.sampled_from([purpose.id for purpose in BUSINESS.purposes])


@st.composite
def happened(draw: st.DrawFn) -> list[Entry]:
    """Facts of some purposes in any order, with questions that may be answered, and ends near and far."""
    facts = list[Entry]()
    for _ in range(draw(st.integers(0, 7))):
        kind, purpose, at = draw(_KINDS), draw(_PURPOSES), START + draw(st.integers(-50, 50))
        more: dict[str, object] = {"method": draw(st.sampled_from(Method))}
        if kind is Kind.ERASED:
            purpose = EVERY
        if kind in (Kind.REQUESTED, Kind.GIVEN, Kind.REFUSED, Kind.LAPSED):
            more["question"] = draw(st.sampled_from(["q1", "q2"]))
        if kind in (Kind.GIVEN, Kind.RELATIONSHIP, Kind.REQUESTED):
            more["expires_at"] = START + draw(st.integers(60, 400_000))
        facts.append(entry(kind, at, purpose, **more))
    return facts


bases: st.SearchStrategy[Basis] = st.one_of(
    st.builds(Answer),
    st.builds(ForPurpose, st.one_of(_PURPOSES, st.just("nobody_knows_it")), st.booleans()),
    st.builds(AsksConsent, st.sampled_from(["q1", "q2"]), st.one_of(_PURPOSES, st.just(""))),
    st.builds(ByLaw, st.sampled_from(Duty)),
)


@settings(max_examples=600, deadline=None)
@given(
    happened(),
    bases,
    st.sampled_from(LEGAL_BASES),
    st.sampled_from([*ADDRESSES]),
    st.integers(START + 51, START + 600_000),
    st.one_of(st.just(0), st.integers(START - 1000, START + 600_000)),
    st.booleans(),
    st.lists(st.integers(START, START + 600_000), max_size=4),
)
@example(
    [entry(Kind.RELATIONSHIP, START, expires_at=START + 400_000)],
    ForPurpose("offers"),
    "soft_opt_in",
    Sender("+4915112345678"),
    START + 60,
    0,
    True,
    [],
)
def test_nothing_leaves_without_a_basis_that_the_facts_show(
    facts: list[Entry],
    basis: Basis,
    legal_basis: str,
    to: Sender,
    at: int,
    window_ends: int,
    is_template: bool,
    sent: list[int],
) -> None:
    candidate = Candidate(PersonId("p"), to, basis, window_ends, is_template)
    refuse = refusal(candidate, fold(facts), at, COMPANIES[legal_basis], sent)
    if refuse is None:
        assert to.addresses
        assert at <= window_ends or is_template
        _has_a_basis(facts, basis, legal_basis, ADDRESSES[to], at, window_ends)
        _leaves_in_peace(basis, legal_basis, to, at, sent)
    elif refuse.retry_at is not None:
        assert refuse.reason in (Reason.QUIET_HOURS, Reason.FREQUENCY_CAP)
        assert refuse.retry_at > at
        again = refusal(candidate, fold(facts), refuse.retry_at, COMPANIES[legal_basis], sent)
        assert again is None or again.reason not in (Reason.QUIET_HOURS, Reason.FREQUENCY_CAP)


def _has_a_basis(
    facts: Sequence[Entry], basis: Basis, legal_basis: str, country: str, at: int, window_ends: int
) -> None:
    match basis:
        case Answer():
            assert at <= window_ends
        case AsksConsent(question):
            asked = [number for number, fact in enumerate(facts) if fact.kind is Kind.REQUESTED]
            assert facts[asked[-1]].question == question
        case ForPurpose(purpose):
            about = [fact for fact in facts if fact.purpose in (purpose, EVERY)]
            noes = [fact for fact in about if fact.kind in (Kind.WITHDRAWN, Kind.OBJECTED, Kind.ERASED)]
            yes = [number for number, fact in enumerate(about) if fact.kind is Kind.GIVEN]
            if legal_basis == "service":
                assert at <= window_ends
            elif legal_basis == "soft_opt_in" and not (yes and not _ended(about, yes[-1])):
                assert country in ("DE", "GB")
                assert not noes
                assert not any(fact.kind is Kind.REFUSED for fact in about)
                assert any(fact.kind is Kind.RELATIONSHIP and fact.expires_at > at for fact in about)
            else:
                assert yes
                assert not _ended(about, yes[-1])
                assert about[yes[-1]].expires_at > at


def _ended(about: Sequence[Entry], yes: int) -> bool:
    """Whether something after a YES, or as new as its question, speaks against it."""
    asked = max((fact.at for fact in about[:yes] if fact.kind is Kind.REQUESTED), default=0)
    later = about[yes + 1 :]
    ends = {Kind.REFUSED, Kind.EXPIRED, Kind.STALE}
    renewed = max([asked, *(fact.at for fact in later if fact.kind is Kind.REQUESTED)])
    stops = [fact for fact in later if fact.kind in (Kind.WITHDRAWN, Kind.OBJECTED) and fact.at >= renewed]
    erased = any(fact.kind is Kind.ERASED for fact in later)
    return bool(stops) or erased or any(fact.kind in ends for fact in later)


def _leaves_in_peace(basis: Basis, legal_basis: str, to: Sender, at: int, sent: Sequence[int]) -> None:
    known = {purpose.id for purpose in BUSINESS.purposes}
    match basis:
        case ForPurpose(purpose, answers=False) | AsksConsent(purpose=purpose) if purpose in known:
            pass
        case _:
            return
    if legal_basis == "service":
        return
    zones = ("Europe/London",) if (to.phone or "").startswith("+44") else ("Europe/Berlin",)
    for zone in zones:
        local = datetime.fromtimestamp(at, ZoneInfo(zone))
        assert 8 <= local.hour < 21
        assert local.weekday() != 6
    if isinstance(basis, ForPurpose):
        assert sum(at - 86400 < moment for moment in sent) < 2


@pytest.mark.parametrize(("stop", "legal_basis"), [*product((Kind.WITHDRAWN, Kind.OBJECTED), LEGAL_BASES)])
def test_a_stop_ends_every_legal_basis(stop: Kind, legal_basis: str) -> None:
    facts = [
        entry(Kind.RELATIONSHIP, START, expires_at=START + 400_000),
        entry(Kind.REQUESTED, START + 1, expires_at=START + 1000),
        entry(Kind.GIVEN, START + 2, expires_at=START + 400_000),
        entry(stop, START + 3),
    ]
    candidate = Candidate(PersonId("p"), Sender("+4915112345678"), ForPurpose("offers"), START + 90_000, True)
    reason = Reason.OBJECTED if stop is Kind.OBJECTED else Reason.WITHDRAWN
    assert refusal(candidate, fold(facts[:3]), START + 60, COMPANIES[legal_basis]) is None
    assert refusal(candidate, fold(facts), START + 60, COMPANIES[legal_basis]) == Refuse(reason)
