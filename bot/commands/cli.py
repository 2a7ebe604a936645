"""The commands, put together: `consentbot …`, or `python -m bot …` in a checkout."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..paths import COMMAND
from . import (
    audience,
    changes,
    chat,
    deadletter,
    demo,
    doctor,
    erasures,
    flows,
    importing,
    init,
    ledger,
    person,
    proofs,
    requests,
    rotate,
    serve,
    templates,
    tokens,
    webhooks,
)
from .i18n import app as i18n
from .retention import retention
from .running import Commands

app = typer.Typer(
    cls=Commands,
    help="Consent under a WhatsApp business number: double opt-in, STOP at once, evidence that stands in an audit.",
    epilog=f"Settings come from the environment and from .env; `{COMMAND} doctor` tells what is missing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(init.init)
app.command()(demo.demo)
app.command()(chat.chat)
app.command()(serve.web)
app.command()(serve.worker)
app.command(name="all")(serve.everything)
app.command()(doctor.doctor)
app.command()(doctor.migrate)
app.command()(rotate.rotate_keys)
app.command()(retention)
app.command(name="import")(importing.import_file)
app.command()(erasures.replay_erasures)
app.add_typer(flows.app, name="flows", help="Check the dialogues, or draw them.")
app.add_typer(i18n, name="i18n", help="Everything that translators need.")
for command in (proofs.checkpoint, proofs.consistency, proofs.key, proofs.prove, proofs.bundle, proofs.export):
    ledger.app.command()(command)
app.add_typer(ledger.app, name="ledger", help="The evidence: check it, show it, prove it.")
for name, change in (
    ("withdraw", changes.withdraw),
    ("object", changes.object_),
    ("restrict", changes.restrict),
    ("lift", changes.lift),
):
    person.app.command(name=name)(change)
app.add_typer(person.app, name="person", help="What is known about one person, and erasing it.")
app.add_typer(audience.consents, name="consents", help="Whom you may write to.")
app.add_typer(audience.suppressions, name="suppressions", help="Whom you may not write to.")
app.add_typer(requests.app, name="requests", help="What people asked for about their data, and by when.")
app.add_typer(tokens.app, name="tokens", help="Who may call the REST API, and what for.")
app.add_typer(templates.app, name="templates", help="What you say first, and Meta must approve.")
app.add_typer(deadletter.app, name="deadletter", help="Messages that could not be processed.")
app.add_typer(webhooks.app, name="webhooks", help="Your own systems that are told of consents, requests and messages.")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command that was typed."""
    app(prog_name=_typed())


def _typed() -> str:
    """Return the command as it was typed."""
    name = Path(sys.argv[0]).name
    return COMMAND if name == "__main__.py" else name
