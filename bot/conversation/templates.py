"""Message templates: what the business says first, composed from the texts like any other message.

What is the same in every message (the company's name, the words to type, the address of the notice) stands in the
template itself; only what differs is a parameter. So what Meta approves is what a person reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import FileError
from ..i18n.catalogs import LanguageEntry
from ..messages.reply import Button
from ..messages.template import Category, MessageTemplate
from .compose import FOOTER
from .flow import Flows
from .world import World

NOTICE, STOP_WORD, BUSINESS = "notice_url", "stop_word", "business"
"""Placeholders that the law is about."""

_OPTS_OUT = frozenset({"stop", "my_choices"})
"""Buttons that lead out."""


def part_id(template_id: str, part: str) -> str:
    """Return the id of a text of one of the company's own templates: its `header`, `body` or `footer`."""
    return f"template.{template_id}.{part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTexts:
    """A template before it has a language: the ids of its texts."""

    text_id: str
    category: Category
    body: str
    header: str = ""
    footer: str = FOOTER
    options: Sequence[tuple[str, str]] = ()
    """Buttons: what a tap sends back, and the id of the label."""
    asks: bool = False
    """Whether it asks for consent."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """An example of each parameter; if it asks for consent, the first purpose is the example instead."""

    @property
    def ids(self) -> Iterator[str]:
        """The ids of all its texts."""
        yield from filter(None, (self.body, self.header, self.footer))
        yield from (label for _, label in self.options)


class TemplateBook:
    """All templates of a business, in each language that the channel has a code for."""

    def __init__(self, world: World, flows: Flows, languages: Mapping[str, LanguageEntry]) -> None:
        """`languages` are those of `locales/languages.toml`. Raises `FileError` for a button that does not exist."""
        self._world = world
        self._languages = languages
        self._composed: dict[tuple[str, str], MessageTemplate] = {}
        self.texts: Mapping[str, TemplateTexts] = {
            texts.text_id: texts for texts in (*_of_flows(world, flows), *_of_business(world, flows))
        }

    def __iter__(self) -> Iterator[MessageTemplate]:
        """Yield each template in each language that has all of its texts and a code at the channel."""
        for texts in self.texts.values():
            for locale in self._world.texts.offered:
                if self._speaks(texts, locale):
                    yield self._template(texts, locale)

    def versions(self, text_id: str, locale: str) -> Iterator[MessageTemplate]:
        """Yield a template in the languages of a person's fallback chain, the best first; nothing if it is unknown."""
        texts = self.texts.get(text_id)
        while texts is not None:
            if self._speaks(texts, locale):
                yield self._template(texts, locale)
            if locale == self._world.texts.source_locale:
                return
            locale = self._following(locale)

    def values(self, purpose: str, locale: str) -> Mapping[str, str]:
        """Return the parameters of a question for consent to a purpose."""
        title, description = self._world.language(locale).purposes[purpose]
        return {"purpose": title, "description": description}

    def _following(self, locale: str) -> str:
        entry = self._languages.get(locale)
        return entry.fallback if entry else self._world.texts.source_locale

    def _speaks(self, texts: TemplateTexts, locale: str) -> bool:
        entry = self._languages.get(locale)
        return bool(entry and entry.template and self._world.texts.locale_for(texts.ids, locale) == locale)

    def _template(self, texts: TemplateTexts, locale: str) -> MessageTemplate:
        key = texts.text_id, locale
        if (known := self._composed.get(key)) is None:
            known = self._composed[key] = self._compose(texts, locale)
        return known

    def _compose(self, texts: TemplateTexts, locale: str) -> MessageTemplate:
        said, values = self._world.texts, self._world.language(locale).values
        body = said.filled_in_part(texts.body, locale, values)
        examples = texts.examples
        if texts.asks:
            examples = self.values(self._world.business.purposes[0].id, locale)
        return MessageTemplate(
            text_id=texts.text_id,
            locale=locale,
            language=self._languages[locale].template,
            category=texts.category,
            pieces=body.pieces,
            header=said.render(texts.header, locale, values) if texts.header else "",
            footer=said.render(texts.footer, locale, values) if texts.footer else "",
            buttons=tuple(Button(name, said.render(label, locale, values)) for name, label in texts.options),
            examples={name: example for name, example in examples.items() if name in body.names},
        )

    # --- what must be in each

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield what Meta or the law would object to, each with its cure."""
        for texts in self.texts.values():
            for locale in self._world.texts.offered:
                if self._speaks(texts, locale):
                    where = f"template {texts.text_id} [{locale}]"
                    for problem, cure in self._faults(texts, locale):
                        yield f"{where} {problem}", cure

    def _faults(self, texts: TemplateTexts, locale: str) -> Iterator[tuple[str, str]]:
        template, words = self._template(texts, locale), self._world.language(locale).values
        shown = "\n".join((template.header, *(literal for literal, _ in template.pieces), template.footer))
        if words[BUSINESS] not in shown:
            yield "does not say who sends it", f"put {{{BUSINESS}}} into its header, body or footer"
        if words[STOP_WORD] not in shown and not any(button.id in _OPTS_OUT for button in template.buttons):
            yield "does not say how to stop", f"put {{{STOP_WORD}}} into its body or footer, or leave out its footer"
        if texts.asks and words[NOTICE] not in shown:
            yield "asks for consent without the privacy notice", f"put {{{NOTICE}}} into its body"
        if not template.pieces[0][0].strip():
            yield "begins with a parameter, which Meta refuses", "put words before it"
        if template.pieces[-1][1] is not None:
            yield "ends with a parameter, which Meta refuses", "put words after it"
        if "{{" in shown or "}}" in shown:
            yield "has two braces in a row, which Meta takes for a parameter", "write it otherwise"


def _of_flows(world: World, flows: Flows) -> Iterator[TemplateTexts]:
    question = flows[flows.question.flow].state(flows.question.state).table
    asking = flows[flows.question.flow].text_id(question.say)
    for said in flows.said_first:
        yield TemplateTexts(
            text_id=said.text_id,
            category=said.category,
            body=said.text_id,
            options=said.options,
            asks=said.text_id == asking,
            examples=world.texts.slots[said.text_id].examples,
        )


def _of_business(world: World, flows: Flows) -> Iterator[TemplateTexts]:
    labels = dict(flows.labels)
    for table in world.business.templates:
        if unknown := [name for name in table.buttons if name not in labels]:
            known = ", ".join(sorted(labels))
            raise FileError(f"business.toml: templates: {table.id!r} has a button {unknown[0]!r}; name one of {known}")
        yield TemplateTexts(
            text_id=table.id,
            category=table.category,
            header=part_id(table.id, "header") if table.header else "",
            body=part_id(table.id, "body"),
            footer=part_id(table.id, "footer") if table.footer else FOOTER,
            options=[(name, labels[name]) for name in table.buttons],
            examples=table.vars,
        )
