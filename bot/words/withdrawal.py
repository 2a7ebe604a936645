"""Finds a withdrawal in a message that is not just a known word: at its ends, misspelt, or in a sentence.

Stopping must be as easy as agreeing (GDPR Art. 7(3)), in any wording that a reasonable reader would understand
(47 CFR 64.1200(a)(10), used as a floor). So this reads generously, and asks back where it is in doubt.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import IntEnum
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from . import refusals, statements
from .courtesies import Courtesies
from .keywords import ANSWERS, GLOBAL, TALK, UNIVERSAL, Intent, Vocabulary
from .normalise import drawn_out, exact, loose, skeletons, squeeze
from .refusals import Reading, Refusals, Sure
from .roles import Profile
from .statements import Part
from .typos import Neighbours

_SHORT = 3
"""Maximum words of a message in which misspelt words are looked for, or which a common word may open."""

_TYPED = 5
"""Minimum letters of a misspelt word: shorter words resemble too many others."""

_SPANS = 5
"""Words of withdrawal considered at each end of a message: nobody needs more to say it."""

_NO = "no"
"""The answer that many languages share."""

_ENGLISH = frozenset({"en"})
"""Languages whose words are expected beside universal words."""


class Grade(IntEnum):
    """How sure a word is; of two grades of one word (in two languages) the higher counts."""

    NEVER = 0
    ALONE = 1
    ASK = 2
    WEAK = 3
    COMMON = 4
    STRONG = 5
    PHRASE = 6


_FUZZY = {Grade.STRONG: 5, Grade.COMMON: 6, Grade.WEAK: 6}
"""Minimum letters for recognising a misspelt word of this grade as a whole message."""

_FUZZY_BESIDE_OTHERS = 6
"""The same for strong words within a message."""


class WordEntry(NamedTuple):
    """A known word or phrase; if it is universal, it has no languages."""

    grade: Grade
    languages: frozenset[str]


class Span(NamedTuple):
    """A known word or phrase at its position in a message."""

    start: int
    end: int
    grade: Grade
    languages: frozenset[str]


class Found(NamedTuple):
    """What was found: STOP or MAYBE_STOP, how, and the languages of the word."""

    intent: Intent
    how: str
    languages: frozenset[str]
    offers: bool = False
    """Whether it is about offers and the like only."""


class TypedMessage:
    """A message being read: its words, their roles by language, and where its writer paused."""

    def __init__(self, text: str, words: list[str], profile: Profile, spoken: Collection[str]) -> None:
        self.text = text
        self.words = words
        self.profile = profile
        self.spoken = spoken

    @cached_property
    def parts(self) -> list[Part]:
        """The parts between pauses, and before and after "but"."""
        spoken = [self.profile[language] for language in self.likely & self.profile.keys()]
        contrasts = {
            index for index in range(len(self.words)) if any(refusals.contrasts(roles, index) for roles in spoken)
        }
        found = statements.joined(
            statements.parts(self.text, len(self.words)),
            lambda index: any(refusals.leans(roles, index) for roles in spoken),
        )
        return list(statements.split_at(found, contrasts))

    def about_offers(self, part: Part) -> bool:
        """Whether `part` names offers and the like."""
        return any(refusals.about_offers(self.profile[each], part) for each in self.likely & self.profile.keys())

    def about_all(self, part: Part) -> bool:
        """Whether `part` names messages at large."""
        return any(refusals.about_all(self.profile[each], part) for each in self.likely & self.profile.keys())

    @cached_property
    def likely(self) -> frozenset[str]:
        """The languages of the message: the person's, unless another knows more of the words."""
        known = {language: len(roles) - roles.count(0) for language, roles in self.profile.items()}
        most = max(known.values(), default=0)
        expected = max((known.get(language, 0) for language in self.spoken), default=-1)
        if expected >= most - 1:
            return frozenset(self.spoken)
        return frozenset(self.spoken).union(language for language, count in known.items() if count == most)

    def part_of(self, span: Span) -> Part:
        """Return the part in which `span` begins."""
        return next(part for part in self.parts if part.start <= span.start < part.end)

    def readings(self) -> Iterator[tuple[Reading, Part, str]]:
        """Yield what each part says, and in which language."""
        languages = [each for each in self.likely & self.profile.keys() if refusals.tells(self.profile[each])]
        for part in self.parts if languages else ():
            for language in languages:
                reading = refusals.read(self.profile[language], part)
                if reading:
                    yield reading, part, language


