"""No talk makes the ledger of one person grow without end, and none ends with a STOP that does not count."""

import itertools

import pytest

from bot.consent.evidence import Entry, Kind
from bot.consent.lifecycle import fold
from bot.conversation.dialogue import DAY, FACTS_A_DAY, Dialogue, Step
from bot.conversation.inbound import Inbound, MessageId, Sender, Text
from bot.conversation.session import Session
from tests.conversation.worlds import FLOWS, WORLD

MORNING = 20_000 * DAY + 8 * 3600

CYCLES = [
    ("START", "YES", "YES", "STOP"),
    ("START", "STOP"),
    ("STOP",),
    ("START", "YES", "stop it please or so", "no"),
    ("OBJECT",),
    ("START", "YES", "RESTRICT", "STOP RESTRICTION", "START"),
    ("START", "NO"),
]


class Talk:
    """One person's day."""

    def __init__(self) -> None:
        self.session = Session(person="p")
        self.entries: list[Entry] = []
        self._numbers = itertools.count()
        self._dialogue = Dialogue(WORLD, FLOWS)

    def says(self, text: str, at: int) -> Step:
        inbound = Inbound(MessageId(f"m{next(self._numbers)}"), Sender("+447911123456"), at, Text(text), at)
        step = self._dialogue.step(self.session, inbound, at)
        self.session = step.session
        self.entries += step.entries
        assert fold(self.entries) == self.session.record
        return step


@pytest.mark.parametrize("cycle", CYCLES, ids=" ".join)
def test_the_ledger_of_a_day_is_bounded_and_the_last_stop_counts(cycle: tuple[str, ...]) -> None:
    talk = Talk()
    for second, text in zip(range(500), itertools.cycle(cycle)):
        talk.says(text, MORNING + second)
    assert len(talk.entries) <= FACTS_A_DAY + 10
    talk.says("STOP", MORNING + 2000)
    assert not talk.session.record.given
    assert talk.session.record.pending is None


def test_who_is_over_the_limit_is_told_whom_to_ask_and_begins_again_the_next_day() -> None:
    talk = Talk()
    for second, text in zip(range(500), itertools.cycle(CYCLES[0])):
        talk.says(text, MORNING + second)
    said = [talk.says("START", MORNING + 3 * 3600 + second).replies for second in range(12)]
    assert [reply.text_id for reply in said[0]] == ["human.contact"]
    assert not said[-1], "several times in a row are enough"
    step = talk.says("START", MORNING + DAY)
    assert [entry.kind for entry in step.entries] == [Kind.REQUESTED]


def test_a_stop_at_the_limit_ends_what_was_given_just_before() -> None:
    talk = Talk()
    texts = itertools.cycle(CYCLES[0])
    second = MORNING
    while talk.session.facts < FACTS_A_DAY or not talk.session.record.given:
        talk.says(next(texts), second)
        second += 1
        assert second < MORNING + 2000, "given when the limit was reached"
    step = talk.says("STOP", second)
    assert {entry.kind for entry in step.entries} >= {Kind.WITHDRAWN}
    assert not talk.session.record.given
