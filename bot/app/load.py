"""Reads flows, catalogs, keywords and `business.toml` into a `World` and its `Flows`."""

import gc
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from .. import business as business_file
from ..conversation import flow_file
from ..conversation.flow import Flows
from ..conversation.templates import TemplateBook
from ..conversation.world import World
from ..errors import FileError
from ..i18n import catalogs
from ..i18n.texts import Texts
from ..paths import FLOWS, LOCALES
from ..translating.source_texts import check_texts, check_titles, source_texts
from ..words.intents import Keywords


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
    host_purpose: str | None = None,
    draft: str = "",
) -> tuple[World, Flows]:
    """Read everything; `business` is by default the `business.toml` among the flows.

    Reading takes seconds, so a process reads files again only if they have changed: tests may call this for each test.
    `draft` is a language to use before it is offered, for its translator. Raises `FileError`, which names file, key
    and cure.
    """
    flows, locales = Path(flows), Path(locales)
    source = Path(business) if business else flows / flow_file.NO_FLOW
    stamps = tuple(_stamp(path) for path in (*sorted(flows.glob("*")), *sorted(locales.rglob("*")), source))
    return _load(flows, locales, source, host_purpose, draft, stamps)


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
    flows: Path, locales: Path, source: Path, host_purpose: str | None, draft: str, _: tuple[tuple[Path, int, int], ...]
) -> tuple[World, Flows]:
    company = business_file.load(source)
    known = catalogs.languages(locales)
    check_texts(company, source, known)
    files = flow_file.read(flows)
    dialogues = Flows(files)
    spoken = {code: language for code, language in known.items() if language.offered or code == draft}
    translated, unread = _catalogs(locales, [code for code in spoken if code != catalogs.SOURCE_LOCALE], draft)
    written = source_texts(files, company, source)
    texts = Texts(
        written.slots,
        translated,
        fallbacks={code: language.fallback for code, language in spoken.items()},
        draft=draft,
        together=written.together,
    )
    texts.problems[:0] = unread
    keywords = Keywords.load(locales)
    check_titles(company, source, keywords)
    world = World(company, texts, keywords, host_purpose)
    TemplateBook(world, dialogues, known)  # raises if a template names what there isn't
    return world, dialogues


def _catalogs(
    locales: Path, codes: Collection[str], draft: str
) -> tuple[Mapping[str, Mapping[str, tuple[str, str]]], list[str]]:
    """Return the catalogs, and why some can't be read: those languages are not offered.

    Raises `FileError` for the `draft` that its translator tries out.
    """
    found: dict[str, Mapping[str, tuple[str, str]]] = {}
    unread = []
    for code in codes:
        try:
            found[code] = catalogs.read(locales, code)
        except FileError as error:
            if code == draft:
                raise
            unread.append(str(error))
            found[code] = {}
    return found, unread
