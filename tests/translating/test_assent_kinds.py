"""The same kinds of answers are a yes in every language, and the same kinds are none (GDPR Art. 4(11))."""

from pathlib import Path

import pytest

from bot.errors import FileError
from bot.paths import LOCALES
from bot.translating.assent_kinds import FILE, Kinds, is_yes, page, read
from tests.words.vocabulary import KEYWORDS, LANGUAGES

KINDS = read(LOCALES)


@pytest.mark.parametrize("kind", KINDS.yes)
def test_it_is_a_yes_in_every_language(kind: str) -> None:
    assert sorted(KINDS.yes[kind]) == LANGUAGES
    assert [item for item in KINDS.yes[kind].items() if not is_yes(KEYWORDS, item[1], item[0])] == []


@pytest.mark.parametrize("kind", KINDS.no_yes)
def test_it_is_no_yes_in_any_language(kind: str) -> None:
    assert sorted(KINDS.no_yes[kind]) == LANGUAGES
    assert [item for item in KINDS.no_yes[kind].items() if is_yes(KEYWORDS, item[1], item[0])] == []


@pytest.mark.parametrize("sign", KINDS.signs)
def test_a_sign_that_says_nothing_is_no_yes_in_any_language(sign: str) -> None:
    assert [language for language in LANGUAGES if is_yes(KEYWORDS, sign, language)] == []


def test_the_page_in_docs_is_what_the_command_would_write() -> None:
    written = (LOCALES.parent / "docs" / "assent.md").read_text("utf-8")
    assert written == page(KINDS, KEYWORDS), "run `python -m bot i18n assent`"


def test_a_kind_that_a_language_lacks_or_reads_otherwise_shows() -> None:
    kinds = Kinds({"yes": {"de": "ja"}, "agree": {"de": "vielleicht", "fr": "oui"}}, {"ok": {"de": "ok"}}, ("1",))
    assert page(kinds, KEYWORDS).partition("## A yes\n\n")[2].splitlines()[:4] == [
        "| | yes | agree |",
        "|---|---|---|",
        "| de | ✅ ja | ⬜ vielleicht |",
        "| fr | – | ✅ oui |",
    ]


def test_a_malformed_file_is_refused_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[yes]\nagree = 1\n", "utf-8")
    with pytest.raises(FileError, match=r"assent\.toml: yes\.agree: write a table for each kind"):
        read(tmp_path)
