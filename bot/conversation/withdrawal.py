"""Finds a withdrawal inside a message that is not simply a known word: at its ends, misspelt, or in a sentence.

Stopping must be as easy as agreeing (GDPR Art. 7(3)), in any wording that a reasonable reader would understand
(47 CFR 64.1200(a)(10), used as a floor). So this reads generously, and asks back where it is in doubt.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import IntEnum
from itertools import accumulate, chain
from typing import NamedTuple

from bot.conversation.courtesies import Courtesies
from bot.conversation.keywords import ANSWERS, GLOBAL, UNIVERSAL, Intent, Vocabulary
from bot.conversation.normalise import drawn_out, exact, loose, skeletons, squeeze
from bot.conversation.typos import Neighbours

_SHORT = 3
"""Words of a message in which a misspelt word is looked for, or that a common word may open."""

_TYPED = 5
"""Letters that a misspelt word has at least: shorter ones are near to too many others."""

_PAUSES = re.compile(r"[.,;:!?…\n–—।،؛؟]+")
"""What separates "no, stop" into two statements."""


_ENGLISH = frozenset({"en"})
"""Whose words stand beside universal ones."""


class Grade(IntEnum):
    """How sure a word is; of two grades of one word (in two languages) the higher counts."""

    NEVER = 0
    ALONE = 1
    WEAK = 2
    COMMON = 3
    STRONG = 4
    PHRASE = 5


_FUZZY = {Grade.STRONG: 5, Grade.COMMON: 6, Grade.WEAK: 6}
"""Letters from which on a word of this grade is recognised misspelt as a whole message."""

_FUZZY_BESIDE_OTHERS = 6
"""The same for strong words that are not the whole message."""


class Entry(NamedTuple):
    """A known word or phrase; a universal one has no languages."""

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


class Withdrawals:
    """All words of withdrawal, ready to be found."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._entries = entries(vocabularies)
        self._lengths = _lengths_by_first_word(self._entries)
        self._not_after = _turning(vocabularies, before=True)
        self._not_before = _turning(vocabularies, before=False)
        courtesies = {language: frozenset(_courtesies(vocabulary)) for language, vocabulary in vocabularies.items()}
        self._courtesies = Courtesies(chain.from_iterable(courtesies.values()))
        self._own_courtesies = {language: Courtesies(forms) for language, forms in courtesies.items()}
        self._beside_printed = {
            (language, printed): Courtesies(
                courtesies[language].union(*(courtesies.get(each, ()) for each in _ENGLISH))
            )
            for language, vocabulary in vocabularies.items()
            for printed in vocabulary.loose_forms(vocabulary.stop.show)
        }
        sure = {
            word: entry
            for word, entry in self._entries.items()
            if entry.grade in (Grade.COMMON, Grade.STRONG) and " " not in word
        }
        self._squeezed = {squeeze(word): entry for word, entry in sure.items()}
        self._squeezed_alone = self._drawn_out_alone(_single_words(vocabularies).union(*courtesies.values()))
        self._skeletons = {
            skeleton: entry for word, entry in sure.items() if len(word) >= 4 for skeleton in (word, *skeletons(word))
        }
        self._known = _single_words(vocabularies) | {word for word in self._entries if " " not in word}
        self._neighbours = Neighbours(word for word in self._known if len(word) >= _TYPED - 1)

    def find(self, text: str, plain: str) -> Found | None:
        """Return the withdrawal in `text`, whose loose form is `plain`, or None."""
        words = plain.split()
        if len(words) >= _SHORT and all(len(word) == 1 for word in words):
            words = ["".join(words)]
        first, end = self._courtesies.without(words)
        if end - first > 1 and len(set(words[first:end])) == 1:  # "BAJA BAJA" is said twice, not another word
            words[first:end], end = words[first : first + 1], first + 1
        spans = self._spans(words)
        pauses = _pauses(text) if spans else frozenset()
        doubt: Span | None = None
        for span in spans:
            how = "" if self._turned(words, span, pauses) else self._how(text, words, span, first, end)
            if how:
                return Found(Intent.STOP, how, span.languages)
            if span.grade > Grade.ALONE:
                doubt = doubt or span
        odd = self._odd(words[first:end])
        if odd or not doubt:
            return odd
        return Found(Intent.MAYBE_STOP, "inside", doubt.languages)

    def _spans(self, words: list[str]) -> list[Span]:
        """Return the words of withdrawal from left to right, less those inside a phrase that is none ("bus stop")."""
        spans: list[Span] = []
        harmless: set[int] = set()
        for place, word in enumerate(words):
            for length in self._lengths.get(word, ()):
                entry = self._entries.get(word if length == 1 else " ".join(words[place : place + length]))
                if entry and entry.grade is Grade.NEVER:
                    harmless.update(range(place, place + length))
                elif entry and place + length <= len(words):
                    spans.append(Span(place, place + length, *entry))
        return [span for span in spans if not harmless.issuperset(range(span.start, span.end))]

    def _how(self, text: str, words: list[str], span: Span, first: int, end: int) -> str:
        """Return how `span` makes the message, whose own words are first…end, a withdrawal; empty if it does not."""
        if span.grade is Grade.ALONE:
            return "whole" if self._alone(words, span) else ""
        at_start, at_end = span.start <= first, span.end >= end
        if at_start and at_end:
            return "whole"
        match span.grade:
            case Grade.PHRASE:
                return "phrase"
            case Grade.STRONG | Grade.COMMON if at_end:
                return "last_word"
            case Grade.STRONG if at_start:
                return "first_word"
            case Grade.COMMON if at_start and (end - span.end <= _SHORT or _in_capitals(text, words[span.start])):
                return "first_word"
        return ""

    def _alone(self, words: list[str], span: Span) -> bool:
        """Whether only courtesies of its language stand beside `span`: "basta, grazie", and not "bästa hälsningar".

        Beside a word that texts tell people to type, English ones too: "please STAD".
        """
        word = " ".join(words[span.start : span.end])
        return any(
            self._beside_printed.get((language, word), self._own_courtesies[language]).without(words)
            == (span.start, span.end)
            for language in span.languages or _ENGLISH
            if language in self._own_courtesies
        )

    def _turned(self, words: list[str], span: Span, pauses: Collection[int]) -> bool:
        """Whether the words around `span` turn it round, as in "don't stop", and not in "no, stop"."""
        spoken = span.languages or _ENGLISH
        for length in (1, 2):
            before = self._not_after.get(" ".join(words[max(0, span.start - length) : span.start]), ())
            after = self._not_before.get(" ".join(words[span.end : span.end + length]), ())
            if not spoken.isdisjoint(before) and span.start not in pauses:
                return True
            if not spoken.isdisjoint(after) and span.end not in pauses:
                return True
        return False

    def _odd(self, words: list[str]) -> Found | None:
        """Look at both ends of a message for a word drawn out, disguised or misspelt."""
        for word in dict.fromkeys(words[:1] + words[-1:]):
            known = self._entries.get(word)
            if known and known.grade > Grade.ALONE:
                continue  # written right, so its neighbours have decided: "don't stop"
            entry = self._drawn_out(word, alone=len(words) == 1) if drawn_out(word) else None
            if entry:
                return Found(Intent.STOP, "repeated", entry.languages)
            for skeleton in skeletons(word):
                if skeleton in self._skeletons:
                    return Found(Intent.STOP, "lookalike", self._skeletons[skeleton].languages)
            entry = self._meant(word, alone=len(words) == 1) if len(words) <= _SHORT else None
            if entry:
                return Found(Intent.STOP, "typo", entry.languages)
        return None

    def _drawn_out(self, word: str, *, alone: bool) -> Entry | None:
        squeezed = squeeze(word)
        return self._squeezed.get(squeezed) or (self._squeezed_alone.get(squeezed) if alone else None)

    def _drawn_out_alone(self, others: Iterable[str]) -> Mapping[str, Entry]:
        """Return squeezed form → word that withdraws as a whole message and is like none of the `others` drawn out."""
        taken = set(map(squeeze, others))
        words = {
            squeeze(word): entry
            for word, entry in self._entries.items()
            if entry.grade in (Grade.ALONE, Grade.WEAK) and " " not in word and len(squeeze(word)) >= _TYPED - 1
        }
        taken.update(squeeze(word) for word, entry in self._entries.items() if entry.grade is Grade.NEVER)
        return {squeezed: entry for squeezed, entry in words.items() if squeezed not in taken}

    def _meant(self, typed: str, *, alone: bool) -> Entry | None:
        """Return the word of withdrawal that `typed` is one slip away from, if nothing else is."""
        if len(typed) < _TYPED or typed in self._known:
            return None
        near = self._neighbours.of(typed)
        meant = [self._entries[word] for word in near if word in self._entries and _fuzzy(word, self._entries, alone)]
        if len(meant) != len(near) or not meant:
            return None
        languages = [entry.languages for entry in meant]
        return Entry(Grade.STRONG, frozenset().union(*languages) if all(languages) else frozenset())


