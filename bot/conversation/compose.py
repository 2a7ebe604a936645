"""Makes a message: a text with its footer and, under it, choices as buttons or as a list, all in one language."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from ..consent import answers
from ..consent.rights import Right
from ..i18n.texts import LIMITS, MAX_BUTTONS, MAX_ROWS, TextKind, Texts, length, put_in
from ..messages.inbound import QuestionTemplate
from ..messages.reply import Button, Document, Reply, Row, Template
from ..words.intents import Intent
from .placeholders import LanguageValues, Values
from .world import World

FOOTER = "common.footer"
"""The footer that says how to stop."""

HELLO = "common.hello"
"""The first line of our first message: who speaks, and that it is a machine (EU AI Act, Art. 50(1))."""

UNCLEAR = "common.unclear"
"""What begins a message that follows something that was not understood."""

BEGINNINGS = frozenset({HELLO, UNCLEAR, "common.undelivered", "common.reach"})
"""Texts that the program, and no flow file, puts at the beginning of a message; they never stand alone."""

INTRODUCES = frozenset({"about.robot", "about.who", "small_talk.greeting"})
"""Texts that say who speaks themselves, so that no `HELLO` comes before them."""

LIST = "common.list"
"""The label that opens a list."""

TOLD = answers.TEXTS | {text_id for right in Right for text_id in right.says}
"""Texts that only tasks and operators say, outside of a flow's states."""

DOCUMENT = "document"
"""The flow whose texts appear in documents and on the page behind their link, never in a chat."""


class HasPlaceholder(Protocol):
    """Texts that tell what stands in them."""

    def has(self, text_id: str, placeholder: str) -> bool:
        """Whether a text contains a placeholder."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose."""

    id: str
    """The id that comes back when it is tapped."""
    text_id: str = ""
    """The text that is its label …"""
    title: str = ""
    """… or its label, if that is the same in every language."""
    description_id: str = ""
    """The text that explains it in a list."""

    @property
    def text_ids(self) -> tuple[str, ...]:
        """The texts that it shows."""
        return tuple(text_id for text_id in (self.text_id, self.description_id) if text_id)


@dataclass(frozen=True, slots=True)
class Composition:
    """The parts of a message, before it has a language."""

    text_id: str
    options: Sequence[Option] = ()
    question: str = ""
    """The pending question that it asks."""
    stoppable: bool = True
    """Whether there is anything to stop, so that the footer says how."""

    def language(self, texts: Texts, locale: str) -> str:
        """Return the first language of `locale`'s fallback chain in which the whole message exists."""
        option_texts = (text_id for option in self.options for text_id in option.text_ids)
        return texts.locale_for((self.text_id, FOOTER, LIST, *option_texts), locale)

    def reply(self, texts: Texts, locale: str, values: Mapping[str, str]) -> Reply:
        """Return the message in `locale`, a language that `language` has chosen."""
        rows = tuple(
            Row(
                option.id,
                option.title or texts.render(option.text_id, locale, values),
                texts.render(option.description_id, locale, values) if option.description_id else "",
            )
            for option in self.options[:MAX_ROWS]
        )
        buttons = _fit_buttons(rows)
        ways = (option.id for option in self.options)
        return Reply(
            body=texts.render(self.text_id, locale, values),
            footer=texts.render(FOOTER, locale, values)
            if self.stoppable and not names_way_out(texts, self.text_id, ways)
            else "",
            buttons=tuple(Button(row.id, row.title) for row in rows) if buttons else (),
            rows=() if buttons else rows,
            list_button=texts.render(LIST, locale, values) if rows and not buttons else "",
            text_id=self.text_id,
            question=self.question,
        )


def names_way_out(texts: HasPlaceholder, text_id: str, options: Iterable[str]) -> bool:
    """Whether a message tells how to stop by its text or by one of its `options`, so that no footer says it again."""
    return texts.has(text_id, Intent.STOP.placeholder) or any(id.partition(":")[0] == Intent.STOP for id in options)


def led(leads: Sequence[str], body: str) -> str | None:
    """Return a text after those that lead it, as one message; None if WhatsApp would not take it, being too long."""
    whole = "\n\n".join((*leads, body))
    return whole if length(whole) <= LIMITS[TextKind.BODY] else None


def way_out(world: World, locale: str) -> str:
    """Return the footer that says how to stop, in `locale` or in the language that it falls back to."""
    spoken = world.texts.locale_for([FOOTER], locale or world.business.default_locale)
    return world.texts.render(FOOTER, spoken, world.language(spoken).values)


def by_template(said: Reply, template: QuestionTemplate, values: Mapping[str, str]) -> Reply:
    """Return a message to be sent as a template that shows the same; its buttons send back the same ids."""
    filled = {name: put_in(values[name], template.locale) for name in template.parameters}
    payloads = tuple(button.id for button in said.buttons)
    made = Template(template.name, template.language, filled, payloads, marketing=template.marketing)
    return msgspec.structs.replace(said, template=made)


def _fit_buttons(rows: Sequence[Row]) -> bool:
    return len(rows) <= MAX_BUTTONS and all(
        not row.description and length(row.title) <= LIMITS[TextKind.BUTTON] for row in rows
    )


def message(
    world: World,
    text_id: str,
    locale: str,
    *,
    stoppable: bool,
    values: Mapping[str, str] = {},
    document: Document | None = None,
) -> Reply:
    """Return a text in `locale`, or in the language that it falls back to, filled with `values`.

    A `document` is sent with the text under it. `stoppable`: the person has anything to stop.
    """
    composition = Composition(text_id, stoppable=stoppable)
    spoken = composition.language(world.texts, locale or world.business.default_locale)
    said = composition.reply(world.texts, spoken, Values(world.language(spoken), _given(values)))
    return said if document is None else _with(said, document)


def _given(values: Mapping[str, str]) -> Mapping[str, Callable[[LanguageValues], str]]:
    return {name: _always(value) for name, value in values.items()}


def _always(value: str) -> Callable[[LanguageValues], str]:
    return lambda _: value


def _with(said: Reply, document: Document) -> Reply:
    return Reply(body=said.body, footer=said.footer, document=document, text_id=said.text_id)
