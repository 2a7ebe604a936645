"""Finds known words one typing slip away by looking up deletions, without searching all words.

The algorithm knows nothing of what the words mean, so it is tested apart from `withdrawal`, which uses it.
"""

from collections.abc import Iterable, Iterator


class Neighbours:
    """An index of words by what is left when a letter is missing (the method of SymSpell)."""

    def __init__(self, words: Iterable[str]) -> None:
        self._index: dict[str, tuple[str, ...]] = {}
        for word in dict.fromkeys(words):
            for key in (word, *_deletions(word)):
                self._index[key] = (*self._index.get(key, ()), word)
        self._longest = max(map(len, self._index), default=0)

    def of(self, typed: str) -> set[str]:
        """Return the words that differ from `typed` by one letter: missing, added, wrong, or swapped with the next."""
        if len(typed) > self._longest + 1:
            return set()
        index = self._index
        found = set(index.get(typed, ()))
        for key in _deletions(typed):
            found.update(index.get(key, ()))
        return {word for word in found if _one_slip(typed, word)}


def _deletions(word: str) -> Iterator[str]:
    return (word[:cut] + word[cut + 1 :] for cut in range(len(word)))


def _one_slip(typed: str, word: str) -> bool:
    start = 0
    shorter = min(len(typed), len(word))
    while start < shorter and typed[start] == word[start]:
        start += 1
    rest, wanted = typed[start:], word[start:]
    if len(rest) == len(wanted):
        return rest[1:] == wanted[1:] or (rest[2:] == wanted[2:] and rest[:2] == wanted[1::-1])
    return rest[1:] == wanted or rest == wanted[1:]
