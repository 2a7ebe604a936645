"""The goals for what people write about stopping, on sentences by writers who had not seen the keyword files."""

from pathlib import Path

import pytest

from bot.paths import LOCALES
from bot.words.intents import Keywords
from tests.words.word_lists import FOLDER, Result, results

KEYWORDS = Keywords.load(LOCALES)
LISTS = sorted(FOLDER.glob("*.toml"))
RESULTS = [(path.stem, result) for path in LISTS for result in results(path, KEYWORDS)]


def share(kind: str) -> float:
    found = [result for _, result in RESULTS if result.kind == kind]
    return sum(len(result.wrong) for result in found) / sum(result.tried for result in found)


def wrong(*kinds: str) -> list[str]:
    return [f"{language}: {sentence}" for language, each in RESULTS if each.kind in kinds for sentence in each.wrong]


@pytest.mark.parametrize("kind", ["withdrawals", "negations"])
def test_at_most_one_in_a_hundred_sentences_is_misread(kind: str) -> None:
    assert share(kind) <= 0.01, wrong(kind)


def test_no_sentence_about_orders_or_visits_withdraws() -> None:
    assert wrong("others") == []


def test_clear_withdrawals_are_mostly_obeyed_without_a_question() -> None:
    clear = [result for _, result in RESULTS if result.kind == "withdrawals"]
    assert sum(each.at_once for each in clear) >= 0.8 * sum(each.tried for each in clear)


def test_a_misread_sentence_is_reported_with_its_rule(tmp_path: Path) -> None:
    path = tmp_path / "en.toml"
    path.write_text('withdrawals = ["xyzzy"]\nothers = ["STOP"]\n', "utf-8")
    told: list[Result] = [each for each in results(path, KEYWORDS) if each.wrong]
    assert [each.wrong for each in told] == [["xyzzy (nothing)"], ["STOP (stop:any:exact)"]]
