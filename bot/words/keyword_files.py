"""`locales/<language>/keywords.toml` and `locales/keywords.toml`, read and checked.

A word with two meanings is refused when the program starts, with the file, the key and the cure.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic_core import ErrorDetails

from .. import toml_file
from ..errors import FileError
from ..i18n import faults
from ..i18n.slot import Slot, TextKind
from .keywords import (
    ANSWERS,
    BUILT_IN,
    GLOBAL,
    NAME,
    TALK,
    UNIVERSAL,
    WORDS,
    Intent,
    OwnVocabulary,
    Vocabulary,
    base,
    meanings,
)
from .normalise import exact, loose

FILE = "keywords.toml"


def read(folder: Path, own: Path | None = None) -> dict[str, Vocabulary]:
    """Return language → its words, the universal words under `UNIVERSAL`. Raises `FileError`.

    The words in the company's `own` folder are added to them. Problems that only they make are told of its files.
    """
    found = {UNIVERSAL: toml_file.load(folder / FILE, Vocabulary, _cure)}
    for path in sorted(folder.glob(f"*/{FILE}")):
        found[path.parent.name] = toml_file.load(path, Vocabulary, _cure)
    problems = list(_problems(folder, found))
    if own is not None and not problems:
        owned = _own(own)
        added = {language: found.get(language, Vocabulary()).with_own(entry) for language, entry in owned.items()}
        found |= added
        problems = [*_problems(own, found), *_shadowed(own, found, owned)]
    if problems:
        raise FileError("\n".join(dict.fromkeys(problems)))
    return found


def _problems(folder: Path, found: dict[str, Vocabulary]) -> Iterator[str]:
    yield from _misplaced(folder, found)
    for language, entry in found.items():
        yield from _two_meanings(path_of(folder, language), entry)
    yield from _vague(folder, found)
    yield from _clashes(folder, found)
    yield from _unprintable(folder, found)
    yield from _misprinted(folder, found)
    yield from _nameless(folder, found)


def _own(folder: Path) -> dict[str, OwnVocabulary]:
    """Read the company's own words; none of the files must be there."""
    paths = [(UNIVERSAL, folder / FILE), *((path.parent.name, path) for path in sorted(folder.glob(f"*/{FILE}")))]
    return {language: toml_file.load(path, OwnVocabulary, _cure) for language, path in paths if path.exists()}


def _shadowed(folder: Path, found: Mapping[str, Vocabulary], owned: Mapping[str, Vocabulary]) -> Iterator[str]:
    """Find words of the company's own intents that mean something else in any language, which comes first."""
    taken: dict[str, tuple[str, str]] = {}
    for language, vocabulary in found.items():
        for key, word in meanings(vocabulary):
            if (key in BUILT_IN and key not in TALK) or "." in key:  # small talk is only what nothing else claims
                for form in vocabulary.forms_of(word):
                    taken.setdefault(form.loose, (key, language))
    for language, vocabulary in owned.items():
        for intent in vocabulary.own:
            for word in vocabulary.word_list(intent).every():
                meant = next((taken[form.loose] for form in vocabulary.forms_of(word) if form.loose in taken), None)
                if meant:
                    yield (
                        f"{path_of(folder, language)}: {intent.value}: {word!r} means {meant[0]} in {meant[1]}, "
                        "and commands work in every language; use another word or a longer phrase"
                    )


def path_of(folder: Path, language: str) -> Path:
    """Return the file with the words of a language."""
    return folder / FILE if language == UNIVERSAL else folder / language / FILE


def _cure(problem: ErrorDetails) -> str:
    match problem["type"]:
        case "value_error":
            return "unknown key; remove it or correct its spelling (locales/en/keywords.toml has an example of each)"
        case "string_pattern_mismatch":
            return "not the name of an intent; write small letters and _, a letter first"
        case "string_type":
            return 'not a text; put it in quotes, e.g. words = ["no"]'
        case "tuple_type":
            return 'not a list; put the words in brackets and quotes, e.g. words = ["no"]'
        case "string_too_short":
            return "empty; write a word between the quotes, or remove them"
        case "string_too_long":
            return "longer than 80 characters; shorten it"
        case _:
            return toml_file.cure_by_example(problem, "locales/en/keywords.toml")


def _misplaced(folder: Path, languages: Iterable[str]) -> Iterator[str]:
    """Find files whose words no question would ever be compared with."""
    for language in languages:
        if base(language) != language:
            path = path_of(folder, base(language))
            yield f"{path_of(folder, language)}: words stand by language, whatever the region; move them to {path}"


