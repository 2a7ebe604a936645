"""`chat`: talk with the real bot in the terminal, as a customer would in WhatsApp."""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from enum import Enum, auto
from itertools import count
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from .. import logs, paths
from ..app.operators import read_address
from ..app.simulation import Simulation, reserved, simulate, somebody
from ..business import Business
from ..channels.simulator.hook import WebhookRefused
from ..channels.simulator.person import SimulatedPerson
from ..channels.simulator.sent import Sent
from ..channels.simulator.webhooks import Identity
from ..i18n.catalogs import languages
from ..settings import Settings
from .bubbles import show_reply, show_said
from .running import at_terminal, fail, run, text_of
from .running import settings as read_settings

HELP = """Type what a customer would type, or:
  /1 /2 …        tap a button or a row of the last message
  /code          type the code that the bot asks for
  /voice         send a voice note
  /picture TEXT  send a picture with a caption
  /react EMOJI   react to the last message
  /setting stop  use WhatsApp's own marketing switch (or /setting resume)
  /who           see whom you are playing
  /quit          leave (or Ctrl-D)"""

_SCRIPT_BYTES = 1_000_000
"""More than anybody types in one chat: a larger file is not a script."""

_CODE = re.compile(r"(?<!\d)\d{4,8}(?!\d)")


def chat(
    locale: Annotated[
        str, typer.Option("--locale", help="The language that you chose before; else the bot finds out.")
    ] = "",
    as_: Annotated[
        str,
        typer.Option("--as", metavar="ADDRESS", help="Who you are: +49… or a BSUID such as DE.123 (hides the number)."),
    ] = "",
    script: Annotated[
        Path | None,
        typer.Option("--script", help="Type the lines of this file, then leave. - is standard input.", allow_dash=True),
    ] = None,
) -> None:
    """Talk with the bot here, without Meta: everything is real but WhatsApp. Its data lies in VAR_DIR/simulation."""
    if locale and locale not in (known := languages(paths.LOCALES)):
        fail(f"--locale {locale}: there are {', '.join(known)}; begin a new language with `i18n init {locale}`")
    well = run(_chat(read_settings(), _identity(as_, locale), locale, _lines(script)))
    raise typer.Exit(0 if well else 1)


def _identity(address: str, locale: str) -> Identity:
    if not address:
        return somebody(locale or "en")
    for sender in read_address(address, country=""):
        return Identity(sender.phone, sender.bsuid)
    fail(f"--as {address}: no address of a customer; type a phone number such as +4915112345678 or a BSUID, DE.123")


def _lines(script: Path | None) -> Sequence[str] | None:
    if script is None and at_terminal():
        return None
    return text_of(None if str(script) == "-" else script, most=_SCRIPT_BYTES).splitlines()


async def _chat(settings: Settings, who: Identity, locale: str, lines: Sequence[str] | None) -> bool:
    """Return whether the bot did everything it was asked to."""
    logs.configure("ERROR", stream=sys.stderr)
    console = Console(highlight=False)
    with reserved(settings) as own:
        async with simulate(own, draft=locale) as simulation:
            if locale:
                await simulation.introduce(who, locale)
            talk = Talk(simulation, who, console)
            if lines is not None:
                return await talk.play(lines)
            console.print(f"[dim]{HELP}[/]\n")
            await talk.converse()
            return True


class Done(Enum):
    """The outcome of a line."""

    WELL = auto()
    FAILED = auto()
    LEFT = auto()


class Talk:
    """A conversation in the terminal."""

    def __init__(self, simulation: Simulation, who: Identity, console: Console) -> None:
        self.person: SimulatedPerson = simulation.person(who)
        self._simulation = simulation
        self._console = console
        self._received = simulation.received
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
        await asyncio.sleep(max(0.0, 1 + stopped_at - time.time()))

    async def converse(self) -> None:
        """Let somebody type until they leave."""
        async for line in _typed():
            if await self.do(line) is Done.LEFT:
                return

    async def do(self, line: str) -> Done:
        """Do what was typed and show what the bot answers."""
        command, _, rest = line.strip().partition(" ")
        if command == "/quit":
            return Done.LEFT
        if not command.startswith("/"):
            return await self._done(lambda: self.person.say(line, replies=0))
        if command[1:].isdecimal():
            return await self._tap(int(command[1:]))
        if command == "/code":
            return await self._type_the_code()
        if (known := self._actions(rest).get(command)) is not None:
            label, action = known
            show_said(self._console, label)
            return await self._done(action)
        self._console.print(self._who() if command == "/who" else HELP, style="dim")
        return Done.WELL if command in ("/who", "/help") else Done.FAILED

    def _actions(self, rest: str) -> Mapping[str, tuple[str, Callable[[], Awaitable[object]]]]:
        """Return the actions besides typing and tapping: how each is shown, and what it does."""
        emoji = rest or "👍"
        value: Literal["stop", "resume"] = "resume" if rest == "resume" else "stop"
        return {
            "/voice": ("(voice note)", lambda: self.person.speak(replies=0)),
            "/picture": (f"(picture) {rest}", lambda: self.person.show(rest or None, replies=0)),
            "/react": (f"({emoji} on the last message)", lambda: self.person.react(emoji, replies=0)),
            "/setting": (f"(WhatsApp's own switch: {value})", lambda: self.person.prefer(value, replies=0)),
        }

    async def _tap(self, number: int) -> Done:
        options = next((message.choices for message in reversed(self.person.replies) if message.choices), ())
        if not 0 < number <= len(options):
            self._console.print(f"There is no button {number}.", style="dim")
            return Done.FAILED
        show_said(self._console, f"[{options[number - 1].title}]")
        return await self._done(lambda: self.person.tap(options[number - 1].id, replies=0))

    async def _type_the_code(self) -> Done:
        """Type the number in the last message, which a script can't know beforehand."""
        last = self.person.replies[-1].text if self.person.replies else ""
        if not (codes := _CODE.findall(last)):
            self._console.print("The last message has no code.", style="dim")
            return Done.FAILED
        show_said(self._console, codes[-1])
        return await self._done(lambda: self.person.say(codes[-1], replies=0))

    async def _done(self, action: Callable[[], Awaitable[object]]) -> Done:
        try:
            await action()
            await self._simulation.settled()
        except LookupError as error:
            self._console.print(str(error), style="dim", markup=False)
            return Done.FAILED
        except (WebhookRefused, TimeoutError) as error:
            self._console.print(f"The bot does not answer: {error}", style="red", markup=False)
            return Done.FAILED
        self.show_news()
        return Done.WELL

    def show_news(self) -> None:
        """Show what came from the bot since it was last shown."""
        replies: list[Sent] = self.person.replies
        for reply in replies[self._shown :]:
            saved = _saved(reply, self._received) if reply.file else None
            show_reply(self._console, self._business.controller.name, reply, saved)
        if len(replies) == self._shown:
            self._console.print("(no answer)\n", style="dim")
        self._shown = len(replies)

    @property
    def _business(self) -> Business:
        return self._simulation.business

    def _who(self) -> str:
        return " ".join(address for address in (self.person.who.phone, self.person.who.bsuid) if address)


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
