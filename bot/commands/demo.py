"""`demo`: a bot in two minutes. Plays a conversation before your eyes, shows its evidence, and then is yours."""

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from .. import logs
from ..app.simulation import Simulation, TravelClock, reserved, simulate, somebody
from ..channels.simulator.graph import GraphSimulator
from ..channels.simulator.webhooks import Identity
from ..paths import PACKAGE
from ..settings import Settings
from .demo_company import play_company
from .running import at_terminal, run
from .running import settings as read_settings
from .serve import stop_on_signals
from .talk import Talk

SCRIPT: Sequence[tuple[str, str]] = (
    ("A customer says hello. Nothing is agreed to by writing first, so the bot asks.", "Hi!"),
    ("Only a clear yes counts; it is for one purpose, so the next one is asked for.", "YES"),
    ("/2 taps the second button: no.", "/2"),
    ("One word shows what was agreed to, and changes it.", "CHOICES"),
    ("Everybody can see, correct, take along or delete their data here.", "RIGHTS"),
    ("/1 taps the first row: see my data. The file is really made.", "/1"),
    ("STOP works at once, in every language, whatever else is going on.", "STOP"),
    ("A yes to no question agrees to nothing.", "yes"),
)
"""What a customer types, and what to notice about it."""

_READING_SECONDS = 0.8

_TRY: Sequence[tuple[str, str]] = (
    ("Hi!", "the bot asks whether it may write to you"),
    ("YES", "you agree (/1, the first button, does the same)"),
    ("CHOICES", "what you agreed to"),
    ("MY DATA", "what is stored about you, as a document"),
    ("STOP", "nothing more comes"),
    ("START", "begins anew"),
)

TO_TYPE = [line for line, _ in _TRY]
"""What the reader is told to type."""


def demo(
    once: Annotated[bool, typer.Option("--once", help="Leave after the played conversation.")] = False,
) -> None:
    """Start everything here (Valkey, PostgreSQL, a simulated WhatsApp), play a conversation, and keep serving."""
    run(_demo(read_settings(), once=once))


async def _demo(settings: Settings, *, once: bool) -> None:
    logs.configure("ERROR", stream=sys.stderr)
    console = Console(highlight=False)
    console.print("Starting Valkey, PostgreSQL, a simulated WhatsApp and the bot …")
    with reserved(settings) as own:
        clock = TravelClock(own.var_dir)
        async with simulate(own, graph=GraphSimulator(clock=clock), clock=clock) as simulation:
            console.print(f"The bot serves here: {simulation.url}/readyz and {simulation.url}/metrics\n")
            customer = Talk(simulation, somebody(), console, clock)
            await play_company(simulation, simulation.operators, customer, console)
            console.print("\n[bold]Somebody else writes first.[/]\n")
            who = somebody()
            await _play(Talk(simulation, who, console, clock), console)
            await _show_evidence(simulation, who, console)
            if not once:
                more = f"VAR_DIR={own.var_dir} {_python()} -m {PACKAGE.name} ledger show {who.phone}"
                console.print(f"The exact words, from another terminal: {more}", soft_wrap=True)
                await _keep_serving(Talk(simulation, somebody(), console, clock), console)


async def _play(talk: Talk, console: Console) -> None:
    """Play the customer's part, explained."""
    for told, line in SCRIPT:
        console.print(told, style="bold", markup=False)
        await talk.play([line], pace=_READING_SECONDS if sys.stdout.isatty() else 0.0)


async def _show_evidence(simulation: Simulation, who: Identity, console: Console) -> None:
    """Show the ledger entries that the conversation made."""
    table = Table(title="What the ledger keeps of it (WhatsApp's time, UTC)", title_justify="left")
    for column in ("#", "what", "purpose", "locale", "answer", "matched by", "time"):
        table.add_column(column)
    for entry in await simulation.story(who):
        table.add_row(
            str(entry.number), entry.kind, entry.purpose, entry.locale, entry.answer or "", entry.rule, _clock(entry.at)
        )
    console.print(table)


def _python() -> str:
    """Return the interpreter as it can be typed in another terminal, where no environment is activated."""
    python, here = Path(sys.executable), Path.cwd()
    return str(python.relative_to(here) if python.is_relative_to(here) else python)


def _clock(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"


async def _keep_serving(talk: Talk, console: Console) -> None:
    """On a terminal, let the reader type; otherwise serve until told to stop."""
    stopping = asyncio.create_task(stop_on_signals().wait())
    if not at_terminal():
        console.print("Serving until Ctrl-C.")
        await stopping
        return
    console.print("\n[bold]Now it is your turn.[/] You are a new customer, whom the shop does not know yet.")
    console.print("Type, one after the other, each with Enter:\n")
    for line, told in _TRY:
        console.print(f"  {line:8} {told}", markup=False)
    console.print("\n/help lists what else you can do; /quit or Ctrl-C ends it.\n")
    talking = asyncio.create_task(talk.converse())
    await asyncio.wait([talking, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not talking.done():
        talking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await talking
