"""`ledger checkpoint|key|prove|bundle|export`: evidence for others, to be checked without trusting us."""

import csv
import sys
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from ..app.operators import Operators, open_operators
from ..consent.export import COLUMNS
from ..service.operators.evidence import Proven
from ..service.operators.export import ADDRESS_COLUMNS, ConsentRecord
from ..settings import Settings
from .find import Address, EntryOrAddress, all_records, by, one_record
from .running import AsJson, fail, print_json, run
from .running import settings as read_settings


def checkpoint() -> None:
    """Sign the ledger's tree now and print the signed checkpoint. A worker does this every CHECKPOINT_MINUTES."""
    typer.echo(run(_checkpoint(read_settings())), nl=False)


async def _checkpoint(settings: Settings) -> str:
    async with open_operators(settings) as operators:
        return await operators.evidence.checkpoint()


def consistency(
    size: Annotated[
        int,
        typer.Argument(metavar="SIZE", help="The records that the older checkpoint counts: its second line.", min=1),
    ],
) -> None:
    """Print the proof that the newest tree only added to an older tree, for the verifier's --proof."""
    print_json(run(_consistency(read_settings(), size)))


async def _consistency(settings: Settings, size: int) -> Sequence[str]:
    async with open_operators(settings) as operators:
        return await operators.evidence.consistency(size)


def key() -> None:
    """Print the public key that checkpoints are signed with: publish it, and give it to auditors."""
    typer.echo(run(_key(read_settings())))


async def _key(settings: Settings) -> str:
    async with open_operators(settings) as operators:
        return operators.evidence.key()


def prove(address: EntryOrAddress, as_json: AsJson = False) -> None:
    """Check a person's records and their proofs; with --json print them, for the offline verifier.

    For an entry, all records of its person are proven, since each record includes the previous record.
    """
    proven = run(_proven(read_settings(), address))
    if as_json:
        print_json(proven.evidence)
        return
    for finding in proven.findings:
        typer.echo(finding)


async def _proven(settings: Settings, address: list[str]) -> Proven:
    async with open_operators(settings) as operators:
        looked = await one_record(operators.find, address, "ledger prove")
        return await operators.evidence.prove(looked)


def bundle(
    address: Address,
    output: Annotated[Path, typer.Option("--output", "-o", help="The zip to write.")] = Path("evidence.zip"),
) -> None:
    """Write everything that proves a person's consents to an authority, with the program that checks it."""
    content = run(_bundle(read_settings(), address))
    try:
        output.touch(0o600)
        output.write_bytes(content)
    except OSError as error:
        fail(f"{output}: can't be written ({error.strerror}); name another file with --output")
    typer.echo(f"Written to {output}; it holds personal data.")


async def _bundle(settings: Settings, address: list[str]) -> bytes:
    async with open_operators(settings) as operators:
        looked = await one_record(operators.find, address, "ledger bundle")
        return await operators.evidence.bundle(looked)


class Format(StrEnum):
    """How records are written."""

    JSONLD = "jsonld"
    CSV = "csv"


def export(
    address: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS]", help="One person; everybody when left out.")
    ] = None,
    format: Annotated[
        Format, typer.Option("--format", help="jsonld: W3C DPV with ISO/IEC TS 27560's fields.")
    ] = Format.JSONLD,
    with_addresses: Annotated[
        bool, typer.Option("--with-addresses", help="With phone numbers and BSUIDs; needs --reason.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="For whom and what for; recorded with the look at each person.")
    ] = "",
) -> None:
    """Print consent records for other programs: linked data (a document per line) or a table for a spreadsheet."""
    run(_export(read_settings(), address or [], format, reason, addresses=with_addresses))


async def _export(settings: Settings, address: list[str], format: Format, reason: str, *, addresses: bool) -> None:
    table = csv.writer(sys.stdout)
    if format is Format.CSV:
        table.writerow((*COLUMNS, *(ADDRESS_COLUMNS if addresses else ())))
    async with open_operators(settings) as operators:
        async for record in _records(operators, address, reason, addresses=addresses):
            if format is Format.CSV:
                table.writerows(record.rows())
            else:
                document = record.json_ld(operators.export.processing)
                sys.stdout.write(orjson.dumps(document).decode() + "\n")


async def _records(
    operators: Operators, address: list[str], reason: str, *, addresses: bool
) -> AsyncIterator[ConsentRecord]:
    way = "ledger export --with-addresses" if addresses else "ledger export"
    if not address:
        async for record in operators.export.of_everybody(by(way, reason), addresses=addresses):
            yield record
        return
    looked = await all_records(operators.find, address, way, reason)
    async for record in operators.export.of(looked, addresses=addresses):
        yield record
