"""In which language a sentence is written, where that is sure.

Naive Bayes over byte n-grams: py3langid's model, kept to the languages of Europe and their look-alikes. It was chosen
among five detectors by how often it is wrong about short customers' texts; `docs/developer.md` has the figures and
`tests/words/test_detect.py` holds them. Pure: the same text gives the same answer.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from .keywords import base

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SURE = 0.6
"""Least probability at which an answer counts: of 477 customers' sentences none was then taken for another language."""

LEAST_WORDS = 3
"""Fewer words tell too little: names, products, "ok danke"."""

LEAST_ENGLISH_WORDS = 4
"""English words stand in the names of products and in everybody's mouth, so that one more is needed."""

_READ = 400
"""Characters that are read: more would take time and make nothing surer."""

_WORD = re.compile(r"[^\W\d_]+")

_NO_SPEECH = re.compile(r"(?<!\S)[^\s@/#_\d]*[@/#_\d]\S*")
"""Addresses, links and codes: they are in no language. Tried only where a word begins, or long words would be slow."""

_KEPT = frozenset({
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "he", "hr", "hu", "it", "lt", "lv",
    "mt", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk",
    "af", "be", "cy", "eu", "fa", "gl", "hi", "id", "is", "mk", "no", "sq", "sr", "sw", "tl", "ur", "vi",
})  # fmt: skip
"""Languages that are told apart. Those of the last line may not be offered, but would be mistaken for one that is:
without them, half of the Norwegian, Serbian and Galician sentences were."""

_GROUPS: Sequence[tuple[str, Mapping[str, str]]] = (
    (
        "hr sl sr",
        {
            "hr": "tko netko nitko gdje negdje htio htjela bih trebam tvrtka tvrtku tvrtke narudžba narudžbu",
            "sl": "kje kdo kaj nekaj lahko jutri danes še že v in sem rad rada potrebujem naročilo rože",
            "sr": "gde šta ko neko cveće porudžbina porudžbinu hteo htela",
            "hr sr": "što ć đ mogu ovaj u",
        },
    ),
    (
        "ru uk be bg mk sr",
        {
            "ru": "что где мой моя ещё еще нужен нужна нужно пожалуйста нет это сколько или пришел пришла забыл забыла",
            "uk": "ї є ґ що де мій моє моя ще будь ласка",
            "be": "ў дзе што ці",
            "bg": "искам колко какво къде бих моля съм ще поръчка поръчката сега",
            "mk": "ѓ ќ ѕ сакам каде колку што",
            "sr": "ђ ћ где шта колико",
            "sr mk": "ј љ њ џ",
            "uk be": "і",
            "ru be": "ы э ё",
            "bg ru": "ъ",
            "bg ru uk": "щ",
            "bg ru uk be": "й ь ю я",
            "ru uk bg mk sr": "и",
        },
    ),
    ("cs sk", {"cs": "ě ř ů", "sk": "ľ ĺ ŕ ô ä"}),
    ("ca es gl it pt fr", {"ca": "amb vull teniu voldria demà avui quant", "es gl": "ñ"}),
)
"""Groups of languages that resemble each other, and letters and words that only some of a group have.

The others of the group are ruled out by them, as far as a text has no signs of several.
"""

_TELLING = [
    (
        frozenset(group.split()),
        [(frozenset(signs.split()), frozenset(languages.split())) for languages, signs in telling.items()],
    )
    for group, telling in _GROUPS
]
"""The same, as sets: each sentence is held against all of them."""

_LEAST_SEEN = 0.2
"""Least probability by the model alone: it must also have seen the language in the text."""

_MODEL_CODES: Mapping[str, str] = {"nb": "no", "nn": "no", "fil": "tl"}
"""Our code of a language → the model's, where they differ."""


def sure_language(text: str, offered: Collection[str]) -> str | None:
    """Return the language that `text` is certainly written in, if that is one of `offered` (locales or languages).

    The first call with a sentence loads the model: about a second and 80 MB.
    """
    speech = _NO_SPEECH.sub(" ", text[:_READ])
    words = len(_WORD.findall(speech))
    if words < LEAST_WORDS:
        return None
    languages = _by_model_code(tuple(offered))
    identifier = _identifier(_KEPT.union(languages))
    best, probability = _best(identifier.rank(" ".join(speech.split())), {*_ruled_out(speech.lower())})
    language = languages.get(best)
    if language is None or probability < SURE:
        return None
    return None if language == "en" and words < LEAST_ENGLISH_WORDS else language


def _best(ranked: Sequence[tuple[str, float]], ruled_out: Collection[str]) -> tuple[str, float]:
    """Return the most probable language that is not ruled out, and its probability among those."""
    left = [(language, probability) for language, probability in ranked if language not in ruled_out]
    best, seen = left[0]
    return best, (seen / sum(probability for _, probability in left) if seen >= _LEAST_SEEN else 0.0)


def _ruled_out(speech: str) -> Iterator[str]:
    """Yield languages that a text is not in, because it has letters or words that only its neighbours have."""
    found = {*_WORD.findall(speech), *(sign for sign in speech if not sign.isascii())}
    for group, telling in _TELLING:
        possible = group
        for signs, languages in telling:
            if not found.isdisjoint(signs):
                possible &= languages
        if possible:
            yield from group - possible


@lru_cache(maxsize=4)
def _by_model_code(offered: tuple[str, ...]) -> Mapping[str, str]:
    """Return the model's code of each offered language → the language."""
    return {_MODEL_CODES.get(base(locale), base(locale)): base(locale) for locale in offered}


@lru_cache(maxsize=2)
def _identifier(languages: frozenset[str]) -> "LanguageIdentifier":
    """Load the model's part for `languages`; those that it does not know are never found.

    Imported here, since a process that never reads a sentence (web, commands) needs neither the model nor numpy.
    Built from the parts of the file, because `LanguageIdentifier.set_languages` keeps the whole table, too (28 MB).
    """
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
    from py3langid.modelio import load_model

    features, priors, classes, moves, rows, outputs = load_model(MODEL_DIR / MODEL_FILE)
    columns = [column for column, language in enumerate(classes) if language in languages]
    return LanguageIdentifier(
        features[:, columns].copy(),
        priors[columns],
        [classes[column] for column in columns],
        moves,
        outputs,
        norm_probs=True,
        tk_row=rows,
    )
