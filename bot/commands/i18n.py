"""`{COMMAND} i18n …`: the commands of translators and of those who look after the catalogs."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from .. import paths
from ..business import load as load_business
from ..conversation.flow_file import NO_FLOW
from ..conversation.flow_file import read as read_flows
from ..errors import OperatorError
from ..i18n.catalogs import SOURCE_LOCALE, catalog_path, languages
from ..i18n.po import PoFile, read, written
from ..i18n.slot import SourceTexts
from ..paths import COMMAND
from ..translating import check as checking
from ..translating import collisions as colliding
from ..translating import pseudo as pseudo_languages
from ..translating import status as progress
from ..translating.extract import TEMPLATE, template
from ..translating.preview import page
from ..translating.source_texts import source_texts
from ..translating.start import start
from ..translating.update import updated
from ..words.intents import Keywords
from ..words.keyword_files import read as read_keywords
from ..words.keywords import WORDS, base
from .running import AsJson, Commands, files_told, print_json, settings

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Translations: extract, update, check, compile and try the catalogs in locales/.",
    rich_markup_mode=None,
)

Codes = Annotated[list[str] | None, typer.Argument(metavar="[LANGUAGE]...", help="All languages when left out.")]


@dataclass(frozen=True, slots=True)
class Project:
    """The folders that the commands work in."""

    locales: Path = paths.LOCALES
    flows: Path = paths.FLOWS

    def source_texts(self) -> SourceTexts:
        """Read every English text."""
        business_file = settings().business_file or self.flows / NO_FLOW
        return source_texts(read_flows(self.flows), load_business(business_file), business_file)

    def codes(self, wanted: Collection[str] | None) -> list[str]:
        """Return the languages to work on. Raises `OperatorError` for an unknown language."""
        known = [code for code in languages(self.locales) if code != SOURCE_LOCALE]
        for code in wanted or ():
            if code not in known:
                cure = f"name one of {', '.join(known)}, or begin it by `{COMMAND} i18n init {code}`"
                raise OperatorError(f"there is no language {code!r}; {cure}")
        return [code for code in known if not wanted or code in wanted]


@app.callback()
def folders(
    context: typer.Context,
    locales: Annotated[Path, typer.Option(help="The folder of the catalogs.")] = paths.LOCALES,
    flows: Annotated[Path, typer.Option(help="The folder of the dialogues.")] = paths.FLOWS,
) -> None:
    """Take the folders that all commands work in."""
    context.obj = Project(locales, flows)


@app.command()
def extract(context: typer.Context) -> None:
    """Write locales/bot.pot from the texts of the flows and of business.toml."""
    project: Project = context.obj
    with files_told():
        path = project.locales / TEMPLATE
        path.write_text(written(_template(project)), "utf-8")
        typer.echo(f"wrote {path}")


def _template(project: Project) -> PoFile:
    return template(project.source_texts(), project.locales.parent)


@app.command()
def update(context: typer.Context, codes: Codes = None) -> None:
    """Bring catalogs up to date with the texts: reworded texts become fuzzy, new texts are empty."""
    project: Project = context.obj
    with files_told():
        fresh = _template(project)
        (project.locales / TEMPLATE).write_text(written(fresh), "utf-8")
        known = languages(project.locales)
        for code in project.codes(codes):
            path = catalog_path(project.locales, code)
            before = path.read_text("utf-8-sig", errors="replace") if path.exists() else ""
            after = written(updated(read(path) if before else PoFile(), fresh, known[code]))
            changed = after != before
            if changed:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(after, "utf-8")
            typer.echo(f"{path}: {'updated' if changed else 'up to date'}")


@app.command()
def init(context: typer.Context, code: Annotated[str, typer.Argument(help="For example it or pt-BR.")]) -> None:
    """Begin a new language: its empty catalog and files for words, and a draft in languages.toml."""
    from ..translating import first_words  # only here: other commands do without it

    project: Project = context.obj
    with files_told():
        path = start(project.locales, code, _template(project))
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
    """Check catalogs and keywords; print file:line: [code] message. Status 1 when there is an error."""
    from ..translating import ordinary_words  # only here: other commands do without it

    project: Project = context.obj
    with files_told():
        only = project.codes(codes) if codes else ()
        found = [
            replace(finding, path=_from_here(finding.path))
            for finding in (
                *checking.everything(project.locales, project.source_texts(), only),
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


def _keywords(project: Project, only: Collection[str]) -> Iterator[checking.Finding]:
    from ..translating import keyword_check  # only here: other commands do without it

    offered: dict[str, bool] = {}
    known = languages(project.locales)
    looked_at = {code: language for code, language in known.items() if not only or code in only}
    for code, language in looked_at.items():
        offered[base(code)] = offered.get(base(code), False) or language.offered
    yield from keyword_check.findings(project.locales, offered, [code for code in looked_at if code != SOURCE_LOCALE])


@app.command()
def collisions(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("docs/collisions.md"),
) -> None:
    """Write which words mean different things in different languages, and which meaning wins."""
    project: Project = context.obj
    with files_told():
        output.write_text(colliding.page(read_keywords(project.locales)), "utf-8")
        typer.echo(f"wrote {output}")


@app.command()
def ordinary(context: typer.Context) -> None:
    """Write which ordinary words look like withdrawals but are not, from word frequencies (takes minutes)."""
    from ..translating import ordinary_words  # only here: other commands do without it

    project: Project = context.obj
    with files_told():
        path = ordinary_words.write(
            project.locales, lambda language, count: typer.echo(f"{language}: {count} words", err=True)
        )
        typer.echo(f"wrote {path}")


@app.command(name="compile")
def compile_catalogs(context: typer.Context) -> None:
    """Write a .mo beside each .po; nothing is written if the catalog of an offered language has an error."""
    project: Project = context.obj
    with files_told():
        targets = checking.compile_all(project.locales, project.source_texts().slots)
        typer.echo(f"compiled {len(targets)} catalogs")
        for code in languages(project.locales):
            if code != SOURCE_LOCALE and catalog_path(project.locales, code, "mo") not in targets:
                typer.echo(f"left out {code}, a draft with errors: see `{COMMAND} i18n check {code}`")


@app.command()
def status(
    context: typer.Context,
    codes: Codes = None,
    *,
    per_flow: Annotated[bool, typer.Option("--flows", help="Each flow by itself, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how far each language is. Status 1 when an offered language lacks a text."""
    project: Project = context.obj
    with files_told():
        wanted = project.codes(codes) if codes else list(languages(project.locales))
        reports = [
            report
            for report in progress.reports(project.locales, project.source_texts())
            if report.language.code in wanted
        ]
    if as_json:
        print_json(reports)
    else:
        Console().print(_table(reports, per_flow=per_flow))
    raise typer.Exit(any(report.language.offered and report.whole.percent < 100 for report in reports))


