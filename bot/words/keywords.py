"""The words that customers may type, by meaning, and the forms in which they are looked up.

Words are additive: a language can only add to other languages and the universal list.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field

from .normalise import exact, loose
from .role_words import PersonWords, QuestionWords, RefusalWords, Table, Word, Words

OWN_INTENT = r"^[a-z][a-z_]{0,39}$"
"""How a company may call an intent of its own."""

UNIVERSAL = "any"
"""The pseudo-language of words that belong to no language, e.g. STOP."""


class Heard(StrEnum):
    """Where the words of an intent count."""

    INSIDE = "inside"
    """Anywhere in a message, in every language: a withdrawal, or a possible withdrawal."""
    ALONE = "alone"
    """As a whole message in any language, at any time."""
    TALK = "talk"
    """As a whole message in any language, if nobody else claims it: thanks, goodbye. It changes nothing."""
    ANSWER = "answer"
    """As the answer to a question that was asked in their language."""


@dataclass(frozen=True, slots=True)
class _Row:
    """The properties of an intent."""

    heard: Heard = Heard.ALONE
    placeholder: str = ""
    """The placeholder of texts that shows its printed word, if any does."""


class Intent(StrEnum):
    """The one table of intents: what a typed text or a tapped button means.

    Intents heard `ALONE` are in order of precedence. A new intent is a row here, words, and a flow that claims it.
    """

    heard: Heard
    placeholder: str

    def __new__(cls, id: str, row: _Row = _Row()) -> "Intent":
        """Make an intent from its row.

        `id` is the key of its words in the keyword files, what its button sends back, and how a flow claims it.
        """
        intent = str.__new__(cls, id)
        intent._value_, intent.heard, intent.placeholder = id, row.heard, row.placeholder
        return intent

    @classmethod
    def own(cls, id: str) -> "Intent":
        """Return an intent that a company declares in a flow of its own; it is no member of this table.

        It is heard alone, after every intent of the table: a company's words take nothing from ours.
        """
        intent = str.__new__(cls, id)
        intent._name_, intent._value_, intent.heard, intent.placeholder = id, id, Heard.ALONE, ""
        return intent

    STOP = "stop", _Row(Heard.INSIDE, "stop_word")
    MAYBE_STOP = "maybe_stop", _Row(Heard.INSIDE)
    """Contains a word of withdrawal but may mean something else: pause, and ask."""
    MY_DATA = "my_data", _Row(Heard.ALONE, "data_word")
    PORTABILITY = "portability", _Row(Heard.ALONE, "portability_word")
    DELETE = "delete", _Row(Heard.ALONE)
    RIGHTS = "rights", _Row(Heard.ALONE, "rights_word")
    CORRECT = "correct", _Row(Heard.ALONE)
    RESTRICT = "restrict", _Row(Heard.ALONE)
    OBJECT = "object", _Row(Heard.ALONE)
    PROOF = "proof", _Row(Heard.ALONE)
    PRIVACY = "privacy", _Row(Heard.ALONE, "privacy_word")
    LANGUAGE = "language", _Row(Heard.ALONE, "language_word")
    MY_CHOICES = "my_choices", _Row(Heard.ALONE, "choices_word")
    START = "start", _Row(Heard.ALONE, "start_word")
    HELP = "help", _Row(Heard.ALONE)
    HUMAN = "human", _Row(Heard.ALONE, "human_word")
    ROBOT = "robot", _Row(Heard.ALONE)
    WHO = "who", _Row(Heard.ALONE)
    SOURCE = "source", _Row(Heard.ALONE)
    WHY = "why", _Row(Heard.ALONE)
    BYE = "bye", _Row(Heard.TALK)
    THANKS = "thanks", _Row(Heard.TALK)
    SORRY = "sorry", _Row(Heard.TALK)
    HELLO = "hello", _Row(Heard.TALK)
    YES = "yes", _Row(Heard.ANSWER, "yes_word")
    NO = "no", _Row(Heard.ANSWER, "no_word")


BUILT_IN = frozenset(intent.value for intent in Intent)
"""The ids of the intents of the table, which no company may give to one of its own."""

GLOBAL = tuple(intent for intent in Intent if intent.heard is Heard.ALONE)
"""Intents that a whole message in any language can have at any time, besides STOP, in order of precedence."""

TALK = tuple(intent for intent in Intent if intent.heard is Heard.TALK)
"""Small talk, the most telling first: "hi, thanks, bye" is a goodbye."""

ANSWERS = tuple(intent for intent in Intent if intent.heard is Heard.ANSWER)

COMMANDS = frozenset(Intent) - frozenset(ANSWERS)
"""Intents that begin a dialogue; each is claimed by exactly one flow."""

WORDS: Mapping[str, Intent] = {intent.placeholder: intent for intent in Intent if intent.placeholder}
"""Placeholder → the intent whose word it shows."""


class WordList(Table):
    """The words of one intent."""

    show: Word = ""
    """The word printed in texts (`{stop_word}`); counts as a word."""
    words: Words = ()
    ambiguous: Words = ()
    """Never an answer in this language, not even as an English word: e.g. "no", a colloquial yes in Polish."""

    def every(self) -> Iterator[str]:
        """Return all words, the printed word first."""
        if self.show:
            yield self.show
        yield from self.words


_NO_WORDS = WordList()


class Stop(Table):
    """The words of withdrawal, by how sure they are."""

    show: Word = ""
    strong: Words = ()
    """Words without another use: withdraw as a whole message and as first or last words of any message."""
    common: Words = ()
    """The same, but in lower case at the start of a longer sentence they may be speech ("stop, o Zé não vem")."""
    weak: Words = ()
    """Words with other uses (cancel an order): withdraw as a whole message; inside a message the bot asks."""
    alone: Words = ()
    """Ordinary words in some language: withdraw as a whole message and mean nothing inside a message."""
    phrases: Words = ()
    """Clear refusals: withdraw anywhere in a message."""
    never: Words = ()
    """Look like or contain one of these words ("bus stop") but are not a withdrawal."""
    ask: Words = ()
    """Complaints ("wrong number", "this is spam"): anywhere in a message they pause everything, and the bot asks.

    A single word ("harassment") does so only as a statement of its own. A word ending in * counts with any ending and
    anywhere: "şikayet ed*".
    """
    not_after: Words = ()
    """Reverse a word of withdrawal after them ("can't stop"), like the negations of [refusal]: the bot asks."""
    not_before: Words = ()
    """The same, following the word ("arrêtez pas")."""

    def every(self) -> Iterator[str]:
        """Return everything that withdraws as a whole message."""
        for name, words in self.lists():
            if name != "never":
                yield from words

    def lists(self) -> Iterator[tuple[str, Words]]:
        """Return all lists of words with a meaning of their own, by name."""
        for name in ("strong", "common", "weak", "alone", "phrases", "never"):
            yield name, getattr(self, name)


class Form(NamedTuple):
    """A word as it is looked up."""

    exact: str
    loose: str


class Signs(Table):
    """Messages that consist of emoji."""

    maybe_stop: Words = ()
    no: Words = ()
    """A no although nothing was asked: where a consent stands, the bot asks whether to end it."""


NAME = "*"
"""Stands for a language's name in a phrase that asks for it."""


