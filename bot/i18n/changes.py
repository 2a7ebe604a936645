"""Which rewordings of the company's texts change what people agree to: `changes.toml` among its catalogs.

`i18n confirm` writes it. What is not in there was merely reworded, and its translations stay in force.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict
from pydantic_core import ErrorDetails

from .. import toml_file

FILE = "changes.toml"

_HEAD = """\
# Written by `i18n confirm`, oldest first: which rewordings of your texts were confirmed, and what they change.
# legal: translations of the `superseded` English no longer count; a language that has no other is not offered.
"""


Kind = Literal["legal", "editorial"]


class Change(BaseModel):
    """A reworded text that somebody has looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    change: Kind
    confirmed_on: date
    english: str
    """The text since then."""
    superseded: tuple[str, ...] = ()
    """The texts before."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    changes: tuple[Change, ...] = ()


def read(folder: Path) -> Sequence[Change]:
    """Return what was confirmed, oldest first; empty if there is no such file. Raises `FileError`."""
    path = folder / FILE
    return toml_file.load(path, _File, _cure).changes if path.exists() else ()


def _cure(problem: ErrorDetails) -> str:
    return toml_file.cure_by_example(problem, "docs/translator.md")


def superseded(changes: Collection[Change]) -> Mapping[str, frozenset[str]]:
    """Return text id → the English texts whose translations no longer count."""
    found: dict[str, frozenset[str]] = {}
    for change in changes:
        if change.change == "legal":
            found[change.id] = found.get(change.id, frozenset()) | frozenset(change.superseded)
    return found


def add(folder: Path, changes: Collection[Change]) -> Path:
    """Write down what was confirmed just now; return the file."""
    path = folder / FILE
    folder.mkdir(parents=True, exist_ok=True)
    written = path.read_text("utf-8") if path.exists() else _HEAD
    path.write_text(written + "".join(map(_table, changes)), "utf-8")
    return path


def _table(change: Change) -> str:
    return (
        f"\n[[changes]]\nid = {_quoted(change.id)}\nchange = {_quoted(change.change)}\n"
        f"confirmed_on = {change.confirmed_on.isoformat()}\nenglish = {_quoted(change.english)}\n"
        f"superseded = [{', '.join(map(_quoted, change.superseded))}]\n"
    )


def _quoted(text: str) -> str:
    """Return a text as TOML writes it, which is how JSON does, in one line."""
    return orjson.dumps(text).decode().replace("\x7f", "\\u007f")
