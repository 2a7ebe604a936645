"""Examples of words to type, in the comments of catalogs: the words that each language really prints."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

import tomli

from ..i18n.catalogs import SOURCE_LOCALE
from ..i18n.po import PoEntry
from ..words.keyword_files import path_of
from ..words.keywords import WORDS, base

_EXAMPLE = re.compile(r"Example of \{(\w+)\}: (.*)")


def example(name: str, value: str) -> str:
    """Return the comment that shows an example of a placeholder."""
    return f"Example of {{{name}}}: {value}"


def printed_words(code: str, *folders: Path | None) -> Mapping[str, str]:
    """Return placeholder → the word that a language prints, as its keyword file says; English where it has none.

    Of several folders the last that has a word counts. A file that can't be read has none: `i18n check` says so.
    """
    found: dict[str, str] = {}
    for language, folder in product((SOURCE_LOCALE, base(code)), filter(None, folders)):
        tables = _tables(path_of(folder, language))
        for name, intent in WORDS.items():
            table = tables.get(intent.value)
            if isinstance(table, dict) and isinstance(word := table.get("show"), str) and word:
                found[name] = word
    return found


def _tables(path: Path) -> Mapping[str, object]:
    try:
        return tomli.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):  # both the TOML and the encoding
        return {}


def spoken(entry: PoEntry, words: Mapping[str, str]) -> PoEntry:
    """Return a text whose comments show these words."""
    return replace(entry, notes=tuple(_spoken(note, words) for note in entry.notes))


def _spoken(note: str, words: Mapping[str, str]) -> str:
    shown = _EXAMPLE.fullmatch(note)
    return example(shown[1], words[shown[1]]) if shown and shown[1] in words else note


def outdated(entry: PoEntry, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the placeholders whose example is another word, with the right one."""
    for note in entry.notes:
        shown = _EXAMPLE.fullmatch(note)
        if shown and words.get(shown[1], shown[2]) != shown[2]:
            yield shown[1], words[shown[1]]
