"""What happened, for whoever asks instead of being told: all events in order, and the history of one message.

Nobody is shown: an event has our reference to a person and facts. Whom it leads to, `find` tells, on record.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import OperatorError
from ..ports import Event, Events, Position

MOST = 1000
"""Events of a page."""

_cursor = re.compile(r"(\d{1,18})-(\d{1,18})").fullmatch


@dataclass(frozen=True, slots=True)
class Page:
    """Some events in order."""

    events: Sequence[Event]
    next: str
    """The cursor of the next page; it also works when there is none yet."""


class ReadEvents:
    """The use cases. All methods raise `Unavailable`."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def after(self, cursor: str = "", limit: int = 100) -> Page:
        """Return the events after a cursor of an earlier page, or the oldest that are kept.

        What is noted later always comes after. Raises `OperatorError` for what is no cursor.
        """
        position = _read(cursor)
        found = await self._events.after(position, max(1, min(limit, MOST)))
        last = found[-1][0] if found else position
        return Page([event for _, event in found], f"{last.xid}-{last.number}")

    async def of(self, subject: str) -> Sequence[Event]:
        """Return the events of a message or request by our id, the oldest first."""
        return await self._events.of(subject)


def _read(cursor: str) -> Position:
    if not cursor:
        return Position(0, 0)
    if not (found := _cursor(cursor)):
        raise OperatorError("this is no cursor; give the `next` of an earlier answer, or none to begin")
    return Position(int(found[1]), int(found[2]))
