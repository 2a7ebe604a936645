"""`i18n collisions`, `i18n assent`: pages of docs/ that are written from what is in locales/, and compared by tests."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ..translating import assent_kinds, collisions
from ..translating.project import Project
from ..words.keyword_files import read as read_keywords
from .running import files_told


@dataclass(frozen=True, slots=True)
class Generated:
    """A page, and what it is made from."""

    about: str
    """The help of its command."""
    make: Callable[[Project], str]
    """Return it. Raises `FileError`."""


def _collisions(project: Project) -> str:
    return collisions.page(read_keywords(project.folders.locales))


def _assent(project: Project) -> str:
    return assent_kinds.page(assent_kinds.read(project.ours.locales), project.ours.keywords)


PAGES = {
    "collisions": Generated(
        "Write which words mean different things in different languages, and which meaning wins.", _collisions
    ),
    "assent": Generated("Write which kinds of answers are a yes, and which are none, in every language.", _assent),
}
"""Name of the command, and of the page in docs/, → the page."""


def command(name: str) -> Callable[[typer.Context, Path], None]:
    """Return the command that writes a page."""

    def write(
        context: typer.Context,
        output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path(f"docs/{name}.md"),
    ) -> None:
        with files_told():
            output.write_text(PAGES[name].make(context.obj), "utf-8")
            typer.echo(f"wrote {output}")

    return write
