"""Many persons who write at once: posts webhooks over keep-alive connections and waits for what reaches the sink.

`python -m tests.benchmarks.load ORDER` (JSON) prints a line when warm, one when the time is over, and then, all that
was said being answered, what came of it (JSON).
"""

import asyncio
import contextlib
import random
import sys
import time
from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Literal, cast

import msgspec
import uvloop

from tests.benchmarks import talk

_ENOUGH = 50
"""Messages, to warm up and to measure."""

_AFTERWARDS = 0.2
"""Seconds to listen for answers that nobody waits for."""

_SPARE = 1.25
"""Persons for each one who waits: so that who writes next is left to chance, and the script's steps mix."""


class Order(msgspec.Struct, kw_only=True, frozen=True):
    """What to do."""

    port: int
    sink: str
    """Its unix socket."""
    script: str
    dialect: Literal["whatsapp", "telegram"] = "whatsapp"
    secret: str
    number: str
    warm_up: float = 0.0
    """Seconds for which persons write before anything counts."""
    seconds: float = 0.0
    """How long they write then; afterwards they only wait."""
    first: int = 0
    persons: int = 1_000_000
    """The persons are these many from number `first` on …"""
    pick: Literal["each_once", "in_turn", "any"] = "in_turn"
    """… each once (then no time counts), in turn, or drawn by lot."""
    at_once: int = 256
    """Persons who wait for an answer at the same time."""
    connections: int = 64
    rate: float = 0.0
    """Messages per second, whether or not they are answered; 0 is as many as are answered."""
    patience: float = 30.0
    """Seconds without any progress after which what is not answered never will be."""


class Outcome(msgspec.Struct, kw_only=True, frozen=True):
    """What came of it."""

    all_messages: int
    """Acknowledged, and answered as the script says …"""
    messages: int
    """… and those of them, and their replies, while it counted."""
    replies: int
    seconds: float
    """How long it counted."""
    unanswered: int
    refused: int
    """Webhooks not answered by 200, and messages that the sink refused."""
    disordered: int
    """Answers twice, in the wrong order, or to nothing."""
    acknowledged_ms: tuple[float, float]
    """p50 and p99 from the moment at which a webhook was due to its 200 …"""
    answered_ms: tuple[float, float]
    """… and to the first answer's arrival at the sink."""

    @property
    def whole(self) -> bool:
        """Whether nothing was lost."""
        return not (self.unanswered or self.refused or self.disordered)


class _Talker:
    """A person on their way through the script."""

    __slots__ = ("acknowledged", "missing", "person", "reference", "since", "step")

    def __init__(self, person: int) -> None:
        self.person = person
        self.step = 0
        self.acknowledged = True
        self.missing = 0
        self.reference = ""
        """Of the first answer to what was said last."""
        self.since = 0.0


