"""The phrases beside the keywords: each means what it must, and one that doesn't is told with file and cure."""

from pathlib import Path

import pytest

from bot.i18n.catalogs import languages
from bot.paths import LOCALES
from bot.translating.phrases import ENOUGH, FILE, NOTHING, failures, path_of, read
from bot.words.keywords import base
from tests.words.vocabulary import KEYWORDS, LANGUAGES

OFFERED = sorted({base(code) for code, language in languages(LOCALES).items() if language.offered})


def told(folder: Path, text: str) -> list[str]:
    """Return what is told of German phrases, without the folder."""
    path = path_of(folder, "de")
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    return [str(failure).replace(f"{folder}/", "") for failure in failures(folder, "de", KEYWORDS)]


class TestShipped:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_phrase_means_what_it_must(self, language: str) -> None:
        assert list(map(str, failures(LOCALES, language, KEYWORDS))) == []

    @pytest.mark.parametrize("language", sorted({*OFFERED, *LANGUAGES}))
    def test_each_language_has_enough_phrases_covering_every_meaning(self, language: str) -> None:
        phrases = list(read(path_of(LOCALES, language)).every())
        assert len({phrase for phrase, _, _ in phrases}) >= ENOUGH
        meanings = {meaning for _, meaning, _ in phrases}
        assert {"yes", "no", "stop", "maybe_stop", "my_data", "delete", NOTHING} <= meanings


class TestFailures:
    def test_a_language_without_phrases_has_no_failures(self, tmp_path: Path) -> None:
        assert list(failures(tmp_path, "de", KEYWORDS)) == []

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                '[asked]\nyes = ["vielleicht"]',
                "de/tests.toml: phrase 'vielleicht' should mean yes but means nothing as an answer; correct keywords",
            ),
            (
                '[asked]\nnothing = ["ja"]',
                "de/tests.toml: phrase 'ja' should mean nothing but means yes (rule yes:de:exact) as an answer; ",
            ),
            ("[asked", "de/tests.toml: not valid TOML: "),
            ('[asked]\nstop = ["halt"]', "de/tests.toml: asked.stop: unknown key; it can be yes, no, nothing"),
            ("[typed]", "de/tests.toml: typed: unknown key; it can be asked, any_time"),
            ('[asked]\nyes = "ja"', "de/tests.toml: asked.yes: "),
            ("[asked]\nyes = [1]", "de/tests.toml: asked.yes.0: "),
        ],
    )
    def test_a_failure_is_reported_with_file_and_cure(self, tmp_path: Path, text: str, message: str) -> None:
        (problem,) = told(tmp_path, text)
        assert problem.startswith(message)

    def test_a_phrase_for_any_time_is_tried_with_and_without_a_question(self, tmp_path: Path) -> None:
        problems = told(tmp_path, '[any_time]\nstop = ["xyzzy"]')
        assert [problem.partition(";")[0].rpartition(" means nothing ")[2] for problem in problems] == [
            "as an answer",
            "without a question",
        ]

    def test_a_yes_in_another_language_counts_as_nothing(self, tmp_path: Path) -> None:
        assert told(tmp_path, '[any_time]\nnothing = ["oui"]') == []

    def test_a_failure_has_the_line_of_its_phrase(self, tmp_path: Path) -> None:
        told(tmp_path, '[asked]\nyes = [\n    "ja",\n    "vielleicht",\n]')
        (failure,) = failures(tmp_path, "de", KEYWORDS)
        assert (failure.path, failure.line) == (tmp_path / "de" / FILE, 4)
