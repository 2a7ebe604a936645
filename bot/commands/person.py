"""`person`: what is known about one person, and erasing it."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..app.operators import open_operators
from ..service.operators.person import KnownPerson
from ..service.rights.erase import Erased
from ..settings import Settings
from ..times import iso
from .find import Address, all_records
from .running import AsJson, at_terminal, fail, harmless, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _person() -> None:
    pass


@app.command()
def show(address: Address, as_json: AsJson = False) -> None:
    """Show a person's language, the status of each consent, and its history."""
    known = run(_known(read_settings(), address))
    if as_json:
        print_json(known.as_dict())
    else:
        _print(known)


async def _known(settings: Settings, address: list[str]) -> KnownPerson:
    async with open_operators(settings) as operators:
        looked = await all_records(operators.find, address, "person show")
        return await operators.person.show(looked)


@app.command()
def erase(
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person who asked for it outside of the chat (GDPR Art. 17). It may be interrupted and run again.

    The pseudonymous proof of their consents is kept to the end of its retention, as are their withdrawals.
    """
    settings = read_settings()
    if not yes:
        if not at_terminal():
            fail("erasing can't be undone, and nobody is at a terminal to confirm it; add --yes")
        typer.confirm("Erase this person? It can't be undone.", abort=True, err=True)
    done = run(_erased(settings, address))
    if as_json:
        print_json(
            {
                "person": done.person,
                "at": iso(done.at),
                "erased": done.by_holder,
                "suppressed": done.withdrawn,
                "proof_until": done.proof_until,
            }
        )
        return
    typer.echo(f"Person {done.person} is erased.")
    for holder, count in done.by_holder.items():
        typer.echo(f"  {holder}: {count}")
    typer.echo(f"Nothing may be sent for: {', '.join(done.withdrawn) or 'nothing was ever agreed to'}.")
    if done.proof_until:
        typer.echo(f"The proof without name and number is kept until {done.proof_until}. Tell the person what and why.")


async def _erased(settings: Settings, address: list[str]) -> Erased:
    async with open_operators(settings) as operators:
        looked = await all_records(operators.find, address, "person erase")
        return await operators.person.erase(looked)


_TABLES = {
    "consents": ("purpose", "status", "legal_basis", "since", "held by"),
    "ledger": ("kind", "purpose", "at"),
    "requests": ("right", "state", "received_at", "due"),
    "reads": ("at", "command", "operator", "reason"),
}


def _print(known: KnownPerson) -> None:
    console, told = Console(highlight=False), known.as_dict()
    what = f"erased at {told['erased_at']}" if told["erased_at"] else f"language {known.locale or 'not known'}"
    console.print(f"Person {known.person}, {what}")
    for merged in known.merged:
        console.print(f"  and {merged}, which turned out to be the same person")
    for title, columns in _TABLES.items():
        rows = told[title]
        assert isinstance(rows, list)
        if not rows:
            continue
        table = Table(title=title, title_justify="left")
        for column in columns:
            table.add_column(column.replace("_", " "), overflow="fold")
        for row in rows:
            held = {"held by": ", ".join(what for what in ("paused", "restricted", "claimed") if row.get(what))}
            table.add_row(*(escape(harmless(str((row | held)[column] or "–"))) for column in columns))
        console.print(table)
