"""`person`: what is known about one person."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.commands.find import Address, found
from bot.commands.requests import as_dict
from bot.commands.running import print_json, run
from bot.commands.running import settings as read_settings
from bot.consent.lifecycle import fold
from bot.runtime import open_runtime
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _person() -> None:
    pass


@app.command()
def show(address: Address, as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Show a person's language, where each consent stands, and how it came to that."""
    known = run(_known(read_settings(), address))
    if as_json:
        print_json(known)
    else:
        _print(known)


async def _known(settings: Settings, address: str) -> dict[str, object]:
    async with open_runtime(settings) as runtime:
        person = await found(runtime, address, "person show")
        known = (await runtime.persons.load([person]))[person]
        facts = [past.fact for past in (await runtime.ledger.facts([person])).get(person, ())]
        record = fold(facts)
        purposes = [purpose.id for purpose in runtime.dialogue.world.business.purposes]
        return {
            "person": person,
            "locale": known.locale,
            "consents": [
                {"purpose": purpose, "status": consent.status, "since": _time(consent.since), "paused": consent.paused}
                for purpose in dict.fromkeys([*purposes, *record.consents])
                for consent in (record.consent(purpose),)
            ],
            "ledger": [{"kind": fact.kind, "purpose": fact.purpose, "at": _time(fact.at)} for fact in facts],
            "requests": [as_dict(request) for request in await runtime.requests.of(person)],
            "reads": [
                {"at": _time(read.at), "command": read.command, "operator": read.operator}
                for read in await runtime.reads.of(person)
            ],
        }


def _time(seconds: int) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None


def _print(known: dict[str, object]) -> None:
    console = Console(highlight=False)
    console.print(f"Person {known['person']}, language {known['locale'] or 'not known'}")
    for title, columns in (("consents", ("purpose", "status", "since")), ("ledger", ("kind", "purpose", "at"))):
        table = Table(title=title, title_justify="left")
        for column in columns:
            table.add_column(column)
        rows = known[title]
        assert isinstance(rows, list)
        for row in rows:
            table.add_row(*(str(row[column] or "–") for column in columns))
        console.print(table)