def _two_meanings(path: Path, vocabulary: Vocabulary) -> Iterator[str]:
    """Find words without letters, and words with two meanings."""
    seen: dict[str, tuple[str, str]] = {}
    for key, word in meanings(vocabulary):
        for form, plain in vocabulary.forms_of(word):
            if not form:
                yield f"{path}: {key}: {word!r} has no letter; remove it (emoji go under [emoji])"
                continue
            other_key, other = seen.setdefault(plain, (key, word))
            if other_key != key and not (key == "polite" and other_key in TALK):  # a courtesy, and alone a message
                yield (
                    f"{path}: {key}: {word!r} already means {other_key} ({other!r}), as accents and case don't count; "
                    "keep it in one of the two"
                )


def _vague(folder: Path, vocabularies: dict[str, Vocabulary]) -> Iterator[str]:
    """Find a yes that people also say without agreeing (GDPR Art. 4(11): unambiguous)."""
    universal = vocabularies[UNIVERSAL]
    vague = set(universal.loose_forms(*universal.vague))
    for language, vocabulary in vocabularies.items():
        for word in vocabulary.word_list(Intent.YES).every():
            if not vague.isdisjoint(vocabulary.loose_forms(word)):
                yield f"{path_of(folder, language)}: yes: {word!r} is also said without agreeing; remove it"


def _clashes(folder: Path, vocabularies: dict[str, Vocabulary]) -> Iterator[str]:
    """Find commands that are a yes, a no or an ordinary word in some language: commands work in every language.

    Words of withdrawal count only if they act inside a message: as a whole message they are read as an answer where
    they can be an answer.
    """
    commands: dict[str, tuple[str, str]] = {}
    harmless: list[tuple[str, str, str, str]] = []
    for language, vocabulary in vocabularies.items():
        for key, word in meanings(vocabulary):
            if key in ANSWERS or key == "stop.never":
                harmless += [(known.loose, language, key, word) for known in vocabulary.forms_of(word)]
            elif key != "polite" and key not in TALK and not key.endswith(".ambiguous"):
                for known in vocabulary.forms_of(word):
                    commands.setdefault(known.loose, (language, key))
    for form, language, key, word in harmless:
        if form in commands:
            other, command = commands[form]
            if command == "stop.alone" and key in ANSWERS:
                continue
            yield (
                f"{path_of(folder, other)}: {command}: {word!r} stands under {key} in {path_of(folder, language)}; "
                "a command works in every language, so remove it there or use a longer phrase"
            )


def _unprintable(folder: Path, vocabularies: dict[str, Vocabulary]) -> Iterator[str]:
    """Find printed words of withdrawal that would not work when typed."""
    everywhere = set(withdrawing(vocabularies[UNIVERSAL]))
    for language, vocabulary in vocabularies.items():
        show = vocabulary.stop.show
        if show and (form := loose(exact(show))) not in everywhere and form not in withdrawing(vocabulary):
            yield f"{path_of(folder, language)}: stop.show: {show!r} is in none of its lists; add it to stop.strong"


def _misprinted(folder: Path, vocabularies: dict[str, Vocabulary]) -> Iterator[str]:
    """Find printed words that would spoil their texts."""
    for language, vocabulary in vocabularies.items():
        for intent in (Intent.STOP, *GLOBAL, *ANSWERS):
            show = vocabulary.shown(intent)
            kind = TextKind.BUTTON if intent in WORDS.values() else TextKind.FOOTER
            found = faults.errors(Slot(id=intent.value, kind=kind, english="x"), show) if show else []
            for told in (_BRACE if fault.code == "placeholder" else fault.message for fault in found):
                told = told.replace("with the example values, a button may", "and a printed word may")
                yield f"{path_of(folder, language)}: {intent.value}.show: {show!r} {told}"


_BRACE = "has a brace; remove it"


def _nameless(folder: Path, vocabularies: dict[str, Vocabulary]) -> Iterator[str]:
    """Find phrases that ask for a language without saying where its name stands."""
    for language, vocabulary in vocabularies.items():
        for frame in vocabulary.languages.frames:
            if NAME not in frame:
                path = path_of(folder, language)
                yield f"{path}: languages.frames: {frame!r} has no {NAME}; write it where the language's name stands"


def withdrawing(vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the loose forms of all words of withdrawal."""
    return vocabulary.loose_forms(*vocabulary.stop.every())
