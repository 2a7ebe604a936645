"""A page for one language: bubbles with buttons and lists, counters against limits, missing and fuzzy texts marked."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import jinja2
from babel.dates import format_date
from markupsafe import Markup, escape

from ...conversation.compose import FOOTER, LIST
from ...conversation.flow_file import FlowFile, StateTable
from ...i18n.bidi import isolated, right_to_left
from ...i18n.cldr import babel_locale, period, territory_name
from ...i18n.po import PoEntry
from ...i18n.slot import Slot, SourceTexts, TextError, TextTemplate, length
from ...i18n.texts import LIMITS, MAX_BUTTONS, TextKind

_MARKS = {"*": "b", "_": "i", "~": "s"}
_MARKED = re.compile(r"(?<!\w)([*_~])(\S(?:[^\n]*?\S)?)\1(?!\w)")
_ON_PAPER = "document"
"""The flow whose texts appear in documents and on web pages."""

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as it is drawn."""

    id: str
    kind: str
    limit: int
    size: int
    worst: int
    """Characters with the longest possible values of its placeholders."""
    state: str
    """done, fuzzy or missing."""
    html: Markup
    english: Markup
    note: str
    legal: bool

    @property
    def too_long(self) -> bool:
        """Whether WhatsApp would refuse it."""
        return self.size > self.limit


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message with what can be tapped under it."""

    text: Shown
    footer: Shown
    options: Sequence[Shown] = ()
    as_list: Shown | None = None
    """The label that opens the list, if the options don't fit as buttons."""


@dataclass(frozen=True, slots=True)
class Section:
    """A dialogue."""

    name: str
    about: str
    messages: Sequence[Bubble]


@dataclass(frozen=True, slots=True)
class DocumentLines:
    """Texts that appear in documents and on web pages and are never sent as messages."""

    name: str
    about: str
    lines: Sequence[Shown]


def page(
    code: str,
    files: Sequence[FlowFile],
    sources: SourceTexts,
    entries: Mapping[str, PoEntry],
    words: Mapping[str, str],
    others: Sequence[str],
) -> str:
    """Return the page of a language.

    `entries` are its catalog (empty for English), `words` the keywords that it shows by the names of their
    placeholders, `others` the other pages.
    """
    texts = _Texts(code, sources, entries, words)
    sections = [
        section for file in files if file.table.flow != _ON_PAPER and (section := _section(file, texts)).messages
    ]
    messages = [message for section in sections for message in section.messages]
    said = {shown.id for message in messages for shown in (message.text, *message.options)}
    papers = [paper for file in files if (paper := _paper(file, texts)).lines]
    said |= {shown.id for paper in papers for shown in paper.lines}
    rest = [slot for slot in sources.slots if slot.id not in said]
    states = [texts.shown(slot.id).state for slot in sources.slots]
    html: str = _template().render(
        code=code,
        rtl=right_to_left(code),
        sections=sections,
        papers=papers,
        rest=[texts.shown(slot.id) for slot in rest],
        counts={state: states.count(state) for state in ("done", "fuzzy", "missing")},
        total=len(states),
        others=others,
    )
    return html


