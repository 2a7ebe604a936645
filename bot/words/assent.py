"""Decides whether a typed yes is unambiguous: it must match a pattern of what a plain yes looks like.

Consent must be unambiguous (GDPR Art. 4(11)), and there is no end of signs that reverse or mock a yes: `~YES~`,
"yes 🤞", "> YES", "yes/no". So we do not search for them. Each language has a pattern for a plain yes; a person who
writes anything else is asked once more.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from .keywords import UNIVERSAL, Intent, Vocabulary, base
from .normalise import exact, loose

_LONGEST = 200
"""Maximum characters of a message to look at: the longest yes, with everything allowed around it, has fewer."""

_BLANK = r"[ \t\r\n\u00a0\u2009\u202f]"

_PAUSE = rf"(?:(?:[,!،]{{1,3}}|\.(?!\.)){_BLANK}*|{_BLANK}+)"
"""What separates the words of a phrase: "oui, merci". At the end a comma says that more is to come."""

_CLOSING = rf"(?:!|[.。](?!{_BLANK}*[.。]))"
"""What may end it. Several dots trail off: "si…" is also Spanish for "if…"."""

_AFFIRMING = "👍✅✔✓☑👌🙏🤝🙂😊😀😃😄😁❤"
"""Emoji that say yes or thank you. A wink, crossed fingers, a shrug and the like are not part of a clear answer."""

_SIGN = rf"(?:[{_AFFIRMING}][\ufe0f\U0001f3fb-\U0001f3ff]?|:-?\))"
"""One of these emoji, with its skin tone, or a smile made of punctuation."""

_SMILES: Mapping[str, str] = {"ru": r"|\)", "uk": r"|\)"}
"""Where brackets without eyes are a smile: "да))"."""

_APOSTROPHE = f"['’‘ʼ´`]?{_BLANK}?"
_HYPHEN = rf"(?:[-‐‑]|{_BLANK})"

_CASE: Mapping[str, Mapping[str, str]] = {"tr": {"i": "i\u0307"}}
"""What a capital letter (İ) becomes in lower case, unless another capital does."""

_ALIKE = ("اأإآٱ", "يىی", "كک", "هة", "șş", "țţ", "àá", "èé", "ìí", "òó", "ùú", "σς")
"""Letters that people write instead of each other."""

_POINTS = (
    (re.compile("[\u0621-\u064a]"), "[\u0640\u064b-\u0652\u0670]{0,3}"),
    (re.compile("[א-ת]"), "[\u05b0-\u05bc\u05c1\u05c2]{0,3}"),
)
"""Letters → the vowel points and elongation strokes that may follow them."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
"""What Asian keyboards write instead of ASCII."""


class Assent:
    """The plain forms of every yes, by the language of the question."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._vocabularies = vocabularies
        self._patterns: dict[str, re.Pattern[str]] = {}
        """Compiled on the first yes in a language: compiling all of them would add a second to every start."""

    def is_plain(self, text: str, asked_in: str) -> bool:
        """Whether `text` is a yes to a question asked in `asked_in`, and nothing else."""
        if len(text) > _LONGEST:
            return False
        language = base(asked_in) if base(asked_in) in self._vocabularies else UNIVERSAL
        pattern = self._patterns.get(language)
        if pattern is None:
            phrases = _phrases(self._vocabularies[UNIVERSAL], self._vocabularies[language], _CASE.get(language, {}))
            pattern = self._patterns[language] = _pattern(language, phrases)
        return pattern.fullmatch(_folded(text)) is not None


def _folded(text: str) -> str:
    """Undo case, width, and the difference between composed and combining accents; nothing else.

    Uses `lower`: `casefold` would take ſ for s, and a mark below a letter for a Greek iota.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_FULL_WIDTH).lower())


def _phrases(universal: Vocabulary, vocabulary: Vocabulary, case: Mapping[str, str]) -> Iterator[str]:
    """Yield the pattern of each phrase that is a yes in this language."""
    never = {loose(exact(word)) for word in vocabulary.word_list(Intent.YES).ambiguous}
    words = dict.fromkeys([*universal.word_list(Intent.YES).every(), *vocabulary.word_list(Intent.YES).every()])
    for word in words:
        if loose(exact(word)) not in never:
            yield "".join(_written(character, {**vocabulary.spelling, **case}) for character in _folded(word))


def _written(character: str, spelling: Mapping[str, str]) -> str:
    """Return the pattern of how people write a character of a phrase."""
    match character:
        case " ":
            return _PAUSE
        case "'" | "’":
            return _APOSTROPHE
        case "-":
            return _HYPHEN
    if unicodedata.combining(character):
        return ""  # a vowel point: the pattern of its letter allows it
    ways = "|".join(map(re.escape, _ways(character, spelling)))
    return f"(?:{ways}){_points(character)}"


def _ways(character: str, spelling: Mapping[str, str]) -> Iterable[str]:
    """Return a letter, what is written for it, and the letter without its accent, or with the accent typed after it."""
    alike = next((letters for letters in _ALIKE if character in letters), "")
    plain = loose(exact(character))
    ways = [character, *alike, *plain.split()]
    if character in spelling:
        ways.append(spelling[character])
    if character in "àáèéìíòóùú":
        ways += [plain + mark for mark in "'’´`"]
    return sorted(dict.fromkeys(ways), key=len, reverse=True)


def _points(character: str) -> str:
    return next((points for letters, points in _POINTS if letters.match(character)), "")


def _pattern(language: str, phrases: Iterable[str]) -> re.Pattern[str]:
    sign = f"(?:{_SIGN}{_SMILES.get(language, '')})"
    after = f"(?:{_CLOSING}|{_BLANK}|{sign})*"
    return re.compile(
        f"(?:{_SIGN}|{_BLANK})*(?P<bold>[*_])?¡?(?:{'|'.join(dict.fromkeys(phrases))}){after}(?(bold)(?P=bold){after})"
    )
