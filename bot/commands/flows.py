"""`flows`: check the dialogues, or draw them."""

from pathlib import Path
from typing import Annotated

import typer

from .. import paths
from ..conversation.diagram import diagram as mermaid
from ..conversation.diagram import document
from ..conversation.flow import Flows
from ..conversation.flow_file import read
from ..conversation.lint import lint as problems_of
from .running import AsJson, fail, print_json

app = typer.Typer(no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--folder", help="Where the flow files are.", exists=True, file_okay=False)]


@app.command()
def lint(folder: Folder = paths.FLOWS, as_json: AsJson = False) -> None:
    """Check every dialogue: names, ways in and out, texts, limits, the way out of all messages."""
    problems = problems_of(folder)
    if as_json:
        print_json([{"where": problem.where, "what": problem.what, "cure": problem.cure} for problem in problems])
    else:
        for problem in problems:
            typer.echo(f"{problem.where}: {problem.what}; {problem.cure}")
        typer.echo(f"{len(problems)} problems" if problems else "The dialogues are well.")
    raise typer.Exit(1 if problems else 0)


@app.command()
def diagram(
    flow: Annotated[str, typer.Argument(help="The flow's name; docs/flows.md when left out.")] = "",
    folder: Folder = paths.FLOWS,
) -> None:
    """Print a flow as a Mermaid diagram, which Markdown viewers draw, or the whole page about the flows."""
    flows = Flows(read(folder))
    if flow and flow not in flows:
        fail(f"no flow is called {flow!r}; name one of {', '.join(flows.by_name)}")
    typer.echo(mermaid(flows[flow]) if flow else document(flows.by_name.values()), nl=False)
