"""Finds the roles that the words of a message have in each language: single words, stems, and expressions.

What follows from the roles is for others to say: `refusals` and `person_wanted`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from .keywords import Vocabulary

_READ = 60
"""Words at each end of a message whose roles are looked up: hardly anybody writes more, and each costs time."""

_OPENING = 3
"""Number of first letters by which stems are found, also as the second word of an expression."""

Profile = Mapping[str, Sequence[int]]
"""Language → the roles of each word of a message, as bits; a language in which no word has a role is missing."""

Parts = Callable[[Vocabulary], Iterable[tuple[str, int]]]
"""Returns (form, role) of a language; a form ends with * when only the beginning of a word counts."""


class Roles:
    """The roles of words in all languages, ready to be found."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary], parts: Parts) -> None:
        single: dict[str, dict[str, int]] = {}
        stems: dict[str, dict[str, int]] = {}
        longer: dict[str, dict[str, dict[tuple[tuple[str, ...], str], int]]] = {}
        for language, vocabulary in vocabularies.items():
            for form, role in parts(vocabulary):
                first, *rest = form.split()
                if rest:
                    entry = longer.setdefault(first, {}).setdefault(_begins(rest[0]), {})
                    entry[(tuple(rest), language)] = entry.get((tuple(rest), language), 0) | role
                else:
                    words = (stems if first.endswith("*") else single).setdefault(first.rstrip("*"), {})
                    words[language] = words.get(language, 0) | role
        self._single = {word: tuple(roles.items()) for word, roles in single.items()}
        self._stems = {stem: tuple(roles.items()) for stem, roles in stems.items()}
        lengths: dict[str, set[int]] = {}
        for stem in stems:
            lengths.setdefault(stem[:_OPENING], set()).add(len(stem))
        self._stem_lengths = {opening: sorted(found) for opening, found in lengths.items()}
        """First letters → the lengths of the stems that begin with them."""
        self._openings = sorted(set(map(len, lengths)))
        self._longer = {
            first: {
                begins: tuple((rest, language, role) for (rest, language), role in entry.items())
                for begins, entry in entries.items()
            }
            for first, entries in longer.items()
        }
        """First word → second word, or its first letters → entries that begin with these."""
        self._prefixes: dict[str, list[tuple[str, str]]] = {}
        """First letter → the prefixes that begin with it, with their languages."""
        for language, vocabulary in vocabularies.items():
            for prefix in vocabulary.loose_forms(*vocabulary.refusal.prefixes):
                self._prefixes.setdefault(prefix[0], []).append((language, prefix))

    def profile(self, words: Sequence[str]) -> dict[str, list[int]]:
        """Return the roles of each of `words`, by language."""
        count = len(words)
        found: defaultdict[str, list[int]] = defaultdict(lambda: [0] * count)
        for index, word in enumerate(words):
            if _READ <= index < count - _READ:
                continue
            for first, only in self._readings(word):
                for language, role in self._of(first):
                    if not only or language == only:
                        found[language][index] |= role
                for end, language, role in self._from(first, words, index):
                    if not only or language == only:
                        roles = found[language]
                        roles[index:end] = [known | role for known in roles[index:end]]
        return found

    def _readings(self, word: str) -> Sequence[tuple[str, str]]:
        """Return `word`, and what is left of it after each prefix, with the language of the prefix."""
        prefixes = self._prefixes.get(word[0])
        if prefixes is None:
            return ((word, ""),)
        behind = [(word[len(prefix) :], language) for language, prefix in prefixes if word.startswith(prefix)]
        return ((word, ""), *behind)

    def _from(self, first: str, words: Sequence[str], index: int) -> Iterator[tuple[int, str, int]]:
        """Yield (end, language, role) of expressions of several words that begin at `index` with `first`."""
        entries = self._longer.get(first)
        if entries is None or index + 1 == len(words):
            return
        second = words[index + 1]
        for begins in (second, *(f"{second[:opening]}*" for opening in range(1, min(len(second), _OPENING) + 1))):
            for rest, language, role in entries.get(begins, ()):
                end = index + 1 + len(rest)
                if end <= len(words) and all(map(_fits, words[index + 1 : end], rest)):
                    yield end, language, role

    def _of(self, word: str) -> list[tuple[str, int]]:
        """Return (language, role) of one word."""
        found = [*self._single.get(word, ())]
        for opening in self._openings:
            for length in self._stem_lengths.get(word[:opening], ()) if opening <= len(word) else ():
                if length <= len(word):
                    found += self._stems.get(word[:length], ())
        return found


def forms(vocabulary: Vocabulary, words: Iterable[str]) -> Iterator[str]:
    """Yield the loose forms of `words`, each with its star."""
    for word in words:
        star = "*" if word.endswith("*") else ""
        for form in vocabulary.loose_forms(word):
            if form:
                yield form + star


def union(roles: Iterable[int]) -> int:
    """Return all roles of some words together."""
    together = 0
    for role in roles:
        together |= role
    return together


def _begins(wanted: str) -> str:
    """Return the key by which the second word of an expression is looked up."""
    return f"{wanted[:-1][:_OPENING]}*" if wanted.endswith("*") else wanted


def _fits(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
