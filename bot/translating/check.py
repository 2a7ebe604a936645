"""Checks whether catalogs can be compiled and offered: every finding with its file, line and cure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import OperatorError, with_cure
from ..i18n import faults, po
from ..i18n.catalogs import SOURCE_LOCALE, LanguageEntry, catalog_path, languages, write_compiled
from ..i18n.slot import Slot, SourceTexts
from ..paths import COMMAND
from ..toml_lines import key_lines
from .examples import outdated, printed_words
from .extract import TEMPLATE, template
from .project import Project

UPDATE = f"run `{COMMAND} i18n update`"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: an error to correct, or something to look at."""

    path: Path
    line: int
    code: str
    message: str
    error: bool = True

    def __str__(self) -> str:
        """Return `file:line: [code] message`, which editors and CI can follow."""
        return f"{self.path}:{self.line}: [{self.code}] {'' if self.error else 'warning: '}{self.message}"


def source(slots: Iterable[Slot]) -> Iterator[Finding]:
    """Check the English texts: a text too long in English is too long in every language."""
    for slot in slots:
        for fault in faults.errors(slot, slot.english):
            path = Path(slot.source)
            yield Finding(path, _source_line(path, slot), fault.code, f"{slot.id}: {fault.message}")


def _source_line(path: Path, slot: Slot) -> int:
    """Return the line of an English text in its flow, or in `business.toml`; 1 if it is not found there."""
    text = path.read_text("utf-8-sig") if path.exists() else ""
    lines = key_lines(text)
    if (key := f"texts.{slot.id.partition('.')[2]}") in lines:
        return lines.get(f"{key}.en", lines[key])
    begin = slot.english.partition("\n")[0]
    return next((number for number, line in enumerate(text.splitlines(), 1) if f'"{begin}' in line), 1)


def template_file(folder: Path, sources: SourceTexts) -> Iterator[Finding]:
    """Check that `bot.pot` is what `extract` would write."""
    yield from _same_template(folder / TEMPLATE, template(sources, folder.parent, printed_words(SOURCE_LOCALE, folder)))


def _same_template(path: Path, fresh: po.PoFile) -> Iterator[Finding]:
    present = path.read_text("utf-8", errors="replace") if path.exists() else ""
    if present != po.written(fresh):
        yield Finding(
            path, _first_difference(path, fresh), "stale", f"differs from the flows; run `{COMMAND} i18n extract`"
        )


def _first_difference(path: Path, fresh: po.PoFile) -> int:
    """Return the line of the first text that is not as it would be extracted; 1 if the file can't be read."""
    try:
        entries = po.read(path).entries
    except (po.PoError, OSError):
        return 1
    pairs = zip(entries, fresh.entries, strict=False)
    return next((entry.line for entry, wanted in pairs if replace(entry, line=wanted.line) != wanted), 1)


def strays(folder: Path, known: Collection[str]) -> Iterator[Finding]:
    """Find catalogs of languages that `languages.toml` doesn't list, which nobody would ever see."""
    for path in sorted(folder.glob("*/LC_MESSAGES/bot.po")):
        code = path.parent.parent.name
        if code not in known:
            yield Finding(path, 1, "language", f"[{code}] is not in languages.toml; run `{COMMAND} i18n init {code}`")


def soundness(folder: Path, language: LanguageEntry, slots: Iterable[Slot]) -> Iterator[Finding]:
    """Find what keeps a catalog from being compiled: bad syntax, headers, duplicate ids, texts with errors."""
    path = catalog_path(folder, language.code)
    try:
        file = po.read(path)
    except po.PoError as error:
        yield Finding(error.path, error.line, "syntax", error.message)
        return
    except OSError:
        yield Finding(
            path, 1, "missing", f"there is no catalog; restore it from version control, or {UPDATE} for an empty one"
        )
        return
    yield from _headers(path, file, language)
    yield from _ids(path, file)
    by_id = {slot.id: slot for slot in slots}
    for entry in file.entries:
        slot = by_id.get(entry.id)
        if entry.usable and slot and entry.english == slot.english:
            for fault in faults.errors(slot, entry.translation):
                yield _at(path, entry, fault.code, fault.message)


