"""Goes through everybody, page by page, so that a million persons fit."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ..ports import PersonId, Persons

PAGE = 500
"""Persons per look at the stores."""

Row = tuple[PersonId, str]
"""A person and their language."""


class About(Protocol):
    """Something about a person."""

    @property
    def person(self) -> PersonId:
        """Whom it is about."""


T = TypeVar("T", bound=About)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of those wanted."""

    members: Sequence[T]
    next: PersonId | None
    """After whom the next page begins; None after the last."""


class PagedPersons(Persons, Protocol):
    """Persons, one page after the other."""

    async def page(self, after: PersonId | None, most: int, locale: str = "") -> list[Row]:
        """Return persons with their language, in the order of their ids."""


async def page_of(
    persons: PagedPersons,
    wanted: Callable[[Sequence[Row]], Awaitable[Sequence[T]]],
    *,
    after: PersonId | None,
    most: int,
    locale: str = "",
) -> Page[T]:
    """Return the first `most` after somebody; `wanted` picks them from some persons and keeps their order."""
    found: list[T] = []
    size = min(PAGE, most)
    while len(found) < most:
        rows = await persons.page(after, size, locale)
        found += await wanted(rows)
        if len(found) > most:
            return Page(found[:most], found[most - 1].person)
        if len(rows) < size:
            return Page(found, None)
        after = rows[-1][0]
    return Page(found, after)


async def every_page(page: Callable[[PersonId | None], Awaitable[Page[T]]]) -> AsyncIterator[Page[T]]:
    """Yield all pages; `page` returns the page after somebody."""
    after: PersonId | None = None
    while True:
        there = await page(after)
        yield there
        if (after := there.next) is None:
            return
