"""What Meta allows the business number to send in a second, whoever sends."""

import asyncio
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.stores.redis.connect import Client
from bot.stores.redis.keys import BUCKET
from bot.stores.redis.throttle import Throttle

RATE = 500


async def test_all_processes_and_shards_share_one_bucket(client: Client, other_client: Client) -> None:
    mine, theirs = Throttle(client, rate=RATE), Throttle(other_client, rate=RATE)
    start = time.monotonic()
    granted = sum([(await one.take(10_000))[0] for one in (mine, theirs) * 5])
    assert mine.burst <= granted <= mine.burst + RATE * (time.monotonic() - start)
    assert await client.run("KEYS", "*") == [BUCKET.encode()]
    assert not BUCKET.startswith("{s")


@given(st.lists(st.tuples(st.integers(1, 80), st.floats(0, 0.012)), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_never_more_is_granted_than_the_rate_allows(client: Client, asked: list[tuple[int, float]]) -> None:
    throttle = Throttle(client, rate=RATE)
    await client.run("DEL", BUCKET)
    granted, start = 0, time.monotonic()
    for wanted, pause in asked:
        got, wait = await throttle.take(wanted)
        assert 0 <= got <= wanted
        assert (wait > 0) is (got == 0)
        granted += got
        assert granted <= RATE * (time.monotonic() - start) + throttle.burst + 1e-3
        await asyncio.sleep(pause)


async def test_a_caller_that_waits_the_returned_time_gets_most_of_the_rate(client: Client) -> None:
    throttle = Throttle(client, rate=RATE)
    await throttle.take(throttle.burst)
    granted, calls, waited = 0, 0, 0.0
    while waited < 0.4:
        got, wait = await throttle.take(64)
        granted += got
        calls += 1
        waited += wait
        await asyncio.sleep(wait)
    assert granted > 0.7 * RATE * waited
    assert calls < granted / 5, "waiting for single tokens would ask for each"


@pytest.mark.parametrize(("rate", "burst"), [(1, 1), (80, 8), (1000, 100)])
async def test_the_burst_is_what_the_rate_allows_in_a_tenth_of_a_second(client: Client, rate: int, burst: int) -> None:
    got, wait = await Throttle(client, rate=rate).take(10_000)
    assert (got, wait) == (burst, 0)


async def test_unused_grants_do_not_accumulate_beyond_the_burst(client: Client) -> None:
    throttle = Throttle(client, rate=RATE)
    await throttle.take(throttle.burst)
    await asyncio.sleep(3 * throttle.burst / RATE)
    assert await throttle.take(10_000) == (throttle.burst, 0)


async def test_a_request_for_one_message_waits_only_for_one(client: Client) -> None:
    throttle = Throttle(client, rate=80)
    while (taken := await throttle.take(1))[0]:  # until none is left
        pass
    assert 0 < taken[1] <= 1 / 80 + 0.001


async def test_sending_continues_after_the_clock_was_set_back(client: Client) -> None:
    throttle = Throttle(client, rate=RATE)
    await throttle.take(throttle.burst)
    in_an_hour = (time.time() + 3600) * 1000
    await client.run("HSET", BUCKET, "at", in_an_hour)
    await throttle.take(1)
    await asyncio.sleep(0.02)
    assert (await throttle.take(1))[0] == 1
