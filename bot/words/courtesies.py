"""Greetings and courtesies around a message: "Hello, please STOP, thank you" says STOP.

`intents` leaves them out around a command, `withdrawal` around a withdrawal.
"""

from collections.abc import Iterable

MOST = 32
"""Maximum words taken for courtesies at each end of a message."""


class Courtesies:
    """Words and phrases that change nothing about their neighbours."""

    def __init__(self, forms: Iterable[str]) -> None:
        self._forms = frozenset(forms)
        self._longest = 1 + max((form.count(" ") for form in self._forms), default=-1)

    def without(self, words: list[str]) -> tuple[int, int]:
        """Return where the message begins and ends without courtesies; its whole range if it has nothing else."""
        first, end = 0, len(words)
        while first < MOST and (length := self._at_start(words[first : first + self._longest])):
            first += length
        least = max(first, len(words) - MOST)
        while least < end and (length := self._at_end(words[max(first, end - self._longest) : end])):
            end -= length
        return (first, end) if first < end else (0, len(words))

    def cover(self, words: list[str]) -> bool:
        """Whether there is nothing else in a message."""
        first = 0
        while first < len(words) and (length := self._at_start(words[first : first + self._longest])):
            first += length
        return first == len(words)

    def _at_start(self, words: list[str]) -> int:
        for length in range(len(words), 0, -1):
            if " ".join(words[:length]) in self._forms:
                return length
        return 0

    def _at_end(self, words: list[str]) -> int:
        for start in range(len(words)):
            if " ".join(words[start:]) in self._forms:
                return len(words) - start
        return 0
