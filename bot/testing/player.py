"""`python -m bot.testing PATH`: play a transcript, or every transcript below a folder; `--update` writes what happens
now."""

from pathlib import Path
from typing import Annotated

import typer

from ..app.functions import functions_of
from ..commands.running import Command, files_told, settings, tell
from ..conversation.flow import Flows
from ..conversation.world import World
from ..errors import OperatorError
from ..paths import FLOWS, LOCALES
from . import load_transcript, load_world, run_transcript, update_transcript
from .transcript import transcript_files

app = typer.Typer()


@app.command(cls=Command)
def main(
    path: Annotated[Path, typer.Argument(help="A transcript, or a folder that has transcripts below it.")],
    flows: Path = FLOWS,
    locales: Path = LOCALES,
    update: Annotated[bool, typer.Option(help="Write what happens now into the transcripts.")] = False,
) -> None:
    """Play a transcript, or every transcript below a folder. Status 1 if one fails or there is none."""
    read = settings()
    ours = (flows, locales) == (FLOWS, LOCALES)  # whoever names others means these alone
    world = load_world(flows, locales, own=read.app_dir if ours else None, functions=functions_of(read))
    with files_told():
        files = transcript_files(path)
    failed = [file for file in files if not _plays(file, *world, update=update)]
    if failed:
        typer.echo(f"{len(failed)} of {_counted(len(files))} failed: {', '.join(map(str, failed))}")
    else:
        typer.echo(f"{_counted(len(files))} played. All went as written.")
    raise typer.Exit(1 if failed else 0)


def _plays(file: Path, world: World, flows: Flows, *, update: bool) -> bool:
    """Play a file in each of its languages; tell where all does not go as written, and return whether it does."""
    well = True
    try:
        with files_told():
            if update and update_transcript(file, world, flows):
                typer.echo(f"{file}: rewritten")
        for transcript in load_transcript(file):
            try:
                run_transcript(transcript, world, flows)
            except AssertionError as error:
                typer.echo(f"[{transcript.locale}] {error}\n" if transcript.locale else f"{error}\n")
                well = False
    except OperatorError as error:
        tell(str(error).splitlines())
        return False
    return well


def _counted(files: int) -> str:
    return "1 transcript" if files == 1 else f"{files} transcripts"
