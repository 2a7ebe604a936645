"""The words that customers may type: `locales/<language>/keywords.toml` and `locales/keywords.toml`, read and checked.

Words are additive: a file can only add to what other files and the universal one say. What would make two
meanings of one word is refused when the program starts, with the file, the key and the cure.
"""

import tomllib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from bot.conversation.normalise import exact, loose

UNIVERSAL = "any"
"""The language of words that belong to none, e.g. STOP."""

FILE = "keywords.toml"


class Intent(StrEnum):
    """What a typed text or a tapped button means; the globals stand in their order of precedence."""

    STOP = "stop"
    MAYBE_STOP = "maybe_stop"
    """Contains a word of withdrawal but may mean something else: pause, and ask."""
    MY_DATA = "my_data"
    DELETE = "delete"
    RIGHTS = "rights"
    CORRECT = "correct"
    RESTRICT = "restrict"
    OBJECT = "object"
    PROOF = "proof"
    PRIVACY = "privacy"
    LANGUAGE = "language"
    MY_CHOICES = "my_choices"
    START = "start"
    HELP = "help"
    HUMAN = "human"
    YES = "yes"
    NO = "no"


GLOBAL = (
    Intent.MY_DATA,
    Intent.DELETE,
    Intent.RIGHTS,
    Intent.CORRECT,
    Intent.RESTRICT,
    Intent.OBJECT,
    Intent.PROOF,
    Intent.PRIVACY,
    Intent.LANGUAGE,
    Intent.MY_CHOICES,
    Intent.START,
    Intent.HELP,
    Intent.HUMAN,
)
"""Intents that a whole message in any language can have at any time, besides STOP."""

ANSWERS = (Intent.YES, Intent.NO)


class KeywordError(ValueError):
    """A keyword file can't be used; the message names the file, the key and the cure."""


Word = Annotated[StrictStr, Field(min_length=1, max_length=80)]
Words = tuple[Word, ...]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Spoken(_Table):
    """The words of one intent."""

    show: Word = ""
    """The word printed in texts (`{stop_word}`); counts as a word."""
    words: Words = ()
    ambiguous: Words = ()
    """Never an answer here, not even as the English word: e.g. "no", which is a colloquial yes in Polish."""

    def every(self) -> Iterator[str]:
        """Return all words, the printed one first."""
        if self.show:
            yield self.show
        yield from self.words


class Stop(_Table):
    """The words of withdrawal, by how sure they are."""

    show: Word = ""
    strong: Words = ()
    """Have no other use: withdraw as a whole message and as first or last words of any message."""
    common: Words = ()
    """The same, but one that opens a longer sentence in small letters may be speech ("stop, o Zé não vem")."""
    weak: Words = ()
    """Have other uses (cancel an order): withdraw as a whole message; inside one the bot asks."""
    alone: Words = ()
    """Ordinary words of some language: withdraw as a whole message and mean nothing inside one."""
    phrases: Words = ()
    """Clear refusals: withdraw wherever they stand."""
    never: Words = ()
    """Look like one of these words, or contain it ("bus stop"), and are no withdrawal."""
    not_after: Words = ()
    """Right before a word of withdrawal of the same language they turn it round ("don't stop"): the bot asks."""
    not_before: Words = ()
    """The same, right after it ("arrêtez pas")."""

    def every(self) -> Iterator[str]:
        """Return all that withdraws as a whole message."""
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


class Signs(_Table):
    """Messages that consist of emoji."""

    maybe_stop: Words = ()


class Vocabulary(_Table):
    """One file."""

    polite: Words = ()
    """Greetings and courtesies that change nothing about a withdrawal beside them."""
    spelling: dict[Word, Word] = {}
    """Other ways to type letters, e.g. ü as ue."""
    stop: Stop = Stop()
    my_data: Spoken = Spoken()
    delete: Spoken = Spoken()
    rights: Spoken = Spoken()
    correct: Spoken = Spoken()
    restrict: Spoken = Spoken()
    object: Spoken = Spoken()
    proof: Spoken = Spoken()
    privacy: Spoken = Spoken()
    language: Spoken = Spoken()
    my_choices: Spoken = Spoken()
    start: Spoken = Spoken()
    help: Spoken = Spoken()
    human: Spoken = Spoken()
    yes: Spoken = Spoken()
    no: Spoken = Spoken()
    emoji: Signs = Signs()

    def spoken(self, intent: Intent) -> Spoken:
        """Return the words of an intent other than STOP."""
        found: Spoken = getattr(self, intent.value)
        return found

    def forms(self, *words: str) -> Iterator[str]:
        """Yield the exact forms in which `words` are looked up: as written, and as typed otherwise.

        An apostrophe may be left out ("dont") and letters replaced as `spelling` says ("kuendigen").
        """
        return (form.exact for form in self.looked_up(words))

    def loose_forms(self, *words: str) -> Iterator[str]:
        """Yield the same forms as they are compared when `exact` finds nothing."""
        return (form.loose for form in self.looked_up(words))

    def looked_up(self, words: Iterable[str]) -> Iterator[Form]:
        """Yield both."""
        return chain.from_iterable(map(self.forms_of, words))

    def forms_of(self, word: str) -> tuple[Form, ...]:
        """Return both of one word, which is taken apart once, however many tables it stands in."""
        found = self._known.get(word)
        if found is None:
            found = self._known[word] = self._taken_apart(word)
        return found

    @cached_property
    def _known(self) -> dict[str, tuple[Form, ...]]:
        return {}

    @cached_property
    def _spelt_otherwise(self) -> frozenset[str]:
        """Letters without which a word has one spelling."""
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


