"""When to retry what a channel did not accept or a store could not do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ...errors import Unavailable
from .. import metrics
from ..ports import Retry

AGAIN = 0.5
"""Seconds after which an unreachable store is asked again."""

T = TypeVar("T")


async def surely(name: str, work: Callable[[], Awaitable[T]], given_up: Callable[[], bool] = lambda: False) -> T:
    """Do some work, however often the stores are unreachable meanwhile. Raises `Unavailable` once given up."""
    while True:
        try:
            return await work()
        except Unavailable:
            metrics.FAILURES.labels(name).inc()
            if given_up():
                raise
        await asyncio.sleep(AGAIN)


def delay(retry: Retry, attempt: int, random: float) -> float:
    """Return the seconds to wait after the failure of an attempt (the first is 0); `random` is in [0, 1).

    The random part keeps messages that failed together from coming back together; it never shortens what Meta's quotas
    require. Raises `ValueError` for a policy that never retries.
    """
    match retry:
        case Retry.PAIR:
            return 4.0 ** min(attempt, 5)  # Meta: about-the-platform, 4^X seconds
        case Retry.BACKOFF:
            return min(2.0 ** min(attempt, 9), 300.0) * (0.5 + random / 2)
        case Retry.THROTTLE:
            return min(attempt + 1, 10) * (1 + random)
        case Retry.LATER:
            return min(attempt + 1, 12) * 300 * (1 + random / 4)
        case Retry.HALT:
            return 60 * (1 + random)
        case Retry.NEVER | Retry.OPT_OUT:
            raise ValueError(f"{retry} is not retried")