class _Texts:
    """The texts of one language, drawn with the examples of their placeholders."""

    def __init__(
        self, code: str, sources: SourceTexts, entries: Mapping[str, PoEntry], words: Mapping[str, str]
    ) -> None:
        self._code = code
        self._words = words
        self._inside = {"European Union": territory_name("EU", code)} | {
            slot.english: entries[slot.id].translation
            for slot in sources.slots
            if slot.id.startswith("purpose.") and slot.id in entries and entries[slot.id].translation
        }
        self._rtl = right_to_left(code)
        self._slots = {slot.id: slot for slot in sources.slots}
        self._widest = sources.widest
        self._entries = entries

    def __contains__(self, text_id: str) -> bool:
        return text_id in self._slots

    def slot(self, text_id: str) -> Slot:
        """Return a text's slot."""
        return self._slots[text_id]

    def shown(self, text_id: str) -> Shown:
        """Draw a text: its translation, or the English text if there is none."""
        slot = self._slots[text_id]
        entry = self._entries.get(text_id)
        text, state = slot.english, "done" if not self._entries else "missing"
        if entry is not None and entry.translation:
            looked_at = not entry.fuzzy and entry.english == slot.english
            text, state = entry.translation, "done" if looked_at else "fuzzy"
        examples = {name: localized(value, self._code, self._inside) for name, value in slot.examples.items()}
        examples |= self._words
        filled = self._filled(text, examples)
        return Shown(
            id=slot.id,
            kind=slot.kind.value.replace("_", " "),
            limit=LIMITS[slot.kind],
            size=length(filled),
            worst=length(self._filled(text, {**examples, **self._widest})),
            state=state,
            html=formatted(filled),
            english=formatted(self._filled(slot.english, slot.examples)),
            note=slot.note,
            legal=slot.legal,
        )

    def _filled(self, text: str, values: Mapping[str, str]) -> str:
        try:
            return TextTemplate.parse(text).fill(dict(values), lambda value: isolated(value, rtl=self._rtl))
        except TextError:
            return text  # reported by `i18n check`


def _section(file: FlowFile, texts: _Texts) -> Section:
    table = file.table
    messages = [message for state in table.states for message in _of_state(file, state, texts)]
    for transition in table.transitions:
        messages += [_message(file, name, (), texts) for name in transition.says]
    unique = {message.text.id: message for message in reversed(messages)}
    told_later = [name for name, text in table.texts.items() if text.kind is TextKind.BODY]  # by whoever does the work
    more = [_message(file, name, (), texts) for name in told_later if f"{table.flow}.{name}" not in unique]
    return Section(table.flow, _about(file), [*reversed(unique.values()), *more])


def _paper(file: FlowFile, texts: _Texts) -> DocumentLines:
    lines = [texts.shown(slot.id) for slot in file.slots] if file.table.flow == _ON_PAPER else []
    return DocumentLines(file.table.flow, _about(file), lines)


def _about(file: FlowFile) -> str:
    return Path(file.source).read_text("utf-8").partition("\n")[0].lstrip("# ")


def _of_state(file: FlowFile, state: StateTable, texts: _Texts) -> Iterator[Bubble]:
    for name in state.texts:
        yield _message(file, name, state.choices, texts)


def _message(file: FlowFile, name: str, choices: Iterable[str], texts: _Texts) -> Bubble:
    def found(wanted: str) -> str:
        return next(text_id for text_id in file.candidates(wanted) if text_id in texts)

    options = [texts.shown(found(choice)) for choice in choices]
    buttons = len(options) <= MAX_BUTTONS and all(option.size <= LIMITS[TextKind.BUTTON] for option in options)
    as_list = None if buttons else texts.shown(LIST)
    return Bubble(texts.shown(found(name)), texts.shown(FOOTER), options, as_list)


def formatted(text: str) -> Markup:
    """Return a text as WhatsApp draws it: *bold*, _italic_, ~struck~, links, line breaks."""
    html = str(escape(text))
    for _ in range(3):
        html = _MARKED.sub(lambda mark: f"<{_MARKS[mark[1]]}>{mark[2]}</{_MARKS[mark[1]]}>", html)
    html = _LINK.sub(lambda link: f'<span class="link" dir="ltr">{link[0]}</span>', html)
    return Markup(html)


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("page.html.j2")


_DAY = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_YEARS = re.compile(r"(\d+) years?")


def localized(example: str, code: str, translations: Mapping[str, str]) -> str:
    """Return `example`, written in English in the flows, in the language `code`.

    `translations`: English text → translation, for texts that may be part of a value, such as titles of purposes.
    """
    if years := _YEARS.fullmatch(example):
        return period(timedelta(days=365 * int(years[1])), code)
    if _DAY.fullmatch(example):
        number, month, year = example.split()
        day = date(int(year), _MONTHS.index(month[:3]) // 3 + 1, int(number))
        return format_date(day, "medium", locale=babel_locale(code))
    for english, translation in translations.items():
        example = example.replace(english, translation)
    return example
