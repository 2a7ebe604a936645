"""Nobody's message is slow to read, whatever is in it: a flood of such delays others by as little as one of "xyzzy"."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.words import hostile

MOST = 20
"""Times a step with an "xyzzy"."""

TEXTS = dict(hostile.texts())


@pytest.fixture(scope="module")
def stopwatch() -> hostile.Stopwatch:
    return hostile.Stopwatch()


@pytest.mark.parametrize("kind", sorted({name.split()[0] for name in TEXTS}))
def test_no_text_is_slow_to_read_in_any_script(kind: str, stopwatch: hostile.Stopwatch) -> None:
    slow = {
        name: taken
        for name, text in TEXTS.items()
        if name.split()[0] == kind and (taken := stopwatch.times(text, enough=MOST / 2)) >= MOST
    }
    assert not slow


def pieces() -> st.SearchStrategy[list[str]]:
    of_one_script = st.sampled_from(sorted(hostile.SCRIPTS.values())).map(st.sampled_from)
    signs = st.one_of(of_one_script.flatmap(lambda signs: signs), st.sampled_from(hostile.MARKS), st.characters())
    return st.lists(st.text(signs, min_size=1, max_size=8), min_size=1, max_size=6)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(pieces(), st.sampled_from(["", " ", "\u200d", ", "]))
def test_random_search_finds_no_text_that_is_slow_to_read(
    stopwatch: hostile.Stopwatch, parts: list[str], between: str
) -> None:
    assert stopwatch.times(hostile.filled(parts, between), enough=MOST / 2) < MOST
