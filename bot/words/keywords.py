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

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr

from .normalise import exact, loose

UNIVERSAL = "any"
"""The pseudo-language of words that belong to no language, e.g. STOP."""


class Heard(StrEnum):
    """Where the words of an intent count."""

    INSIDE = "inside"
    """Anywhere in a message, in every language: a withdrawal, or a possible withdrawal."""
    ALONE = "alone"
    """As a whole message in any language, at any time."""
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
    YES = "yes", _Row(Heard.ANSWER, "yes_word")
    NO = "no", _Row(Heard.ANSWER, "no_word")


GLOBAL = tuple(intent for intent in Intent if intent.heard is Heard.ALONE)
"""Intents that a whole message in any language can have at any time, besides STOP, in order of precedence."""

ANSWERS = tuple(intent for intent in Intent if intent.heard is Heard.ANSWER)

COMMANDS = frozenset(Intent) - frozenset(ANSWERS)
"""Intents that begin a dialogue; each is claimed by exactly one flow."""

WORDS: Mapping[str, Intent] = {intent.placeholder: intent for intent in Intent if intent.placeholder}
"""Placeholder → the intent whose word it shows."""


Word = Annotated[StrictStr, Field(min_length=1, max_length=80)]
Words = tuple[Word, ...]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WordList(_Table):
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


class Stop(_Table):
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


class RefusalWords(_Table):
    """The parts that refusals are made of, by role; a word that ends with * counts with any ending.

    `bot.words.refusals` says what follows from the roles that meet in a statement.
    """

    negation: Words = ()
    """Forbid or deny: "don't", "no more". Before a word of withdrawal they also reverse it."""
    stop: Words = ()
    """Verbs and calls that end something: "stop" (sending)."""
    contact: Words = ()
    """What we do when we write: "text", "send", "message"."""
    receive: Words = ()
    """What the person does: "receive", "get"."""
    messages: Words = ()
    """What we send: "messages", "ads", "newsletter"."""
    offers: Words = ()
    """Those of our messages that are marketing: "offers", "newsletter". Only these end then, and orders go on."""
    want: Words = ()
    """Wishes: "want", "would like"."""
    more: Words = ()
    """What makes a negation final: "any more", "again", "ever"."""
    me: Words = ()
    """The recipient of our messages: "me", "us"."""
    lists: Words = ()
    """What the person is on: "my number", "your list"."""
    remove: Words = ()
    """Verbs of removal from such a list: "remove", "delete"."""
    unsubscribe: Words = ()
    """Verbs and nouns that mean nothing but withdrawal: "unsubscrib*", "opt out"."""
    withdraw: Words = ()
    """Verbs of taking back an agreement: "withdraw", "revoke"."""
    consent: Words = ()
    """What is taken back: "consent", "permission"; also "agree" ("I no longer agree")."""
    past: Words = ()
    """Negations about what did not happen: "did not", "haven't". They forbid nothing."""
    forbid: Words = ()
    """Negation and contact in one word: "nepište", "yazmayın"."""
    unwanted: Words = ()
    """Negation and wish in one word: "nechci", "istemiyorum"."""
    others: Words = ()
    """Things that are stopped or cancelled but are not messages: "order", "appointment"."""
    doubt: Words = ()
    """What makes a statement a question, a condition or a story: "why did", "if", "by mistake"."""
    only: Words = ()
    """The same, and with messages about `others` nothing more is wanted: "only", "nothing but"."""
    keep: Words = ()
    """Phrases anywhere in a message that say its writer wants to go on: "keep sending", "still want"."""
    that: Words = ()
    """Open a clause that belongs to the words before its comma: German "dass", Polish "żebyście"."""
    contrast: Words = ()
    """Words that open another statement: "but"."""
    filler: Words = ()
    """Small words that change nothing: "you", "to", "from", "these". Those in `polite` are not needed here."""
    prefixes: Words = ()
    """Letters that are written together with the word after them, such as "and" and "the" in Arabic and Hebrew."""


class Form(NamedTuple):
    """A word as it is looked up."""

    exact: str
    loose: str


class Signs(_Table):
    """Messages that consist of emoji."""

    maybe_stop: Words = ()
    no: Words = ()
    """A no although nothing was asked: where a consent stands, the bot asks whether to end it."""


def _has_words(key: str) -> str:
    if key not in (*GLOBAL, *ANSWERS):
        raise ValueError("names no intent that has a list of words")
    return key


class Vocabulary(_Table):
    """A keyword file. Besides the tables declared here it has a `WordList` for each intent, under its id."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[Annotated[str, AfterValidator(_has_words)], WordList]

    polite: Words = ()
    """Greetings and courtesies that change nothing about a withdrawal beside them."""
    vague: Words = ()
    """Among the universal words: said by people who agree to nothing ("ok"), so no language may use it as yes."""
    spelling: dict[Word, Word] = {}
    """Other ways to type letters, e.g. ü as ue."""
    stop: Stop = Stop()
    refusal: RefusalWords = RefusalWords()
    emoji: Signs = Signs()

    def __init__(self, **tables: Any) -> None:
        """Take the tables of a file. Raises `ValidationError`."""
        super().__init__(**tables)

    def word_list(self, intent: Intent) -> WordList:
        """Return the words of an intent other than STOP; none if the file has no table for it."""
        return self.__pydantic_extra__.get(intent, _NO_WORDS)

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


def base(locale: str) -> str:
    """Return the language of a locale: pt for pt-BR, pt_PT and pt, de for de@informal."""
    return _VARIETY.split(locale, maxsplit=1)[0].lower()


_VARIETY = re.compile("[-_@]")


def meanings(vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Yield (key, word) for all words of a file with a meaning of their own."""
    for name, words in vocabulary.stop.lists():
        yield from ((f"stop.{name}", word) for word in words)
    for intent in (*GLOBAL, *ANSWERS):
        spoken = vocabulary.word_list(intent)
        yield from ((intent.value, word) for word in spoken.every())
        yield from ((f"{intent.value}.ambiguous", word) for word in spoken.ambiguous)
    yield from (("polite", word) for word in vocabulary.polite)
