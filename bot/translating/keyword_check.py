"""What `i18n check` reports about the words that customers type: problems with their lines, and gaps."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import FileError
from ..i18n import po
from ..i18n.catalogs import catalog_path
from ..paths import COMMAND
from ..words import ordinary
from ..words.intents import Intent, Keywords
from ..words.keyword_files import path_of
from ..words.keywords import WORDS, base
from . import ordinary_words, phrases
from .check import Finding

EXAMPLE = "locales/en/keywords.toml is an example"


def findings(
    folder: Path, languages: Mapping[str, bool], codes: Iterable[str], own: Path | None = None
) -> Iterator[Finding]:
    """Check the words of all languages, since they work in every language; try the phrases of `languages`.

    `languages`: language, without region → whether customers get it. `codes`: the catalogs whose buttons are read.
    `own`: where a company has words of its own; then only what is wrong with these is told.
    """
    try:
        words = Keywords.load(folder, own)
    except FileError as error:
        for line in str(error).splitlines():
            file, _, message = line.partition(".toml: ")
            path = Path(f"{file}.toml")
            yield Finding(path, _line(path, message), "keyword", message)
        return
    if own is not None:
        return
    for language, offered in sorted(languages.items()):
        yield from _lacks(folder, language, words, offered=offered)
        for failure in phrases.failures(folder, language, words):
            yield Finding(failure.path, failure.line, "phrase", failure.message)
        if language in words.languages:
            yield from _useless(folder, language, words)
            yield from _misheard(folder, language, words, offered=offered)
    for code in codes:
        yield from _exchanged(folder, code, words)


def _useless(folder: Path, language: str, words: Keywords) -> Iterator[Finding]:
    """Find entries that never have an effect."""
    path = path_of(folder, language)
    for key, word in words.unheard(language):
        message = f"{key}: {word!r} never has an effect, as other lists decide about its words first; remove it"
        yield Finding(path, _line(path, message), "keyword", message)


def _misheard(folder: Path, language: str, words: Keywords, *, offered: bool) -> Iterator[Finding]:
    """Find ordinary words of a language that another language's words would turn into a withdrawal; needs the frequency
    lists."""
    if not ordinary_words.installed():
        return
    for word in ordinary_words.lacking(words, language):
        message = f"{word!r}, an ordinary word in {language}, would withdraw; run `{COMMAND} i18n ordinary`"
        yield Finding(folder / ordinary.FILE, 1, "ordinary", message, error=offered)


AFFIRMING = ("common.yes", "maybe_stop.stop")
"""Button texts that say yes to a question."""

DENYING = ("common.no", "maybe_stop.keep")
"""Button texts that say no to a question."""


def _exchanged(folder: Path, code: str, words: Keywords) -> Iterator[Finding]:
    """Find labels of yes and no buttons in a catalog that mean the opposite in the language's own words."""
    try:
        entries = {entry.id: entry for entry in po.read(catalog_path(folder, code)).entries if entry.usable}
    except (po.PoError, OSError):
        return  # reported elsewhere
    for ids, wrong, right in ((AFFIRMING, Intent.NO, Intent.YES), (DENYING, Intent.YES, Intent.NO)):
        for entry in (entries[text_id] for text_id in ids if text_id in entries):
            label, language = entry.translation, base(code)
            if words.says(wrong, label, language) and not words.says(right, label, language):
                message = f"{entry.id}: {label!r} says {wrong.value} where {right.value} is meant; correct one of them"
                yield Finding(catalog_path(folder, code), entry.line, "exchanged", message)


def _lacks(folder: Path, language: str, words: Keywords, *, offered: bool) -> Iterator[Finding]:
    path = path_of(folder, language)
    if language not in words.languages:
        yield Finding(
            path, 1, "keyword", f"there are no words that customers type; write the file ({EXAMPLE})", offered
        )
    elif unprinted := [intent.value for intent in WORDS.values() if not words.prints(intent, language)]:
        lack = f"has no `show` for {', '.join(unprinted)}, so texts print the English word; add it ({EXAMPLE})"
        yield Finding(path, 1, "keyword", lack, offered)
    path = phrases.path_of(folder, language)
    if (tried := phrases.count(path)) < phrases.ENOUGH:
        lack = f"tries {tried} phrases that customers may type; write {phrases.ENOUGH} at least"
        yield Finding(path, 1, "phrase", f"{lack} (locales/en/{phrases.FILE} is an example)", offered)


_AT = re.compile(r" \(at line (\d+), column \d+\)")
_KEY = re.compile(r"(\w+)(?:\.(\w+))?[\w.]*: (?:(['\"])(.+?)\3 )?")


def _line(path: Path, message: str) -> int:
    """Return the line of the word, the key or the table that `message` begins with; 1 when it names none."""
    if at := _AT.search(message):
        return int(at[1])
    named = _KEY.match(message)
    if not named or not path.exists():
        return 1
    table, key, word = named[1], named[2] or named[1], named[4]
    lines = path.read_text("utf-8-sig", errors="replace").splitlines()
    start = next((number for number, line in enumerate(lines, 1) if line.startswith(f"[{table}]")), 0)
    inside = list(enumerate(lines[start:], start + 1))
    end = next((count for count, (_, line) in enumerate(inside) if line.startswith("[")), len(inside))
    for number, line in inside[:end]:
        if word and f'"{word.lower()}"' in line.lower():
            return number
    return next((number for number, line in inside[:end] if re.match(rf"{key}\s*=", line)), start or 1)
