"""Keeps each person's messages in order while some of them wait to be sent again."""

from collections import deque
from dataclasses import dataclass, field

STEP = 0.001
"""Seconds between messages of one person that wait together, so that they come back in their order."""

PATIENCE = 5.0
"""Seconds in which a message that is due should have come back; then another worker has taken it."""

_SWEEP_EVERY = 60.0


@dataclass(slots=True)
class _Waiting:
    """One person's messages that were put back, the first of them because the channel did not take it."""

    ids: deque[str] = field(default_factory=deque)
    last_due: float = 0.0
    due: float = 0.0


class Order:
    """What one process has put back. Times are unix seconds."""

    def __init__(self) -> None:
        self.paused_until = 0.0
        """Nothing is read before: what was due meanwhile comes back only then."""
        self._waiting: dict[str, _Waiting] = {}
        self._next_sweep = 0.0

    def __len__(self) -> int:
        """How many persons wait."""
        return len(self._waiting)

    def refused(self, person: str, message: str, due: float, now: float) -> None:
        """Note that a message is to be sent again at `due`: all behind it wait."""
        self._sweep(now)
        waiting = self._waiting.setdefault(person, _Waiting())
        if message not in waiting.ids:
            waiting.ids.appendleft(message)
        waiting.last_due = max(waiting.last_due, due)
        waiting.due = due

    def behind(self, person: str, message: str, now: float) -> float:
        """Return when a message may come again if one before it waits, else 0: it may go."""
        waiting = self._waiting.get(person)
        if waiting is None or waiting.ids[0] == message:
            return 0.0
        if self._is_gone(waiting, now):
            del self._waiting[person]
            return 0.0
        if message not in waiting.ids:
            waiting.ids.append(message)
        waiting.last_due = max(waiting.last_due, now) + STEP
        return waiting.last_due

    def gone(self, person: str, message: str) -> None:
        """Note that a message will not come again: the next may go."""
        waiting = self._waiting.get(person)
        if waiting is None or message not in waiting.ids:
            return
        waiting.ids.remove(message)
        if not waiting.ids:
            del self._waiting[person]

    def _is_gone(self, waiting: _Waiting, now: float) -> bool:
        return now > max(waiting.due, self.paused_until) + PATIENCE

    def _sweep(self, now: float) -> None:
        """Forget persons whose messages other workers have taken."""
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_EVERY
            self._waiting = {person: one for person, one in self._waiting.items() if not self._is_gone(one, now)}
