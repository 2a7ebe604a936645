"""`chat`: talk with the real bot in the terminal, as a customer would in WhatsApp."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .. import logs
from ..app.functions import functions_of
from ..app.load import load_world
from ..app.operators import read_address
from ..app.simulation import Simulation, TravelClock, reserved, simulate, somebody
from ..app.use_cases import HostedBot
from ..business import Business
from ..channels.simulator.graph import GraphSimulator
from ..channels.simulator.webhooks import Identity
from ..folders import Folders
from ..i18n.catalogs import LanguageEntry, languages
from ..i18n.cldr import babel_locale
from ..paths import COMMAND
from ..settings import Settings
from .actions import HELP
from .hosting import hosted
from .running import at_terminal, fail, run, text_of
from .running import settings as read_settings
from .talk import Talk

_SCRIPT_BYTES = 1_000_000
"""More than anybody types in one chat: a larger file is not a script."""


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
    host: Annotated[
        str, typer.Option("--host", metavar="MODULE:FUNCTION", help="Your own bot, which gets what no dialogue claims.")
    ] = "",
    purpose: Annotated[
        str, typer.Option("--purpose", help="Whose consent your bot's messages need; none unless named.")
    ] = "",
) -> None:
    """Talk with the bot here, without Meta: everything is real but WhatsApp. Its data lies in VAR_DIR/simulation."""
    settings, console = read_settings(), Console(highlight=False)
    if locale and locale not in (known := _languages(settings)):
        fail(
            f"--locale {locale}: there are {', '.join(known)}; begin a new language with `{COMMAND} i18n init {locale}`"
        )
    if purpose and not host:
        fail("--purpose: is for your own bot; name it with --host module:function")
    own = hosted(host, purpose, _business(settings), console) if host else None
    well = run(_chat(settings, _identity(as_, locale), locale, _lines(script), own, console))
    raise typer.Exit(0 if well else 1)


def _languages(settings: Settings) -> Mapping[str, LanguageEntry]:
    folders = Folders(own=settings.app_dir)
    return languages(folders.locales, folders.own_locales)


def _business(settings: Settings) -> Business:
    functions = functions_of(settings)
    return load_world(business=settings.business_file, own=settings.app_dir, functions=functions)[0].business


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


async def _chat(
    settings: Settings,
    who: Identity,
    locale: str,
    lines: Sequence[str] | None,
    host: HostedBot | None,
    console: Console,
) -> bool:
    """Return whether the bot did everything it was asked to."""
    logs.configure("ERROR", stream=sys.stderr)
    with reserved(settings) as own:
        clock = TravelClock(own.var_dir)
        graph = GraphSimulator(clock=clock, window=False)  # only our gate knows who wrote to an earlier process
        async with simulate(own, host, draft=locale, graph=graph, clock=clock) as simulation:
            if locale:
                await simulation.introduce(who, locale)
                _tell_of_a_draft(simulation, locale, console)
            talk = Talk(simulation, who, console, clock)
            if lines is not None:
                return await talk.play(lines)
            console.print(f"[dim]{HELP}[/]\n")
            await talk.converse()
            return True


def _tell_of_a_draft(simulation: Simulation, locale: str, console: Console) -> None:
    """Tell a translator that customers do not get this language, and how much of it there is."""
    language = simulation.languages[locale]
    if language.offered:
        return
    name = babel_locale(locale).get_display_name("en") or locale
    done, total = simulation.translated(locale)
    console.print(
        f"{name} ({locale}) is a draft: only you see it here, customers don't get it. {done} of {total} "
        f"texts are translated; a message that lacks one is said in {language.fallback}. What is missing: "
        f"{COMMAND} i18n check {locale}\n",
        style="yellow",
    )
