"""Updates a catalog from the template, text by text and only by id.

A reworded text keeps its translation as fuzzy, with the English it was made for. A new text starts empty: no
translation is ever guessed from a similar text, which could say the opposite ("Stop sending" / "Start sending").
Translators' comments stay; flags and notes come from the template alone, so that no old limit lingers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..i18n.catalogs import LanguageEntry
from ..i18n.po import PoEntry, PoFile
from .examples import spoken
from .extract import headers


def updated(
    catalog: PoFile, template: PoFile, language: LanguageEntry, words: Mapping[str, str] | None = None
) -> PoFile:
    """Return `catalog` with the texts of `template`; for a new language, `catalog` is an empty `PoFile()`.

    `words` are the words to type in the language, by their placeholders: comments show them as examples.
    """
    present = {entry.id: entry for entry in catalog.entries}
    gone = {entry.id: entry for entry in catalog.obsolete}
    texts = [spoken(text, words or {}) for text in template.entries]
    entries = tuple(_merged(present.get(text.id) or gone.get(text.id), text) for text in texts)
    return PoFile(
        headers=_headers(catalog, language),
        entries=entries,
        obsolete=tuple(_obsolete(catalog, {entry.id for entry in entries})),
        comments=catalog.comments,
    )


def _headers(catalog: PoFile, language: LanguageEntry) -> dict[str, str]:
    """Return our headers, then the translators' (who, when, with what), without the template's date, which is noise."""
    ours = headers(language.code, language.plural)
    theirs = {name: value for name, value in catalog.headers.items() if name not in ours and name not in _DROPPED}
    return ours | theirs


_DROPPED = ("POT-Creation-Date", "Generated-By")


def _merged(old: PoEntry | None, text: PoEntry) -> PoEntry:
    if old is None:
        return text
    if not old.translation:
        return replace(text, comments=old.comments)
    reworded = old.english != text.english
    fuzzy = old.fuzzy or reworded
    made_for = (old.previous if old.fuzzy else "") or old.english
    return replace(
        text,
        translation=old.translation,
        fuzzy=fuzzy,
        previous=made_for if fuzzy and made_for != text.english else "",
        comments=old.comments,
    )


def _obsolete(catalog: PoFile, wanted: set[str]) -> Iterator[PoEntry]:
    """Yield the entries that are gone, with translations and comments in case they come back."""
    seen = set(wanted)
    for entry in (*catalog.entries, *catalog.obsolete):
        if entry.translation and entry.id not in seen:
            seen.add(entry.id)
            yield replace(entry, notes=(), flags=(), source="")
