"""What an operator notes outweighs whatever is known by then, is noted once, and begins nothing."""

import pytest

from bot.consent.evidence import Entry, Fact, Kind, Method
from bot.consent.lifecycle import Record, Status, admit, fold
from bot.consent.outside import Said, Way, entries

NOW = 1_790_000_000.5
AHEAD = 3
"""Seconds by which WhatsApp's clock is ahead of ours here."""

QUESTION = Fact(
    kind=Kind.REQUESTED,
    purpose="offers",
    at=int(NOW) + AHEAD,
    question="q1",
    expires_at=int(NOW) + 99,
    wording=b"x",
    notice="1",
)
GIVEN = Fact(kind=Kind.GIVEN, purpose="offers", at=int(NOW) + AHEAD, question="q1", expires_at=int(NOW) + 999)


def noted(kind: Kind, *past: Fact, now: float = NOW) -> tuple[list[Entry], Record]:
    """Note something about offers; return the entries and the record after them."""
    said = Said(kind, Method.LETTER, "operator:ben", "her letter", "cause")
    record = fold(past)
    new = entries(said, past, record, ["offers"], now)
    for entry in new:
        record = admit(record, entry)
    return new, record


@pytest.mark.parametrize("kind", [Kind.WITHDRAWN, Kind.OBJECTED])
@pytest.mark.parametrize("past", [(), (QUESTION,), (QUESTION, GIVEN)])
def test_a_withdrawal_ends_whatever_is_known_although_clocks_differ(kind: Kind, past: tuple[Fact, ...]) -> None:
    _, record = noted(kind, *past)
    assert record.consent("offers").status is Status.WITHDRAWN
    assert record.pending is None


@pytest.mark.parametrize("kind", [Kind.WITHDRAWN, Kind.OBJECTED, Kind.RESTRICTED])
def test_what_the_ledger_says_already_is_not_noted_again(kind: Kind) -> None:
    (entry,), _ = noted(kind, QUESTION, GIVEN)
    assert noted(kind, QUESTION, GIVEN, entry.fact)[0] == []


@pytest.mark.parametrize("kind", [Kind.WITHDRAWN, Kind.OBJECTED])
@pytest.mark.parametrize("past", [(QUESTION,), (QUESTION, GIVEN)])
def test_a_withdrawal_is_noted_after_an_older_one_that_came_late(kind: Kind, past: tuple[Fact, ...]) -> None:
    late = Fact(kind=kind, purpose="offers", at=int(NOW) - 99)
    new, record = noted(kind, *past, late)
    assert [entry.kind for entry in new] == [kind]
    assert record.consent("offers").status is Status.WITHDRAWN


def test_an_objection_after_a_withdrawal_is_noted() -> None:
    (entry,), _ = noted(Kind.WITHDRAWN, QUESTION, GIVEN)
    assert [new.kind for new in noted(Kind.OBJECTED, QUESTION, GIVEN, entry.fact)[0]] == [Kind.OBJECTED]


def test_a_restriction_between_does_not_hide_a_withdrawal() -> None:
    (withdrawn,), _ = noted(Kind.WITHDRAWN, QUESTION, GIVEN)
    (restricted,), _ = noted(Kind.RESTRICTED, QUESTION, GIVEN, withdrawn.fact)
    assert noted(Kind.WITHDRAWN, QUESTION, GIVEN, withdrawn.fact, restricted.fact)[0] == []


def test_a_restriction_can_be_lifted_within_the_same_second() -> None:
    (restricted,), _ = noted(Kind.RESTRICTED, QUESTION, GIVEN)
    _, record = noted(Kind.LIFTED, QUESTION, GIVEN, restricted.fact)
    assert not record.restricted
    assert record.given == ("offers",)


def test_what_is_not_restricted_is_not_lifted() -> None:
    assert noted(Kind.LIFTED, QUESTION, GIVEN)[0] == []


def test_an_entry_tells_who_noted_it_how_and_why_and_counts_as_no_contact() -> None:
    (entry,), _ = noted(Kind.WITHDRAWN)
    assert (entry.actor, entry.method, entry.answer, entry.inbound) == (
        "operator:ben",
        "letter",
        "her letter",
        "cause",
    )
    assert not entry.is_contact


def test_every_way_has_its_method() -> None:
    assert [way.method.value for way in Way] == [way.value for way in Way]