def _table(reports: list[progress.Report], *, per_flow: bool) -> Table:
    table = Table("language", "status", "translated", "fuzzy", "missing", "legal missing", "reviewed", box=None)
    for report in reports:
        language = report.language
        offered = "offered" if language.offered else "draft"
        table.add_row(language.code, offered, *_cells(report.whole), "yes" if language.reviewed else "no")
        for name, counts in report.flows.items() if per_flow else ():
            table.add_row(f"  {name}", "", *_cells(counts), "")
    return table


def _cells(counts: progress.Progress) -> tuple[str, str, str, str]:
    return (
        f"{counts.translated}/{counts.total} ({counts.percent} %)",
        str(counts.fuzzy or "–"),
        str(counts.missing or "–"),
        str(counts.legal_missing or "–"),
    )


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
        words = Keywords.load(project.locales)
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
        slots = project.source_texts().slots
    catalog = pseudo_languages.catalogs(slots)[pseudo_languages.ARABIC if arabic else pseudo_languages.ENGLISH]
    for slot in slots:
        typer.echo(f"{slot.id}: {catalog[slot.id][1]}")
    for slot, left in pseudo_languages.tight(slots):
        typer.echo(f"{slot.id}: {left} characters left of {slot.limit}; consider a shorter English text", err=True)


@app.command()
def preview(
    context: typer.Context,
    only: Codes = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the pages.")] = Path("preview"),
) -> None:
    """Write a page for each language that shows every message as WhatsApp draws it; open it in a browser."""
    project: Project = context.obj
    with files_told():
        files = read_flows(project.flows)
        sources = project.source_texts()
        keywords = Keywords.load(project.locales)
        codes = [code for code in (SOURCE_LOCALE, *project.codes(only)) if not only or code in only]
        output.mkdir(parents=True, exist_ok=True)
        for code in codes:
            catalog = catalog_path(project.locales, code)
            entries = {} if code == SOURCE_LOCALE else {entry.id: entry for entry in read(catalog).entries}
            words = {name: keywords.shown(intent, code) for name, intent in WORDS.items()}
            (output / f"{code}.html").write_text(page(code, files, sources, entries, words, codes), "utf-8")
    pages = "1 page" if len(codes) == 1 else f"{len(codes)} pages"
    typer.echo(f"{pages} in {output}: open {output / codes[0]}.html in a browser")
