"""Finds a withdrawal inside a message that is not simply a known word: at its ends, misspelt, or in a sentence.

Stopping must be as easy as agreeing (GDPR Art. 7(3)), in any wording that a reasonable reader would understand
(47 CFR 64.1200(a)(10), used as a floor). So this reads generously, and asks back where it is in doubt.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from bot.conversation.keywords import ANSWERS, GLOBAL, UNIVERSAL, Intent, Vocabulary
from bot.conversation.normalise import drawn_out, loose, skeletons, squeeze
from bot.conversation.typos import Neighbours

_SHORT = 3
"""Words of a message in which a misspelt word is looked for."""

_TYPED = 5
"""Letters that a misspelt word has at least: shorter ones are near to too many others."""


class Grade(IntEnum):
    """How sure a word is; of two grades of one word (in two languages) the higher counts."""

    NEVER = 0
    POLITE = 1
    ALONE = 2
    WEAK = 3
    STRONG = 4
    PHRASE = 5


_FUZZY = {Grade.STRONG: 5, Grade.WEAK: 6}
"""Letters from which on a word of this grade is recognised misspelt."""

_FUZZY_BESIDE_OTHERS = 6
"""The same for strong words that are not the whole message."""


class Entry(NamedTuple):
    """A known word or phrase."""

    grade: Grade
    languages: frozenset[str]


class Span(NamedTuple):
    """A known word or phrase where it stands in a message."""

    start: int
    end: int
    grade: Grade
    languages: frozenset[str]


class Found(NamedTuple):
    """What was found: STOP or MAYBE_STOP, how, and the languages of the word."""

    intent: Intent
    how: str
    languages: frozenset[str]


def entries(vocabularies: Mapping[str, Vocabulary]) -> dict[str, Entry]:
    """Return all words that matter to a withdrawal, in their loose form; a universal word has no languages."""
    collected: dict[str, tuple[Grade, set[str]]] = {}
    for language, vocabulary in vocabularies.items():
        for grade, words in _graded(vocabulary):
            for form in (loose(form) for word in words for form in vocabulary.forms(word)):
                known, languages = collected.get(form, (grade, set()))
                collected[form] = (max(known, grade), {*languages, language})
    return {
        form: Entry(grade, frozenset() if UNIVERSAL in languages else frozenset(languages))
        for form, (grade, languages) in collected.items()
    }


def _graded(vocabulary: Vocabulary) -> Iterable[tuple[Grade, Iterable[str]]]:
    stop = vocabulary.stop
    yield Grade.NEVER, stop.never
    yield Grade.POLITE, vocabulary.polite
    yield Grade.ALONE, stop.alone
    yield Grade.WEAK, stop.weak
    yield Grade.STRONG, (stop.show, *stop.strong) if stop.show else stop.strong
    yield Grade.PHRASE, stop.phrases


class Withdrawals:
    """All words of withdrawal, ready to be found."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._entries = entries(vocabularies)
        self._lengths = _lengths_by_first_word(self._entries)
        self._not_after = _loose_forms(vocabularies, after=True)
        self._not_before = _loose_forms(vocabularies, after=False)
        strong = [word for word, entry in self._entries.items() if entry.grade is Grade.STRONG and " " not in word]
        self._squeezed = {squeeze(word): self._entries[word] for word in strong}
        self._skeletons = {
            skeleton: self._entries[word]
            for word in strong
            if len(word) >= 4
            for skeleton in (word, *skeletons(word))
        }
        self._known = _single_words(vocabularies) | {word for word in self._entries if " " not in word}
        self._neighbours = Neighbours(word for word in self._known if len(word) >= _TYPED - 1)

    def find(self, words: list[str]) -> Found | None:
        """Return the withdrawal in a message of these loose words, or None."""
        if len(words) >= _SHORT and all(len(word) == 1 for word in words):
            words = ["".join(words)]
        spans = self._spans(words)
        first, end = _without_courtesies(spans, len(words))
        doubt: Span | None = None
        for span in spans:
            if span.grade < Grade.ALONE:
                continue
            how = self._how(words, span, first, end)
            if how:
                return Found(Intent.STOP, how, span.languages)
            if span.grade > Grade.ALONE:
                doubt = doubt or span
        odd = self._odd(words[first:end])
        if odd or not doubt:
            return odd
        return Found(Intent.MAYBE_STOP, "inside", doubt.languages)

    def _spans(self, words: list[str]) -> list[Span]:
        """Return the known words and phrases from left to right, the longest at each place, without overlap."""
        spans = []
        place = 0
        while place < len(words):
            step = 1
            for length in self._lengths.get(words[place], ()):
                entry = self._entries.get(" ".join(words[place : place + length]))
                if entry and place + length <= len(words):
                    spans.append(Span(place, place + length, *entry))
                    step = length
                    break
            place += step
        return spans

    def _how(self, words: list[str], span: Span, first: int, end: int) -> str:
        """Return how `span` makes the message, whose own words are first…end, a withdrawal; empty if it does not."""
        at_start, at_end = span.start == first, span.end == end
        others = (end - first) - (span.end - span.start)
        if others == 0:
            return "whole"
        if span.grade is Grade.ALONE or self._turned(words, span):
            return ""
        if span.grade is Grade.PHRASE:
            return "phrase"
        if (at_start or at_end) and (span.grade is Grade.STRONG or others == 1):
            return "first_word" if at_start else "last_word"
        return ""

    def _turned(self, words: list[str], span: Span) -> bool:
        """Whether the words around `span` turn it round, as in "don't stop"."""
        return any(
            " ".join(words[max(0, span.start - length) : span.start]) in self._not_after
            or " ".join(words[span.end : span.end + length]) in self._not_before
            for length in (1, 2)
        )

    def _odd(self, words: list[str]) -> Found | None:
        """Look at both ends of a message for a word drawn out, disguised or misspelt."""
        if not words:
            return None
        for word in dict.fromkeys((words[0], words[-1])):
            entry = self._squeezed.get(squeeze(word)) if drawn_out(word) else None
            if entry:
                return Found(Intent.STOP, "repeated", entry.languages)
            for skeleton in skeletons(word):
                if skeleton in self._skeletons:
                    return Found(Intent.STOP, "lookalike", self._skeletons[skeleton].languages)
            entry = self._meant(word, alone=len(words) == 1) if len(words) <= _SHORT else None
            if entry:
                return Found(Intent.STOP, "typo", entry.languages)
        return None

    def _meant(self, typed: str, *, alone: bool) -> Entry | None:
        """Return the word of withdrawal that `typed` is one letter away from, if nothing else is."""
        if len(typed) < _TYPED or typed in self._known:
            return None
        near = self._neighbours.of(typed)
        meant = [self._entries[word] for word in near if word in self._entries and _fuzzy(word, self._entries, alone)]
        if len(meant) != len(near) or not meant:
            return None
        languages = [entry.languages for entry in meant]
        return Entry(Grade.STRONG, frozenset().union(*languages) if all(languages) else frozenset())


