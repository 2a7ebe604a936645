"""`consents` and `suppressions`: whom the company may write to, and whom it may not."""

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import orjson
import typer

from ..app.operators import open_operators
from ..consent.evidence import Method
from ..service.operators.audience import Question, Standing, Stopped
from ..service.operators.suppress import Suppressed
from ..settings import Settings
from ..times import iso
from .find import by
from .running import AsJson, fail, files_told, print_json, progress_bar, run
from .running import settings as read_settings

consents = typer.Typer(no_args_is_help=True)
suppressions = typer.Typer(no_args_is_help=True)


@consents.callback()
def _consents() -> None:
    pass


@consents.command(name="list")
def list_consents(
    purpose: Annotated[str, typer.Option("--purpose", metavar="ID", help="What they would be written to about.")],
    status: Annotated[Standing | None, typer.Option("--status", help="Only these; all if left out.")] = None,
    source: Annotated[Method | None, typer.Option("--source", help="Only what came about this way.")] = None,
    since: Annotated[datetime | None, typer.Option("--since", help="Only what began then or later.")] = None,
    locale: Annotated[str, typer.Option("--locale", help="Only persons of this language.")] = "",
    file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table here.")] = None,
    with_addresses: Annotated[bool, typer.Option("--with-addresses", help="With phone numbers and BSUIDs.")] = False,
    as_json: AsJson = False,
) -> None:
    """List whom you may write to about a purpose, and who is out, asked, claimed or was never asked.

    A look at each person is recorded. With --json, each line is one person.
    """
    began = int(since.replace(tzinfo=since.tzinfo or UTC).timestamp()) if since else 0
    question = Question(purpose, status, source, began, locale)
    settings = read_settings()
    with files_told():
        count = run(_listed(settings, question, file, addresses=with_addresses, as_json=as_json))
    if file is not None and not as_json:
        typer.echo(f"{count} persons written to {file}.")


_COLUMNS = ("person", "status", "reason", "since", "until", "source", "evidence", "locale")


async def _listed(settings: Settings, question: Question, path: Path | None, *, addresses: bool, as_json: bool) -> int:
    count = 0
    with ExitStack() as stack:
        output = _opened(stack, path)
        columns = [*_COLUMNS, *(("phone", "whatsapp_id") if addresses else ())]
        table = csv.DictWriter(output, columns, lineterminator="\n")
        bar = stack.enter_context(progress_bar())
        task = bar.add_task("Listing", total=None)
        async with open_operators(settings) as operators:
            if not as_json:
                table.writeheader()
            async for page in operators.audience.all(question, by("consents list"), addresses=addresses):
                for member in page.members:
                    if as_json:
                        output.write(orjson.dumps(member.as_dict()).decode() + "\n")
                    else:
                        table.writerow(member.as_dict())
                count += len(page.members)
                bar.update(task, completed=count, description=f"Listing … {count}")
    return count


def _opened(stack: ExitStack, path: Path | None) -> TextIO:
    return sys.stdout if path is None else stack.enter_context(path.open("w", encoding="utf-8", newline=""))


class BlockList(StrEnum):
    """Whose format a list of suppressed numbers has."""

    CONSENTBOT = "consentbot"
    TWILIO = "twilio"
    INFOBIP = "infobip"


@suppressions.command()
def export(
    format: Annotated[BlockList, typer.Option("--format", help="Whose list it is.")] = BlockList.CONSENTBOT,
    file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write it here.")] = None,
) -> None:
    """Print the addresses of persons who withdrew or refused something. A look at each is recorded.

    Of erased persons, and of strangers on imported lists, only keyed hashes are kept: they can't be exported.
    """
    settings = read_settings()
    with files_told():
        run(_exported(settings, format, file))


async def _exported(settings: Settings, format: BlockList, path: Path | None) -> None:
    with ExitStack() as stack:
        table = csv.writer(_opened(stack, path), lineterminator="\n")
        async with open_operators(settings) as operators:
            table.writerow(_LISTS[format])
            async for page in operators.audience.all_stopped(by("suppressions export")):
                for stopped in page.members:
                    table.writerows(_rows(stopped, format))


def _rows(stopped: Stopped, format: BlockList) -> Iterator[Sequence[str]]:
    """Yield the rows of a person: one for each address, in our own list also for each purpose."""
    first = iso(min(stopped.purposes.values()))
    for address in stopped.addresses:
        if format is BlockList.CONSENTBOT:
            yield from ((address, purpose, "unsubscribed", iso(at)) for purpose, at in stopped.purposes.items())
        elif address.startswith("+"):
            yield (address, "opt-out", first) if format is BlockList.TWILIO else (address, "WhatsApp", first)


_LISTS = {
    BlockList.CONSENTBOT: ("address", "purpose", "status", "at"),
    BlockList.TWILIO: ("contact_id", "status", "date_of_consent"),
    BlockList.INFOBIP: ("Contact information", "Channel", "Added"),
}
"""The columns of each list; `import` reads them again."""


@suppressions.command()
def add(
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="Phone numbers or BSUIDs.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, e.g. how they said so; recorded. No personal data.")],
    purpose: Annotated[
        list[str] | None, typer.Option("--purpose", metavar="ID", help="Only this; all if left out. Repeatable.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Suppress addresses at once: nothing is sent there any more until their owner gives a new YES."""
    done = run(_added(read_settings(), addresses, purpose, reason))
    if done.unreadable:
        numbers = ", ".join(str(number + 1) for number in done.unreadable)
        fail(f"no address: number {numbers} of those typed; the others are suppressed, type these with + and country")
    if as_json:
        print_json({"ok": True, "added": done.added, "known": done.known})
    else:
        typer.echo(f"{done.added} suppressed, {done.known} were before.")


async def _added(settings: Settings, addresses: list[str], purposes: list[str] | None, reason: str) -> Suppressed:
    async with open_operators(settings) as operators:
        return await operators.suppress.addresses(addresses, purposes, reason, by("suppressions add"))
