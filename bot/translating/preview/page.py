"""Pages that work offline: one for each language, with its dialogues as conversations, and one that lists them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jinja2

from ...conversation.flow_file import FlowFile
from ...i18n.bidi import right_to_left
from ...i18n.cldr import autonym, babel_locale
from ...i18n.po import PoEntry
from ...i18n.slot import SourceTexts
from ...words.keywords import Intent
from .conversation import Exchange, beginnings, bubbles, exchanges
from .drawn import Shown, Texts

_ON_PAPER = "document"
"""The flow whose texts appear in documents and on web pages."""


@dataclass(frozen=True, slots=True)
class Section:
    """A dialogue."""

    name: str
    about: str
    exchanges: Sequence[Exchange]


@dataclass(frozen=True, slots=True)
class DocumentLines:
    """Texts that appear in documents and on web pages and are never sent as messages."""

    name: str
    about: str
    lines: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class Language:
    """A language with its catalog and the words that customers type, as the preview needs them."""

    code: str
    entries: Mapping[str, PoEntry]
    """The catalog by text id; empty for English."""
    values: Mapping[str, str]
    """The printed words by the names of their placeholders …"""
    words: Mapping[str, str]
    """… and by intent."""
    offered: bool = True


def page(
    language: Language, files: Sequence[FlowFile], sources: SourceTexts, others: Sequence[str], offered: Sequence[str]
) -> str:
    """Return the page of a language; `others` are the languages of the other pages, `offered` those to choose from."""
    texts = Texts(language.code, sources, language.entries, language.values)
    names = [autonym(code) for code in offered]
    begins = beginnings(files)
    sections = []
    for file in sorted(files, key=_place):
        greets = Intent.START in file.table.intents
        told = exchanges(file, texts, language.words, names, greets=greets, begins=begins)
        if told and file.table.flow != _ON_PAPER:
            sections.append(Section(file.table.flow, _about(file), told))
    drawn = [bubble for section in sections for bubble in bubbles(section.exchanges)]
    said = {shown.id for bubble in drawn for shown in (bubble.text, *bubble.leads, *bubble.options)}
    papers = [_paper(file, texts) for file in files if file.table.flow == _ON_PAPER]
    said |= {shown.id for paper in papers for shown in paper.lines}
    html: str = _template("page.html.j2").render(
        code=language.code,
        name=_name(language.code),
        offered=language.offered,
        rtl=right_to_left(language.code),
        sections=sections,
        papers=papers,
        rest=[texts.shown(slot.id) for slot in sources.slots if slot.id not in said],
        counts=_counts(texts, sources),
        total=len(sources.slots),
        others=others,
    )
    return html


def index(languages: Sequence[Language], sources: SourceTexts) -> str:
    """Return the page that lists the pages of these languages, and every text with where it is shown."""
    rows = [
        (
            language,
            _name(language.code),
            _counts(Texts(language.code, sources, language.entries, language.values), sources),
        )
        for language in languages
    ]
    html: str = _template("index.html.j2").render(rows=rows, slots=sources.slots, total=len(sources.slots))
    return html


def _counts(texts: Texts, sources: SourceTexts) -> Mapping[str, int]:
    states = [texts.shown(slot.id).state for slot in sources.slots]
    return {state: states.count(state) for state in ("done", "fuzzy", "missing")}


def _name(code: str) -> str:
    english = babel_locale(code).get_display_name("en") or code
    own = autonym(code)
    return english if own == english else f"{english} · {own}"


def _paper(file: FlowFile, texts: Texts) -> DocumentLines:
    return DocumentLines(file.table.flow, _about(file), [texts.shown(slot.id) for slot in file.slots])


def _place(file: FlowFile) -> tuple[bool, bool]:
    """Return the place of a dialogue: the question for consent first, texts that nobody asks for last."""
    return not file.table.intents, Intent.START not in file.table.intents


def _about(file: FlowFile) -> str:
    return Path(file.source).read_text("utf-8").partition("\n")[0].lstrip("# ")


@lru_cache(maxsize=2)
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template(name)
