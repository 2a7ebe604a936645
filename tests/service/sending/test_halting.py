"""What halts everybody, and what only the message or recipient that was refused."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.service.ports import PersonId, Retry
from bot.service.sending.halting import BURST, LONGEST, PROBE, RECENT, SUSPECTS, Halting

ABOUT_ALL = [Retry.HALT, Retry.LATER]
PEOPLE = [PersonId(f"p{number}") for number in range(2 * SUSPECTS)]


def refused(halting: Halting, people: Sequence[PersonId], retry: Retry = Retry.HALT, now: float = 0.0) -> list[bool]:
    return [halting.refused(person, retry, now) for person in people]


@pytest.mark.parametrize("retry", ABOUT_ALL)
def test_refusals_of_a_single_recipient_never_halt_sending(retry: Retry) -> None:
    halting = Halting()
    assert not any(refused(halting, [PEOPLE[0]] * 1000, retry))
    assert not halting.probing


@pytest.mark.parametrize("retry", ABOUT_ALL)
def test_several_refused_recipients_with_no_acceptance_between_halt_sending(retry: Retry) -> None:
    halting = Halting()
    assert refused(halting, PEOPLE[: SUSPECTS + 1], retry) == [False] * (SUSPECTS - 1) + [True] * 2
    assert halting.probing


def test_an_acceptance_resets_the_count_of_refused_recipients() -> None:
    halting = Halting()
    refused(halting, PEOPLE[: SUSPECTS - 1])
    assert not halting.accepted(1.0)
    assert not any(refused(halting, PEOPLE[: SUSPECTS - 1]))


def test_pause_doubles_up_to_a_limit_until_an_acceptance_resets_it() -> None:
    halting = Halting()
    refused(halting, PEOPLE[: SUSPECTS - 1])
    pauses, now = [], 0.0
    for _ in range(9):
        refused(halting, PEOPLE[SUSPECTS:][:1], now=now)
        halting.pause_for_all(now)
        pauses.append(halting.pausing(now))
        now += pauses[-1]
    assert pauses == [PROBE, 2, 4, 8, 16, 32, LONGEST, LONGEST, LONGEST]
    halting.accepted(now)
    refused(halting, PEOPLE[:SUSPECTS], now=now)
    halting.pause_for_all(now)
    assert halting.pausing(now) == PROBE


def test_an_acceptance_ends_a_halt_and_reports_it_only_once() -> None:
    halting = Halting()
    refused(halting, PEOPLE)
    assert halting.accepted(1.0)
    assert not halting.probing
    assert not halting.accepted(2.0)


@pytest.mark.parametrize("retry", [one for one in Retry if one not in (*ABOUT_ALL, Retry.THROTTLE)])
def test_refusals_about_a_message_or_recipient_never_halt_sending(retry: Retry) -> None:
    halting = Halting()
    assert not any(refused(halting, PEOPLE, retry))
    assert not halting.probing


def test_throttling_of_several_recipients_at_once_counts_despite_acceptances() -> None:
    halting = Halting()
    for person in PEOPLE[: SUSPECTS - 1]:
        assert not halting.refused(person, Retry.THROTTLE, 0.0)
        halting.accepted(0.0)
    assert halting.refused(PEOPLE[SUSPECTS], Retry.THROTTLE, BURST - 1)
    assert not halting.refused(PEOPLE[0], Retry.THROTTLE, 2 * BURST)
    assert not halting.probing


def test_number_counts_as_sending_after_a_later_or_recent_acceptance() -> None:
    halting = Halting()
    assert not halting.sends(0.0, 1000.0)
    halting.accepted(1000.0)
    assert halting.sends(0.0, 1000.0 + RECENT - 1)
    assert not halting.sends(0.0, 1000.0 + RECENT)
    assert halting.sends(999.0, 5000.0)
    assert not halting.sends(1000.0, 1001.0)


def test_longest_of_several_pauses_applies() -> None:
    halting = Halting()
    halting.pause(10.0)
    halting.pause(5.0)
    assert halting.pausing(4.0) == 6.0
    assert halting.pausing(11.0) == 0.0


@given(st.lists(st.tuples(st.sampled_from([*PEOPLE, None]), st.sampled_from(ABOUT_ALL)), max_size=40))
def test_sending_halts_exactly_when_enough_recipients_in_a_row_were_refused(
    events: list[tuple[PersonId | None, Retry]],
) -> None:
    """None stands for somebody who is accepted."""
    halting = Halting()
    since = set[PersonId]()
    for person, retry in events:
        if person is None:
            halting.accepted(1.0)
            since = set()
        else:
            since.add(person)
            assert halting.refused(person, retry, 1.0) == (len(since) >= SUSPECTS)
        assert halting.probing == (len(since) >= SUSPECTS)
