"""In which language a sentence is written, where that is sure.

Naive Bayes over byte n-grams: py3langid's model, kept to the languages of Europe and their look-alikes. It was chosen
among five detectors by how often it is wrong about short customers' texts; `docs/developer.md` has the figures and
`tests/words/test_detect.py` holds them. Pure: the same text gives the same answer.
"""

import re
from collections.abc import Collection, Mapping
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

_NO_SPEECH = re.compile(r"\S*[@/#_\d]\S*")
"""Addresses, links and codes: they are in no language."""

_KEPT = frozenset({
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "he", "hr", "hu", "it", "lt", "lv",
    "mt", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk",
    "af", "be", "cy", "eu", "fa", "gl", "hi", "id", "is", "mk", "no", "sq", "sr", "sw", "tl", "ur", "vi",
})  # fmt: skip
"""Languages that are told apart. Those of the last line may not be offered, but would be mistaken for one that is:
without them, half of the Norwegian, Serbian and Galician sentences were."""

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
    languages = {_MODEL_CODES.get(base(locale), base(locale)): base(locale) for locale in offered}
    identifier = _identifier(_KEPT.union(languages))
    best, probability = identifier.classify(" ".join(speech.split()))
    language = languages.get(best)
    if language is None or probability < SURE:
        return None
    return None if language == "en" and words < LEAST_ENGLISH_WORDS else language


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
