"""Reads flows, catalogs, keywords and `business.toml` into a `World` and its `Flows`."""

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from .. import business as business_file
from ..business import Business
from ..conversation import flow_file
from ..conversation.flow import Flows
from ..conversation.functions import OURS, Functions
from ..conversation.templates import TemplateBook
from ..conversation.world import World
from ..errors import FileError
from ..folders import Folders
from ..i18n import catalogs, changes
from ..i18n.texts import Texts
from ..messages.basis import HostBasis
from ..paths import FLOWS, LOCALES
from ..translating.source_texts import check_default, check_texts, check_titles, source_texts
from ..words.intents import Keywords
from ..words.keyword_files import FILE as KEYWORDS
from ..words.keywords import BUILT_IN


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep the garbage collector from rescanning what is read here, which stays in memory."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def load_world(
    flows: str | Path = FLOWS,
    locales: str | Path = LOCALES,
    business: str | Path | None = None,
    *,
    own: str | Path | None = None,
    functions: Functions = OURS,
    host: HostBasis | None = None,
    draft: str = "",
) -> tuple[World, Flows]:
    """Read everything; `own` is the company's folder, whose flows, catalogs and words come over ours.

    `business` is by default the `business.toml` there, else the one among the flows. Flows may name `functions`.

    Reading takes seconds, so a process reads files again only if they have changed: tests may call this for each test.
    `draft` is a language to use before it is offered, for its translator. Raises `FileError`, which names file, key
    and cure.
    """
    flows, locales = Path(flows), Path(locales)
    folders = Folders(flows, locales, Path(own) if own else None)
    source = folders.business_file(Path(business) if business else None)
    stamps = tuple(_stamp(path) for path in (*folders.files(), source))
    return _load(folders, source, functions, host, draft, stamps)


def _stamp(path: Path) -> tuple[Path, int, int]:
    """Return what changes whenever a file does."""
    try:
        status = path.stat()
    except OSError:
        return path.absolute(), 0, 0
    return path.absolute(), status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
@_nothing_collected()
def _load(
    folders: Folders,
    source: Path,
    functions: Functions,
    host: HostBasis | None,
    draft: str,
    _: tuple[tuple[Path, int, int], ...],
) -> tuple[World, Flows]:
    company = business_file.load(source)
    known = catalogs.languages(folders.locales, folders.own_locales)
    check_texts(company, source, known)
    files = flow_file.read(folders.flows, folders.own_flows)
    dialogues = Flows(files, functions)
    spoken = {code: language for code, language in known.items() if _is_spoken(language, company) or code == draft}
    written = source_texts(files, company, source, changes.superseded(changes.read(folders.written_locales)))
    translated, unread = _catalogs(folders, spoken, {slot.id: slot.english for slot in written.slots}, draft)
    texts = Texts(
        written.slots,
        translated,
        fallbacks={code: language.fallback for code, language in spoken.items()},
        draft=draft,
        together=written.together,
    )
    texts.problems[:0] = unread
    check_default(company, source, known, texts)
    keywords = Keywords.load(folders.locales, folders.own_locales)
    check_titles(company, source, keywords)
    if problems := intent_problems(files, keywords, folders):
        raise FileError("\n".join(problems))
    world = World(company, texts, keywords, known, host)
    TemplateBook(world, dialogues, known)  # raises if a template names what there isn't
    return world, dialogues


def intent_problems(files: Sequence[flow_file.FlowFile], keywords: Keywords, folders: Folders) -> Sequence[str]:
    """Return a line for each intent of the company's own that nobody could utter, or that no dialogue answers."""
    declared = {intent: file for file in files if file.own for intent in file.table.intents}
    tapped = {choice for file in files for state in file.table.states for choice in state.choices}
    unclaimed = [
        f"{_words_of(intent, folders)}: no flow claims the intent of [{intent}]; "
        f'add intents = ["{intent}"] to the flow that answers it'
        for intent in sorted(keywords.own - declared.keys())
    ]
    words = folders.written_locales / catalogs.SOURCE_LOCALE / KEYWORDS
    return unclaimed + [
        f"{_with_line(Path(declared[intent].source), 'intents = ')}: intents: nobody can say {intent!r}; "
        f"add its words, [{intent}] words = […], to {words}, or a button of this name"
        for intent in sorted(declared.keys() - keywords.own - tapped - BUILT_IN)
    ]


def _words_of(intent: str, folders: Folders) -> str:
    """Return the file and line where the words of an intent begin."""
    for path in sorted(folders.written_locales.glob(f"*/{KEYWORDS}")):
        if (found := _with_line(path, f"[{intent}]")) != str(path):
            return found
    return str(folders.written_locales)


def _with_line(path: Path, beginning: str) -> str:
    """Return a file with the first line that begins so, if there is one."""
    lines = path.read_text("utf-8-sig", errors="replace").splitlines()
    return next((f"{path}:{number}" for number, line in enumerate(lines, 1) if line.startswith(beginning)), str(path))


def _is_spoken(language: catalogs.LanguageEntry, company: Business) -> bool:
    return language.offered and (
        not company.languages or language.code in {*company.languages, company.default_locale, catalogs.SOURCE_LOCALE}
    )


def _catalogs(
    folders: Folders, codes: Collection[str], english: Mapping[str, str], draft: str
) -> tuple[Mapping[str, Mapping[str, tuple[str, str]]], list[str]]:
    """Return the catalogs, and why some can't be read: those languages are not offered.

    Raises `FileError` for the `draft` that its translator tries out.
    """
    found: dict[str, Mapping[str, tuple[str, str]]] = {}
    unread = []
    for code in codes:
        if code == catalogs.SOURCE_LOCALE:
            continue
        try:
            found[code] = _catalog(folders, code, english)
        except FileError as error:
            if code == draft:
                raise
            unread.append(str(error))
            found[code] = {}
    return found, unread


def _catalog(folders: Folders, code: str, english: Mapping[str, str]) -> Mapping[str, tuple[str, str]]:
    """Return a language's catalog with the company's over it; it may have only one of the two. Raises `FileError`."""
    own = folders.own_locales
    if own is None or not catalogs.catalog_path(own, code).parent.is_dir():
        return catalogs.read(folders.locales, code)
    theirs = catalogs.read(own, code)
    if not catalogs.catalog_path(folders.locales, code).parent.is_dir():
        return theirs
    return catalogs.over(catalogs.read(folders.locales, code), theirs, english)
