"""Ordinary words of one language that would withdraw in another's name, or by a slip of the finger.

`locales/ordinary.toml` holds them, because the frequency lists behind it are too big to ship: `python -m bot i18n
ordinary` writes it.
"""

from collections.abc import Mapping
from pathlib import Path

import tomli

FILE = "ordinary.toml"

Ordinary = Mapping[str, frozenset[str]]
"""Word in its loose form → the languages in which it is ordinary."""

NONE_ORDINARY: Ordinary = {}


def read(folder: Path) -> Ordinary:
    """Return the ordinary words of all languages; none if `folder` has no such file."""
    path = folder / FILE
    if not path.exists():
        return NONE_ORDINARY
    found: dict[str, set[str]] = {}
    for language, words in tomli.loads(path.read_text("utf-8")).items():
        for word in words:
            found.setdefault(word, set()).add(language)
    return {word: frozenset(languages) for word, languages in found.items()}
