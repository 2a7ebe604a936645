"""`demo`: a bot in two minutes. Plays a conversation before your eyes, shows its evidence, and then is yours."""

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from .. import logs
from ..app.simulation import Simulation, reserved, simulate, somebody
from ..channels.simulator.webhooks import Identity
from ..paths import COMMAND
from ..settings import Settings
from .chat import HELP, Talk
from .demo_company import play_company
from .running import at_terminal, run
from .running import settings as read_settings
from .serve import stop_on_signals

_SCRIPT: Sequence[str] = ("Hi!", "YES", "/2", "What did I agree to? CHOICES", "CHOICES", "RIGHTS", "/1", "STOP", "yes")
_READING_SECONDS = 0.8


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
        async with simulate(own) as simulation:
            who = somebody()
            console.print(f"The bot serves at {simulation.url} (try /readyz and /metrics there).\n")
            customer = Talk(simulation, somebody(), console)
            await play_company(simulation, simulation.operators, customer, console)
            console.print("\n[bold]Somebody else writes first.[/]\n")
            talk = Talk(simulation, who, console)
            await talk.play(_SCRIPT, pace=_READING_SECONDS if sys.stdout.isatty() else 0.0)
            await _show_evidence(simulation, who, console)
            if not once:
                more = f"VAR_DIR={own.var_dir} {COMMAND} ledger show {who.phone}"
                console.print(f"The exact words, from another terminal: {more}", soft_wrap=True)
                await _keep_serving(talk, console)


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


def _clock(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"


async def _keep_serving(talk: Talk, console: Console) -> None:
    """On a terminal, let the reader type; otherwise serve until told to stop."""
    stopping = asyncio.create_task(stop_on_signals().wait())
    if not at_terminal():
        console.print("Serving until Ctrl-C.")
        await stopping
        return
    console.print(f"\nNow it is your turn; Ctrl-C ends it.\n[dim]{HELP}[/]\n")
    talking = asyncio.create_task(talk.converse())
    await asyncio.wait([talking, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not talking.done():
        talking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await talking