class _Crowd:
    """The persons, their connections, and what has happened so far."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._script = talk.SCRIPTS[order.script]
        self._post, self._address = (
            talk.telegram(order.secret) if order.dialect == "telegram" else talk.whatsapp(order.secret, order.number)
        )
        self._random = random.Random(order.first)
        self._persons = self._numbers()
        self._by_address: dict[str, _Talker] = {}
        self._ready: list[_Talker] = []
        self._idle: deque[_Connection] = deque()
        self._due: deque[float] = deque()
        self._over = False
        self._talking = 0
        self._last = time.monotonic()
        self._finished = asyncio.Event()
        self._messages = self._replies = self._refused = self._disordered = 0
        self._acknowledged: list[float] = []
        self._answered: list[float] = []

    # --- who writes

    def _numbers(self) -> Iterator[int]:
        first, number = self._order.first, self._order.persons
        match self._order.pick:
            case "each_once":
                yield from range(first, first + number)
            case "in_turn":
                yield from (first + turn % number for turn in count())
            case "any":
                yield from (first + self._random.randrange(number) for _ in count())

    def _newcomer(self) -> "_Talker | None":
        for person in self._persons:
            address = self._address(person)
            if address not in self._by_address:
                talker = self._by_address[address] = _Talker(person)
                return talker
        return None

    def _somebody(self) -> "_Talker | None":
        """Return a person who may write now."""
        full = len(self._by_address) >= self._order.at_once * _SPARE
        newcomer_is_due = self._random.random() * len(self._script) < 1
        if not self._ready or (newcomer_is_due and not full):
            talker = None if full else self._newcomer()
            if talker is not None or not self._ready:
                return talker
        index = self._random.randrange(len(self._ready))
        self._ready[index], self._ready[-1] = self._ready[-1], self._ready[index]
        return self._ready.pop()

    # --- writing

    async def write(self) -> Outcome:
        """Write for as long as it is ordered, wait for the answers, and return what came of it."""
        if self._order.rate:
            self._schedule(time.monotonic())
        else:
            self._fill()
        await self._after(self._order.warm_up)
        print("warm", flush=True)
        began, messages, replies = time.monotonic(), self._messages, self._replies
        self._acknowledged, self._answered = [], []
        if self._order.pick != "each_once":
            await self._after(self._order.seconds)
        seconds, messages, replies = time.monotonic() - began, self._messages - messages, self._replies - replies
        print("over", flush=True)
        acknowledged, answered = _percentiles(self._acknowledged), _percentiles(self._answered)
        await self._rest()
        return Outcome(
            all_messages=self._messages,
            messages=messages,
            replies=replies,
            seconds=seconds,
            unanswered=self._talking + len(self._due),
            refused=self._refused,
            disordered=self._disordered,
            acknowledged_ms=acknowledged,
            answered_ms=answered,
        )

    async def _after(self, seconds: float) -> None:
        """Let some time pass, on a slow machine more: until enough messages were finished to tell anything."""
        enough = self._messages + (_ENOUGH if seconds else 0)
        await asyncio.sleep(seconds)
        while self._messages < enough and not self._out_of_patience:
            await asyncio.sleep(0.01)

    @property
    def _out_of_patience(self) -> bool:
        return time.monotonic() - self._last > self._order.patience

    async def _rest(self) -> None:
        """Wait until all that was said is answered, or never will be."""
        self._over = True
        self._look_whether_finished()
        while not self._finished.is_set() and not self._out_of_patience:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._finished.wait(), 1.0)
        await asyncio.sleep(_AFTERWARDS)

    def _schedule(self, due: float) -> None:
        """Messages come as they do: independently of each other."""
        if not self._over:
            self._due.append(due)
            self._fill()
            following = due + self._random.expovariate(self._order.rate)
            asyncio.get_running_loop().call_later(following - time.monotonic(), self._schedule, following)

    def _fill(self) -> None:
        while self._idle and (self._due if self._order.rate else self._may_write_more()):
            talker = self._somebody()
            if talker is None:
                break
            self._say(talker, self._due.popleft() if self._order.rate else time.monotonic())
        self._look_whether_finished()

    def _may_write_more(self) -> bool:
        over = self._over and self._order.pick != "each_once"
        return not over and self._talking < self._order.at_once

    def _say(self, talker: _Talker, since: float) -> None:
        text, talker.missing = self._script[talker.step]
        talker.acknowledged, talker.reference, talker.since = False, "", since
        self._talking += 1
        self._idle.popleft().post(self._post(talker.person, text), talker)

    # --- what comes back

    def connected(self, connection: "_Connection") -> None:
        self._idle.append(connection)

    def taken(self, connection: "_Connection", talker: _Talker, status: int) -> None:
        self._idle.append(connection)
        self._last = time.monotonic()
        if status == 200:
            self._acknowledged.append(self._last - talker.since)
        else:
            self._refused += 1
        talker.acknowledged = True
        self._progress(talker)

    def arrived(self, line: str) -> None:
        if line == "!":
            self._refused += 1
            return
        recipient, reference, at = line.split(" ")
        talker = self._by_address.get(recipient)
        if talker is None or not talker.missing or not self._in_order(talker, reference):
            self._disordered += 1
            return
        if not talker.reference:
            self._answered.append(float(at) - talker.since)
        talker.reference = reference
        talker.missing -= 1
        self._replies += 1
        self._last = time.monotonic()
        self._progress(talker)

    def _in_order(self, talker: _Talker, reference: str) -> bool:
        """Our ids of the answers to one message are its name and their indices, from 0 on; more may follow."""
        if reference == "-":
            return True
        name, index = _name_and_index(reference)
        if not talker.reference:
            return index == 0
        return (name, index - 1) == _name_and_index(talker.reference)

    def _progress(self, talker: _Talker) -> None:
        if not talker.acknowledged or talker.missing:
            return
        self._messages += 1
        self._talking -= 1
        talker.step += 1
        if talker.step == len(self._script):
            del self._by_address[self._address(talker.person)]
        else:
            self._ready.append(talker)
        self._fill()

    def _look_whether_finished(self) -> None:
        if self._over and not self._talking and not self._due:
            self._finished.set()


def _name_and_index(reference: str) -> tuple[str, int]:
    """Return what our id of an answer says; after a slash stands what hangs on the answer."""
    name, index = reference.partition("/")[0].split(".")
    return name, int(index)


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    ranked = sorted(seconds)
    return (ranked[len(ranked) // 2] * 1000, ranked[len(ranked) * 99 // 100] * 1000) if ranked else (0.0, 0.0)


class _Connection(asyncio.Protocol):
    """A connection to the program, for one webhook at a time."""

    def __init__(self, crowd: _Crowd) -> None:
        self._crowd = crowd
        self._talker: _Talker | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._crowd.connected(self)

    def post(self, request: bytes, talker: _Talker) -> None:
        self._talker = talker
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return
        at = received.lower().find(b"\r\ncontent-length: ")
        length = int(received[at + 18 : received.index(b"\r\n", at + 2)]) if 0 <= at < end else 0
        if len(received) >= end + 4 + length and (talker := self._talker) is not None:
            self._received, self._talker = b"", None
            self._crowd.taken(self, talker, int(received[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        """What was under way stays unanswered."""


class _Watch(asyncio.Protocol):
    """Hears from the sink what arrives there."""

    def __init__(self, crowd: _Crowd) -> None:
        self._crowd = crowd
        self._received = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._crowd.arrived(line.decode())


async def play(order: Order) -> Outcome:
    """Let the persons write."""
    crowd, loop = _Crowd(order), asyncio.get_running_loop()
    watch, _ = await loop.create_unix_connection(lambda: _Watch(crowd), order.sink)
    connections = [
        await loop.create_connection(lambda: _Connection(crowd), "127.0.0.1", order.port)
        for _ in range(order.connections)
    ]
    try:
        return await crowd.write()
    finally:
        for transport in (watch, *(transport for transport, _ in connections)):
            transport.close()
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    outcome = uvloop.run(play(msgspec.json.decode(sys.argv[1], type=Order)))
    print(msgspec.json.encode(outcome).decode())
