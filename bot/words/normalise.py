"""Brings typed text into forms for lookups: two tiers, and three looser readings for withdrawals only.

`exact` undoes what keyboards and fonts do (case, full-width, invisible characters, punctuation, emoji); `loose`
also what people leave out (accents, vowel points, the right kind of alef). Marks that are letters of their
own in their script, as in Devanagari and Thai, are always kept: without them हां and ह would be the same.
"""

import re
import unicodedata
from typing import NamedTuple

READ = 2048
"""Characters of a message that are read: both ends of a longer message (WhatsApp allows 4096), so that a STOP before or
after a long quotation is heard while the work per message stays bounded."""

READ_WORDS = 128
"""Maximum words of a message that are searched for a withdrawal; of a longer message, both ends."""

_RUN_OF_MARKS = 30
"""Maximum marks that count on a letter: canonical ordering takes quadratic time. Unicode UAX #15, Stream-Safe Text
Format; no language needs more than a few."""

_REMEMBERED = 4096
"""Maximum entries of each table, so that nobody can fill the memory by sending every character there is."""

_JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiner: spelling in Persian and Indic scripts, so `exact` keeps them inside words."""

_BLANK_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks by category that show nothing: variation selectors, Hangul fillers, grapheme joiner."""

_KEYCAP = "\u20e3"

_APOSTROPHES = "\u02bc\u02b9\u02bb\u02c8"
"""Those that Unicode counts as letters; the others are punctuation anyway."""


class _Exact(dict[int, str]):
    """Code point → its replacement, for `str.translate`; filled as characters occur."""

    def __missing__(self, code: int) -> str:
        kept = unicodedata.normalize("NFKC", chr(code))
        kept = unicodedata.normalize("NFKC", kept.casefold())
        result = "".join(_seen(character) for character in kept)
        if len(self) < _REMEMBERED:
            self[code] = result
        return result


def _seen(character: str) -> str:
    if character in _JOINERS:
        return character
    if character in _APOSTROPHES:
        return " "
    if character == _KEYCAP or _BLANK_LETTERS.match(character):
        return ""
    category = unicodedata.category(character)
    if category == "Cf" or (category == "Cc" and not character.isspace()):
        return ""
    return character if category[0] in "LMN" else " "


