"""Picks the version of a message template that may be sent to a person now, whole and in one language."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ...conversation.templates import TemplateBook
from ...i18n.texts import LIMITS, TextKind, length, put_in
from ...messages.reply import Reply
from ...messages.template import Category, MessageTemplate
from ..ports import TemplateState, TemplateStates

KNOWN_FOR = 30.0
"""Seconds for which what the table says is taken to be still so."""


class NoTemplate(StrEnum):
    """Why there is no template to send. The values are also reasons of the gate."""

    MISSING = "template_missing"
    """It is unknown here, or was not handed in."""
    PAUSED = "template_paused"
    """The channel has paused it, since people did not like it."""
    NOT_APPROVED = "template_not_approved"
    """The channel has not approved it, or has disabled it, or its content was changed there."""


class BadValues(ValueError):
    """The values do not fit the template. Names the parameters, never the values."""


@dataclass(frozen=True, slots=True)
class Picked:
    """A template that may be sent."""

    template: MessageTemplate
    category: Category
    """The channel's, which may have changed since we asked for ours."""

    @property
    def locale(self) -> str:
        """The language that it is in, which may be a fallback of the person's."""
        return self.template.locale

    def reply(self, values: Mapping[str, str], *, argument: str = "") -> Reply:
        """Return the message, with all that the person will read in it, exactly. Raises `BadValues`.

        `values`: for each parameter, in the language `locale`; others are left out. `argument`: what the buttons are
        about, such as the id of a question: a tap sends back the button's id, a colon and the argument.
        """
        template = self.template
        if wrong := [name for name in template.parameters if not _fits(values.get(name, ""))]:
            raise BadValues(f"{', '.join(wrong)}: missing, or not a text of one line")
        put = {name: put_in(values[name], template.locale) for name in template.parameters}
        if length(template.body(put)) > LIMITS[TextKind.BODY]:
            raise BadValues(f"{', '.join(template.parameters)}: too long together")
        return template.reply(put, argument=argument, category=self.category)


def _fits(value: str) -> bool:
    """Whether a value can be put into a template. Graph: error 132018."""
    return bool(value.strip()) and not any(gap in value for gap in ("\n", "\t", "     "))


class Templates:
    """The templates of a business, as far as the channel lets them be sent."""

    def __init__(self, book: TemplateBook, states: TemplateStates, clock: Callable[[], float] = time.time) -> None:
        self._book = book
        self._states = states
        self._clock = clock
        self._known: Mapping[tuple[str, str], TemplateState] = {}
        self._read_at = float("-inf")

    async def pick(self, name: str, locale: str) -> Picked | NoTemplate:
        """Return a template in the person's language or, as a whole, in the next of its fallbacks that is approved.

        `name`: the id of a `[[templates]]` in business.toml, or of a text that a dialogue may say first. Otherwise
        returns what keeps the version in the person's own language from being sent. Raises `Unavailable`.
        """
        states = await self._current()
        reasons = []
        for template in self._book.versions(name, locale):
            state = states.get((template.name, template.language))
            if state is not None and state.approved:
                return Picked(template, _category(state, template))
            reasons.append(_reason(state))
        return reasons[0] if reasons else NoTemplate.MISSING

    def question_values(self, purpose: str, locale: str) -> Mapping[str, str]:
        """Return the values with which `opt_in.ask` asks about a purpose; `locale` is the picked template's."""
        return self._book.values(purpose, locale)

    async def _current(self) -> Mapping[tuple[str, str], TemplateState]:
        now = self._clock()
        if not self._read_at <= now < self._read_at + KNOWN_FOR:
            self._known = {(state.name, state.language): state for state in await self._states.all()}
            self._read_at = now
        return self._known


def _category(state: TemplateState, template: MessageTemplate) -> Category:
    match state.category:
        case "marketing" | "utility" as category:
            return category
    return template.category


def _reason(state: TemplateState | None) -> NoTemplate:
    if state is None or not state.status:
        return NoTemplate.MISSING
    return NoTemplate.PAUSED if state.status == "PAUSED" else NoTemplate.NOT_APPROVED
