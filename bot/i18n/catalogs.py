"""Translations as they stand in `locales/<language>/LC_MESSAGES/bot.po`, read once at start.

A catalog is a plain mapping from text id (`msgctxt`) to translated text; empty and fuzzy ones are left out.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

SOURCE_LOCALE = "en"
"""The language in which the texts are written."""


class CatalogError(ValueError):
    """`languages.toml` or a catalog can't be used; the message names the file and the cure."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language as `locales/languages.toml` describes it."""

    code: str
    offered: bool
    """Spoken with customers; a draft is only for the translator's eyes."""
    fallback: str = SOURCE_LOCALE
    template: str = ""
    """Meta's code of the language in message templates, e.g. `pt_BR`; empty when Meta has none."""
    reviewed: bool = False
    """Whether a native speaker has read it."""
    plural: str = "nplurals=2; plural=(n != 1);"
    """The `Plural-Forms` header of its catalog."""


def languages(folder: Path) -> dict[str, Language]:
    """Read `languages.toml`. Raises `CatalogError`."""
    path = folder / "languages.toml"
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{path}: can't be read ({error}); restore it from version control") from error
    found = {}
    for code, entry in table.items():
        try:
            status = entry.pop("status")
            if status not in ("offered", "draft"):
                raise CatalogError(f"{path}: [{code}] status must be 'offered' or 'draft', not {status!r}")
            found[code] = Language(code=code, offered=status == "offered", **entry)
        except (KeyError, TypeError) as error:
            raise CatalogError(f"{path}: [{code}] {error}; see the other entries for the keys") from error
    return found


def catalog_path(folder: Path, code: str, suffix: str = "po") -> Path:
    """Return where a language's catalog stands."""
    return folder / code / "LC_MESSAGES" / f"bot.{suffix}"


def read(folder: Path, code: str) -> Mapping[str, tuple[str, str]]:
    """Return text id → (English, translation) of a language, from the `.mo` if it was compiled, else the `.po`.

    Raises `CatalogError` when there is neither.
    """
    compiled, source = catalog_path(folder, code, "mo"), catalog_path(folder, code)
    fresh = compiled.exists() and (not source.exists() or compiled.stat().st_mtime >= source.stat().st_mtime)
    path = compiled if fresh else source
    try:
        with path.open("rb") as file:
            catalog = read_mo(file) if fresh else read_po(file, locale=code.replace("-", "_"))
    except (OSError, ValueError) as error:
        raise CatalogError(f"{path}: can't be read ({error}); run `python -m bot i18n compile`") from error
    return {
        message.context: (str(message.id), str(message.string))
        for message in catalog
        if message.context and message.string and not message.fuzzy
    }


def compile_all(folder: Path) -> list[Path]:
    """Write a `.mo` beside each `.po`, without fuzzy texts; return what was written. Raises `CatalogError`."""
    written = []
    for code in languages(folder):
        source = catalog_path(folder, code)
        if not source.exists():
            continue
        try:
            with source.open("rb") as file:
                catalog: Catalog = read_po(file, locale=code.replace("-", "_"), abort_invalid=True)
        except (ValueError, OSError) as error:
            raise CatalogError(f"{source}: {error}") from error
        target = catalog_path(folder, code, "mo")
        with target.open("wb") as file:
            write_mo(file, catalog)
        written.append(target)
    return written
