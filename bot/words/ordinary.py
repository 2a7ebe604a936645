"""Ordinary words of a language that another language's words, or a typing slip, would turn into a withdrawal.

`locales/ordinary.toml` holds them, because the frequency lists behind it are too big to ship: `i18n ordinary`
writes it.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import RootModel
from pydantic_core import ErrorDetails

from .. import toml_file
from ..paths import COMMAND

FILE = "ordinary.toml"

Ordinary = Mapping[str, frozenset[str]]
"""Word in its loose form → the languages in which it is ordinary."""

NONE_ORDINARY: Ordinary = {}


class _File(RootModel[dict[str, list[str]]]):
    """Language → its words."""


def read(folder: Path) -> Ordinary:
    """Return the ordinary words of all languages; none if `folder` has no such file. Raises `FileError`."""
    path = folder / FILE
    if not path.exists():
        return NONE_ORDINARY
    found: dict[str, set[str]] = {}
    for language, words in toml_file.load(path, _File, _cure).root.items():
        for word in words:
            found.setdefault(word, set()).add(language)
    return {word: frozenset(languages) for word, languages in found.items()}


def _cure(_: ErrorDetails) -> str:
    return f"not a list of words in quotes; write the file anew by `{COMMAND} i18n ordinary`"
