"""Languages by name, as people ask for one: "Deutsch", "auf Deutsch bitte", "po polsku".

Each offered language under its name in each offered language (CLDR), in the forms and phrases of the keyword files
(`[languages]`), with courtesies around.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..i18n.cldr import babel_locale
from .courtesies import Courtesies
from .keywords import NAME, Vocabulary, base
from .normalise import exact, loose


@dataclass(frozen=True, slots=True)
class LanguageNames:
    """What may be typed to ask for a language, in loose form, with what it means to whom."""

    courtesies: Courtesies
    meanings: Mapping[str, Mapping[str, Sequence[str]]]
    """Text → the language that it is said in → the locales that it may mean, usually one."""

    @classmethod
    def of(
        cls, offered: Sequence[str], vocabularies: Mapping[str, Vocabulary], courtesies: Courtesies
    ) -> "LanguageNames":
        """Collect the names of the `offered` locales, which takes a second: 30 languages name 30 languages."""
        found: dict[str, dict[str, dict[str, None]]] = {}
        for speaker in offered:
            vocabulary = vocabularies.get(base(speaker), Vocabulary())
            for code in offered:
                for form in _forms(code, speaker, vocabulary):
                    found.setdefault(form, {}).setdefault(base(speaker), {})[code] = None
        meanings = {form: {said: tuple(codes) for said, codes in by.items()} for form, by in found.items()}
        return cls(courtesies, meanings)

    def find(self, text: str, *speakers: str) -> Sequence[str]:
        """Return the locales that a text, in loose form, asks for: several varieties of one language, or none.

        Where languages disagree about a name, that of the first of `speakers` counts that has it, then that of a
        language which calls itself so. ("Slovenský" is Slovak, "slovenski" is Slovenian.)
        """
        words = text.split()
        first, end = self.courtesies.without(words)
        said = self.meanings.get(text) or self.meanings.get(" ".join(words[first:end]), {})
        for speaker in map(base, speakers):
            if speaker in said:
                return said[speaker]
        meant = {base(code): codes for codes in said.values() for code in codes}
        if len(meant) > 1:
            meant = {language: codes for language, codes in meant.items() if language in said}
        return next(iter(meant.values())) if len(meant) == 1 else ()


def _forms(code: str, speaker: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the loose forms in which speakers of one language name another."""
    read = babel_locale(speaker)
    names = [babel_locale(variant).get_display_name(read) or variant for variant in (code, base(code))]
    names += vocabulary.languages.names.get(base(code), ())
    yield from vocabulary.loose_forms(*names)
    for frame in vocabulary.languages.frames:
        for name in names:
            yield loose(exact(frame.replace(NAME, name)))
