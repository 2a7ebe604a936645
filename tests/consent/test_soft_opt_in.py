"""A sale may stand in for a consent only where the law allows it, and only until the person says no."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from bot import business
from bot.business import Purpose
from bot.consent.erasure import ended, stricter
from bot.consent.evidence import EVERY, Entry, Kind, Method
from bot.consent.lifecycle import NotAllowed, Record, Status, admit, fold
from bot.consent.soft_opt_in import Sale, allowed, relationship, rules
from bot.errors import FileError
from bot.paths import FLOWS
from bot.times import DAY
from tests.consent.facts import entry

OFFERS = business.load(FLOWS / "business.toml").purposes[1]
SOFT = Purpose.model_validate(
    OFFERS.model_dump() | {"legal_basis": "soft_opt_in", "soft_opt_in": {"product_family": "cut flowers"}}
)
SALE = Sale(reference="order 17", at=1000, product_family="cut flowers", objection_offered=True)
NOW = 2000.0


def recorded(sale: Sale = SALE) -> Entry:
    return relationship(sale, SOFT, "p", now=NOW, actor="operator")


def test_a_recorded_sale_is_a_basis_of_its_own_and_no_consent() -> None:
    record = admit(Record(), recorded())
    consent = record.consent("offers")
    assert (consent.status, consent.legal_basis) == (Status.NONE, "soft_opt_in")
    assert consent.soft_until == 1000 + 365 * DAY
    assert record.given == ()
    assert record.standing == ("offers",)
    assert not record.allows("offers", 2000)


def test_the_entry_proves_the_sale_and_the_offered_objection() -> None:
    sold = recorded()
    assert (sold.answer, sold.rule, sold.legal_basis) == ("order 17", "objection_offered: cut flowers", "soft_opt_in")
    assert (sold.method, sold.actor, sold.at) == (Method.SALE, "operator", 1000)
    assert not sold.is_contact


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (replace(SALE, objection_offered=False), "no objection was offered"),
        (replace(SALE, product_family="garden tools"), "not those that the purpose is about"),
        (replace(SALE, reference=""), "no reference"),
    ],
)
def test_a_sale_that_lacks_a_condition_of_the_law_is_refused(wrong: Sale, told: str) -> None:
    with pytest.raises(NotAllowed, match=told):
        recorded(wrong)


def test_a_purpose_of_another_legal_basis_takes_no_sale() -> None:
    with pytest.raises(NotAllowed, match="legal_basis = 'soft_opt_in'"):
        relationship(SALE, OFFERS, "p", now=NOW, actor="operator")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": ""},
        {"legal_basis": "consent"},
        {"answer": ""},
        {"at": 3000},
        {"expires_at": 1000},
    ],
    ids=str,
)
def test_an_entry_without_its_proof_is_not_admitted(wrong: dict[str, object]) -> None:
    with pytest.raises(NotAllowed):
        admit(Record(), changed(recorded(), **wrong))


NOES = {
    "withdrawal": [entry(Kind.WITHDRAWN, 500)],
    "later withdrawal": [entry(Kind.WITHDRAWN, 1500)],
    "objection": [entry(Kind.OBJECTED, 500)],
    "suppression": [entry(Kind.WITHDRAWN, 500, method=Method.SUPPRESSION)],
    "refusal": [entry(Kind.REQUESTED, 500), entry(Kind.REFUSED, 510)],
    "restriction": [entry(Kind.RESTRICTED, 500)],
    "restriction of another purpose": [entry(Kind.RESTRICTED, 500, "order_updates")],
    "erasure": [entry(Kind.REQUESTED, 500), entry(Kind.ERASED, 510, EVERY)],
}


@pytest.mark.parametrize("no", NOES)
def test_nothing_is_based_on_a_sale_after_a_no(no: str) -> None:
    with pytest.raises(NotAllowed):
        admit(fold(NOES[no]), recorded())


@pytest.mark.parametrize("kind", [Kind.WITHDRAWN, Kind.OBJECTED])
@pytest.mark.parametrize("at", [500, 1500])
def test_a_no_ends_a_sale_for_good_even_if_it_comes_late_or_more_is_sold(kind: Kind, at: int) -> None:
    record = fold([recorded(), entry(kind, at), recorded(replace(SALE, at=1900, reference="order 18"))])
    assert record.consent("offers").legal_basis == ""
    again = fold([entry(kind, at), entry(Kind.REQUESTED, 1600), entry(Kind.LAPSED, 3000), recorded()])
    assert again.consent("offers").legal_basis == ""


@pytest.mark.parametrize("kind", [Kind.STALE, Kind.EXPIRED])
def test_a_new_number_ends_a_sale_without_making_up_a_consent(kind: Kind) -> None:
    consent = fold([recorded(), entry(kind, 1500)]).consent("offers")
    assert (consent.legal_basis, consent.status) == ("", Status.NONE)


def test_once_the_number_changed_only_a_sale_after_that_counts() -> None:
    changed_at = [recorded(), entry(Kind.STALE, 1500)]
    before, after = (recorded(replace(SALE, at=at, reference="order 18")) for at in (1400, 1600))
    assert fold([*changed_at, before]).consent("offers").legal_basis == ""
    assert fold([*changed_at, after]).consent("offers").legal_basis == "soft_opt_in"


REFUSED = [entry(Kind.REQUESTED, 500), entry(Kind.REFUSED, 510)]
STRICTER = {
    "refused": REFUSED,
    "asked again after a no": [*REFUSED, entry(Kind.REQUESTED, 520)],
    "in doubt": [entry(Kind.REQUESTED, 500), entry(Kind.GIVEN, 510), entry(Kind.PAUSED, 520)],
}


@pytest.mark.parametrize("other", STRICTER)
def test_what_is_stricter_in_a_merged_record_ends_or_rests_a_sale(other: str) -> None:
    record = fold([recorded()])
    record = fold([recorded(), *stricter(record, fold(STRICTER[other]), "merge", NOW)])
    consent = record.consent("offers")
    assert not consent.is_related or consent.resting


def test_a_no_in_a_merged_record_does_not_end_a_consent_of_their_own() -> None:
    record = fold([entry(Kind.REQUESTED, 600), entry(Kind.GIVEN, 610)])
    assert stricter(record, fold(REFUSED), "merge", NOW) == []


@pytest.mark.parametrize("waiting", [[], [entry(Kind.REQUESTED, 1500)]], ids=["a sale", "a sale and a question"])
def test_no_sale_stands_in_a_record_that_no_address_leads_to(waiting: list[Entry]) -> None:
    facts = [recorded(), *waiting]
    record = fold([*facts, *ended(fold(facts), "merge", Method.MERGE, NOW)])
    assert (record.standing, record.pending) == ((), None)


def test_a_question_rests_the_sale_and_its_answer_replaces_it() -> None:
    asked = [recorded(), entry(Kind.REQUESTED, 1600)]
    assert fold(asked).consent("offers").legal_basis == ""
    assert fold([*asked, entry(Kind.LAPSED, 1700)]).consent("offers").legal_basis == "soft_opt_in"
    assert fold([*asked, entry(Kind.GIVEN, 1700)]).consent("offers").legal_basis == "consent"
    ended = fold([*asked, entry(Kind.GIVEN, 1700), entry(Kind.EXPIRED, 1800)])
    assert ended.consent("offers").legal_basis == ""


def test_a_newer_sale_prolongs_and_an_older_one_changes_nothing() -> None:
    newer = recorded(replace(SALE, at=1500, reference="order 18"))
    for both in ([recorded(), newer], [newer, recorded()]):
        consent = fold(both).consent("offers")
        assert (consent.sold_at, consent.soft_until) == (1500, newer.expires_at)


_KINDS = st.sampled_from([kind for kind in Kind if kind not in (Kind.ERASED, Kind.MERGED)])


@given(st.lists(st.tuples(_KINDS, st.integers(1, 3000)), max_size=6), st.integers(0, 6))
def test_no_facts_turn_a_sale_into_a_consent_or_revive_it(others: list[tuple[Kind, int]], place: int) -> None:
    facts = [entry(kind, at) for kind, at in others]
    consent = fold([*facts[:place], recorded(), *facts[place:]]).consent("offers")
    without = fold(fact for fact in facts if fact.kind is not Kind.RELATIONSHIP).consent("offers")
    assert consent.status is without.status or without.status in (Status.STALE, Status.EXPIRED)
    if any(kind in (Kind.WITHDRAWN, Kind.OBJECTED, Kind.REFUSED) for kind, _ in others):
        assert consent.legal_basis != "soft_opt_in"


@pytest.mark.parametrize(
    ("countries", "says"),
    [("DE", True), ("PL", False), ("IT", False), ("US", False), ("", False), ("DE PL", False)],
)
def test_the_country_decides_and_the_stricter_of_two_wins(countries: str, says: bool) -> None:
    assert allowed(set(countries.split()), 1000, NOW) == says


def test_a_country_may_limit_how_old_a_sale_is() -> None:
    assert allowed({"IE"}, 1000, 1000 + 365 * DAY - 1)
    assert not allowed({"IE"}, 1000, 1000 + 365 * DAY)


def test_every_country_names_its_law() -> None:
    assert all(rule.source and rule.means and len(country) == 2 for country, rule in rules().items())


def test_a_broken_table_names_key_and_cure(tmp_path: Path) -> None:
    file = tmp_path / "soft_opt_in.toml"
    file.write_text("[DE]\nallowed = true\nmeans = 'x'\n")
    with pytest.raises(FileError, match=r"DE.source: missing; add this key \(\[DE\] of soft_opt_in.toml"):
        rules(file)
