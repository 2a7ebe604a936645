"""`templates`: the messages that Meta must approve, because the business says them first."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import typer

from ..app.operators import Operators, open_operators
from ..paths import COMMAND
from ..service.operators.templates import Step, TemplateDiff, TemplateLine
from .running import AsJson, print_json, progress_bar, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]

T = TypeVar("T")


@app.command()
def diff(as_json: AsJson = False) -> None:
    """Ask Meta how its templates differ from yours; nothing is changed. Exit status 1 if there is something to do."""
    found = _asked(lambda operators: operators.templates.diff())
    _tell_diff(found, as_json=as_json)
    raise typer.Exit(1 if found.missing or found.altered else 0)


@app.command()
def push(
    prune: Annotated[bool, typer.Option("--prune", help="Delete earlier versions that are no longer needed.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Hand in what Meta lacks. It may be interrupted and run again: it goes on where it ended."""
    if dry_run:
        _tell_diff(_asked(lambda operators: operators.templates.diff()), as_json=as_json)
        return
    steps = _asked(lambda operators: _pushed(operators, prune=prune))
    made = [step.name for step in steps if not step.deleted]
    deleted = [step.name for step in steps if step.deleted]
    if as_json:
        print_json({"ok": True, "handed_in": made, "deleted": deleted})
        return
    typer.echo(f"Handed in: {len(made)}. Deleted: {len(deleted)}.")
    if made:
        typer.echo(f"Meta decides within a day, and tells it by webhook; `{COMMAND} templates status` shows it.")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what is known of each template. Exit status 1 unless all are approved."""
    lines = _asked(lambda operators: operators.templates.status())
    _tell(lines, as_json=as_json)
    raise typer.Exit(0 if all(line.approved for line in lines) else 1)


@app.command()
def pull(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Ask Meta what it has, and remember it: what the webhooks tell, for a start or after a gap."""
    found = _asked(lambda operators: operators.templates.diff() if dry_run else operators.templates.pull())
    _tell(found.lines, as_json=as_json)


async def _pushed(operators: Operators, *, prune: bool) -> Sequence[Step]:
    steps = []
    with progress_bar() as progress:
        task = progress.add_task("Handing in", total=None)
        async for step in operators.templates.push(prune=prune):
            steps.append(step)
            progress.update(task, completed=step.done, total=step.of)
    return steps


def _asked(ask: Callable[[Operators], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with open_operators(read_settings()) as operators:
            return await ask(operators)

    return run(opened())


def _tell_diff(found: TemplateDiff, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "ok": not found.missing and not found.altered,
                "missing": [TemplateLine(template, None).as_dict() for template in found.missing],
                "altered": [line.as_dict() for line in found.altered],
                "old": [state.name for state in found.old],
                "waiting": [state.name for state in found.waiting],
                "others": found.others,
            }
        )
        return
    for template in found.missing:
        typer.echo(f"+ {template.name} [{template.language}] {template.category}: to be handed in")
    for line in found.altered:
        typer.echo(
            f"! {line.template.name} [{line.template.language}]: was changed at Meta; change it back in WhatsApp "
            f"Manager and run `{COMMAND} templates pull`, or change a word of it here"
        )
    for state in found.old:
        typer.echo(f"- {state.name} [{state.language}]: an earlier version; `{COMMAND} templates push --prune`")
    for state in found.waiting:
        typer.echo(f"  {state.name} [{state.language}]: an earlier version, until the new one is approved")
    same = len(found.lines) - len(found.missing) - len(found.altered)
    typer.echo(f"{len(found.missing)} to hand in, {same} as they should be, {found.others} not ours.")


def _tell(lines: Sequence[TemplateLine], *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": all(line.approved for line in lines), "templates": [line.as_dict() for line in lines]})
        return
    for line in lines:
        if not line.approved:
            about = line.as_dict()
            told = " ".join(filter(None, (about["status"], about["reason"], about["quality"])))
            typer.echo(f"{about['template']} [{about['locale']}] {told} ({about['name']})")
    counts = Counter(line.status for line in lines)
    typer.echo(", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "There are no templates.")
    if counts["MISSING"]:
        typer.echo(f"`{COMMAND} templates push` hands in what is missing.")