def read(folder: Path) -> dict[str, Vocabulary]:
    """Return language → its words, the universal ones under `UNIVERSAL`. Raises `KeywordError`."""
    found = {UNIVERSAL: _read_one(folder / FILE)}
    for path in sorted(folder.glob(f"*/{FILE}")):
        found[path.parent.name] = _read_one(path)
    problems = [
        *_misplaced(folder, found),
        *(problem for language, entry in found.items() for problem in _two_meanings(path_of(folder, language), entry)),
        *_clashes(folder, found),
        *_unprintable(folder, found),
    ]
    if problems:
        raise KeywordError("\n".join(dict.fromkeys(problems)))
    return found


def base(locale: str) -> str:
    """Return the language of a locale: pt for pt-BR, pt_PT and pt."""
    return locale.replace("_", "-").partition("-")[0].lower()


def path_of(folder: Path, language: str) -> Path:
    """Return where the words of a language stand."""
    return folder / FILE if language == UNIVERSAL else folder / language / FILE


def _read_one(path: Path) -> Vocabulary:
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise KeywordError(f"{path}: can't be read ({error}); restore it from version control") from error
    except tomllib.TOMLDecodeError as error:
        raise KeywordError(f"{path}: not valid TOML: {error}") from error
    try:
        return Vocabulary.model_validate(table)
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(str(part) for part in problem['loc'])}: {_cure(problem['type'], problem['msg'])}"
            for problem in error.errors()
        ]
        raise KeywordError("\n".join(lines)) from error


def _cure(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "unknown key; remove it or correct its spelling (locales/en/keywords.toml has an example of each)"
        case "string_type":
            return 'not a text; put it in quotes, e.g. words = ["no"]'
        case _:
            return f"{message}; write a list of words in quotes, or one word for `show`"


def meanings(vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Yield (key, word) of all words of a file that have a meaning of their own."""
    for name, words in vocabulary.stop.lists():
        yield from ((f"stop.{name}", word) for word in words)
    for intent in (*GLOBAL, *ANSWERS):
        spoken = vocabulary.spoken(intent)
        yield from ((intent.value, word) for word in spoken.every())
        yield from ((f"{intent.value}.ambiguous", word) for word in spoken.ambiguous)
    yield from (("polite", word) for word in vocabulary.polite)


def _misplaced(folder: Path, languages: Iterable[str]) -> Iterator[str]:
    """Find files that no question would be looked up in."""
    for language in languages:
        if base(language) != language:
            place = path_of(folder, base(language))
            yield f"{path_of(folder, language)}: words stand by language, whatever the region; move them to {place}"


def _two_meanings(path: Path, vocabulary: Vocabulary) -> Iterator[str]:
    """Find words without letters, and words with two meanings."""
    seen: dict[str, tuple[str, str]] = {}
    for key, word in meanings(vocabulary):
        for form, plain in vocabulary.forms_of(word):
            if not form:
                yield f"{path}: {key}: {word!r} has no letter; remove it (emoji go under [emoji])"
                continue
            other_key, other = seen.setdefault(plain, (key, word))
            if other_key != key:
                yield (
                    f"{path}: {key}: {word!r} already means {other_key} ({other!r}), as accents and case don't count; "
                    "keep it in one of the two"
                )


def _clashes(folder: Path, vocabularies: dict[str, Vocabulary]) -> Iterator[str]:
    """Find commands, which work in every language, that are a yes, a no or an ordinary word in one of them."""
    commands: dict[str, tuple[str, str]] = {}
    harmless: list[tuple[str, str, str, str]] = []
    for language, vocabulary in vocabularies.items():
        for key, word in meanings(vocabulary):
            if key in ANSWERS or key == "stop.never":
                harmless += [(known.loose, language, key, word) for known in vocabulary.forms_of(word)]
            elif key != "polite" and not key.endswith(".ambiguous"):
                for known in vocabulary.forms_of(word):
                    commands.setdefault(known.loose, (language, key))
    for form, language, key, word in harmless:
        if form in commands:
            other, command = commands[form]
            yield (
                f"{path_of(folder, other)}: {command}: {word!r} stands under {key} in {path_of(folder, language)}; "
                "a command works in every language, so remove it there or use a longer phrase"
            )


def _unprintable(folder: Path, vocabularies: dict[str, Vocabulary]) -> Iterator[str]:
    """Find printed words of withdrawal that would not work when they are typed."""
    everywhere = set(_withdrawing(vocabularies[UNIVERSAL]))
    for language, vocabulary in vocabularies.items():
        show = vocabulary.stop.show
        if show and (form := loose(exact(show))) not in everywhere and form not in _withdrawing(vocabulary):
            yield f"{path_of(folder, language)}: stop.show: {show!r} is in none of its lists; add it to stop.strong"


def _withdrawing(vocabulary: Vocabulary) -> Iterator[str]:
    return vocabulary.loose_forms(*vocabulary.stop.every())