def entries(vocabularies: Mapping[str, Vocabulary]) -> dict[str, Entry]:
    """Return all words that matter to a withdrawal, in their loose form."""
    collected: dict[str, tuple[Grade, set[str]]] = {}
    for language, vocabulary in vocabularies.items():
        for grade, words in _graded(vocabulary):
            for form in vocabulary.loose_forms(*words):
                known, languages = collected.get(form) or (grade, set())
                languages.add(language)
                collected[form] = (max(known, grade), languages)
    return {
        form: Entry(grade, frozenset() if UNIVERSAL in languages else frozenset(languages))
        for form, (grade, languages) in collected.items()
    }


def _graded(vocabulary: Vocabulary) -> Iterable[tuple[Grade, Iterable[str]]]:
    stop = vocabulary.stop
    yield Grade.NEVER, stop.never
    yield Grade.ALONE, stop.alone
    yield Grade.WEAK, stop.weak
    yield Grade.COMMON, stop.common
    yield Grade.STRONG, stop.strong
    yield Grade.PHRASE, stop.phrases


def _fuzzy(word: str, known: Mapping[str, Entry], alone: bool) -> bool:
    grade = known[word].grade
    if alone:
        return len(word) >= _FUZZY.get(grade, len(word) + 1)
    return grade is Grade.STRONG and len(word) >= _FUZZY_BESIDE_OTHERS


