"""Stamps of WhatsApp and our own clock may both be wrong: the order of one person's words stays what it was."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.consent.evidence import Clock, Entry, Kind
from bot.consent.lifecycle import fold
from bot.conversation.dialogue import Dialogue, Step
from bot.conversation.session import Session, rebuilt
from bot.messages.inbound import Inbound, MessageId, QuestionStatus, Sender, Text
from bot.service.incoming.receive import timed
from tests.conversation.worlds import FLOWS, WORLD

NOON = 1_790_000_000
YEAR = 365 * 86400


@dataclass
class Clocks:
    """Somebody who writes every ten seconds; WhatsApp's stamp and our clock differ from the true time as told."""

    dialogue: Dialogue = field(default_factory=lambda: Dialogue(WORLD, FLOWS))
    session: Session = field(default_factory=lambda: Session("0199d000-0000-7000-8000-000000000001", locale="en"))
    entries: list[Entry] = field(default_factory=list)
    time: int = NOON
    count: int = 0

    def says(self, text: str, *, stamped: int | None = 0, ours: int = 0, written: int | None = None) -> None:
        """`stamped` and `ours` are seconds by which the clocks are ahead; None is no stamp at all."""
        self.time += 10
        self.count += 1
        arrival = self.time + ours + 0.2
        at = 0 if stamped is None else (self.time if written is None else written) + stamped
        inbound = Inbound(MessageId(f"wamid.{self.count}"), Sender("+4915112345678"), at, Text(text), arrival)
        event = timed(inbound, arrival)
        assert isinstance(event, Inbound)
        questions = [reply.question for reply in self._step(event, arrival + 0.1).replies if reply.question]
        for question in questions:
            self._is_delivered(question, ours)
        assert fold(self.entries) == self.session.record, "what is rebuilt from the ledger is what the session knows"

    def _step(self, event: Inbound, now: float) -> Step:
        step = self.dialogue.step(self.session, event, now)
        self.entries += step.entries
        self.session = step.session
        return step

    def _is_delivered(self, question: str, ours: int) -> None:
        """WhatsApp takes and delivers a question, a second after it was asked."""
        arrival = self.time + 1 + ours + 0.2
        for status in ("accepted", "delivered"):
            news = QuestionStatus(question, status, question)
            id = MessageId(f"{status} {question}")
            event = timed(Inbound(id, Sender("+4915112345678"), self.time + 1, news, arrival), arrival)
            assert isinstance(event, Inbound)
            self._step(event, arrival + 0.1)

    def loses_the_session(self) -> None:
        self.session = rebuilt(self.session.person, fold(self.entries), "en")

    @property
    def given(self) -> tuple[str, ...]:
        return self.session.record.given

    def agrees(self, **clocks: int) -> "Clocks":
        for text in ("START", "YES", "YES"):
            self.says(text, **clocks)
        assert len(self.given) == 2
        return self


@pytest.mark.parametrize("ahead", [30, 3600, 10 * YEAR])
def test_a_later_stop_beats_a_yes_stamped_in_the_future(ahead: int) -> None:
    talk = Clocks().agrees(stamped=ahead)
    talk.says("STOP")
    assert not talk.given


@pytest.mark.parametrize("stamped", [30, 10 * YEAR, None])
def test_a_stop_with_a_future_or_no_stamp_holds_and_allows_a_later_opt_in(stamped: int | None) -> None:
    talk = Clocks().agrees()
    talk.says("STOP", stamped=stamped)
    assert not talk.given
    assert {entry.clock for entry in talk.entries if entry.kind is Kind.WITHDRAWN} == {Clock.ARRIVAL}
    talk.agrees()


@pytest.mark.parametrize("ours", [-YEAR, -3600, -60, 60, 3600, YEAR])
def test_a_stop_holds_whichever_way_our_clock_jumps_and_a_new_yes_counts(ours: int) -> None:
    talk = Clocks().agrees()
    talk.says("STOP", ours=ours)
    assert not talk.given
    talk.agrees(ours=ours)
    talk.says("STOP")
    assert not talk.given
    talk.agrees()


@pytest.mark.parametrize("ours", [-YEAR, -3600, 3600, YEAR])
def test_a_later_stop_beats_an_unstamped_yes_recorded_by_a_wrong_clock(ours: int) -> None:
    talk = Clocks()
    for text in ("hello", "YES", "YES"):
        talk.says(text, stamped=None, ours=ours)
    assert len(talk.given) == 2
    talk.says("STOP")
    assert not talk.given
    talk.agrees()


@pytest.mark.parametrize("ours", [-3600, 0, 3600])
def test_a_yes_written_before_a_stop_but_received_after_it_gives_no_consent(ours: int) -> None:
    talk = Clocks()
    talk.says("hello")
    written = talk.time + 2
    talk.says("STOP")
    talk.says("YES", written=written, ours=ours)
    talk.says("START", ours=ours)
    talk.says("YES", written=written, ours=ours)
    assert not talk.given


def test_a_stop_with_an_implausibly_old_stamp_still_withdraws() -> None:
    talk = Clocks().agrees()
    talk.says("STOP", stamped=-YEAR)
    assert not talk.given


def test_a_stop_redelivered_late_does_not_undo_a_newer_yes() -> None:
    talk = Clocks().agrees()
    talk.says("STOP", written=NOON - 3600)
    assert len(talk.given) == 2


shifts = st.sampled_from([-YEAR, -3600, -30, -1, 0, 0, 0, 1, 30, 3600, YEAR])
stamps = st.sampled_from([0, 0, 0, 1, 30, 3600, 10 * YEAR, None])
words = st.sampled_from(["hello", "YES", "YES", "STOP", "START", "NO", "help"])


@given(st.lists(st.tuples(words, stamps, shifts, st.booleans()), max_size=12), stamps, shifts)
def test_a_stop_ends_all_earlier_consents_and_a_later_yes_still_counts(
    sequence: list[tuple[str, int | None, int, bool]], stamped: int | None, ours: int
) -> None:
    talk = Clocks()
    for text, stamp, shift, loses in sequence:
        talk.says(text, stamped=stamp, ours=shift)
        if loses:
            talk.loses_the_session()
    talk.says("STOP", stamped=stamped, ours=ours)
    assert not talk.given
    for _ in range(3):
        talk.says("START")
        talk.says("YES")
    assert talk.given