class LanguageWords(Table):
    """How speakers of this language ask for one language or another."""

    frames: Words = ()
    """Phrases with * in place of the language's name as CLDR has it: "in *", "auf *"."""
    names: Mapping[Word, Words] = Field(default_factory=dict)
    """Language → other names and forms of the name: "po polsku", "flemish". They fit into the frames, too."""


def _has_words(key: str) -> str:
    if key not in (*GLOBAL, *TALK, *ANSWERS):
        raise ValueError("names no intent that has a list of words")
    return key


class Vocabulary(Table):
    """A keyword file. Besides the tables declared here it has a `WordList` for each intent, under its id."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[Annotated[str, AfterValidator(_has_words)], WordList]

    polite: Words = ()
    """Greetings and courtesies that change nothing about a withdrawal beside them."""
    vague: Words = ()
    """Among the universal words: said by people who agree to nothing ("ok"), so no language may use it as yes."""
    spelling: dict[Word, Word] = Field(default_factory=dict)
    """Other ways to type letters, e.g. ü as ue."""
    stop: Stop = Stop()
    refusal: RefusalWords = RefusalWords()
    person: PersonWords = PersonWords()
    questions: QuestionWords = QuestionWords()
    emoji: Signs = Signs()
    languages: LanguageWords = LanguageWords()

    def __init__(self, **tables: Any) -> None:
        """Take the tables of a file. Raises `ValidationError`."""
        super().__init__(**tables)

    def word_list(self, intent: Intent) -> WordList:
        """Return the words of an intent other than STOP; none if the file has no table for it."""
        return self.__pydantic_extra__.get(intent, _NO_WORDS)

    @property
    def own(self) -> tuple[Intent, ...]:
        """The intents of the company's own that have words here."""
        return tuple(Intent.own(key) for key in self.__pydantic_extra__ if key not in BUILT_IN)

    def with_own(self, own: "Vocabulary") -> "Vocabulary":
        """Return these words with the company's own added to them; where it prints another word, that is printed."""
        return type(own)(**_joined(self.model_dump(exclude_unset=True), own.model_dump(exclude_unset=True)))

    def shown(self, intent: Intent) -> str:
        """Return the word printed in texts for an intent; empty if there is none."""
        return self.stop.show if intent is Intent.STOP else self.word_list(intent).show

    def forms(self, *words: str) -> Iterator[str]:
        """Yield the exact forms in which `words` are looked up: as written, and as they may be typed.

        An apostrophe may be left out ("dont") and letters replaced as `spelling` says ("kuendigen").
        """
        return (form.exact for form in self.looked_up(words))

    def loose_forms(self, *words: str) -> Iterator[str]:
        """Yield the same forms as compared when `exact` finds nothing."""
        return (form.loose for form in self.looked_up(words))

    def looked_up(self, words: Iterable[str]) -> Iterator[Form]:
        """Yield both."""
        return chain.from_iterable(map(self.forms_of, words))

    def forms_of(self, word: str) -> tuple[Form, ...]:
        """Return both forms of a word, computed only once however many tables contain it."""
        found = self._known.get(word)
        if found is None:
            found = self._known[word] = self._taken_apart(word)
        return found

    @cached_property
    def _known(self) -> dict[str, tuple[Form, ...]]:
        return {}

    @cached_property
    def _spelt_otherwise(self) -> frozenset[str]:
        """Letters that give a word other spellings."""
        return frozenset({"'", "’", *(letter[0] for letter in self.spelling)})

    def _taken_apart(self, word: str) -> tuple[Form, ...]:
        if self._spelt_otherwise.isdisjoint(word.lower()):
            form = exact(word)
            return (Form(form, loose(form)),)
        spellings = [word, *(word.replace(mark, "") for mark in "'’" if mark in word)]
        for letter, typed in self.spelling.items():
            spellings += [
                spelling.replace(letter, typed) for spelling in map(str.lower, spellings) if letter in spelling
            ]
        return tuple(Form(form, loose(form)) for form in dict.fromkeys(map(exact, spellings)))


