"""The words that are shipped, read once for the tests of this folder."""

from bot.paths import LOCALES
from bot.words.intents import Keywords, Match
from bot.words.keyword_files import read

VOCABULARIES = read(LOCALES)
KEYWORDS = Keywords(VOCABULARIES)
LANGUAGES = sorted(KEYWORDS.languages)


def heard(text: str, asked_in: str | None = None) -> str | None:
    """Return the intent of `text` as a plain word."""
    match = matched(text, asked_in)
    return match.intent.value if match else None


def matched(text: str, asked_in: str | None = None) -> Match | None:
    return KEYWORDS.classify(text, asked_in=asked_in)
