"""A request is answered, extended once with a reason, or refused with one."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.consent.deadlines import Calendar, TooLate
from bot.consent.requests import NotPossible, Request, State, close, extend, received, reopen
from bot.consent.rights import Right

BERLIN = Calendar("DE", "Europe/Berlin")


def at(year: int, month: int, day: int, hour: int = 12) -> int:
    return int(datetime(year, month, day, hour, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


@pytest.fixture
def request_() -> Request:
    return received("r1", "p1", Right.ACCESS, at(2027, 9, 15), BERLIN)


def test_a_request_is_due_within_a_month(request_: Request) -> None:
    assert (request_.due, request_.state) == (date(2027, 10, 15), State.OPEN)


def test_an_extension_gives_two_months_more(request_: Request) -> None:
    after = extend(request_, "many systems hold it", at(2027, 10, 15, 23), BERLIN)
    assert (after.due, after.state) == (date(2027, 12, 15), State.EXTENDED)


def test_an_extension_needs_a_reason(request_: Request) -> None:
    with pytest.raises(NotPossible, match="reason"):
        extend(request_, " ", at(2027, 10, 1), BERLIN)


def test_an_extension_after_the_first_month_is_too_late(request_: Request) -> None:
    with pytest.raises(TooLate):
        extend(request_, "late", at(2027, 10, 16), BERLIN)


def test_a_request_can_be_extended_only_once(request_: Request) -> None:
    after = extend(request_, "once", at(2027, 10, 1), BERLIN)
    with pytest.raises(NotPossible, match="only one"):
        extend(after, "twice", at(2027, 10, 2), BERLIN)


@pytest.mark.parametrize("state", [State.DONE, State.REFUSED])
def test_a_closed_request_stays_closed(request_: Request, state: State) -> None:
    closed = close(request_, state, "because")
    with pytest.raises(NotPossible, match="already"):
        close(closed, State.DONE, "")
    with pytest.raises(NotPossible, match="already"):
        extend(closed, "because", at(2027, 10, 1), BERLIN)


def test_reopening_an_answered_request_restores_its_earlier_state(request_: Request) -> None:
    assert reopen(close(request_, State.DONE, ""), was_extended=False) == request_
    extended = extend(request_, "many requests", at(2027, 10, 1), BERLIN)
    again = reopen(close(extended, State.DONE, ""), was_extended=True)
    assert again == extended
    with pytest.raises(NotPossible, match="only one extension"):
        extend(again, "still many", at(2027, 10, 2), BERLIN)


def test_only_a_closed_request_can_be_reopened(request_: Request) -> None:
    with pytest.raises(NotPossible, match="not answered"):
        reopen(request_, was_extended=False)


def test_a_refusal_whose_reason_did_not_arrive_is_open_again(request_: Request) -> None:
    assert reopen(close(request_, State.REFUSED, "a legal duty"), was_extended=False) == request_


def test_a_refusal_needs_a_reason_but_an_answer_does_not(request_: Request) -> None:
    with pytest.raises(NotPossible, match="reason"):
        close(request_, State.REFUSED, "")
    assert close(request_, State.DONE, "").state is State.DONE


def test_a_request_cannot_be_closed_as_extended(request_: Request) -> None:
    with pytest.raises(NotPossible):
        close(request_, State.EXTENDED, "")
