"""`person`: what is known about one person, and erasing it."""

import sys
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Table

from ..app.runtime import open_runtime
from ..consent.lifecycle import fold
from ..service.ports import Subject
from ..service.rights.erase import Erased
from ..settings import Settings
from ..times import iso, iso_if_any
from .find import Address, all_found, named
from .requests import as_dict
from .running import AsJson, fail, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _person() -> None:
    pass


@app.command()
def show(address: Address, as_json: AsJson = False) -> None:
    """Show a person's language, where each consent stands, and how it came to that."""
    known = run(_known(read_settings(), address))
    if as_json:
        print_json(known)
    else:
        _print(known)


async def _known(settings: Settings, address: str) -> dict[str, object]:
    async with open_runtime(settings) as runtime:
        records = await all_found(runtime, address, "person show")
        person, *merged = records
        known = (await runtime.persons.load([person])).get(person)
        erased_at = await runtime.erasures.erased_at(person)
        past = await runtime.ledger.facts(records)
        facts = {one: [each.fact for each in past.get(one, ())] for one in records}
        record = fold(facts[person])
        purposes = [purpose.id for purpose in runtime.dialogue.world.business.purposes]
        return {
            "person": person,
            "merged": merged,
            "locale": known.locale if known else "",
            "erased_at": iso_if_any(erased_at),
            "consents": [
                {
                    "purpose": purpose,
                    "status": consent.status,
                    "since": iso_if_any(consent.since),
                    "paused": consent.paused,
                    "restricted": consent.restricted,
                }
                for purpose in dict.fromkeys([*purposes, *record.consents])
                for consent in (record.consent(purpose),)
            ],
            "ledger": [
                {"kind": fact.kind, "purpose": fact.purpose, "at": iso(fact.at)}
                for one in reversed(records)
                for fact in facts[one]
            ],
            "requests": [as_dict(request) for one in records for request in await runtime.requests.of(one)],
            "reads": [
                {"at": iso(read.at), "command": read.command, "operator": read.operator}
                for one in records
                for read in await runtime.reads.of(one)
            ],
        }


@app.command()
def erase(
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person who asked for it outside of the chat (GDPR Art. 17). It may be interrupted and run again.

    Kept are the pseudonymous proof of their consents, to the end of its retention, and what they withdrew.
    """
    settings = read_settings()
    if not yes:
        if not sys.stdin.isatty():
            fail("this can't be undone: add --yes")
        typer.confirm("Erase this person? It can't be undone.", abort=True, err=True)
    done = run(_erased(settings, address))
    if as_json:
        print_json(
            {
                "person": done.person,
                "at": iso(done.at),
                "erased": done.places,
                "suppressed": done.withdrawn,
                "proof_until": done.proof_until,
            }
        )
        return
    typer.echo(f"Person {done.person} is erased.")
    for place, count in done.places.items():
        typer.echo(f"  {place}: {count}")
    typer.echo(f"Nothing may be sent for: {', '.join(done.withdrawn) or 'nothing was ever agreed to'}.")
    if done.proof_until:
        typer.echo(f"The proof without name and number is kept until {done.proof_until}. Tell the person what and why.")


async def _erased(settings: Settings, address: str) -> Erased:
    async with open_runtime(settings) as runtime:
        who = await named(runtime, address, "person erase")
        subject = Subject(who.person, who.sender)
        return await runtime.erase.erase(subject, reason="asked outside of the chat", actor="operator")


_TABLES = {
    "consents": ("purpose", "status", "since", "held by"),
    "ledger": ("kind", "purpose", "at"),
    "requests": ("right", "state", "received_at", "due"),
    "reads": ("at", "command", "operator"),
}


def _print(known: dict[str, object]) -> None:
    console = Console(highlight=False)
    what = f"erased at {known['erased_at']}" if known["erased_at"] else f"language {known['locale'] or 'not known'}"
    console.print(f"Person {known['person']}, {what}")
    for one in cast(list[str], known["merged"]):
        console.print(f"  and {one}, which turned out to be the same person")
    for title, columns in _TABLES.items():
        rows = known[title]
        assert isinstance(rows, list)
        if not rows:
            continue
        table = Table(title=title, title_justify="left")
        for column in columns:
            table.add_column(column.replace("_", " "), overflow="fold")
        for row in rows:
            held = {"held by": ", ".join(what for what in ("paused", "restricted") if row.get(what))}
            table.add_row(*(str((row | held)[column] or "–") for column in columns))
        console.print(table)
