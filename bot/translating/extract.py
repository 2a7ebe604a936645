"""The template of all catalogs, `locales/bot.pot`: every text with everything that its translator must know.

The same texts always give the same bytes: no dates, no line numbers, in the order of the flow files. Limits are
in comments, because editors keep those; the flags beside them are for tools that understand them.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..i18n.po import PoEntry, PoFile
from ..i18n.slot import Slot, SourceTexts, TextTemplate
from .examples import example, spoken

TEMPLATE = "bot.pot"

PROJECT = "consentbot"

_NAMES = {
    "body": "message",
    "text": "message",
    "header": "message header",
    "footer": "message footer",
    "button": "button",
    "list_button": "button that opens a list",
    "row": "list row",
    "row_description": "description of a list row",
    "phrase": "part of a message",
}


def template(sources: SourceTexts, root: Path, words: Mapping[str, str] | None = None) -> PoFile:
    """Return the template; `root` is the folder that names of source files are relative to.

    `words` are the English words to type, by their placeholders: comments show them as examples.
    """
    return PoFile(
        headers=headers(),
        entries=tuple(
            spoken(_entry(slot, root, sources.appearances.get(slot.id, ())), words or {}) for slot in sources.slots
        ),
        comments=("Texts of consentbot, for translators. Written by `i18n extract`; don't edit.",),
    )


def headers(language: str = "", plural: str = "") -> dict[str, str]:
    """Return the headers that the program sets."""
    return {
        "Project-Id-Version": PROJECT,
        "Language": language.replace("-", "_"),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        **({"Plural-Forms": plural} if plural else {}),
    }


def _entry(slot: Slot, root: Path, appearances: Sequence[str]) -> PoEntry:
    return PoEntry(
        id=slot.id,
        english=slot.english,
        notes=tuple(_notes(slot, appearances)),
        source=_relative(slot.source, root),
        flags=tuple(_flags(slot)),
    )


def _notes(slot: Slot, appearances: Sequence[str]) -> Iterable[str]:
    yield from appearances
    if slot.note:
        yield slot.note
    names = sorted(TextTemplate.parse(slot.english).names)
    yield (
        f"WhatsApp {_NAMES[slot.kind]}, at most {slot.limit} characters"
        f"{' with the example values' if names else ''}{', on one line' if slot.single_line else ''}."
    )
    if names:
        yield f"Copy unchanged: {', '.join(f'{{{name}}}' for name in names)}."
        for name in names:
            yield example(name, slot.examples.get(name, "").replace("\n", " / "))
    if slot.legal:
        yield "Legal: without this text the language is not offered. Add nothing, leave nothing out."
    yield f"Seen in its place (`i18n preview`): preview/LANGUAGE.html#{slot.id}"


def _flags(slot: Slot) -> Iterable[str]:
    """Return the flags for tools, which count the raw text: a limit is right only without placeholders."""
    if TextTemplate.parse(slot.english).names:
        yield "python-brace-format"
    else:
        yield f"max-length:{slot.limit}"


def _relative(source: str, root: Path) -> str:
    """Return a name for a file that is the same on every machine: relative to `root`, else without its folder."""
    path = Path(source)
    if path.is_absolute() and not path.is_relative_to(root):
        return path.name
    return (path.relative_to(root) if path.is_absolute() else path).as_posix()
