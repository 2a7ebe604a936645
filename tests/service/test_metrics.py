"""Labels of metrics come from closed sets, whatever a channel calls its errors."""

import pytest

from bot.service import metrics
from bot.service.metrics import code_label


@pytest.fixture(autouse=True)
def _no_codes_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_codes", set())


@pytest.mark.parametrize("code", ["131026", "0", "refused_here", "too_long", "x"])
def test_error_code_that_is_a_number_or_a_word_is_its_own_label(code: str) -> None:
    assert code_label(code) == code


@pytest.mark.parametrize("code", ["", "+34600000001", "34600000001", "ES.1", "Nobody called Ana", "a" * 41, "a_", "\n"])
def test_error_code_that_may_be_personal_is_labelled_other(code: str) -> None:
    assert code_label(code) == "other"


def test_number_of_distinct_error_code_labels_is_limited() -> None:
    labels = {code_label(str(number)) for number in range(10_000)}
    assert len(labels) == metrics._MOST_CODES + 1
    assert code_label("5") == "5"
    assert code_label("9999") == "other"
