"""Tells whether a refusal is about the business number, so that everybody must wait, or about one message or recipient.

Meta uses the same codes for both: 131005 (missing permission) may come for a single recipient, and so may a 403 from
something on the way. So a code alone halts nothing: several recipients must have been refused and nobody accepted in
between. Even then the next recipient is tried after a second, since all of these may have been unlucky. Each process
finds out by itself.
"""

from ..ports import PersonId, Retry

SUSPECTS = 3
"""Consecutively refused recipients after which the number itself is suspected."""

BURST = 10.0
"""Seconds within which `SUSPECTS` recipients must be throttled; others may be accepted in between."""

PROBE = 1.0
"""Seconds until a single message is tried; doubled after each refusal."""

LONGEST = 60.0
"""Maximum seconds between two of these tries."""

RECENT = 60.0
"""Seconds for which an accepted message proves that the number works."""

_ABOUT_ALL = frozenset({Retry.HALT, Retry.LATER})


class Halting:
    """What refusals and acceptances say about the number. Times are unix seconds."""

    def __init__(self) -> None:
        self._suspects: set[PersonId] = set()
        self._hurried: dict[PersonId, float] = {}
        self._accepted_at = float("-inf")
        self._paused_until = 0.0
        self._under_way = 0
        self._in_vain = 0
        """Tries since the last accepted message."""
        self.probing = False
        """Whether nothing was accepted lately, so that only one message at a time is tried."""

    def begin(self, now: float) -> bool:
        """Return whether a message may be sent now; if so, `end` must follow."""
        if self.pausing(now) or (self.probing and self._under_way):
            return False
        self._under_way += 1
        return True

    def end(self) -> None:
        """Note that a message started with `begin` is no longer under way."""
        self._under_way -= 1

    def accepted(self, now: float) -> bool:
        """Note that a message was accepted; return whether this ended a halt."""
        ended, self.probing = self.probing, False
        self._accepted_at = now
        self._suspects.clear()
        self._in_vain = 0
        return ended

    def refused(self, person: PersonId, retry: Retry, now: float) -> bool:
        """Note that a message to a person was refused; return whether the number is the cause."""
        if retry is Retry.THROTTLE:
            return self._too_fast(person, now)
        if retry not in _ABOUT_ALL:
            return False
        if len(self._suspects) < SUSPECTS:
            self._suspects.add(person)
        self.probing |= len(self._suspects) >= SUSPECTS
        self._in_vain += self.probing
        return self.probing

    def pause_for_all(self, now: float) -> None:
        """Pause all sending, only briefly at first: the next recipient may be accepted at once."""
        self.pause(now + min(PROBE * 2 ** (self._in_vain - 1), LONGEST))

    def _too_fast(self, person: PersonId, now: float) -> bool:
        self._hurried = {recipient: at for recipient, at in self._hurried.items() if now - at < BURST} | {person: now}
        return len(self._hurried) >= SUSPECTS

    def sends(self, since: float, now: float) -> bool:
        """Whether a message was accepted after `since`; if that is 0, whether recently."""
        return self._accepted_at > (since or now - RECENT)

    def later(self, now: float) -> float:
        """Return when to try what may not be sent now."""
        return max(self._paused_until, now + PROBE)

    def pause(self, until: float) -> None:
        """Let nothing be sent before then."""
        self._paused_until = max(self._paused_until, until)

    def pausing(self, now: float) -> float:
        """Return for how many seconds nothing may be sent."""
        return max(0.0, self._paused_until - now)
