"""When a message that was not taken is tried again."""

import pytest

from bot.service.ports import Retry
from bot.service.sending.retry import delay

SOON, LATE = 0.0, 0.999999


@pytest.mark.parametrize(
    ("retry", "attempt", "least", "most"),
    [
        (Retry.BACKOFF, 0, 0.5, 1),
        (Retry.BACKOFF, 1, 1, 2),
        (Retry.BACKOFF, 5, 16, 32),
        (Retry.BACKOFF, 9, 150, 300),
        (Retry.BACKOFF, 10_000, 150, 300),
        (Retry.THROTTLE, 0, 1, 2),
        (Retry.THROTTLE, 4, 5, 10),
        (Retry.THROTTLE, 10_000, 10, 20),
        (Retry.LATER, 0, 300, 375),
        (Retry.LATER, 11, 3600, 4500),
        (Retry.LATER, 10_000, 3600, 4500),
        (Retry.HALT, 0, 60, 120),
        (Retry.HALT, 10_000, 60, 120),
    ],
)
def test_retry_delay_grows_up_to_a_limit_and_is_jittered(retry: Retry, attempt: int, least: float, most: float) -> None:
    assert delay(retry, attempt, SOON) == pytest.approx(least)
    assert delay(retry, attempt, LATE) == pytest.approx(most, rel=1e-3)


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 1), (1, 4), (2, 16), (3, 64), (5, 1024), (6, 1024)])
def test_pair_limit_delay_is_exactly_what_meta_prescribes(attempt: int, seconds: float) -> None:
    assert delay(Retry.PAIR, attempt, SOON) == delay(Retry.PAIR, attempt, LATE) == seconds


@pytest.mark.parametrize("retry", Retry)
def test_retry_delay_never_shrinks_with_later_attempts(retry: Retry) -> None:
    if retry in (Retry.NEVER, Retry.OPT_OUT):
        with pytest.raises(ValueError, match=f"^{retry} is not retried$"):
            delay(retry, 0, SOON)
        return
    delays = [delay(retry, attempt, 0.5) for attempt in range(100)]
    assert delays == sorted(delays)
    assert delays[0] > 0
