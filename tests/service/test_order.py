"""One person's messages keep their order while some of them wait."""

from bot.service.order import PATIENCE, Order

NOW = 1_000.0
DUE = NOW + 4


def test_whoever_has_nothing_put_back_waits_for_nothing() -> None:
    order = Order()
    order.refused("ana", "first", DUE, NOW)
    assert order.behind("ben", "his", NOW) == 0


def test_later_messages_come_back_after_the_one_that_was_refused_in_their_order() -> None:
    order = Order()
    order.refused("ana", "first", DUE, NOW)
    dues = [order.behind("ana", message, NOW) for message in ("second", "third")]
    assert DUE < dues[0] < dues[1] < DUE + 0.1


def test_each_may_go_when_those_before_it_are_gone() -> None:
    order = Order()
    order.refused("ana", "first", DUE, NOW)
    order.behind("ana", "second", NOW)
    assert order.behind("ana", "first", DUE) == 0
    assert order.behind("ana", "second", DUE) > 0
    order.gone("ana", "first")
    assert order.behind("ana", "new", DUE) > 0
    assert order.behind("ana", "second", DUE) == 0
    order.gone("ana", "second")
    assert order.behind("ana", "new", DUE) == 0
    order.gone("ana", "new")
    assert order.behind("ana", "newer", DUE) == 0


def test_one_that_is_refused_again_stays_the_first() -> None:
    order = Order()
    order.refused("ana", "first", DUE, NOW)
    order.behind("ana", "second", NOW)
    order.refused("ana", "first", DUE + 16, DUE)
    assert order.behind("ana", "second", DUE) > DUE + 16
    assert order.behind("ana", "first", DUE + 16) == 0


def test_what_another_worker_has_taken_is_not_waited_for_long() -> None:
    order = Order()
    order.refused("ana", "first", DUE, NOW)
    assert order.behind("ana", "second", DUE + PATIENCE) > 0
    assert order.behind("ana", "second", DUE + PATIENCE + 1) == 0


def test_a_pause_counts_for_nobody() -> None:
    order = Order()
    order.refused("ana", "first", DUE, NOW)
    order.paused_until = DUE + 60
    assert order.behind("ana", "second", DUE + 60) > 0


def test_nothing_is_remembered_for_good() -> None:
    order = Order()
    for number in range(100):
        order.refused(f"person {number}", "first", DUE, NOW)
    order.refused("ana", "first", DUE + 3600, DUE + 3600)
    assert len(order) == 1
