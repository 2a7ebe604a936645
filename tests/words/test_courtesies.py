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
def test_courtesies_are_dropped_only_at_the_ends_of_a_message(message: str, left: str) -> None:
    words = message.split()
    first, end = COURTESIES.without(words)
    assert " ".join(words[first:end]) == left


def test_with_no_courtesies_listed_a_message_stays_unchanged() -> None:
    assert Courtesies([]).without(["please", "stop"]) == (0, 2)
