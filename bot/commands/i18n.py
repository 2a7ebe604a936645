"""`{COMMAND} i18n …`: the commands of translators and of those who look after the catalogs."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from .. import paths
from ..folders import Folders
from ..i18n.catalogs import SOURCE_LOCALE, catalog_path
from ..i18n.po import written
from ..paths import COMMAND
from ..translating import check as checking
from ..translating import pseudo as pseudo_languages
from ..translating.extract import TEMPLATE
from ..translating.project import Project, write
from ..translating.start import start
from ..words.keywords import base
from . import i18n_generated as generated
from . import i18n_preview as previews
from . import i18n_status as progress
from .running import AsJson, Codes, Commands, fail, files_told, print_json, settings

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Translations: extract, update, check, compile and try the catalogs in locales/.",
    rich_markup_mode=None,
)


@app.callback()
def folders(
    context: typer.Context,
    locales: Annotated[Path, typer.Option(help="The folder of the catalogs.")] = paths.LOCALES,
    flows: Annotated[Path, typer.Option(help="The folder of the dialogues.")] = paths.FLOWS,
) -> None:
    """Take the folders that all commands work in."""
    read = settings()
    ours = (flows, locales) == (paths.FLOWS, paths.LOCALES)  # whoever names others works on these alone
    context.obj = Project(Folders(flows, locales, read.app_dir if ours else None), read.business_file)


@app.command()
def extract(context: typer.Context) -> None:
    """Write locales/bot.pot from the texts of the flows and of business.toml."""
    project: Project = context.obj
    with files_told():
        typer.echo(f"wrote {write(project.locales / TEMPLATE, project.template())}")


@app.command()
def update(context: typer.Context, codes: Codes = None) -> None:
    """Bring catalogs up to date with the texts: reworded texts become fuzzy, new texts are empty."""
    project: Project = context.obj
    with files_told():
        write(project.locales / TEMPLATE, project.template())
        for code in project.codes(codes):
            path = catalog_path(project.locales, code)
            before = path.read_text("utf-8-sig", errors="replace") if path.exists() else ""
            after = project.catalog(code)
            changed = written(after) != before
            if changed:
                write(path, after)
            typer.echo(f"{path}: {'updated' if changed else 'up to date'}")


@app.command()
def confirm(
    context: typer.Context,
    text_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="For example purpose.offers.title.")
    ] = None,
    legal: Annotated[bool, typer.Option("--legal", help="People would now agree to something else.")] = False,
    editorial: Annotated[bool, typer.Option("--editorial", help="It means what it meant.")] = False,
) -> None:
    """Say what the rewording of your own texts changes; without arguments, list what was reworded.

    Until then, and after --editorial, translations of the earlier English stay in force. After --legal they do not: a
    language without a new one is not offered.
    """
    project: Project = context.obj
    with files_told():
        reworded = project.reworded()
        if not text_ids:
            for text_id, spoken in reworded.items():
                typer.echo(f"{text_id}: still said as before in {', '.join(spoken)}")
            typer.echo(f"{len(reworded)} reworded texts are not confirmed", err=True)
            return
        for text_id in text_ids:
            if text_id not in reworded:
                known = ", ".join(reworded) or "none at the moment"
                fail(f"{text_id}: no translation in force is of an earlier text; name one of: {known}")
        if legal is editorial:
            fail("legal or editorial is not said; give --legal if people would agree to something else, or --editorial")
        today = datetime.now(UTC).date()
        files = (project.confirm_legal if legal else project.confirm_editorial)(text_ids, today)
    for path in files:
        typer.echo(f"wrote {path}")
    if legal:
        typer.echo("Consents given so far are to the earlier words: if they no longer cover what you do, add a version")
        typer.echo('to [[notices]] of business.toml with change = "material", and people are asked anew.')


@app.command()
def init(context: typer.Context, code: Annotated[str, typer.Argument(help="For example it or pt-BR.")]) -> None:
    """Begin a new language: its empty catalog and files for words, and a draft in languages.toml."""
    from ..translating import first_words  # only here: other commands do without it

    project: Project = context.obj
    with files_told():
        path = start(project.locales, code, project.template(code), project.known, project.printed(code))
        typer.echo(f"wrote {path}: open it in a PO editor such as Poedit, then `{COMMAND} i18n check {code}`")
        words, phrases = first_words.begin(project.locales, code)
        typer.echo(f"{words} holds the words that customers type, {phrases} what they must mean: fill them in")


@app.command()
def check(
    context: typer.Context,
    codes: Codes = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as errors.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check catalogs and keywords; print each finding with file, line and code. Status 1 when there is an error."""
    from ..translating import ordinary_words  # only here: other commands do without it

    project: Project = context.obj
    with files_told():
        only = project.codes(codes) if codes else ()
        found = [
            replace(finding, path=_from_here(finding.path))
            for finding in (
                *_catalogs(project, only),
                *_keywords(project, only),
            )
        ]
    failed = any(finding.error or strict for finding in found)
    if as_json:
        print_json({"ok": not failed, "findings": found})
    else:
        for finding in found:
            typer.echo(finding)
        errors = sum(finding.error for finding in found)
        unchecked = "" if ordinary_words.installed() else "; ordinary words unchecked: install the extra `dev`"
        typer.echo(f"{errors} errors, {len(found) - errors} warnings{unchecked}", err=True)
    raise typer.Exit(failed)


