"""`python -m bot.testing FOLDER`: play every transcript below a folder; `--update` writes what happens now."""

from pathlib import Path
from typing import Annotated

import typer

from ..commands.running import Command, fail, files_told
from ..paths import FLOWS, LOCALES
from . import find_transcripts, load_world, run_transcript, update_transcript

app = typer.Typer()


@app.command(cls=Command)
def main(
    folder: Path,
    flows: Path = FLOWS,
    locales: Path = LOCALES,
    update: Annotated[bool, typer.Option(help="Write what happens now into the transcripts.")] = False,
) -> None:
    """Play every transcript below FOLDER."""
    world = load_world(flows, locales)
    failed = 0
    transcripts = find_transcripts(folder)
    if not transcripts:
        fail(f"{folder}: no transcript here; name a folder that has them below it, such as tests/conversations")
    if update:
        for path in sorted({transcript.path for transcript in transcripts}):
            with files_told():
                if update_transcript(path, *world):
                    typer.echo(f"{path}: rewritten")
        transcripts = find_transcripts(folder)
    for transcript in transcripts:
        try:
            run_transcript(transcript, *world)
        except AssertionError as error:
            failed += 1
            typer.echo(f"{error}\n")
    typer.echo(f"{failed} failed" if failed else "All went as written.")
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    app()