def _at(path: Path, entry: po.PoEntry, code: str, message: str, *, error: bool = True) -> Finding:
    return Finding(path, entry.line, code, f"{entry.id}: {message}", error)


def _headers(path: Path, file: po.PoFile, language: LanguageEntry) -> Iterator[Finding]:
    if file.fuzzy:
        yield Finding(
            path,
            1,
            "header",
            "the headers are marked fuzzy: tools would skip the whole catalog; remove the `#, fuzzy` above",
        )
    found = {name.lower(): value for name, value in file.headers.items()}
    if (spoken := found.get("language", "").replace("_", "-")) != language.code:
        yield Finding(path, 1, "header", f"Language is {spoken!r}, not {language.code!r}; {UPDATE}")
    if "charset=utf-8" not in found.get("content-type", "").lower().replace(" ", ""):
        yield Finding(path, 1, "header", f"Content-Type must say charset=UTF-8; {UPDATE}")
    if _squeezed(found.get("plural-forms", "")) != _squeezed(language.plural):
        yield Finding(path, 1, "plural", f"Plural-Forms differs from languages.toml ({language.plural}); {UPDATE}")


def _squeezed(rule: str) -> str:
    return "".join(rule.split()).rstrip(";")


def _ids(path: Path, file: po.PoFile) -> Iterator[Finding]:
    lines: dict[str, int] = {}
    for entry in file.entries:
        if not entry.id:
            yield Finding(path, entry.line, "syntax", f"the entry of {entry.english[:40]!r} has no msgctxt; {UPDATE}")
        elif entry.id in lines:
            yield _at(path, entry, "duplicate", f"stands at line {lines[entry.id]} already; remove one of the two")
        lines.setdefault(entry.id, entry.line)
        if entry.plural:
            yield _at(path, entry, "plural", _PLURAL)


_PLURAL = "has plural forms (msgid_plural or msgstr[0]), but no text here has any; keep one msgstr alone"


def coverage(folder: Path, language: LanguageEntry, slots: Iterable[Slot]) -> Iterator[Finding]:
    """Find missing and superfluous texts in a catalog. A language that lacks a legal text is not offered."""
    path = catalog_path(folder, language.code)
    entries = {entry.id: entry for entry in po.read(path).entries}
    wanted = {slot.id: slot for slot in slots}
    for text_id in (text_id for text_id in wanted if text_id not in entries):
        yield Finding(path, 1, "stale", f"{text_id} is not in the catalog; {UPDATE}")
    for text_id, entry in entries.items():
        slot = wanted.get(text_id)
        if slot is None:
            yield _at(path, entry, "stale", f"no text has this id any more; {UPDATE}")
        elif entry.english != slot.english:
            yield _at(path, entry, "stale", f"the English has changed; {UPDATE}")
        elif not entry.usable:
            yield _lacking(path, entry, slot, language)


def comments(folder: Path, language: LanguageEntry, words: Mapping[str, str]) -> Iterator[Finding]:
    """Find comments that show another word to type than the language prints."""
    path = catalog_path(folder, language.code)
    for entry in po.read(path).entries:
        for name, word in outdated(entry, words):
            message = f"the comment's example of {{{name}}} is not {word!r}, the word of the language; {UPDATE}"
            yield _at(path, entry, "stale", message, error=False)


def _lacking(path: Path, entry: po.PoEntry, slot: Slot, language: LanguageEntry) -> Finding:
    if slot.company and slot.accepts(entry.made_for):
        return _at(path, entry, "reworded", "says the earlier English until somebody has looked at it", error=False)
    lack = "waits for a look at the reworded English (fuzzy)" if entry.translation else "has no translation"
    if slot.legal:
        return _at(path, entry, "legal", f"{lack}: without it the language is not offered", error=language.offered)
    return _at(path, entry, "missing", f"{lack}: the message is said in {language.fallback}", error=False)


