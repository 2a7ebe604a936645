"""`chat`: talk with the real bot in the terminal, as a customer would in WhatsApp."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot import logs, paths
from bot.business import Business
from bot.channels.simulator.hook import WebhookRefused
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.sent import Sent
from bot.channels.simulator.webhooks import Identity
from bot.channels.whatsapp import limits
from bot.commands.bubbles import show_reply, show_said
from bot.commands.running import fail, run
from bot.commands.running import settings as read_settings
from bot.i18n.catalogs import languages
from bot.settings import Settings
from bot.simulation import Simulation, alone, introduce, simulate, somebody

HELP = """Type what a customer would type, or:
  /1 /2 …        tap a button or a row of the last message
  /voice         send a voice note          /picture TEXT   send a picture with a caption
  /react EMOJI   react to the last message  /setting stop   use WhatsApp's own marketing switch
  /who           whom you are playing       /quit           leave (or Ctrl-D)"""


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
        fail(f"--locale {locale}: there are {', '.join(known)}; begin a new one with `i18n init {locale}`")
    run(_chat(read_settings(), _identity(as_, locale), locale, _lines(script)))


def _identity(address: str, locale: str) -> Identity:
    if not address:
        return somebody(locale or "en")
    if limits.phone(address):
        return Identity(address, None)
    if limits.bsuid(address):
        return Identity(None, address)
    fail(f"--as {address}: neither a phone number such as +4915112345678 nor a BSUID such as DE.123")


def _lines(script: Path | None) -> Sequence[str] | None:
    if script is None:
        return None if sys.stdin.isatty() else sys.stdin.read().splitlines()
    if str(script) == "-":
        return sys.stdin.read().splitlines()
    try:
        return script.read_text("utf-8").splitlines()
    except OSError as error:
        fail(f"{script}: can't be read ({error.strerror})")


async def _chat(settings: Settings, who: Identity, locale: str, lines: Sequence[str] | None) -> None:
    logs.configure("ERROR", readable=True)
    console = Console(highlight=False)
    async with simulate(alone(settings), draft=locale) as simulation:
        if locale:
            await introduce(simulation.runtime, who, locale)
        talk = Talk(simulation, who, console)
        if lines is not None:
            await talk.play(lines)
        else:
            console.print(f"[dim]{HELP}[/]\n")
            await talk.converse()


class Talk:
    """A conversation in the terminal."""

    def __init__(self, simulation: Simulation, who: Identity, console: Console) -> None:
        self.person: SimulatedPerson = simulation.person(who)
        self._simulation = simulation
        self._console = console
        self._shown = 0

    async def play(self, lines: Sequence[str], pace: float = 0.0) -> None:
        """Type lines one after the other, each when the bot is quiet; `pace` in seconds before each."""
        for line in lines:
            if not line.strip() or line.startswith("#"):
                continue
            await asyncio.sleep(pace)
            if not line.startswith("/"):
                show_said(self._console, line)
            if not await self.do(line):
                return

    async def converse(self) -> None:
        """Let somebody type until they leave."""
        async for line in _typed():
            if not await self.do(line):
                return

    async def do(self, line: str) -> bool:
        """Do what was typed and show what the bot answers; False when it means to leave."""
        command, _, rest = line.strip().partition(" ")
        if command == "/quit":
            return False
        if not command.startswith("/"):
            await self._done(lambda: self.person.say(line, replies=0))
        elif command[1:].isdigit():
            await self._tap(int(command[1:]))
        elif (action := self._actions(rest).get(command)) is not None:
            await self._done(action)
        else:
            self._console.print(self._who() if command == "/who" else HELP, style="dim")
        return True

    def _actions(self, rest: str) -> Mapping[str, Callable[[], Awaitable[object]]]:
        return {
            "/voice": lambda: self.person.speak(replies=0),
            "/picture": lambda: self.person.show(rest or None, replies=0),
            "/react": lambda: self.person.react(rest or "👍", replies=0),
            "/setting": lambda: self.person.prefer("resume" if rest == "resume" else "stop", replies=0),
        }

    async def _tap(self, number: int) -> None:
        options = next((message.choices for message in reversed(self.person.replies) if message.choices), ())
        if not 0 < number <= len(options):
            self._console.print(f"There is no button {number}.", style="dim")
            return
        show_said(self._console, f"[{options[number - 1].title}]")
        await self._done(lambda: self.person.tap(options[number - 1].id, replies=0))

    async def _done(self, action: Callable[[], Awaitable[object]]) -> None:
        try:
            await action()
            await self._simulation.settled()
        except LookupError as error:
            self._console.print(str(error), style="dim")
        except (WebhookRefused, TimeoutError) as error:
            self._console.print(f"The bot does not answer: {error}", style="red")
        self._show_news()

    def _show_news(self) -> None:
        replies: list[Sent] = self.person.replies
        for reply in replies[self._shown :]:
            show_reply(self._console, self._business.controller.name, reply)
        if len(replies) == self._shown:
            self._console.print("(no answer)\n", style="dim")
        self._shown = len(replies)

    @property
    def _business(self) -> Business:
        return self._simulation.runtime.dialogue.world.business

    def _who(self) -> str:
        return " ".join(address for address in (self.person.who.phone, self.person.who.bsuid) if address)


async def _typed() -> AsyncIterator[str]:
    """Yield lines as they are typed, until the end of input."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            line = await loop.run_in_executor(None, input, "> ")
        except EOFError:
            return
        if line.strip():
            yield line
