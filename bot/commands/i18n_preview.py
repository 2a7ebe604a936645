"""`i18n preview`: pages that show every dialogue as WhatsApp would."""

from pathlib import Path
from typing import Annotated

import typer

from ..i18n.catalogs import SOURCE_LOCALE, LanguageEntry, catalog_path
from ..i18n.po import PoEntry, read
from ..translating.preview import Language, index, page
from ..translating.project import Project
from ..words.intents import Intent, Keywords
from ..words.keywords import WORDS
from .running import Codes, files_told


def preview(
    context: typer.Context,
    only: Codes = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the pages.")] = Path("preview"),
) -> None:
    """Write pages that show every dialogue as a conversation in WhatsApp; open index.html in a browser."""
    project: Project = context.obj
    with files_told():
        files, sources, keywords = project.flows, project.everything, project.keywords
        wanted = [code for code in only or () if code != SOURCE_LOCALE]
        codes = [code for code in (SOURCE_LOCALE, *project.codes(wanted)) if not only or code in only]
        drawn = [_previewed(project, project.known[code], keywords) for code in codes]
        offered = [code for code, language in project.known.items() if language.offered]
        output.mkdir(parents=True, exist_ok=True)
        for language in drawn:
            html = page(language, files, sources, codes, offered)
            (output / f"{language.code}.html").write_text(html, "utf-8")
        (output / "index.html").write_text(index(drawn, sources), "utf-8")
    pages = "1 language" if len(codes) == 1 else f"{len(codes)} languages"
    first = f"{codes[0]}.html" if len(codes) == 1 else "index.html"
    typer.echo(f"{pages} in {output}: open {output / first} in a browser")


def _previewed(project: Project, entry: LanguageEntry, keywords: Keywords) -> Language:
    code = entry.code
    return Language(
        code=code,
        entries={} if code == SOURCE_LOCALE else _entries(project, code),
        values={name: keywords.shown(intent, code) for name, intent in WORDS.items()},
        words={intent.value: keywords.example(intent, code) for intent in Intent},
        offered=entry.offered,
    )


def _entries(project: Project, code: str) -> dict[str, PoEntry]:
    """Return every text of a language, the company's over ours."""
    ours = catalog_path(project.folders.locales, code)
    files = [read(ours)] if ours.exists() or project.folders.own is None else []
    files += [project.catalog(code)] if project.folders.own is not None else []
    return {entry.id: entry for file in files for entry in file.entries}
