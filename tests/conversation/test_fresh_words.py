"""What customers type (`tests/words/fresh`) through the whole dialogue: whatever waits, a withdrawal is heard."""

import tomllib
from pathlib import Path

import pytest

from bot.testing import Conversation
from tests.conversation.worlds import FLOWS, WORLD
from tests.words.fresh import lists

LANGUAGES = {path.stem: path for path in lists()}
FIVE = 5
"""Texts of each list that are tried: a dialogue takes milliseconds, and all are tried without one elsewhere."""


def some(path: Path, kind: str) -> list[str]:
    texts: list[str] = tomllib.loads(path.read_text("utf-8"))[kind]
    return texts[:: max(1, len(texts) // FIVE)]


def of_speaker(locale: str) -> Conversation:
    return Conversation(WORLD, FLOWS, locale=locale)


def subscribed(locale: str) -> Conversation:
    return of_speaker(locale).says("xyzzy").taps("yes").taps("no")


def stands(talk: Conversation) -> bool:
    """Whether something may still be sent that needs consent."""
    record = talk.session.record
    return any(record.allows(purpose.id, talk.session.last_at) for purpose in WORLD.business.purposes)


def _ends_everything(text: str) -> bool:
    """Whether more is meant than a newsletter, which leaves news of orders standing."""
    match = WORLD.keywords.classify(text, asked_in=None)
    return match is None or not match.offers


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_withdrawal_ends_or_pauses_consent_also_beside_other_wishes(locale: str) -> None:
    path = LANGUAGES[locale]
    wishes = ["", *(some(path, kind)[0] for kind in ("person", "thanks", "who", "hello"))]
    for text in filter(_ends_everything, some(path, "stop")):
        for wish in wishes:
            talk = subscribed(locale).says(f"{wish}. {text}" if wish else text)
            assert not stands(talk), (wish, text)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_nothing_but_a_clear_yes_gives_consent(locale: str) -> None:
    path = LANGUAGES[locale]
    for text in [*some(path, "not_yes"), *some(path, "person"), *some(path, "who"), *some(path, "thanks")]:
        assert not of_speaker(locale).says("xyzzy").says(text).session.record.given, text


@pytest.mark.parametrize("locale", LANGUAGES)
def test_whoever_asks_for_a_person_is_answered_at_any_time(locale: str) -> None:
    for text in some(LANGUAGES[locale], "person"):
        asked, stopped = of_speaker(locale).says("xyzzy"), subscribed(locale).says("STOP")
        for talk in (of_speaker(locale), asked, subscribed(locale), stopped):
            assert talk.says(text).replies, text
