"""No talk makes the ledger of one person grow without end, and none ends with a STOP that does not count."""

from itertools import cycle, islice

import pytest

from bot.conversation.dialogue import FACTS_A_DAY
from bot.testing import Conversation
from tests.conversation.worlds import FLOWS, WORLD

MESSAGES = 500
"""Of one day: more than the limit allows facts, whatever is said."""

CYCLES = [
    ("START", "YES", "YES", "STOP"),
    ("START", "STOP"),
    ("STOP",),
    ("START", "YES", "stop it please or so", "no"),
    ("OBJECT",),
    ("START", "YES", "RESTRICT", "STOP RESTRICTION", "START"),
    ("START", "NO"),
]


def after(texts: tuple[str, ...]) -> Conversation:
    talk = Conversation(WORLD, FLOWS, locale="en")
    for text in islice(cycle(texts), MESSAGES):
        talk.says(text)
    return talk


@pytest.mark.parametrize("texts", CYCLES, ids=" ".join)
def test_the_ledger_of_a_day_is_bounded_and_the_last_stop_counts(texts: tuple[str, ...]) -> None:
    talk = after(texts)
    assert len(talk.entries) <= FACTS_A_DAY + 10
    talk.says("STOP")
    assert not talk.session.record.given
    assert talk.session.record.pending is None


def test_over_the_daily_limit_the_contact_is_shown_until_the_next_day() -> None:
    talk = after(CYCLES[0]).says("STOP")
    assert talk.says("START").said == ["human.contact"]
    for _ in range(10):
        talk.says("START")
    assert not talk.said, "several times in a row are enough"
    assert talk.waits("24h").says("START").ledger[-1].startswith("requested")


def test_a_stop_at_the_daily_limit_withdraws_the_consent_given_just_before() -> None:
    talk = Conversation(WORLD, FLOWS, locale="en")
    texts = cycle(CYCLES[0])
    while talk.session.facts < FACTS_A_DAY or not talk.session.record.given:
        assert len(talk.history) < 10 * MESSAGES, "something is given when the limit is reached"
        talk.says(next(texts))
    talk.says("STOP")
    assert not talk.session.record.given
    assert talk.ledger[-1].startswith("withdrawn")
