"""Nobody's message is slow to read, whatever is in it: at 20 times a "hello" a flood delays others by little."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.dialogue import Dialogue
from bot.conversation.inbound import Inbound, MessageId, Sender, Text
from bot.conversation.load import load_world
from bot.conversation.session import Session
from tests.conversation import hostile

MOST = 20
"""Times a step with a "hello"."""

NOW = 1_760_000_000


class Stopwatch:
    """Measures the step of somebody who has agreed, so that words for all dialogues are looked up."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._session = Session(person="p")
        for text in ("hallo", "ja", "hallo", "hallo", "hallo", "hallo"):  # until its patience is over: no answer
            self._session = dialogue.step(self._session, self._inbound(text), NOW).session
        assert self._session.record.given
        self.hello = min(self.seconds("hello") for _ in range(50))

    def seconds(self, text: str) -> float:
        """Return the CPU time of one step."""
        inbound = self._inbound(text)
        before = time.thread_time()
        self._dialogue.step(self._session, inbound, NOW)
        return time.thread_time() - before

    def times(self, text: str) -> float:
        """Return how many times a "hello" it takes at best: a slow moment of the machine is not the text's."""
        slowest = 0.0
        for attempt in range(10):
            taken = self.seconds(text) / self.hello
            slowest = taken if attempt == 0 else min(slowest, taken)
            if slowest < MOST / 2:
                break
        return slowest

    def _inbound(self, text: str) -> Inbound:
        return Inbound(MessageId("m"), Sender("+4915112345678"), NOW, Text(text), NOW)


@pytest.fixture(scope="module")
def stopwatch() -> Stopwatch:
    return Stopwatch(Dialogue(*load_world()))


@pytest.mark.parametrize("name", dict(hostile.texts()))
def test_no_text_is_slow_in_any_script(name: str, stopwatch: Stopwatch) -> None:
    assert stopwatch.times(dict(hostile.texts())[name]) < MOST


def pieces() -> st.SearchStrategy[list[str]]:
    of_one_script = st.sampled_from(sorted(hostile.SCRIPTS.values())).map(st.sampled_from)
    signs = st.one_of(of_one_script.flatmap(lambda signs: signs), st.sampled_from(hostile.MARKS), st.characters())
    return st.lists(st.text(signs, min_size=1, max_size=8), min_size=1, max_size=6)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(pieces(), st.sampled_from(["", " ", "\u200d", ", "]))
def test_no_search_finds_a_slow_text(stopwatch: Stopwatch, parts: list[str], between: str) -> None:
    assert stopwatch.times(hostile.filled(parts, between)) < MOST
