"""Recognises small talk: thanks, a goodbye, an apology, a greeting. It must be the whole message.

The same words are courtesies beside anything else (`courtesies`): "thanks, STOP" says STOP.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .keywords import TALK, Intent, Vocabulary

_MOST = 12
"""Maximum words of small talk: "hello, good morning, thank you very much for your help, bye"."""

_DRAWN_OUT = re.compile(r"(.)\1{2,}")
"""A letter three times or more."""

_DRAWN_OUT_AT_END = re.compile(r"(\w)\1+$")
"""A letter doubled at the end."""

_COURTESY = None
"""What a courtesy means that is no small talk by itself: "ok", "please"."""


class Said(NamedTuple):
    """Small talk, and the languages that have it."""

    intent: Intent
    languages: frozenset[str]


class SmallTalk:
    """The small talk of all languages, ready to be found."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._meanings: dict[str, dict[Intent | None, set[str]]] = {}
        """Loose form → its meanings → their languages."""
        for language, vocabulary in vocabularies.items():
            for form, intent in _forms(vocabulary):
                self._meanings.setdefault(form, {}).setdefault(intent, set()).add(language)
        self._longest = 1 + max((form.count(" ") for form in self._meanings), default=-1)

    def find(self, plain: str, spoken: frozenset[str]) -> Said | None:
        """Return the small talk that a message in its loose form consists of; `spoken`: the person's languages."""
        words = plain.split()
        if len(words) > _MOST:
            return None
        drawn_in = [self._drawn_in(word, _DRAWN_OUT) for word in words]
        ways = (drawn_in, [self._drawn_in(word, _DRAWN_OUT_AT_END) for word in drawn_in])
        forms = next(filter(None, (self._forms(way, 0, set()) for way in ways)), [])
        said = [each for form in forms for each in self._said(form, spoken)]
        return min(said, key=lambda each: TALK.index(each.intent), default=None)

    def _drawn_in(self, word: str, drawn_out: re.Pattern[str]) -> str:
        """Return a word as it is known if it is only drawn out: "thanksss", "hvalaa"."""
        return word if word in self._meanings else drawn_out.sub(r"\1", word)

    def _forms(self, words: list[str], start: int, in_vain: set[int]) -> list[str] | None:
        """Return known forms that make up `words` from `start`, the longest first; None if there are none.

        `in_vain` remembers where that was tried, so that the time stays proportional to the length.
        """
        if start == len(words):
            return []
        for end in range(min(len(words), start + self._longest), start, -1):
            form = " ".join(words[start:end])
            if form in self._meanings and end not in in_vain:
                rest = self._forms(words, end, in_vain)
                if rest is not None:
                    return [form, *rest]
        in_vain.add(start)
        return None

    def _said(self, form: str, spoken: frozenset[str]) -> Iterator[Said]:
        """Yield what a form means: in the person's languages if it is theirs, else in most languages."""
        meanings = self._meanings[form]
        theirs = {intent: languages & spoken for intent, languages in meanings.items() if languages & spoken}
        known = theirs or meanings
        intent = max(known, key=lambda each: (each is not _COURTESY, len(known[each])))
        if intent is not None:
            yield Said(intent, frozenset(meanings[intent]))


def _forms(vocabulary: Vocabulary) -> Iterator[tuple[str, Intent | None]]:
    for intent in TALK:
        yield from ((form, intent) for form in vocabulary.loose_forms(*vocabulary.word_list(intent).every()) if form)
    courtesies = vocabulary.loose_forms(*vocabulary.polite, *vocabulary.vague)
    yield from ((form, _COURTESY) for form in courtesies if form)