def _pauses(text: str) -> Collection[int]:
    """Return the places of words that a punctuation mark stands before."""
    return set(accumulate(len(exact(statement).split()) for statement in _PAUSES.split(text)))


def _in_capitals(text: str, word: str) -> bool:
    """Whether `word` stands in `text` as it is printed: STOP. Scripts without capitals count as such."""
    return any(typed == typed.upper() and loose(exact(typed)) == word for typed in text.split())


def _lengths_by_first_word(known: Iterable[str]) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for phrase in known:
        first, *rest = phrase.split()
        lengths.setdefault(first, set()).add(1 + len(rest))
    return {first: tuple(sorted(found)) for first, found in lengths.items()}


def _turning(vocabularies: Mapping[str, Vocabulary], *, before: bool) -> dict[str, set[str]]:
    """Return form → languages in which it turns a withdrawal round."""
    found: dict[str, set[str]] = {}
    for language, vocabulary in vocabularies.items():
        words = vocabulary.stop.not_after if before else vocabulary.stop.not_before
        for form in vocabulary.loose_forms(*words):
            found.setdefault(form, set()).add(language)
    return found


def _courtesies(vocabulary: Vocabulary) -> Iterator[str]:
    """Yield what changes nothing beside a withdrawal: courtesies, and a yes or no, which STOP beats."""
    yield from vocabulary.loose_forms(*vocabulary.polite)
    for intent in ANSWERS:
        yield from vocabulary.loose_forms(*vocabulary.spoken(intent).every())


def _single_words(vocabularies: Mapping[str, Vocabulary]) -> set[str]:
    """Return the words of all other intents: whoever types one of them made no slip."""
    return {
        form
        for vocabulary in vocabularies.values()
        for intent in (*GLOBAL, *ANSWERS)
        for form in vocabulary.loose_forms(*vocabulary.spoken(intent).every(), *vocabulary.spoken(intent).ambiguous)
        if " " not in form
    }