class Withdrawals:
    """All words of withdrawal, ready to be found."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary], ordinary: Collection[str] = ()) -> None:
        self._entries = entries(vocabularies)
        self._lengths = _lengths_by_first_word(self._entries)
        self._refusals = Refusals(vocabularies)
        self._ordinary = ordinary
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

    def find(self, text: str, plain: str, spoken: Collection[str] = ()) -> Found | None:
        """Return the withdrawal in `text`, whose loose form is `plain`, or None; `spoken`: the person's languages."""
        words = plain.split()
        if len(words) >= _SHORT and all(len(word) == 1 for word in words):
            words = ["".join(words)]
        first, end = self._courtesies.without(words)
        if self._said_again(words[first:end]):
            words[first:end], end = words[first : first + 1], first + 1
        message = TypedMessage(text, words, self._refusals.profile(words), spoken)
        doubt: Found | None = None
        offers: Found | None = None
        for found in chain(self._known_words(message, first, end), self._put_together(message)):
            if found.intent is Intent.STOP and not found.offers:
                return found
            if found.intent is Intent.STOP:
                offers = offers or found
            doubt = doubt or found
        if offers:
            return offers
        odd = self._odd(words[first:end])
        if odd and any(map(refusals.in_doubt, message.profile.values())):
            return doubt
        return odd or doubt

    def _said_again(self, words: list[str]) -> bool:
        """Whether one word is said twice or more, and that does not mean something else: "BAJA BAJA"."""
        if len(words) < 2 or len(set(words)) > 1:
            return False
        known = self._entries.get(" ".join(words))
        return known is None or known.grade is not Grade.NEVER

    def unheard(self, language: str, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
        """Yield (key, word) of entries that can never have an effect."""
        lists = [(f"refusal.{name}", name, words) for name, words in vocabulary.refusal if name != "prefixes"]
        lists += [(f"stop.{name}", name, getattr(vocabulary.stop, name)) for name in ("not_after", "not_before")]
        for key, name, words in lists:
            for word in words:
                if not any(self._refusals.heard(form, language, name) for form in vocabulary.loose_forms(word)):
                    yield key, word
        for word in vocabulary.stop.never:
            if not any(map(self._resembles, vocabulary.loose_forms(word))):
                yield "stop.never", word

    def _resembles(self, form: str) -> bool:
        """Whether a withdrawal would be found in `form` if it were not listed as harmless."""
        words = form.split()
        known = any(
            entry.grade > Grade.NEVER
            for start in range(len(words))
            for end in range(start + 1, len(words) + 1)
            if (entry := self._entries.get(" ".join(words[start:end])))
        )
        return known or any(self._is_like_another(word) for word in words)

    def _is_like_another(self, word: str) -> bool:
        near = self._neighbours.of(word) - {word}
        return bool(near) or squeeze(word) in self._squeezed or not self._skeletons.keys().isdisjoint(skeletons(word))

    def _known_words(self, message: TypedMessage, first: int, end: int) -> Iterator[Found]:
        """Yield what the known words and phrases in a message mean where they stand."""
        spans = self._spans(message.words)
        for span in spans if len(spans) <= 2 * _SPANS else (*spans[:_SPANS], *spans[-_SPANS:]):
            how = self._how(message, span, first, end)
            if how and span.grade is not Grade.ASK and not self._doubtful(message, span):
                yield _found(Sure.ACT, how, span.languages, message, message.part_of(span))
            elif how or span.grade > Grade.ASK:
                yield Found(Intent.MAYBE_STOP, "inside", span.languages)

    def _put_together(self, message: TypedMessage) -> Iterator[Found]:
        for reading, part, language in message.readings() if message.profile else ():
            yield _found(reading.sure, reading.rule, frozenset({language}), message, part)

    def _spans(self, words: list[str]) -> list[Span]:
        """Return the words of withdrawal from left to right, except inside a harmless phrase ("bus stop")."""
        spans: list[Span] = []
        harmless: set[int] = set()
        for index, word in enumerate(words):
            for length in self._lengths.get(word, ()):
                entry = self._entries.get(word if length == 1 else " ".join(words[index : index + length]))
                if entry and entry.grade is Grade.NEVER:
                    harmless.update(range(index, index + length))
                elif entry and index + length <= len(words):
                    spans.append(Span(index, index + length, *entry))
        return [span for span in spans if not harmless.issuperset(range(span.start, span.end))]

    def _how(self, message: TypedMessage, span: Span, first: int, end: int) -> str:
        """Return how `span` makes the message, whose own words are first…end, a withdrawal; empty if it does not."""
        if span.grade is Grade.ALONE:
            return "whole" if self._alone(message.words, span) else self._last_statement(message, span)
        if span.start <= first and span.end >= end:
            return "whole"
        if span.grade is Grade.PHRASE or (span.grade is Grade.ASK and span.end - span.start > 1):
            return "phrase"
        if self._stands_alone(message.words, span, message.part_of(span).sentence):
            return "statement"
        if span.grade in (Grade.WEAK, Grade.ASK):
            return ""
        return self._at_an_end(message, span, first, end)

    def _at_an_end(self, message: TypedMessage, span: Span, first: int, end: int) -> str:
        """Return how a sure word counts at the start or end of a message in which no other word changes its meaning."""
        part = message.part_of(span)
        if not (self._covered(message, span, part) or self._stands_alone(message.words, span, part[:2])):
            return ""
        if span.grade is Grade.COMMON and self._of_others(message, span, part.sentence):
            return ""
        if span.end >= end:
            return "last_word"
        if span.start > first:
            return ""
        short = end - span.end <= _SHORT
        if span.grade is Grade.STRONG or short or _in_capitals(message.text, message.words[span.start]):
            return "first_word"
        return ""

    def _last_statement(self, message: TypedMessage, span: Span) -> str:
        """Return how a word counts as a sentence of its own at the end: "Kto to? Dość!"."""
        start, end = message.part_of(span).sentence
        last = start > 0 and end == len(message.words)
        return "statement" if last and self._stands_alone(message.words, span, (start, end)) else ""

    def _stands_alone(self, words: list[str], span: Span, around: tuple[int, int]) -> bool:
        """Whether `span` is all of `around` but for courtesies."""
        start, end = around
        first, last = self._courtesies.without(words[start:end])
        return span.start <= start + first and span.end >= start + last

    def _covered(self, message: TypedMessage, span: Span, part: Part) -> bool:
        """Whether all words of the sentence are known to leave the withdrawal what it is, or it names our messages."""
        languages = self._languages(message, span)
        if not languages & self._refusals.languages:
            return True
        outside = [*range(part.sentence[0], span.start), *range(span.end, part.sentence[1])]
        return any(
            all(roles[index] for index in outside) or refusals.about_messages(roles, part)
            for language, roles in message.profile.items()
            if language in languages
        )

    def _of_others(self, message: TypedMessage, span: Span, sentence: tuple[int, int]) -> bool:
        """Whether the sentence is about an order and the like: "stop, that's another address"."""
        return any(
            refusals.names_others(roles, *sentence)
            for language, roles in message.profile.items()
            if language in self._languages(message, span)
        )

    def _doubtful(self, message: TypedMessage, span: Span) -> bool:
        """Whether the words around `span` reverse it, as in "don't stop", or are about something else."""
        part = message.part_of(span)
        if not (span.languages or message.spoken) and message.words[: span.start] == [_NO]:
            return False  # "no stop", in whatever language: "no, stop"
        if part.question and part.sentence != (0, len(message.words)):
            return True  # "unsubscribe? not at all"
        return any(
            refusals.keeps(roles)
            or refusals.about_others(roles, part)
            or refusals.turned(roles, span.start, span.end, part)
            for language, roles in message.profile.items()
            if language in self._languages(message, span)
        )

    def _languages(self, message: TypedMessage, span: Span) -> frozenset[str]:
        """Return the languages that decide about the words around `span`."""
        return (span.languages & message.likely) or span.languages or message.likely or _ENGLISH

    def _alone(self, words: list[str], span: Span) -> bool:
        """Whether only courtesies of its language stand beside `span`: "basta, grazie", and not "bästa hälsningar".

        Beside a word that texts tell people to type, English courtesies may stand too: "please STAD".
        """
        word = " ".join(words[span.start : span.end])
        own = [
            self._beside_printed.get((language, word), self._own_courtesies[language]).without(words)
            for language in span.languages or _ENGLISH
            if language in self._own_courtesies
        ]
        return any(span.start <= first and end <= span.end for first, end in own)  # "thanks, no more" has a "no"

    def _odd(self, words: list[str]) -> Found | None:
        """Look at both ends of a message for a word drawn out, disguised or misspelt."""
        for word in dict.fromkeys(words[:1] + words[-1:]):
            known = self._entries.get(word)
            if known and known.grade > Grade.ALONE:
                continue  # spelled correctly, so its neighbours have decided: "don't stop"
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

    def _drawn_out(self, word: str, *, alone: bool) -> WordEntry | None:
        squeezed = squeeze(word)
        return self._squeezed.get(squeezed) or (self._squeezed_alone.get(squeezed) if alone else None)

    def _drawn_out_alone(self, others: Iterable[str]) -> Mapping[str, WordEntry]:
        """Return squeezed form → word that withdraws as a whole message and can't be one of the `others` drawn out."""
        taken = set(map(squeeze, others))
        words = {
            squeeze(word): entry
            for word, entry in self._entries.items()
            if entry.grade in (Grade.ALONE, Grade.WEAK) and " " not in word and len(squeeze(word)) >= _TYPED - 1
        }
        taken.update(squeeze(word) for word, entry in self._entries.items() if entry.grade is Grade.NEVER)
        return {squeezed: entry for squeezed, entry in words.items() if squeezed not in taken}

    def _meant(self, typed: str, *, alone: bool) -> WordEntry | None:
        """Return the word of withdrawal that `typed` is one slip away from, if no other word is as near."""
        if len(typed) < _TYPED or typed in self._known or typed in self._ordinary:
            return None
        near = self._neighbours.of(typed)
        meant = [self._entries[word] for word in near if word in self._entries and _fuzzy(word, self._entries, alone)]
        if len(meant) != len(near) or not meant:
            return None
        languages = [entry.languages for entry in meant]
        return WordEntry(Grade.STRONG, frozenset().union(*languages) if all(languages) else frozenset())


def _found(sure: Sure, how: str, languages: frozenset[str], message: TypedMessage, part: Part) -> Found:
    """Return what `part` says; "no messages or offers" may be about the offers only, or about everything."""
    offers = message.about_offers(part)
    if sure is Sure.ASK or (offers and message.about_all(part)):
        return Found(Intent.MAYBE_STOP, how, languages)
    return Found(Intent.STOP, how, languages, offers)


def entries(vocabularies: Mapping[str, Vocabulary]) -> dict[str, WordEntry]:
    """Return all words that matter to a withdrawal, in loose form."""
    collected: dict[str, tuple[Grade, set[str]]] = {}
    for language, vocabulary in vocabularies.items():
        for grade, words in _graded(vocabulary):
            for form in vocabulary.loose_forms(*words):
                known, languages = collected.get(form) or (grade, set())
                languages.add(language)
                collected[form] = (max(known, grade), languages)
    return {
        form: WordEntry(grade, frozenset() if UNIVERSAL in languages else frozenset(languages))
        for form, (grade, languages) in collected.items()
    }


def _graded(vocabulary: Vocabulary) -> Iterable[tuple[Grade, Iterable[str]]]:
    stop = vocabulary.stop
    yield Grade.NEVER, stop.never
    yield Grade.ALONE, stop.alone
    yield Grade.ASK, (word for word in stop.ask if not word.endswith("*"))
    yield Grade.WEAK, stop.weak
    yield Grade.COMMON, stop.common
    yield Grade.STRONG, stop.strong
    yield Grade.PHRASE, stop.phrases


def _fuzzy(word: str, known: Mapping[str, WordEntry], alone: bool) -> bool:
    grade = known[word].grade
    if alone:
        return len(word) >= _FUZZY.get(grade, len(word) + 1)
    return grade is Grade.STRONG and len(word) >= _FUZZY_BESIDE_OTHERS


def _in_capitals(text: str, word: str) -> bool:
    """Whether `word` stands in `text` as it is printed: STOP. Scripts without capitals count as such."""
    return any(typed == typed.upper() and loose(exact(typed)) == word for typed in text.split())


def _lengths_by_first_word(known: Iterable[str]) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for phrase in known:
        first, *rest = phrase.split()
        lengths.setdefault(first, set()).add(1 + len(rest))
    return {first: tuple(sorted(found)) for first, found in lengths.items()}


def _courtesies(vocabulary: Vocabulary) -> Iterator[str]:
    """Yield words that change nothing beside a withdrawal: courtesies, and yes or no, which STOP overrides."""
    yield from vocabulary.loose_forms(*vocabulary.polite)
    for intent in ANSWERS:
        yield from vocabulary.loose_forms(*vocabulary.word_list(intent).every())


def _single_words(vocabularies: Mapping[str, Vocabulary]) -> set[str]:
    """Return the words of all other intents, which are not typing slips."""
    return {
        form
        for vocabulary in vocabularies.values()
        for intent in (*GLOBAL, *TALK, *ANSWERS)
        for form in vocabulary.loose_forms(
            *vocabulary.word_list(intent).every(), *vocabulary.word_list(intent).ambiguous
        )
        if " " not in form
    }
