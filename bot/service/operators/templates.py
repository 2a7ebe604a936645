"""Message templates at the channel: what must be handed in, what became of it, and what is left over.

Nothing here is about a person.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ...conversation.templates import TemplateBook
from ...errors import OperatorError
from ...messages.template import MessageTemplate, is_version_of
from ..ports import TemplateApi, TemplateState, TemplateStates, TooManyTemplates


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """A template of ours and what the channel says about it; None if the channel does not have it."""

    template: MessageTemplate
    state: TemplateState | None

    @property
    def status(self) -> str:
        """The channel's status, or ours where it says nothing."""
        if self.state is None or not self.state.status:
            return "MISSING"
        return "ALTERED" if self.state.altered else self.state.status

    @property
    def approved(self) -> bool:
        """Whether it can be sent."""
        return self.state is not None and self.state.approved

    def as_dict(self) -> dict[str, str]:
        """Return it for JSON."""
        template, state = self.template, self.state
        return {
            "template": template.text_id,
            "locale": template.locale,
            "name": template.name,
            "language": template.language,
            "status": self.status,
            "reason": state.reason if state else "",
            "category": (state.category if state else "") or template.category,
            "quality": state.quality if state else "",
        }


@dataclass(frozen=True, slots=True)
class TemplateDiff:
    """How our templates and the channel's differ."""

    lines: Sequence[TemplateLine]
    """Each of ours."""
    old: Sequence[TemplateState]
    """Earlier versions of ours that are no longer needed: what replaces them is approved."""
    waiting: Sequence[TemplateState]
    """Earlier versions of ours whose replacement is not approved yet."""
    others: int
    """How many templates the account has that are none of ours."""

    @property
    def missing(self) -> Sequence[MessageTemplate]:
        """What must be handed in."""
        return [line.template for line in self.lines if line.status == "MISSING"]

    @property
    def altered(self) -> Sequence[TemplateLine]:
        """What somebody has changed at the channel."""
        return [line for line in self.lines if line.status == "ALTERED"]


@dataclass(frozen=True, slots=True)
class Step:
    """A template that was handed in or deleted."""

    done: int
    of: int
    name: str
    deleted: bool = False


class ManageTemplates:
    """Keeps the templates at the channel and the table of what the channel says in step with our texts."""

    def __init__(
        self,
        *,
        book: TemplateBook,
        api: Callable[[], TemplateApi],
        states: TemplateStates,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`api` opens the channel's templates; it raises `SettingsError` while a setting is missing."""
        self._book = book
        self._api = api
        self._states = states
        self._clock = clock

    async def status(self) -> Sequence[TemplateLine]:
        """Return what is known without asking the channel. Raises `Unavailable`."""
        return _lines(self._book, await self._states.all())

    async def diff(self) -> TemplateDiff:
        """Ask the channel how its templates differ from ours; nothing is changed. Raises `OperatorError`."""
        async with self._opened() as api:
            return _diff(self._book, [state async for state in api.list(list(self._book))])

    async def pull(self) -> TemplateDiff:
        """Ask the channel, and remember what it says. Raises `OperatorError`."""
        async with self._opened() as api:
            return await self._pull(api)

    async def push(self, *, prune: bool = False) -> AsyncIterator[Step]:
        """Hand in what the channel lacks; with `prune`, delete earlier versions that are no longer needed.

        May be interrupted and run again: it goes on where it ended. Raises `OperatorError`.
        """
        self.check()
        async with self._opened() as api:
            found = await self._pull(api)
            missing, old = found.missing, found.old if prune else ()
            whole = len(missing) + len(old)
            for done, state in enumerate(old, 1):  # first, since they count against the account's limit
                await api.delete(state)
                yield Step(done, whole, state.name, deleted=True)
            for done, template in enumerate(missing, len(old) + 1):
                began = self._clock()
                try:
                    made = await api.create(template)
                except TooManyTemplates as error:
                    raise TooManyTemplates(f"{whole - done + 1} of {whole} are left: {error}") from None
                await self._states.adopt([made], began, all_there_are=False)
                yield Step(done, whole, template.name)

    def check(self) -> None:
        """Raise `OperatorError` with everything that the channel or the law would object to."""
        if faults := [f"{problem}; {cure}" for problem, cure in self._book.faults()]:
            raise OperatorError("\n".join(faults))

    async def _pull(self, api: TemplateApi) -> TemplateDiff:
        began = self._clock()
        found = [state async for state in api.list(list(self._book))]
        await self._states.adopt(found, began, all_there_are=True)
        return _diff(self._book, found)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[TemplateApi]:
        api = self._api()
        try:
            yield api
        finally:
            await api.close()


def _lines(book: Iterable[MessageTemplate], states: Iterable[TemplateState]) -> Sequence[TemplateLine]:
    known = {(state.name, state.language): state for state in states}
    return [TemplateLine(template, known.get((template.name, template.language))) for template in book]


def _diff(book: TemplateBook, found: Sequence[TemplateState]) -> TemplateDiff:
    lines = _lines(book, found)
    current = {(line.template.name, line.template.language) for line in lines}
    approved: Mapping[tuple[str, str], bool] = {
        (line.template.text_id, line.template.language): line.approved for line in lines
    }
    old: list[TemplateState] = []
    waiting: list[TemplateState] = []
    others = 0
    for state in found:
        if (state.name, state.language) in current:
            continue
        text_id = next((text_id for text_id in book.texts if is_version_of(state.name, text_id)), None)
        if text_id is None:
            others += 1
        else:
            (old if approved.get((text_id, state.language), True) else waiting).append(state)
    return TemplateDiff(lines, old, waiting, others)
