from pathlib import Path

import pytest

from bot.i18n.po import PoError, read, written
from tests.i18n.made import HEADERS, entry

POEDIT = r"""# German translation.
# Anna Beispiel <anna@mail.example>, 2026.
msgid ""
msgstr ""
"Language: de\n"
"Last-Translator: Anna Beispiel <anna@mail.example>\n"
"X-Generator: Poedit 3.5\n"
"Content-Type: text/plain; charset=UTF-8\n"

# Kurz halten!
#. Button 1 of 2.
#. WhatsApp button, at most 20 characters.
#: flows/common.toml
#, fuzzy, max-length:20
#| msgid "Yes"
msgctxt "common.yes"
msgid "Yes, I agree"
msgstr "Ja"

msgctxt "help.help"
msgid ""
"A \"quoted\" line\n"
"\n"
"and a tab\tand a backslash \\"
msgstr ""

# War mal wichtig.
#, fuzzy
#~| msgid "Good bye"
#~ msgctxt "gone.text"
#~ msgid "Bye"
#~ msgstr "Tschüss"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.po"


def test_a_file_saved_by_an_editor_is_written_back_byte_for_byte(path: Path) -> None:
    path.write_text(POEDIT, "utf-8")
    assert written(read(path)) == POEDIT


def test_every_part_of_an_entry_is_read(path: Path) -> None:
    path.write_text(POEDIT, "utf-8")
    file = read(path)
    yes, help_text = file.entries
    assert (yes.id, yes.english, yes.translation) == ("common.yes", "Yes, I agree", "Ja")
    assert (yes.fuzzy, yes.previous, yes.flags, yes.usable) == (True, "Yes", ("max-length:20",), False)
    assert yes.comments == ("Kurz halten!",)
    assert yes.notes == ("Button 1 of 2.", "WhatsApp button, at most 20 characters.")
    assert (yes.source, yes.line) == ("flows/common.toml", 17)
    assert help_text.english == 'A "quoted" line\n\nand a tab\tand a backslash \\'
    assert file.headers["X-Generator"] == "Poedit 3.5"


def test_an_obsolete_entry_keeps_its_id_and_its_previous_text(path: Path) -> None:
    path.write_text(POEDIT, "utf-8")
    (gone,) = read(path).obsolete
    assert (gone.id, gone.english, gone.translation) == ("gone.text", "Bye", "Tschüss")
    assert (gone.previous, gone.fuzzy, gone.comments) == ("Good bye", True, ("War mal wichtig.",))


def test_two_ids_may_share_one_english_text(path: Path) -> None:
    path.write_text(HEADERS + "\n" + entry("a.no", "No", "Nein") + "\n" + entry("b.no", "No", "Nö"), "utf-8")
    assert [each.translation for each in read(path).entries] == ["Nein", "Nö"]


def test_entries_need_no_empty_line_between_them(path: Path) -> None:
    path.write_text(HEADERS + entry("a.no", "No", "Nein") + entry("b.yes", "Yes", "Ja"), "utf-8")
    assert [each.id for each in read(path).entries] == ["a.no", "b.yes"]


def test_a_comment_belongs_to_the_entry_below_it(path: Path) -> None:
    path.write_text(
        HEADERS + entry("a.no", "No", "Nein") + entry("b.yes", "Yes", "Ja", above="# Hm.\n#, fuzzy\n"), "utf-8"
    )
    no, yes = read(path).entries
    assert (no.comments, no.fuzzy) == ((), False)
    assert (yes.comments, yes.fuzzy) == (("Hm.",), True)


@pytest.mark.parametrize("mark", ["#, fuzzy", "#= fuzzy", "#,fuzzy,no-wrap"])
def test_the_fuzzy_flag_is_recognized_in_old_and_new_syntax(path: Path, mark: str) -> None:
    path.write_text(HEADERS + "\n" + entry("a.no", "No", "Nein", above=f"{mark}\n"), "utf-8")
    assert read(path).entries[0].fuzzy


def test_headers_marked_fuzzy_are_noticed(path: Path) -> None:
    path.write_text("#, fuzzy\n" + HEADERS, "utf-8")
    assert read(path).fuzzy


def test_windows_line_ends_and_a_byte_order_mark_are_accepted(path: Path) -> None:
    text = HEADERS + "\n" + entry("a.no", "No", "Nein\nnein")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read(path).entries[0].translation == "Nein\nnein"


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ('msgctxt "a"\nmsgid "No"\nmsgstr "Nein\n', 12, "quote may be missing"),
        ('msgctxt "a"\nmsgid "No"\nmsgstr "Nein" "nein"\n', 12, "quote may be missing"),
        ('msgctxt "a"\nmsgid "No"\nmsgstr "a "quoted" word"\n', 12, "quote may be missing"),
        ('msgctxt "a"\nmsgid "No"\nmsgstr "C:\\dir"\n', 12, "unknown escape \\d"),
        ('msgctxt "a"\nmsgid "No"\nmsgtxt "Nein"\n', 12, "unknown keyword 'msgtxt'"),
        ('msgctxt "a"\nmsgid "No"\n\nmsgctxt "b"\n', 12, "lacks its msgid or msgstr"),
        ('"Nein"\n', 10, "without msgctxt, msgid or msgstr before it"),
        ('msgstr "Nein"\n', 10, "without a msgid before it"),
        ("Nein\n", 10, "neither a comment nor a keyword"),
        ('msgid ""\nmsgstr "Language: de\\n"\n', 10, "a second time"),
    ],
)  # fmt: skip
def test_a_broken_line_is_named(path: Path, body: str, line: int, message: str) -> None:
    path.write_text(HEADERS + "\n" + body, "utf-8")
    with pytest.raises(PoError, match=r"bot\.po:\d+: ") as caught:
        read(path)
    assert message in str(caught.value)
    assert caught.value.line == line


def test_a_file_in_another_encoding_is_named_with_its_line(path: Path) -> None:
    path.write_bytes((HEADERS + "\n" + entry("a", "Bye", "Tschüss")).encode("latin-1"))
    with pytest.raises(PoError, match=r":12: is not UTF-8"):
        read(path)


def test_a_file_without_headers_is_refused(path: Path) -> None:
    path.write_text(entry("a", "No", "Nein"), "utf-8")
    with pytest.raises(PoError, match="has no headers"):
        read(path)
