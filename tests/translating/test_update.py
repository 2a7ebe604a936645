from dataclasses import replace
from pathlib import Path

import pytest

from bot.i18n.catalogs import LanguageEntry
from bot.i18n.po import PoEntry, PoFile, read, written
from bot.i18n.slot import Slot, SourceTexts, TextKind
from bot.translating.extract import template
from bot.translating.update import updated

GERMAN = LanguageEntry("de", offered=True, plural="nplurals=2; plural=(n != 1);")
START = Slot("a.text", TextKind.BODY, "Start sending me messages.")


def merged(entry: PoEntry, *slots: Slot) -> PoFile:
    """The catalog with this entry, brought up to date with texts that are now these."""
    return updated(PoFile(entries=(entry,)), template(SourceTexts(slots), Path()), GERMAN)


def translated(slot: Slot, translation: str) -> PoEntry:
    return PoEntry(id=slot.id, english=slot.english, translation=translation)


def test_a_text_that_did_not_change_keeps_its_translation() -> None:
    (entry,) = merged(translated(START, "Schreibt mir."), START).entries
    assert (entry.translation, entry.fuzzy, entry.previous) == ("Schreibt mir.", False, "")


def test_a_reworded_text_keeps_its_translation_as_fuzzy_with_the_previous_english() -> None:
    (entry,) = merged(translated(START, "Schreibt mir."), replace(START, english="Please send messages.")).entries
    assert (entry.translation, entry.fuzzy) == ("Schreibt mir.", True)
    assert entry.previous == "Start sending me messages."
    assert not entry.usable


def test_a_new_text_never_gets_the_translation_of_a_similar_one() -> None:
    """Babel and msgmerge would fill in "Schreibt mir.", which says the opposite."""
    stop = Slot("b.text", TextKind.BODY, "Stop sending me messages.")
    (entry,) = merged(translated(START, "Schreibt mir."), stop).entries
    assert (entry.id, entry.translation, entry.fuzzy) == ("b.text", "", False)


def test_a_new_text_never_gets_the_translation_of_an_identical_one() -> None:
    other = replace(START, id="b.text")
    start, same = merged(translated(START, "Schreibt mir."), START, other).entries
    assert (start.translation, same.translation) == ("Schreibt mir.", "")


def test_after_two_rewordings_the_previous_english_is_the_translated_one() -> None:
    once = merged(translated(START, "Schreibt mir."), replace(START, english="Second.")).entries[0]
    (twice,) = merged(once, replace(START, english="Third.")).entries
    assert (twice.fuzzy, twice.previous) == (True, "Start sending me messages.")


def test_a_text_reworded_and_changed_back_stays_fuzzy() -> None:
    away = merged(translated(START, "Schreibt mir."), replace(START, english="Second.")).entries[0]
    (back,) = merged(away, START).entries
    assert (back.fuzzy, back.previous) == (True, "")


def test_a_leftover_previous_text_of_an_approved_translation_is_forgotten() -> None:
    approved = replace(translated(START, "Schreibt mir."), previous="Ancient.")
    assert merged(approved, START).entries[0].previous == ""
    assert merged(approved, replace(START, english="New.")).entries[0].previous == START.english


def test_a_reworded_text_without_translation_does_not_become_fuzzy() -> None:
    (entry,) = merged(translated(START, ""), replace(START, english="New.")).entries
    assert (entry.english, entry.fuzzy, entry.previous) == ("New.", False, "")


def test_flags_and_notes_are_replaced_by_those_of_the_current_text() -> None:
    """Babel adds new flags to old ones: a limit of 24 would stay beside one of 20."""
    old = replace(translated(START, "Ja"), flags=("max-length:24", "no-wrap"), notes=("Old note.",), source="old.toml")
    button = Slot("a.text", TextKind.BUTTON, START.english, source="flows/new.toml")
    (entry,) = merged(old, button).entries
    assert entry.flags == ("max-length:20",)
    assert "Old note." not in entry.notes


def test_flags_that_an_editor_dropped_come_back() -> None:
    (entry,) = merged(replace(translated(START, "Ja"), flags=()), START).entries
    assert entry.flags == ("max-length:1024",)


@pytest.mark.parametrize("now", [START, replace(START, english="Reworded.")])
def test_translators_comments_stay(now: Slot) -> None:
    entry = replace(translated(START, "Schreibt mir."), comments=("Nicht siezen!", "– Anna"))
    assert merged(entry, now).entries[0].comments == ("Nicht siezen!", "– Anna")


def test_a_removed_text_becomes_obsolete_and_is_restored_when_it_returns() -> None:
    entry = replace(translated(START, "Schreibt mir."), comments=("Anna",), notes=("A note.",))
    gone = merged(entry)
    assert gone.entries == ()
    assert [(each.translation, each.comments, each.notes) for each in gone.obsolete] == [
        ("Schreibt mir.", ("Anna",), ())
    ]
    back = updated(gone, template(SourceTexts((START,)), Path()), GERMAN)
    assert [(each.translation, each.fuzzy, each.comments) for each in back.entries] == [
        ("Schreibt mir.", False, ("Anna",))
    ]
    assert back.obsolete == ()


def test_a_removed_text_without_translation_is_dropped() -> None:
    assert merged(translated(START, "")).obsolete == ()


def test_translators_headers_are_kept_and_ours_are_corrected() -> None:
    catalog = PoFile(
        headers={
            "POT-Creation-Date": "2026-01-01 12:00+0000",
            "Last-Translator": "Anna",
            "Plural-Forms": "nplurals=1; plural=0;",
            "X-Generator": "Poedit 3.5",
            "Language": "de_DE",
        },
        comments=("Anna, 2026",),
        fuzzy=True,
    )
    after = updated(catalog, PoFile(), GERMAN)
    assert after.headers == {
        "Project-Id-Version": "consentbot",
        "Language": "de",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
        "Last-Translator": "Anna",
        "X-Generator": "Poedit 3.5",
    }
    assert after.comments == ("Anna, 2026",)
    assert not after.fuzzy


def test_updating_twice_changes_nothing(folder: Path) -> None:
    wanted = template(SourceTexts((START,)), Path())
    once = updated(read(folder / "de" / "LC_MESSAGES" / "bot.po"), wanted, GERMAN)
    assert once.obsolete
    assert written(updated(once, wanted, GERMAN)) == written(once)


def test_a_new_catalog_has_every_text_and_no_translation() -> None:
    brazilian = LanguageEntry("pt-BR", offered=False, plural="nplurals=2; plural=(n > 1);")
    fresh = updated(PoFile(), template(SourceTexts((START,)), Path()), brazilian)
    assert [(entry.id, entry.translation) for entry in fresh.entries] == [("a.text", "")]
    assert fresh.headers["Language"] == "pt_BR"
    assert fresh.headers["Plural-Forms"] == "nplurals=2; plural=(n > 1);"
