"""What customers may type, by writers who had not seen the keyword files, and what the shipped words make of it.

`<locale>.toml` has the lists of `KINDS`, and a table `language` (locale → ways to ask for it). `second/<locale>.toml`
was written when the words had been mended by the first lists, again without a look at them.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bot.words.intents import Intent, Keywords, Match
from bot.words.keywords import base
from bot.words.normalise import typed

FOLDER = Path(__file__).parent


class Reading(NamedTuple):
    """What is made of a text before any question, and while a question waits."""

    free: Match | None
    asked: Match | None
    plain: bool
    """Whether it looks like a plain yes to the question."""

    @property
    def both(self) -> tuple[Match | None, Match | None]:
        return self.free, self.asked

    def is_always(self, *intents: Intent) -> bool:
        return all(match is not None and match.intent in intents for match in self.both)

    def is_ever(self, *intents: Intent) -> bool:
        return any(match is not None and match.intent in intents for match in self.both)

    @property
    def is_yes(self) -> bool:
        return self.plain and self.asked is not None and self.asked.intent is Intent.YES

    @property
    def rules(self) -> str:
        return " / ".join(match.rule if match else "nothing" for match in self.both)


ABOUT = (Intent.WHO, Intent.SOURCE, Intent.WHY)
SMALL_TALK = (Intent.THANKS, Intent.BYE, Intent.SORRY, Intent.HELLO)

_HEARD = (Intent.STOP, Intent.MAYBE_STOP, Intent.OBJECT, Intent.DELETE)
"""What stops, or leads to asking whether to stop."""


def _means(*intents: Intent) -> Callable[[Reading], bool]:
    return lambda reading: reading.is_always(*intents)


def _never(*intents: Intent) -> Callable[[Reading], bool]:
    return lambda reading: not reading.is_ever(*intents)


def _changes_mind(reading: Reading) -> bool:
    """It may be a wish to stop: then the bot asks."""
    return reading.is_always(Intent.MY_CHOICES, Intent.MAYBE_STOP)


def _withdraws(reading: Reading) -> bool:
    """A no is a way to stop, too: where a consent stands, the bot asks."""
    return reading.is_always(*_HEARD, Intent.NO)


KINDS: Mapping[str, Callable[[Reading], bool]] = {
    "person": _means(Intent.HUMAN),
    "not_person": _never(Intent.HUMAN),
    "robot": _means(Intent.ROBOT),
    "not_robot": _never(Intent.ROBOT),
    "who": _means(*ABOUT),
    "source": _means(*ABOUT, Intent.MAYBE_STOP),
    "why": _means(*ABOUT, Intent.MAYBE_STOP),
    "not_about": _never(*ABOUT),
    "thanks": _means(Intent.THANKS),
    "goodbye": _means(Intent.BYE, Intent.HELLO, Intent.THANKS),
    "sorry": _means(Intent.SORRY),
    "hello": _means(Intent.HELLO, Intent.BYE),
    "changed_mind": _changes_mind,
    "choices": _means(Intent.MY_CHOICES),
    "not_small_talk": _never(*SMALL_TALK),
    "yes": lambda reading: reading.is_yes,
    "not_yes": lambda reading: not reading.is_yes,
    "stop": _withdraws,
    "not_stop": _never(Intent.STOP),
}
"""Kind of a list → whether what was made of one of its texts is right."""


class Result(NamedTuple):
    """How a list of one language fared."""

    locale: str
    kind: str
    tried: int
    wrong: list[str]
    """With the rules that were applied."""


def lists(folder: Path = FOLDER) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def results(path: Path, keywords: Keywords, offered: tuple[str, ...]) -> Iterator[Result]:
    """Try the texts of one file as its speakers would type them."""
    table = tomllib.loads(path.read_text("utf-8"))
    for kind, right in KINDS.items():
        texts = table.get(kind, [])
        read = {text: _read(text, path.stem, keywords) for text in texts}
        wrong = [f"{text} ({reading.rules})" for text, reading in read.items() if not right(reading)]
        yield Result(path.stem, kind, len(texts), wrong)
    meant = {text: locale for locale, texts in table.get("language", {}).items() for text in texts}
    named = {text: keywords.languages_named(typed(text), offered, path.stem) for text in meant}
    missed = [text for text, codes in named.items() if base(meant[text]) not in map(base, codes)]
    wrong = [f"{text} ({', '.join(named[text]) or 'nothing'})" for text in missed]
    yield Result(path.stem, "language", len(meant), wrong)


def _read(text: str, locale: str, keywords: Keywords) -> Reading:
    free = keywords.classify(text, asked_in=None, spoken=(locale,))
    asked = keywords.classify(text, asked_in=locale, spoken=(locale,))
    return Reading(free, asked, keywords.assent.is_plain(text, locale))