class OwnVocabulary(Vocabulary):
    """A keyword file of the company's own: it may also have words for the intents of the company's own dialogues."""

    __pydantic_extra__: dict[Annotated[str, Field(pattern=OWN_INTENT)], WordList]


def _joined(ours: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return two tables as one: lists one after the other, tables joined, and else what is the company's."""
    joined = dict(ours)
    for key, value in own.items():
        match joined.get(key), value:
            case dict(before), dict(after):
                joined[key] = _joined(before, after)
            case (list() | tuple()) as before, (list() | tuple()) as after:
                joined[key] = (*before, *after)
            case _:
                joined[key] = value
    return joined


def base(locale: str) -> str:
    """Return the language of a locale: pt for pt-BR, pt_PT and pt, de for de@informal."""
    return _VARIETY.split(locale, maxsplit=1)[0].lower()


_VARIETY = re.compile("[-_@]")


def meanings(vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Yield (key, word) for all words of a file with a meaning of their own."""
    for name, words in vocabulary.stop.lists():
        yield from ((f"stop.{name}", word) for word in words)
    for intent in (*GLOBAL, *TALK, *ANSWERS, *vocabulary.own):
        spoken = vocabulary.word_list(intent)
        yield from ((intent.value, word) for word in spoken.every())
        yield from ((f"{intent.value}.ambiguous", word) for word in spoken.ambiguous)
    yield from (("polite", word) for word in vocabulary.polite)
