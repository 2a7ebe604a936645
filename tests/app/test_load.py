"""Files are read once in a process, and again when they have changed."""

import shutil
from pathlib import Path

import pytest

from bot.app.load import load_world
from bot.errors import FileError
from bot.messages.basis import ForPurpose
from bot.paths import FLOWS, LOCALES
from bot.words.intents import Keywords


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FLOWS, tmp_path / "flows"))


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    (tmp_path / "fr").mkdir()
    for name in ("languages.toml", "keywords.toml", "fr/keywords.toml"):
        shutil.copy(LOCALES / name, tmp_path / name)
    return tmp_path


def test_unchanged_files_are_read_once() -> None:
    assert load_world()[0] is load_world(FLOWS, str(LOCALES))[0]
    assert load_world()[0] is not load_world(host=ForPurpose("order_updates", answers=True))[0]
    assert load_world(host=ForPurpose("order_updates", answers=True))[0].keywords is load_world()[0].keywords


def test_a_changed_file_is_read_again(flows: Path) -> None:
    before, _ = load_world(flows)
    file = flows / "business.toml"
    file.write_text(file.read_text("utf-8").replace(before.business.controller.name, "Other Ltd"), "utf-8")
    assert load_world(flows)[0].business.controller.name == "Other Ltd"


def test_a_file_broken_after_it_was_read_is_reported_each_time(flows: Path) -> None:
    load_world(flows)
    (flows / "stop.toml").write_text("flow = ", "utf-8")
    for _ in range(2):
        with pytest.raises(FileError, match=r"stop\.toml: not valid TOML"):
            load_world(flows)


def test_a_touched_catalog_is_read_again(locales: Path) -> None:
    """Whether the compiled catalog counts depends on which of the two is newer."""
    path = locales / "fr" / "LC_MESSAGES" / "bot.po"
    path.parent.mkdir()
    shutil.copy(LOCALES / "fr" / "LC_MESSAGES" / "bot.po", path)
    before, _ = load_world(locales=locales)
    path.touch()
    assert load_world(locales=locales)[0] is not before


def test_keywords_are_read_again_only_if_the_words_changed(
    locales: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = Path(shutil.copytree(locales, tmp_path_factory.mktemp("copy") / "locales"))
    before = Keywords.load(locales)
    assert Keywords.load(copy) is before
    (copy / "fr" / "keywords.toml").write_text("", "utf-8")
    assert Keywords.load(copy) is not before
    assert "fr" in Keywords.load(locales).languages


def test_a_language_with_the_words_of_another_is_not_taken_for_it(locales: Path) -> None:
    Keywords.load(locales)
    (locales / "fr").rename(locales / "nl")
    assert Keywords.load(locales).languages == {"nl"}


def test_a_word_file_that_becomes_unreadable_is_reported(locales: Path) -> None:
    Keywords.load(locales)
    (locales / "ordinary.toml").mkdir()
    with pytest.raises(FileError, match=r"ordinary\.toml: can't be read"):
        Keywords.load(locales)
