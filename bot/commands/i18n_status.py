"""`i18n status`: how far each language is."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..i18n.catalogs import SOURCE_LOCALE, catalog_path
from ..i18n.po import read
from ..translating import status as progress
from ..translating.project import Project
from .running import AsJson, Codes, files_told, print_json


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
        wanted = project.codes(codes) if codes else list(project.known)
        reports = [_report(project, code) for code in wanted]
    if as_json:
        print_json(reports)
    else:
        Console().print(_table(reports, per_flow=per_flow))
    raise typer.Exit(any(report.language.offered and report.whole.percent < 100 for report in reports))


def _report(project: Project, code: str) -> progress.Report:
    language = project.known[code]
    if code == SOURCE_LOCALE:
        return progress.report(language, project.sources(), ())
    if project.folders.own is not None:
        return progress.report(language, project.sources(code), project.catalog(code).entries)
    return progress.report(language, project.everything, read(catalog_path(project.folders.locales, code)).entries)


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
