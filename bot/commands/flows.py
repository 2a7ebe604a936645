"""`flows`: check the dialogues, or draw them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from .. import paths
from ..app.functions import functions_of
from ..app.load import intent_problems
from ..conversation.diagram import diagram as mermaid
from ..conversation.diagram import document
from ..conversation.flow import Flows
from ..conversation.flow_file import read
from ..conversation.functions import OURS, Functions
from ..conversation.lint import Problem
from ..conversation.lint import lint as problems_of
from ..conversation.reference import page as reference_page
from ..errors import problem_and_cure
from ..folders import Folders
from ..words.intents import Keywords
from .running import AsJson, fail, print_json, settings

app = typer.Typer(no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--folder", help="Where the flow files are.", exists=True, file_okay=False)]


@app.command()
def lint(folder: Folder = paths.FLOWS, as_json: AsJson = False) -> None:
    """Check every dialogue, yours too: names, ways in and out, texts, limits, the way out of all messages."""
    own, functions = _own(folder)
    problems = problems_of(folder, own, functions)
    if own is not None and not problems:
        problems = [Problem(*_parts(line)) for line in _unheard(folder, own)]
    if as_json:
        print_json([{"where": problem.where, "what": problem.what, "cure": problem.cure} for problem in problems])
    else:
        for problem in problems:
            typer.echo(f"{problem.where}: {problem.what}; {problem.cure}")
        typer.echo(f"{len(problems)} problem{'s' * (len(problems) > 1)}" if problems else "The dialogues are well.")
    raise typer.Exit(1 if problems else 0)


def _unheard(folder: Path, own: Path) -> Sequence[str]:
    """Return what is wrong with the words that lead to the company's own dialogues."""
    folders = Folders(flows=folder, own=own.parent)
    return intent_problems(read(folder, own), Keywords.load(folders.locales, folders.own_locales), folders)


def _parts(line: str) -> tuple[str, str, str]:
    where, _, told = line.partition(": ")
    return where, *problem_and_cure(told)


@app.command()
def diagram(
    flow: Annotated[str, typer.Argument(help="The flow's name; docs/flows.md when left out.")] = "",
    folder: Folder = paths.FLOWS,
) -> None:
    """Print a flow as a Mermaid diagram, which Markdown viewers draw, or the whole page about the flows."""
    own, functions = _own(folder) if flow else (None, OURS)  # the whole page is about ours
    flows = Flows(read(folder, own), functions)
    if flow and flow not in flows:
        fail(f"no flow is called {flow!r}; name one of {', '.join(flows.by_name)}")
    typer.echo(mermaid(flows[flow]) if flow else document(flows.by_name.values()), nl=False)


@app.command()
def reference() -> None:
    """Print docs/flows-reference.md: everything that a flow file may say."""
    typer.echo(reference_page(), nl=False)


def _own(folder: Path) -> tuple[Path | None, Functions]:
    """Return where the company's own flows are, and what flows may name; whoever names a folder means it alone."""
    if folder != paths.FLOWS:
        return None, OURS
    read = settings()
    return Folders(own=read.app_dir).own_flows, functions_of(read)
