"""Translations from `locales/<language>/LC_MESSAGES/bot.po`, read once at start.

A catalog is a plain mapping from text id (`msgctxt`) to translated text; empty translations are left out, and fuzzy
ones unless they name the English that they were made for. The company's own catalogs come over ours.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from pydantic import BaseModel, ConfigDict, RootModel
from pydantic_core import ErrorDetails

from .. import toml_file
from ..errors import FileError, problem_and_cure
from ..paths import COMMAND
from . import po
from .cldr import babel_locale

SOURCE_LOCALE = "en"
"""The language in which the texts are written."""

LANGUAGES = "languages.toml"

_PLURAL = "nplurals=2; plural=(n != 1);"
"""The `Plural-Forms` header of most languages."""


@dataclass(frozen=True, slots=True)
class LanguageEntry:
    """A language as `locales/languages.toml` describes it."""

    code: str
    offered: bool
    """Whether customers get it; a draft is only for its translator."""
    fallback: str = SOURCE_LOCALE
    template: str = ""
    """Meta's code of the language in message templates, e.g. `pt_BR`; empty when Meta has none."""
    reviewed: bool = False
    """Whether a native speaker has reviewed it."""
    plural: str = _PLURAL
    """The `Plural-Forms` header of its catalog."""


class _Entry(BaseModel):
    """A table of `languages.toml`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: Literal["offered", "draft"]
    fallback: str = SOURCE_LOCALE
    template: str = ""
    plural: str = _PLURAL
    reviewed: bool = False


class _File(RootModel[dict[str, _Entry]]):
    """Language → its table."""


def languages(folder: Path, own: Path | None = None) -> dict[str, LanguageEntry]:
    """Read `languages.toml`, and over it that of the company's `own` folder, if there is any. Raises `FileError`."""
    path = folder / LANGUAGES
    found = _languages(path)
    if own is not None and (own / LANGUAGES).exists():
        path = own / LANGUAGES
        found |= _languages(path)
    for code in found:
        _check_fallbacks(path, code, found)
    return found


def _languages(path: Path) -> dict[str, LanguageEntry]:
    table = toml_file.load(path, _File, _cure).root
    return {code: _language(path, code, entry) for code, entry in table.items()}


def _cure(problem: ErrorDetails) -> str:
    match problem["type"]:
        case "literal_error":
            return f"neither of the two words; write {problem['ctx']['expected']}"
        case "extra_forbidden":
            return f"unknown key; write one of {', '.join(_Entry.model_fields)}"
        case "model_type":
            return "not a table; write a line for each key, as in the other entries"
        case "bool_type":
            return "not a yes or no; write true or false, without quotes"
        case "string_type":
            return "not a text; put it in quotes"
        case _:
            return toml_file.cure_by_example(problem, "[en] of the same file")


def _language(path: Path, code: str, entry: _Entry) -> LanguageEntry:
    try:
        babel_locale(code)
    except ValueError:
        raise FileError(f"{path}: {code}: no language that CLDR knows; write e.g. [pt-BR]") from None
    return LanguageEntry(code=code, offered=entry.status == "offered", **entry.model_dump(exclude={"status"}))


def _check_fallbacks(path: Path, code: str, found: Mapping[str, LanguageEntry]) -> None:
    """Refuse a fallback chain that doesn't end at the source language: looking for a message would never end."""
    chain = [code]
    while chain[-1] != SOURCE_LOCALE:
        following = found[chain[-1]].fallback
        if following not in found and following != SOURCE_LOCALE:
            raise FileError(f"{path}: [{chain[-1]}] fallback {following!r} is not in this file; add it or leave it out")
        if following in chain:
            raise FileError(f"{path}: [{code}] fallbacks go in a circle: {' → '.join([*chain, following])}; change one")
        chain.append(following)


def catalog_path(folder: Path, code: str, suffix: str = "po") -> Path:
    """Return the path of a language's catalog."""
    return folder / code / "LC_MESSAGES" / f"bot.{suffix}"


def read(folder: Path, code: str) -> Mapping[str, tuple[str, str]]:
    """Return text id → (English, translation) of a language, from the `.mo` if it was compiled, else the `.po`.

    The English is what the translation was made for, which may have been reworded since. Raises `FileError` when there
    is neither file, or it is broken.
    """
    compiled, source = catalog_path(folder, code, "mo"), catalog_path(folder, code)
    fresh = compiled.exists() and (not source.exists() or compiled.stat().st_mtime >= source.stat().st_mtime)
    if fresh:
        return _read_compiled(compiled)
    try:
        file = po.read(source)
    except (OSError, po.PoError) as error:
        problem, _ = problem_and_cure(str(error))
        raise FileError(f"{source}: can't be read ({problem}); run `{COMMAND} i18n check {code}`") from error
    return {entry.id: (entry.made_for, entry.translation) for entry in file.entries if entry.made_for}


def over(
    ours: Mapping[str, tuple[str, str]], own: Mapping[str, tuple[str, str]], english: Mapping[str, str]
) -> Mapping[str, tuple[str, str]]:
    """Return a catalog of ours with the company's `own` over it; `english` are the texts of today.

    A translation of ours counts where the company's is of another English, and ours is not.
    """
    merged = dict(ours)
    for text_id, (made_for, translation) in own.items():
        today = english.get(text_id, made_for)
        if made_for == today or merged.get(text_id, ("", ""))[0] != today:
            merged[text_id] = (made_for, translation)
    return merged


def _read_compiled(path: Path) -> Mapping[str, tuple[str, str]]:
    try:
        with path.open("rb") as file:
            catalog = read_mo(file)
    except (OSError, ValueError, LookupError, struct.error) as error:
        raise FileError(f"{path}: can't be read ({error}); run `{COMMAND} i18n compile`") from error
    return {
        _text(message.context): (str(message.id), str(message.string))
        for message in catalog
        if message.context and message.string
    }


def _text(context: str | bytes) -> str:
    """Decode a message's context, which Babel 2.18 leaves as bytes."""
    return context.decode() if isinstance(context, bytes) else context


def write_compiled(path: Path, file: po.PoFile) -> None:
    """Write a catalog as `.mo`, atomically: each translation under the English that it was made for."""
    catalog = Catalog(fuzzy=False, charset="utf-8")
    catalog.mime_headers = list(file.headers.items())
    for entry in file.entries:
        if entry.made_for:
            catalog.add(entry.made_for, entry.translation, context=entry.id)
    unfinished = path.with_suffix(".mo.new")
    with unfinished.open("wb") as target:
        write_mo(target, catalog)
    unfinished.replace(path)
