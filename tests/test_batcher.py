"""What is asked for in one tick goes out together, and everyone gets their own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.batcher import Batcher


class Server:
    """Doubles numbers, slowly, and remembers what came together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def __call__(self, batch: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(batch))
        await asyncio.sleep(0.01)
        if 13 in batch:
            raise ConnectionError("lost")
        return [2 * number for number in batch]


async def test_one_tick_is_one_batch() -> None:
    server = Server()
    batcher = Batcher(server)
    assert await asyncio.gather(*map(batcher.add, range(5))) == [0, 2, 4, 6, 8]
    assert server.batches == [[0, 1, 2, 3, 4]]


async def test_items_added_during_a_batch_go_into_the_next_one() -> None:
    server = Server()
    batcher = Batcher(server)
    first = batcher.add(1)
    await asyncio.sleep(0.005)
    later = [batcher.add(2), batcher.add(3)]
    assert await asyncio.gather(first, *later) == [2, 4, 6]
    assert server.batches == [[1], [2, 3]]


async def test_a_batch_has_a_size_limit() -> None:
    server = Server()
    batcher = Batcher(server, most=3)
    assert await asyncio.gather(*map(batcher.add, range(7))) == [0, 2, 4, 6, 8, 10, 12]
    assert [len(batch) for batch in server.batches] == [3, 3, 1]


async def test_an_error_reaches_every_caller_of_its_batch_and_no_others() -> None:
    batcher = Batcher(Server(), most=2)
    results = await asyncio.gather(*map(batcher.add, (12, 13, 14)), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError, ConnectionError, int]
    assert await batcher.add(1) == 2


async def test_too_few_results_are_an_error_for_every_caller() -> None:
    async def lazy(batch: Sequence[int]) -> Sequence[int]:
        return batch[1:]

    results = await asyncio.gather(*map(Batcher(lazy).add, (1, 2)), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError, RuntimeError]


async def test_a_cancelled_caller_does_not_affect_the_others() -> None:
    batcher = Batcher(Server())
    impatient, patient = batcher.add(1), batcher.add(2)
    impatient.cancel()
    assert await patient == 4


async def test_draining_waits_for_everything_that_was_added() -> None:
    server = Server()
    batcher = Batcher(server, most=1)
    results = [batcher.add(number) for number in range(3)]
    await batcher.drain()
    assert [result.result() for result in results] == [0, 2, 4]
    await batcher.drain()


async def test_cancelling_a_batch_cancels_all_waiting_callers() -> None:
    server = Server()
    batcher = Batcher(server, most=1)
    results = [batcher.add(number) for number in range(3)]
    await asyncio.sleep(0.005)
    (running,) = asyncio.all_tasks() - {asyncio.current_task()}
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(results[2], 1)
    assert all(result.cancelled() for result in results)
    assert await batcher.add(4) == 8