class _Loose(dict[int, str]):
    """Code point of a decomposed text → its plain letter, for `str.translate`; filled as characters occur."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if _MARKS.match(character):
            result = ""
        elif unicodedata.category(character) == "Nd":
            result = str(unicodedata.decimal(character))
        else:
            result = _PLAIN.get(character, character)
        if len(self) < _REMEMBERED:
            self[code] = result
        return result


_MARKS = re.compile(
    "["
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\u2de0-\u2dff\ua66f-\ua69f\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08ca-\u08e1\u08e3-\u08ff"
    "]"
)
"""Combining marks of the Latin, Greek, Cyrillic, Hebrew and Arabic scripts: no other script spells with them."""

_PLAIN = {
    "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ς": "σ",
    "\u0640": "", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ە": "ه", "ہ": "ه",
    "\u200c": "", "\u200d": "",
}  # fmt: skip

_exact_table = _Exact()
_loose_table = _Loose()
_ascii_table = {code: _exact_table[code] for code in range(128)}


class Typed(NamedTuple):
    """A message prepared for reading: normalised once, then looked up in many tables."""

    text: str
    """As typed; both ends of an over-long text."""
    exact: str
    loose: str


def typed(text: str) -> Typed:
    """Return `text` with both of its forms."""
    text = both_ends(text)
    form = exact(text)
    while (words := form.count(" ") + 1) > READ_WORDS:
        text = _cut(text, len(text) * READ_WORDS // words)
        form = exact(text)
    return Typed(text, form, loose(form))


def both_ends(text: str) -> str:
    """Return the part of `text` that is read: all of it, or the words at both ends if it is longer than `READ`.

    Long runs of blanks, signs and marks are shortened first, so that they push nothing out of sight.
    """
    if len(text) <= READ:
        return text
    return _cut(_FILLING.sub(_shortened, text), READ)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    head, tail = text[: most // 2 - 1], text[-(most // 2) :]
    begun, ended = head.rsplit(maxsplit=1), tail.split(maxsplit=1)
    if len(begun) > 1:
        head = begun[0]  # without the word that was cut: its part may be another word ("non|stop")
    if len(ended) > 1:
        tail = ended[1]
    return f"{head}\n{tail}"


_NO_LETTER = rf"[\W_{_BLANK_LETTERS.pattern[1:-1]}]"

_FILLING = re.compile(rf"(?<!{_NO_LETTER}){_NO_LETTER}{{{2 * _RUN_OF_MARKS},}}")
"""Long runs without a letter or digit; each run is looked at once, from its start."""


def _shortened(run: re.Match[str]) -> str:
    """Return both ends of a run, separated if anything in it separates words."""
    signs = run[0]
    apart = any(" " in _exact_table[ord(sign)] for sign in set(signs))
    return signs[: _RUN_OF_MARKS // 2] + " " * apart + signs[-_RUN_OF_MARKS // 2 :]


_TOO_MANY_MARKS = re.compile(rf"(?<![^\w\s])([^\w\s]{{{_RUN_OF_MARKS}}})[^\w\s]+")
"""In folded text, where all but words and blanks are marks (and joiners, which may hide a run of them)."""


def exact(text: str) -> str:
    """Return `text` in lower case, compatibility forms resolved, reduced to words with one space between them.

    Empty when the text has no letter or digit; of an over-long text both ends remain (`READ`), and of a run of marks
    the first thirty. Applying it twice changes nothing.
    """
    text = both_ends(text)
    if text.isascii():
        return " ".join(text.translate(_ascii_table).split())
    folded = _cut(text.translate(_exact_table), READ)
    folded = unicodedata.normalize("NFC", _TOO_MANY_MARKS.sub(r"\1", folded))
    return " ".join(word for part in folded.split() if (word := part.strip(_JOINERS)))


def loose(text: str) -> str:
    """Return the `exact` form `text` without accents and the like: what is compared when `exact` finds nothing."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFD", text).translate(_loose_table)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def emoji(text: str) -> list[str]:
    """Return the pictures in `text` one by one, without their skin tones and variation selectors."""
    return [sign for sign in text if unicodedata.category(sign) == "So"]


_RUN = re.compile(r"(.)\1+")
_LONG_RUN = re.compile(r"(.)\1\1")


def drawn_out(word: str) -> bool:
    """Whether a letter occurs three or more times in a row, as in `stoooop`."""
    return _LONG_RUN.search(word) is not None


def squeeze(word: str) -> str:
    """Return `word` with each run of a letter as one letter: `stoooop` → `stop`, `arret` → `aret`."""
    return _RUN.sub(r"\1", word)


_LOOKALIKES = str.maketrans(
    "авеһіјкмнорѕтухԁԛԝ" + "αβεηικμνορτυχζσ",
    "abehijkmhopstyxdqw" + "abehikmnoptyxzs",
)
"""Cyrillic and Greek letters (lower case) → the Latin letter that they, or their capitals, are drawn like."""


_LONGEST_DISGUISE = 64
"""Maximum letters of a word that may be another word in disguise: no word looked for is nearly as long."""


def skeletons(word: str) -> tuple[str, ...]:
    """Return what `word` looks like in Latin letters: `стор` (Cyrillic) → `ctop` and `stop`; none for a Latin word.

    Cyrillic с is read both as the c that it looks like and as the s that it sounds like; letters that resemble no
    Latin letter stay.
    """
    if word.isascii() or len(word) > _LONGEST_DISGUISE:
        return ()
    plain = word.translate(_LOOKALIKES)
    return tuple(dict.fromkeys((plain.replace("с", "c"), plain.replace("с", "s"))))
