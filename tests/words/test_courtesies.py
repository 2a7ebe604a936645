"""Greetings around a message are left out, and never the whole message."""

import pytest

from bot.words.courtesies import Courtesies

COURTESIES = Courtesies(["please", "thank you", "thank you very much", "hello"])


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("stop", "stop"),
        ("please stop", "stop"),
        ("stop please", "stop"),
        ("hello please stop now thank you very much", "stop now"),
        ("stop please now", "stop please now"),
        ("very much stop", "very much stop"),
        ("hello", "hello"),
        ("hello please thank you", "hello please thank you"),
        ("", ""),
    ],
)
def test_only_the_ends_are_left_out(message: str, left: str) -> None:
    words = message.split()
    first, end = COURTESIES.without(words)
    assert " ".join(words[first:end]) == left


def test_without_courtesies_a_message_stays_as_it_is() -> None:
    assert Courtesies([]).without(["please", "stop"]) == (0, 2)
