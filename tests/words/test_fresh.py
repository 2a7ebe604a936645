"""The goals for what customers may type, on lists by writers who had not seen the keyword files."""

from functools import cache
from pathlib import Path

import pytest

from bot.paths import LOCALES
from bot.words.intents import Intent
from bot.words.normalise import typed
from tests.words.fresh import FOLDER, KINDS, Result, lists, results
from tests.words.vocabulary import KEYWORDS

OFFERED = ("en", *sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/bot.po")))

PATHS = lists(FOLDER)

LEAST = {
    "person": 0.97,
    "robot": 0.95,
    "who": 0.95,
    "source": 0.95,
    "why": 0.95,
    "not_person": 0.98,
    "not_robot": 0.98,
    "not_about": 0.98,
    "not_small_talk": 0.98,
    "stop": 0.99,
    "yes": 0.95,
    "language": 0.95,
}
"""Kind → the share of texts that must be read rightly, over all languages; 0.9 where nothing is said."""

NEVER_WRONG = ("not_yes", "not_stop")
"""Kinds in which nothing may be misread: a consent or a withdrawal would follow."""


@cache
def found() -> list[Result]:
    return [result for path in PATHS for result in results(path, KEYWORDS, OFFERED)]


@pytest.mark.parametrize("kind", [*KINDS, "language"])
def test_most_texts_are_read_rightly(kind: str) -> None:
    of_kind = [result for result in found() if result.kind == kind]
    wrong = [f"{result.locale}: {text}" for result in of_kind for text in result.wrong]
    tried = sum(result.tried for result in of_kind)
    assert tried - len(wrong) >= LEAST.get(kind, 0.9) * tried, wrong


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_nothing_else_is_a_yes_or_a_withdrawal(path: Path) -> None:
    wrong = [
        text for result in found() if result.locale == path.stem and result.kind in NEVER_WRONG for text in result.wrong
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "spoken", "meaning"),
    [
        ("who in your company passed on my number to you?", "en", "source"),
        ("so what exactly is this message about?", "en", "why"),
        ("I'd really like to change my settings again", "en", "my_choices"),
        ("who delivers my bouquet?", "en", None),
        ("why is it so expensive?", "en", None),
        ("I don't know this number, who is it?", "en", "who"),
        ("wrong number, who is it?", "en", "maybe_stop"),
        ("Genug vom Roboter, ich will einen Menschen", "de", "human"),
        ("Genug vom Roboter, keine Werbung mehr, ich will einen Menschen", "de", "stop"),
        ("I don't want to talk to a bot", "en", "human"),
        ("I don't want to buy a robot", "en", None),
        ("I want to speak to a humna", "en", "human"),
        ("does a human answer here or a robot?", "en", "robot"),
        ("thanksss", "en", "thanks"),
        ("ciaooo", "it", "hello"),
    ],
)
def test_rules_that_are_not_lists(text: str, spoken: str, meaning: str | None) -> None:
    match = KEYWORDS.classify(text, asked_in=None, spoken=(spoken,))
    assert (match and match.intent.value) == meaning


def test_a_question_is_composed_only_in_a_language_of_the_person() -> None:
    """A word that means nothing to the person can't make a sentence of theirs complete."""
    match = KEYWORDS.classify("who are you writing to on Sunday", asked_in=None, spoken=("en",))
    assert match is None


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_withdrawal_beside_a_question_is_heard(path: Path) -> None:
    """Whatever else is asked: "who are you? STOP"."""
    for intent in (Intent.WHO, Intent.SOURCE, Intent.WHY, Intent.HUMAN, Intent.ROBOT):
        word = KEYWORDS.example(intent, path.stem)
        for text in (f"{word}? STOP", f"STOP! {word}"):
            match = KEYWORDS.classify(typed(text), asked_in=None, spoken=(path.stem,))
            assert match is not None, text
            assert match.intent in (Intent.STOP, Intent.MAYBE_STOP), text
