"""What stays of an erased person, and what whoever comes under their address begins with."""

import json
from datetime import date

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from bot.consent.erasure import (
    AddressToken,
    Erasure,
    Lead,
    Suppression,
    erased,
    from_line,
    inherited,
    kept,
    merged,
    to_line,
    withdrawn,
)
from bot.consent.evidence import EVERY, Entry, Kind
from bot.consent.lifecycle import Record, Status, apply, fold
from tests.consent.facts import admitted, entry

REQUESTED, GIVEN, WITHDRAWN = entry(Kind.REQUESTED, 100), entry(Kind.GIVEN, 110), entry(Kind.WITHDRAWN, 120)
PURPOSES = ("offers", "order_updates")


def begins(record: Record, suppressed: dict[str, int]) -> list[tuple[str, int]]:
    return [(one.purpose, one.at) for one in inherited("p", record, suppressed, PURPOSES, 500.0)]


def test_a_consent_given_again_after_a_stop_is_not_suppressed() -> None:
    again = admitted(REQUESTED, GIVEN, WITHDRAWN, entry(Kind.REQUESTED, 200), entry(Kind.GIVEN, 210))
    assert withdrawn(again) == {}
    assert withdrawn(apply(again, erased("p", 300, 300.5, "person"))) == {"offers": 300}


def test_every_address_is_suppressed_for_every_withdrawn_purpose() -> None:
    tokens = [AddressToken(b"1", b"k"), AddressToken(b"2", b"k")]
    record = fold([REQUESTED, GIVEN, entry(Kind.WITHDRAWN, 120, "order_updates"), erased("p", 300, 300.5, "person")])
    left = kept("p", 300, "", record, tokens, 10, asked=False)
    assert {(one.address.token, one.scope, one.since) for one in left.suppressions} == {
        (token, *scope) for token in (b"1", b"2") for scope in (("offers", 300), ("order_updates", 120))
    }
    assert [lead.until.isoformat() for lead in left.leads] == ["1970-01-11", "1970-01-11"]


def test_a_person_who_asked_for_erasure_is_suppressed_for_every_purpose() -> None:
    left = kept("p", 300, "", fold([erased("p", 300, 300.5, "person")]), [AddressToken(b"1", b"k")], 10, asked=True)
    assert [(one.scope, one.since) for one in left.suppressions] == [(EVERY, 300)]


def test_a_new_person_inherits_the_withdrawals_of_the_address() -> None:
    assert begins(Record(), {"offers": 120}) == [("offers", 120)]
    (first,) = inherited("p", Record(), {"offers": 120}, PURPOSES, 500.0)
    assert (first.kind, first.method, first.actor, first.recorded_at) == (Kind.WITHDRAWN, "suppression", "system", 500)


def test_a_suppression_of_everything_covers_each_purpose() -> None:
    assert begins(Record(), {EVERY: 120, "offers": 150, "long_gone": 90}) == [
        ("offers", 150),
        ("order_updates", 120),
        ("long_gone", 90),
    ]


def test_a_yes_newer_than_the_suppression_stands() -> None:
    since = apply(Record(), inherited("p", Record(), {"offers": 120}, PURPOSES, 500.0)[0])
    asked = apply(since, entry(Kind.REQUESTED, 200))
    record = apply(asked, entry(Kind.GIVEN, 210))
    assert record.consent("offers").status is Status.GIVEN
    assert begins(record, {"offers": 120}) == []


@examples(st.dictionaries(st.sampled_from([*PURPOSES, EVERY, "gone"]), st.integers(1, 1000)), st.lists(st.just(GIVEN)))
def test_inheriting_suppressions_twice_adds_nothing(suppressed: dict[str, int], entries: list[Entry]) -> None:
    record = fold(entries)
    for one in inherited("p", record, suppressed, PURPOSES, 500.0):
        record = apply(record, one)
    assert begins(record, suppressed) == []
    assert all(record.consent(scope).stopped_at >= since for scope, since in suppressed.items() if scope != EVERY)


def test_a_line_of_the_list_is_read_as_it_was_written() -> None:
    token = AddressToken(b"0123456789abcdef", b"keyi")
    erasure = Erasure(
        "p", 1_790_000_500, "r", (Suppression(token, "offers", 1_790_000_500),), (Lead(token, date(2029, 1, 2)),)
    )
    assert from_line(to_line(erasure)) == erasure
    assert json.loads(to_line(erasure))["suppressions"][0]["token"] == b"0123456789abcdef".hex()
    for broken in (b"", b"{}", b"[]", to_line(erasure)[:-9], b'{"person":1,"at":"x","reason":"","proof":[]}'):
        with pytest.raises(ValueError, match="not a line"):
            from_line(broken)


def test_erasures_of_the_same_person_are_merged() -> None:
    token = AddressToken(b"0123456789abcdef", b"keyi")
    one, two = Suppression(token, "offers", 1), Suppression(token, "order_updates", 2)
    whole = merged([Erasure("p", 5, "r", (one,)), Erasure("q", 6, ""), Erasure("p", 4, "s", (one, two))])
    assert whole == [Erasure("p", 4, "r", (one, two)), Erasure("q", 6, "")]
