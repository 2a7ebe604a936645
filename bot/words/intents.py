"""What a typed text means. Withdrawal is read generously, in every language; consent strictly, in the question's.

`Keywords.classify` looks up whole messages in tables built at start; only a message that is not a known word is
searched for a withdrawal, and for a command between courtesies. The words are in `locales/*/keywords.toml`.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from . import lookup
from .assent import Assent
from .courtesies import Courtesies
from .keyword_files import FILE, read, withdrawing
from .keywords import UNIVERSAL, Intent, Vocabulary, base
from .language_names import LanguageNames
from .lookup import NOWHERE, UNASKED, UNASKED_NO, Match, match_of
from .normalise import Typed, emoji, exact, loose, typed
from .ordinary import FILE as ORDINARY_FILE
from .ordinary import NONE_ORDINARY, Ordinary
from .ordinary import read as read_ordinary
from .person_wanted import PersonWanted
from .questions import Questions
from .small_talk import SmallTalk
from .withdrawal import Withdrawals

__all__ = ["BY_PAYLOAD", "UNASKED", "UNASKED_NO", "Intent", "Keywords", "Match"]

BY_PAYLOAD = f"{Intent.STOP}:{UNIVERSAL}:payload"
"""The rule of somebody else's button that stops by its payload because its label says nothing."""

_GLANCE = 80
"""Characters at each end of a message that are checked first."""

_LISTED = frozenset({"inside", "complaint"})
"""The kind of match of a doubt listed as such: "wrong number", or a no."""

_DOUBTFUL = frozenset({Intent.STOP, Intent.MAYBE_STOP, Intent.WHO, Intent.SOURCE, Intent.WHY})
"""What a complaint may mean as a whole message: some are plain questions then ("who are you?")."""

_GUESSED = frozenset({"typo", "repeated", "lookalike"})
"""The kind of match of a word in no list."""