def advice(folder: Path, language: LanguageEntry, sources: SourceTexts) -> Iterator[Finding]:
    """Find what looks unintended, and choices of one message that can't be told apart."""
    path = catalog_path(folder, language.code)
    usable = {entry.id: entry for entry in po.read(path).entries if entry.usable}
    for slot in sources.slots:
        entry = usable.get(slot.id)
        if entry and entry.english == slot.english and not faults.errors(slot, entry.translation):
            for fault in faults.warnings(slot, entry.translation, sources.widest):
                yield _at(path, entry, fault.code, fault.message, error=False)
    said = {text_id: entry.translation for text_id, entry in usable.items()}
    reported = set()
    for group in sources.together:
        for text_id, same in faults.alike(group, said):
            if text_id not in reported:
                reported.add(text_id)
                yield _at(path, usable[text_id], "unique", f"reads like {same}, which stands beside it in one message")


def compile_all(folder: Path, slots: Iterable[Slot], known: Mapping[str, LanguageEntry] | None = None) -> list[Path]:
    """Write a `.mo` beside each `.po`, without fuzzy texts; return what was written. Drafts with errors are left out.

    Raises `OperatorError` with every finding, and writes none, when the catalog of an offered language is unsound.
    """
    slots = tuple(slots)
    known = languages(folder) if known is None else known
    translated = [language for code, language in known.items() if code != SOURCE_LOCALE]
    found = {language.code: list(soundness(folder, language, slots)) for language in translated}
    serious = [str(finding) for language in translated if language.offered for finding in found[language.code]]
    if serious:
        again = f"nothing was compiled; correct these, then run `{COMMAND} i18n compile` again"
        raise OperatorError("\n".join([*map(with_cure, serious), again]))
    targets = []
    for language in translated:
        if found[language.code]:
            continue
        target = catalog_path(folder, language.code, "mo")
        write_compiled(target, po.read(catalog_path(folder, language.code)))
        targets.append(target)
    return targets


def own(project: Project, only: Collection[str] = ()) -> Iterator[Finding]:
    """Check a company's own catalogs; where there is none, say only what neither it nor ours translates."""
    folder = project.folders.written_locales
    if not only:
        yield from source(project.sources().slots)
        if (folder / TEMPLATE).exists():
            yield from _same_template(folder / TEMPLATE, project.template())
        yield from strays(folder, project.known)
    for code in project.codes(only):
        language, sources = project.known[code], project.sources(code)
        if catalog_path(folder, code).exists():
            yield from _catalog(folder, language, sources, project.printed(code))
        else:
            slots = {slot.id: slot for slot in sources.slots}
            for entry in project.catalog(code).entries:
                if not slots[entry.id].accepts(entry.made_for):
                    yield _lacking(catalog_path(folder, code), replace(entry, line=1), slots[entry.id], language)


def everything(folder: Path, sources: SourceTexts, only: Collection[str] = ()) -> Iterator[Finding]:
    """Check all languages, or `only` some. Raises `OperatorError` when `languages.toml` can't be used."""
    known = languages(folder)
    if not only:
        yield from source(sources.slots)
        yield from template_file(folder, sources)
        yield from strays(folder, known)
    for code, language in known.items():
        if code == SOURCE_LOCALE or (only and code not in only):
            continue
        yield from _catalog(folder, language, sources, printed_words(code, folder))


def _catalog(
    folder: Path, language: LanguageEntry, sources: SourceTexts, words: Mapping[str, str]
) -> Iterator[Finding]:
    unsound = list(soundness(folder, language, sources.slots))
    yield from unsound
    if not any(finding.code in ("syntax", "missing") for finding in unsound):
        yield from coverage(folder, language, sources.slots)
        yield from comments(folder, language, words)
        yield from advice(folder, language, sources)
