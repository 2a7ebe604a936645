"""The word files of a new language, to be filled in by its translator: `i18n init` writes them."""

from collections.abc import Iterator
from pathlib import Path

from ..i18n.cldr import babel_locale
from ..words import keyword_files
from ..words.keywords import ANSWERS, GLOBAL, TALK, base
from . import phrases

_WORDS = """\
# Words that customers type, in {language}. Remove the # of a line, and put your words between the quotes.
# locales/en/keywords.toml says what each list does and has many examples; a word may stand in one of them only.
# Case, accents and punctuation don't count. `show` is the word printed in texts ("Reply STOP to unsubscribe").

# Greetings and courtesies, which change nothing beside a word of withdrawal.
# polite = ["please", "thanks"]

[stop]
# show = "STOP"
# strong = ["unsubscribe"]
# weak = ["cancel"]
# alone = ["enough"]
# phrases = ["leave me alone"]
# never = ["bus stop"]
# not_after = ["don't"]
"""

_PHRASES = """\
# Phrases that customers may type in {language}, and what each must mean: {enough} at least. Slang, slips of the finger,
# without accents, in other letters; and what must not be taken for an answer or a command (`nothing`).
# `i18n check {code}` tries them; locales/en/tests.toml is an example.

# While a question in this language waits for its answer.
[asked]
"""


def begin(folder: Path, code: str) -> Iterator[Path]:
    """Write the files that the language `code` doesn't have yet; yield both."""
    language = base(code)
    name = babel_locale(language).get_display_name("en") or language
    texts = {
        keyword_files.path_of(folder, language): _WORDS.format(language=name) + "".join(_tables()),
        phrases.path_of(folder, language): _PHRASES.format(language=name, code=code, enough=phrases.ENOUGH)
        + "".join(f"# {meaning} = []\n" for meaning in phrases.WhileAsked.model_fields)
        + "\n# At any time, whether a question waits or not.\n[any_time]\n"
        + "".join(f"# {meaning} = []\n" for meaning in phrases.AT_ANY_TIME),
    }
    for path, text in texts.items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        yield path


def _tables() -> Iterator[str]:
    for intent in (*GLOBAL, *TALK, *ANSWERS):
        yield f'\n[{intent.value}]\n# show = "{intent.value.replace("_", " ").upper()}"\n# words = []\n'
