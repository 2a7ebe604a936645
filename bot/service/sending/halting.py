"""Whether a refusal is about the business number, so that everybody must wait, or about one message or recipient.

Meta answers both with the same codes: 131005 (a permission is missing) may come for one recipient alone, and so may a
403 from something on the way. So a code alone halts nothing: several recipients must have been refused and nobody
accepted in between. Even then the next recipient is tried after a second: all of these may have been unlucky. What one
process has seen is enough; each finds out by itself.
"""

from ..ports import PersonId, Retry

SUSPECTS = 3
"""Recipients that are refused one after the other before it counts as the number's doing."""

BURST = 10.0
"""Seconds within which so many must be told to be slower: meanwhile others may be accepted."""

PROBE = 1.0
"""Seconds that what waits gives the one message that tries; twice as long after each that is refused."""

LONGEST = 60.0
"""Seconds between two of them at most."""

RECENT = 60.0
"""Seconds for which an accepted message shows that the number sends."""

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
        """How many tried since anybody was accepted."""
        self.probing = False
        """Whether nothing was taken of late: then one message at a time tries if anything is again."""

    def begin(self, now: float) -> bool:
        """Return whether a message may be sent now; if so, `end` must follow."""
        if self.pausing(now) or (self.probing and self._under_way):
            return False
        self._under_way += 1
        return True

    def end(self) -> None:
        """Note that a message that `begin` let go is under way no more."""
        self._under_way -= 1

    def accepted(self, now: float) -> bool:
        """Note that a message was taken; return whether nothing had been before."""
        ended, self.probing = self.probing, False
        self._accepted_at = now
        self._suspects.clear()
        self._in_vain = 0
        return ended

    def refused(self, person: PersonId, retry: Retry, now: float) -> bool:
        """Note that a message to a person was refused; return whether that is about the number."""
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
        """Let nothing be sent for a while. A short one at first: the next recipient may be taken at once."""
        self.pause(now + min(PROBE * 2 ** (self._in_vain - 1), LONGEST))

    def _too_fast(self, person: PersonId, now: float) -> bool:
        self._hurried = {one: at for one, at in self._hurried.items() if now - at < BURST} | {person: now}
        return len(self._hurried) >= SUSPECTS

    def sends(self, since: float, now: float) -> bool:
        """Whether the number has sent to somebody since then; since lately, if that is 0."""
        return self._accepted_at > (since or now - RECENT)

    def later(self, now: float) -> float:
        """Return when to try what may not be sent now."""
        return max(self._paused_until, now + PROBE)

    def pause(self, until: float) -> None:
        """Let nothing be sent before then."""
        self._paused_until = max(self._paused_until, until)

    def pausing(self, now: float) -> float:
        """Return for how many seconds nothing is to be sent."""
        return max(0.0, self._paused_until - now)
