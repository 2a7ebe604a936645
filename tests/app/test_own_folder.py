"""A company's own folder: dialogues, words and translations of its own come over ours, and nothing of ours is lost."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.app.doctor import language_checks
from bot.app.load import load_world
from bot.errors import FileError
from bot.folders import Folders
from bot.i18n import changes, po
from bot.settings import load_settings
from bot.testing import Conversation
from bot.testing.player import app as player
from bot.translating.project import Project
from tests.own_folder import HOURS, LANGUAGES, shop

REWORDED = ('title = "order updates"', 'title = "news of your order"')
TITLE = "purpose.order_updates.title"


def chat(folder: Path, locale: str = "en") -> Conversation:
    return Conversation(*load_world(own=folder), locale=locale)


def title(folder: Path, locale: str) -> str:
    world, _ = load_world(own=folder)
    return world.language(locale).purposes["order_updates"][0]


# --- own dialogues and words


def test_a_dialogue_of_their_own_answers_its_words_without_any_python(tmp_path: Path) -> None:
    talk = chat(shop(tmp_path))
    for text in ("Opening hours", "opening hours please", "OPENING HOURS!"):
        talk.says(text)
        assert talk.said == ["hours.told"]


def test_our_own_dialogues_go_on_beside_it(tmp_path: Path) -> None:
    talk = chat(shop(tmp_path))
    talk.says("START")
    asked = talk.said
    talk.says("opening hours")
    talk.says("YES")
    talk.says("STOP")
    assert asked == ["opt_in.ask"]
    assert [entry.partition(" ")[0] for entry in talk.ledger][:2] == ["requested", "given"]
    assert "withdrawn" in talk.ledger[-1]


def test_their_words_go_before_small_talk_of_another_language(tmp_path: Path) -> None:
    talk = chat(shop(tmp_path, words="tchau"))  # a goodbye in Portuguese
    talk.says("tchau")
    assert talk.said == ["hours.told"]


def test_words_that_are_added_to_ours_are_understood(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    (folder / "locales" / "de").mkdir()
    (folder / "locales" / "de" / "keywords.toml").write_text('[help]\nwords = ["servusle"]\n', "utf-8")
    talk = chat(folder, "de")
    talk.says("Hilfe")
    answer = talk.said
    talk.says("servusle")
    assert talk.said == answer
    assert answer[0].startswith("help.")


@pytest.mark.parametrize(
    ("dialogue", "words", "told"),
    [
        (HOURS, "stop", "'stop' means stop"),
        (HOURS, "hilfe", "'hilfe' means help in de"),
        (HOURS, "", "hours.toml:3: intents: nobody can say 'hours'"),
        (HOURS.replace('["hours"]', "[]"), "opening hours", r"keywords.toml:1: no flow claims the intent of \[hours\]"),
        (HOURS.replace('["hours"]', '["yes"]'), "", "unknown intent 'yes'; call it otherwise"),
        (HOURS.replace('["hours"]', '["help"]'), "", "intent 'help' is also claimed in"),
        (HOURS.replace('flow = "hours"', 'flow = "stop"'), "", "flow 'stop' is also in .*; rename one"),
        (HOURS.replace('"told"\nchoices', '"tell"\nchoices'), "opening hours", "there is no text 'tell'"),
    ],
)
def test_what_cannot_work_is_told_with_its_cure(tmp_path: Path, dialogue: str, words: str, told: str) -> None:
    with pytest.raises(FileError, match=told) as error:
        load_world(own=shop(tmp_path, dialogue=dialogue, words=words))
    assert str(tmp_path) in str(error.value)


def test_the_dialogue_of_the_developers_page_works_as_it_stands_there(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "developer.md").read_text("utf-8")
    section = page.partition("## A dialogue of your own\n")[2].partition("\n## ")[0]
    dialogue, words = re.findall(r"^```\n((?:flow|\[hours\]).*?)```", section, re.DOTALL | re.MULTILINE)
    folder = shop(tmp_path, dialogue=dialogue, words="")
    (folder / "locales" / "en" / "keywords.toml").write_text(words, "utf-8")
    talk = chat(folder)
    talk.says("When are you open?")
    assert talk.said == ["hours.told"]


def test_transcripts_are_played_in_the_companys_own_dialogues(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    played_from = tmp_path / "transcripts"
    played_from.mkdir()
    (played_from / "hours.toml").write_text(
        'locale = "en"\n[[turn]]\nperson = "opening hours"\nbot = { text_id = "hours.told" }\n', "utf-8"
    )
    played = CliRunner().invoke(player, [str(played_from)], env={"APP_DIR": str(folder)})
    assert played.exit_code == 0, played.output
    assert CliRunner().invoke(player, [str(played_from)]).exit_code == 1


# --- rewording


def test_a_reworded_title_switches_no_language_off(tmp_path: Path) -> None:
    folder = shop(tmp_path, REWORDED)
    world, _ = load_world(own=folder)
    assert sorted(world.texts.offered) == sorted(LANGUAGES)
    assert [title(folder, locale) for locale in LANGUAGES] == [
        "news of your order",
        "Infos zur Bestellung",
        title(shop(tmp_path / "as_before"), "fr"),
    ]


def test_a_reworded_title_without_a_folder_of_their_own_switches_no_language_off(tmp_path: Path) -> None:
    folder = shop(tmp_path, REWORDED)
    world, _ = load_world(business=folder / "business.toml")
    assert sorted(world.texts.offered) == sorted(LANGUAGES)


def test_the_doctor_names_what_is_said_as_before_and_what_each_language_lacks(tmp_path: Path) -> None:
    checks = language_checks(load_world(own=shop(tmp_path, REWORDED))[0])
    assert [(check.name, check.detail, check.required) for check in checks] == [
        ("language de", "says in English: hours.told", False),
        ("language fr", "says in English: hours.told", False),
        ("reworded text", f"{TITLE}: reworded, and still said as before in de, fr", False),
    ]


def test_after_a_legal_change_a_language_without_a_new_translation_is_not_offered(tmp_path: Path) -> None:
    folder = shop(tmp_path, REWORDED)
    Project(Folders(own=folder)).confirm_legal([TITLE], date(2026, 12, 1))
    world, _ = load_world(own=folder)
    assert world.texts.offered == ("en",)
    (check,) = [check for check in language_checks(world) if check.name == "language de"]
    assert (check.detail, check.required) == (f"not offered, as it lacks {TITLE}", True)


def test_a_rewording_after_a_legal_change_leaves_the_new_translation_in_force(tmp_path: Path) -> None:
    folder = shop(tmp_path, REWORDED)
    Project(Folders(own=folder)).confirm_legal([TITLE], date(2026, 12, 1))
    project = Project(Folders(own=folder))
    german = project.catalog("de")
    path = folder / "locales" / "de" / "LC_MESSAGES" / "bot.po"
    path.parent.mkdir(parents=True)
    path.write_text(_written(german, TITLE, "Neues zur Bestellung"), "utf-8")
    assert title(folder, "de") == "Neues zur Bestellung"
    business = folder / "business.toml"
    business.write_text(business.read_text("utf-8").replace("news of your order", "your order's news"), "utf-8")
    assert title(folder, "de") == "Neues zur Bestellung"
    assert "fr" not in load_world(own=folder)[0].texts.offered


def _written(catalog: po.PoFile, text_id: str, translation: str) -> str:
    entries = tuple(
        replace(entry, translation=translation, fuzzy=False, previous="") if entry.id == text_id else entry
        for entry in catalog.entries
    )
    return po.written(replace(catalog, entries=entries))


def test_after_an_editorial_change_nothing_is_left_to_confirm(tmp_path: Path) -> None:
    folder = shop(tmp_path, REWORDED)
    Project(Folders(own=folder)).confirm_editorial([TITLE], date(2026, 12, 1))
    assert Project(Folders(own=folder)).reworded() == {}
    assert title(folder, "de") == "Infos zur Bestellung"
    (noted,) = changes.read(folder / "locales")
    assert (noted.id, noted.change, noted.superseded) == (TITLE, "editorial", ("order updates",))


def test_a_translation_that_no_longer_fits_its_text_is_not_in_force(tmp_path: Path) -> None:
    """The German words have no {order} any more where the English, which was reworded, has none, either."""
    folder = shop(tmp_path, ("about your order {order}.", "about your order."), ('order = "BH-1042", ', ""))
    world, _ = load_world(own=folder)
    assert "template.order_update.body" in world.texts.missing("de")
    assert "de" in world.texts.offered


# --- the default language


def test_a_default_language_that_is_not_offered_is_an_error(tmp_path: Path) -> None:
    folder = shop(tmp_path, REWORDED, ('default_locale = "en"', 'default_locale = "de"'))
    Project(Folders(own=folder)).confirm_legal([TITLE], date(2026, 12, 1))
    with pytest.raises(FileError, match=f"default_locale: 'de' is not offered: it lacks {TITLE}"):
        load_world(own=folder)


def test_a_default_language_that_is_a_draft_is_an_error(tmp_path: Path) -> None:
    folder = shop(tmp_path, ('default_locale = "en"', 'default_locale = "de"'))
    (folder / "locales" / "languages.toml").write_text('[de]\nstatus = "draft"\n', "utf-8")
    with pytest.raises(FileError, match="default_locale: 'de' is not offered: it is a draft"):
        load_world(own=folder)


# --- the environment


def test_the_folder_has_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop(tmp_path / "shop")
    (tmp_path / "shop" / ".env").write_text("PORT=8123\nLOG_LEVEL=ERROR\n", "utf-8")
    (tmp_path / ".env").write_text("PORT=8001\nMESSAGES_PER_SECOND=7\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP_DIR", str(tmp_path / "shop"))
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    read = load_settings()
    assert (read.port, read.log_level, read.messages_per_second) == (8123, "WARNING", 7)
    assert read.app_dir == tmp_path / "shop"


def test_the_folder_may_name_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop(tmp_path)
    (tmp_path / ".env").write_text("APP_DIR=.\nPORT=8123\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    read = load_settings()
    assert (read.app_dir, read.port) == (Path(), 8123)
