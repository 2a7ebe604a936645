"""A conversation with the bot in the terminal: what a typed line does, and what is shown of it."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import Enum, auto
from itertools import count
from pathlib import Path

from rich.console import Console

from ..app.simulation import Simulation, TravelClock
from ..channels.simulator.hook import WebhookRefused
from ..channels.simulator.person import SimulatedPerson
from ..channels.simulator.sent import Sent
from ..channels.simulator.webhooks import Identity
from ..paths import COMMAND
from ..times import DAY, parse_duration
from .actions import ACTIONS, HELP, argument, unknown
from .bubbles import show_reply, show_said

_CODE = re.compile(r"(?<!\d)\d{4,8}(?!\d)")


_LONGEST_WAIT = 10 * 365 * DAY
"""Seconds that can be let pass at once."""


class Done(Enum):
    """The outcome of a line."""

    WELL = auto()
    FAILED = auto()
    LEFT = auto()


class Talk:
    """A conversation in the terminal."""

    def __init__(self, simulation: Simulation, who: Identity, console: Console, clock: TravelClock) -> None:
        """`clock` is the simulation's."""
        self.person: SimulatedPerson = simulation.person(who)
        self._simulation = simulation
        self._console = console
        self._clock = clock
        self._shown = 0

    async def play(self, lines: Sequence[str], pace: float = 0.0) -> bool:
        """Type lines one after the other, each when the bot is quiet; `pace` in seconds before each.

        Blank lines and lines beginning with # are skipped. Return whether everything could be done.
        """
        well = True
        for line in lines:
            if not line.strip() or line.startswith("#"):
                continue
            await asyncio.sleep(pace)
            await self._second_of_a_withdrawal_over()
            if not line.startswith("/"):
                show_said(self._console, line)
            match await self.do(line):
                case Done.LEFT:
                    break
                case Done.FAILED:
                    well = False
        return well

    async def _second_of_a_withdrawal_over(self) -> None:
        """Wait until the second of a withdrawal is over: within it STOP wins, but people type slower than scripts."""
        stopped_at = await self._simulation.stopped_at(self.person.who)
        await asyncio.sleep(max(0.0, 1 + stopped_at - self._clock()))

    async def converse(self) -> None:
        """Let somebody type until they leave."""
        async for line in _typed():
            if await self.do(line) is Done.LEFT:
                return

    async def do(self, line: str) -> Done:
        """Do what was typed and show what the bot answers."""
        if line.startswith("//"):
            return await self._say(line[1:])
        command, _, rest = line.strip().partition(" ")
        if not command.startswith("/"):
            return await self._done(lambda: self.person.say(line, replies=0))
        if command[1:].isdecimal():
            return await self._tap(int(command[1:]))
        if action := ACTIONS.get(command):
            typed = argument(command, rest)
            return await self._done(lambda: action.act(self.person, typed), action.shown.format(typed))
        match command:
            case "/quit":
                return Done.LEFT
            case "/code":
                return await self._type_the_code()
            case "/wait":
                return await self._wait(rest.strip())
            case "/who" | "/help":
                self._tell(self._who() if command == "/who" else HELP)
                return Done.WELL
        self._tell(unknown(command))
        return Done.FAILED

    async def _say(self, text: str) -> Done:
        return await self._done(lambda: self.person.say(text, replies=0), text)

    async def _tap(self, number: int) -> Done:
        options = next((message.choices for message in reversed(self.person.replies) if message.choices), ())
        if not 0 < number <= len(options):
            there = f"there are /1 to /{len(options)}" if options else "there is nothing to tap yet"
            self._tell(f"There is no button {number}: {there}.")
            return Done.FAILED
        tapped = options[number - 1]
        return await self._done(lambda: self.person.tap(tapped.id, replies=0), f"[{tapped.title}]")

    async def _type_the_code(self) -> Done:
        """Type the number in the last message, which a script can't know beforehand."""
        last = self.person.replies[-1].text if self.person.replies else ""
        if not (codes := _CODE.findall(last)):
            self._tell("The last message has no code.")
            return Done.FAILED
        return await self._say(codes[-1])

    async def _wait(self, duration: str) -> Done:
        """Let time pass, and do what is due by then."""
        try:
            seconds = int(parse_duration(duration).total_seconds())
        except (ValueError, OverflowError):
            seconds = 0
        if not 0 < seconds <= _LONGEST_WAIT:
            self._tell("Type how long, ten years at most: /wait 30m, /wait 49h, /wait 3d.")
            return Done.FAILED

        async def pass_time() -> None:
            self._clock.advance(seconds)
            await self._simulation.keep_dates()

        return await self._done(pass_time, f"({duration} later)")

    async def _done(self, action: Callable[[], Awaitable[object]], shown: str = "") -> Done:
        """Do something, show it as `shown` unless it can't be done, and show the answers."""
        buried = await self._simulation.buried()
        try:
            begun = action()
            if shown:
                show_said(self._console, shown)
            await begun
            await self._simulation.settled()
        except LookupError as error:
            self._tell(str(error.args[0]))
            return Done.FAILED
        except (WebhookRefused, TimeoutError) as error:
            self._console.print(f"The bot does not answer: {error}", style="red", markup=False)
            return Done.FAILED
        self.show_news()
        if await self._simulation.buried() > buried:
            listed = f"VAR_DIR={self._simulation.folder} {COMMAND} deadletter list"
            self._console.print(f"A message could not be processed; why, from another terminal: {listed}", style="red")
            return Done.FAILED
        return Done.WELL

    def show_news(self) -> None:
        """Show what came from the bot since it was last shown."""
        replies: list[Sent] = self.person.replies
        for number, reply in enumerate(replies[self._shown :], self._shown + 1):
            saved = _saved(reply, self._simulation.received) if reply.file else None
            title = f"{self._simulation.business.controller.name} #{number}"
            show_reply(self._console, title, reply, saved)
        if len(replies) == self._shown:
            self._console.print("(no answer)\n", style="dim")
        self._shown = len(replies)

    def _who(self) -> str:
        return " ".join(address for address in (self.person.who.phone, self.person.who.bsuid) if address)

    def _tell(self, text: str) -> None:
        self._console.print(text, style="dim", markup=False)


def _saved(reply: Sent, folder: Path) -> Path:
    """Save a document as a phone does: under its own name or, if that is taken, a similar name."""
    folder.mkdir(parents=True, exist_ok=True)
    name = Path(Path(reply.document).name or "document")
    path = next(
        free
        for number in count(1)
        if not (free := folder / (name if number == 1 else f"{name.stem}-{number}{name.suffix}")).exists()
    )
    path.write_bytes(reply.file)
    return path


async def _typed() -> AsyncIterator[str]:
    """Yield lines as they are typed, until the end of input. (`input` in a thread would delay Ctrl-C.)"""
    terminal, typed = sys.stdin.fileno(), b""
    while True:
        sys.stdout.write("> ")
        sys.stdout.flush()
        while b"\n" not in typed:
            await _readable(terminal)
            read = os.read(terminal, 65536)
            if not read:
                sys.stdout.write("\n")
                return
            typed += read
        line, _, typed = typed.partition(b"\n")
        if text := line.decode("utf-8", "replace").strip():
            yield text


async def _readable(file: int) -> None:
    """Wait until there is something to read."""
    loop = asyncio.get_running_loop()
    found = asyncio.Event()
    loop.add_reader(file, found.set)
    try:
        await found.wait()
    finally:
        loop.remove_reader(file)