def _from_here(path: Path) -> Path:
    """Return a path relative to the current directory, if it is below that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _catalogs(project: Project, only: Collection[str]) -> Iterator[checking.Finding]:
    if project.folders.own is not None:
        return checking.own(project, only)
    return checking.everything(project.folders.locales, project.everything, only)


def _keywords(project: Project, only: Collection[str]) -> Iterator[checking.Finding]:
    from ..translating import keyword_check  # only here: other commands do without it

    offered: dict[str, bool] = {}
    known = project.known
    looked_at = {code: language for code, language in known.items() if not only or code in only}
    for code, language in looked_at.items():
        offered[base(code)] = offered.get(base(code), False) or language.offered
    yield from keyword_check.findings(
        project.folders.locales,
        offered,
        [code for code in looked_at if code != SOURCE_LOCALE],
        project.folders.own_locales,
    )


for _name in generated.PAGES:
    app.command(_name, help=generated.PAGES[_name].about)(generated.command(_name))


@app.command()
def ordinary(context: typer.Context) -> None:
    """Write which ordinary words look like withdrawals but are not, from word frequencies (a minute or two)."""
    from ..translating import ordinary_words  # only here: other commands do without it

    project: Project = context.obj
    with files_told():
        path = ordinary_words.write(
            project.ours.locales, lambda language, count: typer.echo(f"{language}: {count} words", err=True)
        )
        typer.echo(f"wrote {path}")


@app.command(name="compile")
def compile_catalogs(context: typer.Context) -> None:
    """Write a .mo beside each .po; nothing is written if the catalog of an offered language has an error."""
    project: Project = context.obj
    with files_told():
        for each in dict.fromkeys((project, *(() if paths.INSTALLED else (project.ours,)))):
            _compile(each)


def _compile(project: Project) -> None:
    known = {
        code: language
        for code, language in project.known.items()
        if project.folders.own is None or catalog_path(project.locales, code).exists()
    }
    targets = checking.compile_all(project.locales, project.everything.slots, known)
    typer.echo(f"compiled {len(targets)} catalogs in {project.locales}")
    for code in known:
        if code != SOURCE_LOCALE and catalog_path(project.locales, code, "mo") not in targets:
            typer.echo(f"left out {code}, a draft with errors: see `{COMMAND} i18n check {code}`")


app.command()(progress.status)


@app.command()
def say(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="LANGUAGE", help="The language of the question that was asked.")],
    text: Annotated[str, typer.Argument(help="What a customer might type.")],
    as_json: AsJson = False,
) -> None:
    """Show what a typed text means, as an answer to a question in LANGUAGE and at any other time."""
    project: Project = context.obj
    with files_told():
        if code != SOURCE_LOCALE:
            project.codes([code])
        words = project.keywords
    asked, unasked = (words.classify(text, asked_in=asked_in, spoken=(code,)) for asked_in in (code, None))
    meanings = {
        name: None if match is None else {"intent": match.intent.value, "rule": match.rule}
        for name, match in (("answer", asked), ("unasked", unasked))
    }
    if as_json:
        print_json(meanings)
        return
    for name, title in (("answer", f"as an answer to a question in {code}"), ("unasked", "at any other time")):
        meaning = meanings[name]
        typer.echo(f"{title}: " + ("{intent} ({rule})".format(**meaning) if meaning else "nothing known"))


@app.command()
def pseudo(
    context: typer.Context,
    arabic: Annotated[bool, typer.Option("--arabic", help="From right to left.")] = False,
) -> None:
    """Print all texts in a made-up language, and which English leaves a longer language too little room."""
    project: Project = context.obj
    with files_told():
        slots = project.everything.slots
    catalog = pseudo_languages.catalogs(slots)[pseudo_languages.ARABIC if arabic else pseudo_languages.ENGLISH]
    for slot in slots:
        typer.echo(f"{slot.id}: {catalog[slot.id][1]}")
    for slot, left in pseudo_languages.tight(slots):
        typer.echo(f"{slot.id}: {left} characters left of {slot.limit}; consider a shorter English text", err=True)


app.command()(previews.preview)
