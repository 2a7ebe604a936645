"""One slip of the finger is found, two are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.typos import Neighbours

WORDS = ("abmelden", "anmelden", "unsubscribe", "отписаться")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("unsubscribe", {"unsubscribe"}),
        ("unsubscibe", {"unsubscribe"}),
        ("unssubscribe", {"unsubscribe"}),
        ("unsubscripe", {"unsubscribe"}),
        ("unsusbcribe", {"unsubscribe"}),
        ("nsubscribe", {"unsubscribe"}),
        ("unsubscribed", {"unsubscribe"}),
        ("отписатся", {"отписаться"}),
        ("ammelden", {"abmelden", "anmelden"}),
        ("unsuscibe", set()),
        ("abmdelne", set()),
        ("", set()),
        ("u" * 4096, set()),
    ],
)
def test_neighbours_differ_by_at_most_one_typo(typed: str, meant: set[str]) -> None:
    assert Neighbours(WORDS).of(typed) == meant


LETTERS = "abc"
SHORT = st.text(LETTERS, max_size=6)


def slips(word: str) -> set[str]:
    """Return all that one slip makes of a word, found by trying each."""
    cuts = [(word[:cut], word[cut:]) for cut in range(len(word) + 1)]
    return {
        word,
        *(left + right[1:] for left, right in cuts),
        *(left + letter + right for left, right in cuts for letter in LETTERS),
        *(left + letter + right[1:] for left, right in cuts if right for letter in LETTERS),
        *(left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1),
    }


@given(st.sets(SHORT, max_size=5), SHORT)
def test_all_neighbours_are_found_and_nothing_else(words: set[str], typed: str) -> None:
    assert Neighbours(words).of(typed) == {word for word in words if typed in slips(word)}


def test_an_empty_word_list_has_no_neighbours() -> None:
    assert Neighbours([]).of("stop") == set()
