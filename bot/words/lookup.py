"""What whole messages mean: tables built at start from the words of all languages, and what is found in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from .keywords import ANSWERS, GLOBAL, UNIVERSAL, Intent, Vocabulary
from .ordinary import Ordinary

UNASKED_NO = "no:unasked"
"""The rule of a no without a question: where a consent stands, it may be meant as a withdrawal."""

UNASKED = "yes:unasked"
"""The rule of a yes without a question: it must never count."""

NOWHERE: frozenset[str] = frozenset()
"""The languages of what reveals none."""

_BARE = frozenset({"exact", "loose", "whole", "typo", "repeated", "lookalike", "emoji"})
"""The kind of match of a word that is the whole message."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a text means, and how that was found."""

    intent: Intent
    rule: str
    """Evidence without the person's words: intent, languages and kind of match, e.g. `stop:es+pt:first_word`."""
    languages: frozenset[str]
    """Languages with the matched word, to guess the person's; empty if the word reveals nothing (STOP)."""
    offers: bool = False
    """Whether a withdrawal is only about offers and the like: marketing, not orders."""

    @property
    def bare(self) -> bool:
        """Whether the message is nothing but the matched word."""
        return self.how in _BARE

    @property
    def how(self) -> str:
        """The kind of match."""
        return self.rule.rpartition(":")[2]

    @property
    def unasked(self) -> bool:
        """Whether it is a yes or a no without a question."""
        return self.rule in (UNASKED, UNASKED_NO)


def match_of(intent: Intent, how: str, languages: frozenset[str], offers: bool = False) -> Match:
    """Return a match of a kind, with its rule."""
    return Match(intent, f"{intent.value}:{'+'.join(sorted(languages)) or UNIVERSAL}:{how}", languages, offers)


Table = dict[str, Match]
"""Form → what it means."""

Speakers = dict[Intent, dict[str, frozenset[str]]]
"""Answer → its loose forms → the languages in which they have that meaning."""

_Claims = dict[str, tuple[Intent, set[str]]]
"""Form → its meaning and languages."""


def commands(vocabularies: Mapping[str, Vocabulary]) -> tuple[Table, Table]:
    """Return the tables of commands as whole messages, in exact and in loose form."""
    exactly: _Claims = {}
    loosely: _Claims = {}
    own = dict.fromkeys(intent for vocabulary in vocabularies.values() for intent in vocabulary.own)
    for intent in (Intent.STOP, *GLOBAL, *own):  # if a form has two meanings, the first counts
        for language, vocabulary in vocabularies.items():
            words = vocabulary.stop if intent is Intent.STOP else vocabulary.word_list(intent)
            for form, plain in vocabulary.looked_up(words.every()):
                for claims, claimed in ((exactly, form), (loosely, plain)):
                    first, languages = claims.setdefault(claimed, (intent, set()))
                    if first == intent:
                        languages.add(language)
    return _settled(exactly, "exact"), _settled(loosely, "loose")


def _settled(claims: _Claims, how: str) -> Table:
    match = lru_cache(maxsize=None)(match_of)  # thousands of words share a meaning
    return {form: match(intent, how, _known_in(languages)) for form, (intent, languages) in claims.items()}


def _known_in(languages: set[str]) -> frozenset[str]:
    return NOWHERE if UNIVERSAL in languages else frozenset(languages)


def answers(vocabularies: Mapping[str, Vocabulary], language: str, speakers: Speakers) -> tuple[Table, Table]:
    """Return what answers a question asked in `language`: its own and the universal words, except ambiguous words."""
    exactly: Table = {}
    loosely: Table = {}
    for source in dict.fromkeys((UNIVERSAL, language)):
        for intent in ANSWERS:
            for form, plain in vocabularies[source].looked_up(vocabularies[source].word_list(intent).every()):
                exactly[form] = Match(intent, f"{intent.value}:{source}:exact", speakers[intent][plain])
                loosely[plain] = Match(intent, f"{intent.value}:{source}:loose", speakers[intent][plain])
    for intent in ANSWERS:
        for form, plain in vocabularies[language].looked_up(vocabularies[language].word_list(intent).ambiguous):
            exactly.pop(form, None)
            loosely.pop(plain, None)
    return exactly, loosely


def speakers(vocabularies: Mapping[str, Vocabulary]) -> Speakers:
    """Return in which languages each word answers a question."""
    found: dict[Intent, dict[str, set[str]]] = {intent: {} for intent in ANSWERS}
    for language, vocabulary in vocabularies.items():
        for intent in ANSWERS:
            for form in vocabulary.loose_forms(*vocabulary.word_list(intent).every()):
                found[intent].setdefault(form, set()).add(language)
    return {
        intent: {form: frozenset(languages - {UNIVERSAL}) for form, languages in forms.items()}
        for intent, forms in found.items()
    }


def with_answers(ordinary: Ordinary, speakers: Speakers) -> Ordinary:
    """Return ordinary words, including those that answer a question."""
    found = dict(ordinary)
    for forms in speakers.values():
        for form, languages in forms.items():
            found[form] = found.get(form, NOWHERE) | languages
    return found


def unasked(speakers: Speakers) -> Table:
    """Return what would be a yes in some language if anything had been asked."""
    return {form: Match(Intent.YES, UNASKED, languages) for form, languages in speakers[Intent.YES].items()}