def _fuzzy(word: str, known: Mapping[str, Entry], alone: bool) -> bool:
    grade = known[word].grade
    if alone:
        return len(word) >= _FUZZY.get(grade, len(word) + 1)
    return grade is Grade.STRONG and len(word) >= _FUZZY_BESIDE_OTHERS


def _without_courtesies(spans: list[Span], length: int) -> tuple[int, int]:
    """Return where the message begins and ends when the courtesies around it are left out; all, if it is only that."""
    first, end = 0, length
    for span in spans:
        if span.grade is Grade.POLITE and span.start == first:
            first = span.end
    for span in reversed(spans):
        if span.grade is Grade.POLITE and span.end == end and span.start >= first:
            end = span.start
    return (first, end) if first < end else (0, length)


def _lengths_by_first_word(known: Iterable[str]) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for phrase in known:
        first, *rest = phrase.split()
        lengths.setdefault(first, set()).add(1 + len(rest))
    return {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}


def _loose_forms(vocabularies: Mapping[str, Vocabulary], *, after: bool) -> frozenset[str]:
    return frozenset(
        loose(form)
        for vocabulary in vocabularies.values()
        for word in (vocabulary.stop.not_after if after else vocabulary.stop.not_before)
        for form in vocabulary.forms(word)
    )


def _single_words(vocabularies: Mapping[str, Vocabulary]) -> set[str]:
    """Return the words of all other intents: whoever types one of them made no slip."""
    return {
        form
        for vocabulary in vocabularies.values()
        for intent in (*GLOBAL, *ANSWERS)
        for word in (*vocabulary.spoken(intent).every(), *vocabulary.spoken(intent).ambiguous)
        for form in (loose(form) for form in vocabulary.forms(word))
        if " " not in form
    }