class Keywords:
    """All words of all languages, ready to be looked up."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary], ordinary: Ordinary = NONE_ORDINARY) -> None:
        self._vocabularies = vocabularies
        self.languages = frozenset(vocabularies) - {UNIVERSAL}
        """Languages with words of their own."""
        self._exact, self._loose = lookup.commands(vocabularies)
        speakers = lookup.speakers(vocabularies)
        self._answers = {language: lookup.answers(vocabularies, language, speakers) for language in vocabularies}
        self._unasked = lookup.unasked(speakers)
        self.assent = Assent(vocabularies)
        self._stops = frozenset(form for each in vocabularies.values() for form in withdrawing(each))
        self._ordinary = lookup.with_answers(ordinary, speakers)
        self._printed = frozenset(form for each in vocabularies.values() for form in each.loose_forms(each.stop.show))
        self._withdrawals = Withdrawals(vocabularies, self._ordinary)
        self._person_wanted = PersonWanted(vocabularies)
        self._questions = Questions(vocabularies)
        self._small_talk = SmallTalk(vocabularies)
        self._courtesies = Courtesies(
            form for vocabulary in vocabularies.values() for form in vocabulary.loose_forms(*vocabulary.polite)
        )
        self._names: dict[tuple[str, ...], LanguageNames] = {}
        tables = [entry.emoji for entry in vocabularies.values()]
        self._signs = frozenset(sign for table in tables for signs in table.maybe_stop for sign in emoji(signs))
        self._no_signs = frozenset(sign for table in tables for signs in table.no for sign in emoji(signs))

    @classmethod
    def load(cls, folder: Path, own: Path | None = None) -> "Keywords":
        """Read `folder` (`locales/`), and the words in the company's `own`, which are added to ours.

        Raises `FileError`, which names the file, the key and the cure.

        Building the tables takes seconds, so a process does it once for the same words, whatever else has changed.
        """
        return _load(_Words.of(folder), None if own is None else _Words.of(own))

    def classify(self, text: str | Typed, *, asked_in: str | None, spoken: Collection[str] = ()) -> Match | None:
        """Return what `text` means; None if it means nothing known.

        `asked_in` is the locale of the pending question, None if there is none. Without a question a NO has the rule
        `no:unasked` and a YES `yes:unasked`, which answers nothing and must never count. `spoken` are the locales that
        the person may speak, as far as known: an ordinary word in them is not a withdrawal just because it means stop
        elsewhere (a Spaniard's "seis" is Finnish for stop).
        """
        text, form, plain = text if isinstance(text, Typed) else typed(text)
        if not form:
            return self._only_emoji(text, asked=asked_in is not None)
        languages = frozenset(map(base, spoken or (asked_in,) if asked_in else spoken))
        match = self._exact.get(form) or self._loose.get(plain)
        if match and match.intent is Intent.STOP:
            match = self._unless_ordinary(match, plain, languages)
        match = match or (self._answer(form, plain, asked_in) if asked_in else None)
        talk = None if match else self._talk(plain, languages)
        if talk and talk.languages & languages:
            return talk
        match = match or (None if asked_in else self._unasked.get(plain))
        if match:
            return match
        found = self._withdrawals.find(text, plain, languages)
        withdrawal = match_of(*found) if found else None
        if withdrawal and withdrawal.intent is Intent.STOP:
            withdrawal = self._unless_ordinary(withdrawal, plain, languages)
        if withdrawal and withdrawal.intent is Intent.STOP:
            return withdrawal
        no = None if asked_in else self._unasked_no(plain, languages)
        if no and withdrawal and withdrawal.how not in _LISTED:
            withdrawal = None  # a listed no, though its words put together would be a doubt: "I do not agree"
        command = self._command(plain.split())
        if command is None and withdrawal and withdrawal.how in _LISTED:
            command = self._no_complaint(text, plain, languages)
        return command or withdrawal or no or talk or self._composed(text, plain, languages)

    def _unless_ordinary(self, match: Match, plain: str, spoken: frozenset[str]) -> Match | None:
        """Return a withdrawal unless it is only an ordinary word in the person's language.

        If the word is printed in our texts, the bot asks back. If the language is unknown, a printed word acts, and the
        bot asks back about any other word that is ordinary somewhere.
        """
        ordinary_in = self._ordinary.get(plain, NOWHERE) - match.languages
        if not ordinary_in or (spoken and not ordinary_in & spoken):
            return match
        printed = plain in self._printed
        if printed and not spoken:
            return match
        return match_of(Intent.MAYBE_STOP, "ordinary", match.languages) if printed or not spoken else None

    def misheard(self, word: str, language: str) -> bool:
        """Whether `word`, ordinary in `language`, withdraws there although the language does not list it."""
        match = self.classify(word, asked_in=language, spoken=(language,))
        if match is None or match.intent is not Intent.STOP:
            return False
        *_, whose, how = match.rule.split(":")
        return how in _GUESSED or (whose != UNIVERSAL and language not in match.languages)

    def is_bare_no(self, text: Typed, no: Match) -> bool:
        """Whether a no is just the word that our texts print, in any of its languages, with or without courtesies."""
        words = text.loose.split()
        first, end = self._courtesies.without(words)
        printed = (self._vocabularies[language].shown(Intent.NO) for language in no.languages)
        return " ".join(words[first:end]) in {loose(exact(word)) for word in printed if word}

    def is_courtesy(self, text: Typed) -> bool:
        """Whether a text consists of greetings and courtesies."""
        return self._courtesies.cover(text.loose.split())

    def languages_named(self, text: Typed, offered: tuple[str, ...], *speakers: str) -> Sequence[str]:
        """Return the `offered` locales that `text` asks for by name, see `LanguageNames.find`."""
        names = self._names.get(offered)
        if names is None:
            names = self._names[offered] = LanguageNames.of(offered, self._vocabularies, self._courtesies)
        return names.find(text.loose, *speakers)

    def yes_elsewhere(self, text: Typed) -> Match | None:
        """Return a yes in another language, if `text` means nothing in the question's language."""
        return self._unasked.get(text.loose)

    def unheard(self, language: str) -> Iterator[tuple[str, str]]:
        """Yield (key, word) of entries of a language that can never have an effect."""
        vocabulary = self._vocabularies[language]
        yield from self._withdrawals.unheard(language, vocabulary)
        for word in vocabulary.stop.ask:
            match = self.classify(word, asked_in=None, spoken=(language,))
            if match is None or match.intent not in _DOUBTFUL:
                yield "stop.ask", word

    def says(self, intent: Intent, label: str, language: str) -> bool:
        """Whether `label` contains words that answer yes or no in `language`."""
        vocabulary = self._vocabularies.get(language)
        answers = vocabulary.loose_forms(*vocabulary.word_list(intent).every()) if vocabulary else ()
        return any(f" {answer} " in f" {loose(exact(label))} " for answer in answers)

    @property
    def own(self) -> frozenset[str]:
        """The intents of the company's own that have words in some language."""
        return frozenset(intent for vocabulary in self._vocabularies.values() for intent in vocabulary.own)

    def withdraws_alone(self, word: str) -> bool:
        """Whether `word`, in its loose form, withdraws as a whole message in any language."""
        return word in self._stops

    def names_stop(self, payload: str) -> bool:
        """Whether a button's payload is a word of withdrawal: STOP, OPT_OUT, Unsubscribe."""
        match = self._loose.get(loose(exact(payload)))
        return match is not None and match.intent is Intent.STOP

    def stops(self, before: str, after: str, locale: str) -> bool:
        """Whether a text would withdraw if it named our messages between `before` and `after`: "stop … please"."""
        vocabulary = self._vocabularies.get(base(locale))
        for noun in vocabulary.refusal.messages[:1] if vocabulary else ():
            match = self.classify(f"{before} {noun.rstrip('*')} {after}", asked_in=None, spoken=(locale,))
            return match is not None and match.intent is Intent.STOP
        return False

    def may_stop(self, text: str) -> bool:
        """Whether both ends of `text` show a word of withdrawal: a quick check that can err either way."""
        ends = [text] if len(text) <= 2 * _GLANCE else [text[:_GLANCE], text[-_GLANCE:]]
        forms = [loose(exact(end)) for end in ends]
        first, last = forms[0].partition(" ")[0], forms[-1].rpartition(" ")[2]
        return first in self._stops or last in self._stops or forms[0] in self._stops

    def prints(self, intent: Intent, language: str) -> bool:
        """Whether `language` has a word of its own to print for `intent`."""
        return language in self._vocabularies and bool(self._vocabularies[language].shown(intent))

    def shown(self, intent: Intent, locale: str) -> str:
        """Return the word printed in texts for `intent`, e.g. OUI: the locale's, else English."""
        for language in (base(locale), "en"):
            vocabulary = self._vocabularies.get(language)
            word = vocabulary.shown(intent) if vocabulary else ""
            if word:
                return word
        raise KeyError(f"no keywords.toml shows a word for {intent.value}")

    def example(self, intent: Intent, locale: str) -> str:
        """Return what somebody may type to mean `intent`: the printed word, else the first one; empty if none is known.

        A language without such a word borrows the English one.
        """
        for language in (base(locale), "en"):
            if vocabulary := self._vocabularies.get(language):
                words = vocabulary.stop if intent is Intent.STOP else vocabulary.word_list(intent)
                if word := words.show or next(words.every(), ""):
                    return word
        return ""

    def _unasked_no(self, plain: str, spoken: Collection[str]) -> Match | None:
        """Return a no in a language that the person may speak, although nothing was asked."""
        known = [language for language in spoken if language in self._answers] or [UNIVERSAL]
        answers = (self._answers[language][1].get(plain) for language in known)
        no = next((match for match in answers if match and match.intent is Intent.NO), None)
        return Match(Intent.NO, UNASKED_NO, no.languages) if no else None

    def _answer(self, form: str, plain: str, asked_in: str) -> Match | None:
        answers = self._answers.get(base(asked_in)) or self._answers[UNIVERSAL]
        return answers[0].get(form) or answers[1].get(plain)

    def _command(self, words: list[str]) -> Match | None:
        """Return the command in a message without its courtesies; withdrawals have been searched for already."""
        first, end = self._courtesies.without(words)
        match = self._loose.get(" ".join(words[first:end]))
        return match if match and match.intent is not Intent.STOP else None

    def _talk(self, plain: str, spoken: frozenset[str]) -> Match | None:
        """Return small talk that is the whole message: "ok thanks, bye"."""
        said = self._small_talk.find(plain, spoken)
        return match_of(said.intent, "talk", said.languages) if said else None

    def _composed(self, text: str, plain: str, spoken: frozenset[str]) -> Match | None:
        """Return what a sentence asks for that no list has: "speak to a human being", "how come you know my number"."""
        wanted = self._person_wanted.find(text, plain, spoken)
        if wanted is None or wanted.intent is not Intent.HUMAN:  # "who are you?" says no word of machines
            asked = self._questions.find(text, plain, spoken)
            if asked:
                return match_of(asked.intent, "composed", asked.languages)
        return match_of(wanted.intent, "composed", wanted.languages) if wanted else None

    def _no_complaint(self, text: str, plain: str, spoken: frozenset[str]) -> Match | None:
        """Return what a message asks for if what it complains about is not our messages.

        It complains about the machine and asks for a person ("enough of the robot, I want a human"), or each of its
        words belongs to the question who we are ("I don't know this number, who is it?").
        """
        asked = self._questions.find(text, plain, spoken)
        if asked and asked.intent is Intent.WHO:
            return match_of(asked.intent, "composed", asked.languages)
        rest = self._person_wanted.without_robots(text)
        if rest is None:
            return None
        plainly = typed(rest)
        wanted = self._person_wanted.find(rest, plainly.loose, spoken)
        if wanted is None or self._withdrawals.find(rest, plainly.loose, spoken):
            return None
        return match_of(wanted.intent, "composed", wanted.languages)

    def _only_emoji(self, text: str, *, asked: bool) -> Match | None:
        if not self._signs.isdisjoint(text):
            return match_of(Intent.MAYBE_STOP, "emoji", NOWHERE)
        if asked or self._no_signs.isdisjoint(text):
            return None
        return Match(Intent.NO, UNASKED_NO, NOWHERE)


@dataclass(frozen=True, slots=True)
class _Words:
    """The files of a folder. They are equal if they say the same, wherever they are."""

    folder: Path = field(compare=False)
    contents: tuple[tuple[str, bytes | int | None], ...]
    """Path in the folder → digest of its content, or the number of the error that prevents reading it."""

    @classmethod
    def of(cls, folder: Path) -> "_Words":
        paths = (folder / FILE, *sorted(folder.glob(f"*/{FILE}")), folder / ORDINARY_FILE)
        return cls(folder, tuple((str(path.relative_to(folder)), _content(path)) for path in paths))


def _content(path: Path) -> bytes | int | None:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError as error:
        return error.errno


@lru_cache(maxsize=4)
def _load(words: _Words, own: _Words | None) -> Keywords:
    return Keywords(read(words.folder, own.folder if own else None), read_ordinary(words.folder))
