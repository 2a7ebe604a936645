"""Keyword files: what they hold, and what is refused with file, key and cure."""

from pathlib import Path

import pytest

from bot.errors import FileError
from bot.words.keyword_files import FILE, read
from bot.words.keywords import ANSWERS, GLOBAL, TALK, UNIVERSAL, Intent, Vocabulary, base
from bot.words.normalise import loose
from tests.words.vocabulary import LANGUAGES, VOCABULARIES


def folder_with(tmp_path: Path, universal: str = "", **languages: str) -> Path:
    (tmp_path / FILE).write_text(universal, "utf-8")
    for language, text in languages.items():
        path = tmp_path / language.replace("_", "-") / FILE
        path.parent.mkdir()
        path.write_text(text, "utf-8")
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(FileError) as caught:
        read(folder)
    return str(caught.value).replace(f"{folder}/", "")


class TestReading:
    def test_each_language_has_its_own_words(self, tmp_path: Path) -> None:
        found = read(folder_with(tmp_path, '[stop]\nstrong = ["STOP"]', de='[yes]\nshow = "JA"'))
        assert list(found) == [UNIVERSAL, "de"]
        assert found[UNIVERSAL].stop.strong == ("STOP",)
        assert list(found["de"].word_list(Intent.YES).every()) == ["JA"]

    def test_a_folder_without_a_keyword_file_is_not_a_language(self, tmp_path: Path) -> None:
        (tmp_path / "fr").mkdir()
        assert list(read(folder_with(tmp_path))) == [UNIVERSAL]

    @pytest.mark.parametrize(
        ("word", "forms"),
        [
            ("JA", {"ja"}),
            ("don't", {"don t", "dont"}),
            ("don’t", {"don t", "dont"}),
            ("KÜNDIGEN", {"kündigen", "kuendigen"}),
            ("über Öl", {"über öl", "ueber öl", "über oel", "ueber oel"}),
        ],
    )
    def test_a_word_is_looked_up_in_every_spelling_people_type(self, word: str, forms: set[str]) -> None:
        german = Vocabulary(spelling={"ü": "ue", "ö": "oe"})
        assert set(german.forms(word)) == forms


class TestRefusal:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("[stop", "de/keywords.toml: not valid TOML: "),
            ('[stopp]\nshow = "STOP"', "de/keywords.toml: stopp: unknown key; remove it or correct its spelling"),
            ('[stop]\nwords = ["STOP"]', "de/keywords.toml: stop.words: unknown key"),
            (
                "[no]\nwords = [false]",
                'de/keywords.toml: no.words.0: not a text; put it in quotes, e.g. words = ["no"]',
            ),
            (
                '[no]\nwords = "nein"',
                "de/keywords.toml: no.words: not a list; put the words in brackets and quotes",
            ),
            (
                '[languages]\nframes = ["auf", "in *"]',
                "de/keywords.toml: languages.frames: 'auf' has no *; write it where the language's name stands",
            ),
            ('[no]\nwords = [""]', "de/keywords.toml: no.words.0: empty; write a word between the quotes"),
            ('[no]\nwords = ["👎"]', "de/keywords.toml: no: '👎' has no letter; remove it (emoji go under [emoji])"),
            (
                '[yes]\nwords = ["doch"]\n[no]\nwords = ["DOCH!"]',
                "de/keywords.toml: no: 'DOCH!' already means yes ('doch'), as accents and case don't count; "
                "keep it in one of the two",
            ),
            (
                '[yes]\nwords = ["so"]\n[no]\nwords = ["sö"]',
                "de/keywords.toml: no: 'sö' already means yes ('so'), as accents and case don't count; ",
            ),
            (
                '[spelling]\n"ü" = "ue"\n[help]\nwords = ["für"]\n[human]\nwords = ["fuer"]',
                "de/keywords.toml: human: 'fuer' already means help ('für')",
            ),
            (
                '[stop]\nstrong = ["aus"]\nnever = ["aus"]',
                "de/keywords.toml: stop.never: 'aus' already means stop.strong ('aus')",
            ),
            (
                '[no]\nwords = ["no"]\nambiguous = ["no"]',
                "de/keywords.toml: no.ambiguous: 'no' already means no ('no')",
            ),
            ('polite = ["hi"]\n[help]\nwords = ["Hi"]', "de/keywords.toml: polite: 'hi' already means help ('Hi')"),
            (
                '[stop]\nshow = "SCHLUSS"',
                "de/keywords.toml: stop.show: 'SCHLUSS' is in none of its lists; add it to stop.strong",
            ),
            ('[yes]\nshow = "J\u202eA"', "U+202E (RIGHT-TO-LEFT OVERRIDE), which turns the direction"),
            ('[yes]\nshow = "JA, VON GANZEM HERZEN"', "has 21 characters and a printed word may have 20; shorten it"),
            ('[yes]\nshow = "*JA"', "de/keywords.toml: yes.show: '*JA' has a * without effect"),
            ('[yes]\nshow = "{JA}"', "de/keywords.toml: yes.show: '{JA}' has a brace; remove it"),
        ],
    )
    def test_an_invalid_keyword_file_is_refused_with_file_key_and_cure(
        self, tmp_path: Path, text: str, problem: str
    ) -> None:
        assert problem in refusal(folder_with(tmp_path, de=text))

    @pytest.mark.parametrize(
        ("danish", "hungarian", "problem"),
        [
            (
                '[start]\nwords = ["igen"]',
                '[yes]\nshow = "IGEN"',
                "da/keywords.toml: start: 'IGEN' stands under yes in hu/keywords.toml; a command works in every "
                "language, so remove it there or use a longer phrase",
            ),
            (
                '[stop]\nweak = ["nem"]',
                '[no]\nwords = ["nem"]',
                "da/keywords.toml: stop.weak: 'nem' stands under no in hu/keywords.toml",
            ),
            (
                '[help]\nwords = ["slut"]',
                '[stop]\nnever = ["slut"]',
                "da/keywords.toml: help: 'slut' stands under stop.never in hu/keywords.toml",
            ),
        ],
    )
    def test_a_command_that_means_something_else_in_another_language_is_refused(
        self, tmp_path: Path, danish: str, hungarian: str, problem: str
    ) -> None:
        assert problem in refusal(folder_with(tmp_path, da=danish, hu=hungarian))

    def test_all_problems_are_reported_at_once(self, tmp_path: Path) -> None:
        told = refusal(folder_with(tmp_path, de='[no]\nwords = ["👎"]\n[yes]\nwords = ["👍"]'))
        assert len(told.splitlines()) == 2

    def test_a_keyword_file_for_a_region_is_refused(self, tmp_path: Path) -> None:
        told = refusal(folder_with(tmp_path, pt_BR='[yes]\nshow = "SIM"'))
        assert (
            told == "pt-BR/keywords.toml: words stand by language, whatever the region; move them to pt/keywords.toml"
        )

    def test_the_universal_keyword_file_is_required(self, tmp_path: Path) -> None:
        assert "keywords.toml: can't be read" in refusal(tmp_path)

    def test_a_keyword_file_not_in_utf_8_is_refused(self, tmp_path: Path) -> None:
        folder = folder_with(tmp_path, de="")
        (folder / "de" / FILE).write_bytes('polite = ["grüezi"]'.encode("latin-1"))
        assert refusal(folder) == "de/keywords.toml: is not UTF-8 in line 1; save the file in UTF-8"

    def test_a_file_saved_by_notepad_is_read(self, tmp_path: Path) -> None:
        folder = folder_with(tmp_path, de="")
        (folder / "de" / FILE).write_text('[yes]\r\nshow = "JA"\r\n', "utf-8-sig", newline="")
        assert read(folder)["de"].word_list(Intent.YES).show == "JA"


@pytest.mark.parametrize(
    ("locale", "language"),
    [("pt", "pt"), ("pt-BR", "pt"), ("pt_PT", "pt"), ("zh-Hant-HK", "zh"), ("DE", "de"), ("de@informal", "de")],
)
def test_the_base_language_of_a_locale_is_found(locale: str, language: str) -> None:
    assert base(locale) == language


class TestShipped:
    """The files in `locales/`."""

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_each_language_has_a_printed_word_for_every_command_and_words_for_every_intent(self, language: str) -> None:
        vocabulary = VOCABULARIES[language]
        assert vocabulary.stop.show
        unprinted = (Intent.ROBOT, Intent.WHO, Intent.SOURCE, Intent.WHY)
        printed = (intent for intent in (*GLOBAL, *ANSWERS) if intent not in unprinted)
        assert [intent for intent in printed if not vocabulary.word_list(intent).show] == []
        assert [intent for intent in (*unprinted, *TALK) if len(vocabulary.word_list(intent).words) < 8] == []

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_printed_words_are_in_capitals(self, language: str) -> None:
        vocabulary = VOCABULARIES[language]
        shown = [vocabulary.stop.show, *(vocabulary.word_list(intent).show for intent in (*GLOBAL, *ANSWERS))]
        assert [word for word in shown if word != word.upper()] == []

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_no_yes_contains_a_stop_word(self, language: str) -> None:
        sure = {
            loose(form)
            for vocabulary in VOCABULARIES.values()
            for form in vocabulary.forms(*vocabulary.stop.strong, *vocabulary.stop.common, *vocabulary.stop.phrases)
        }
        yes = map(loose, VOCABULARIES[language].forms(*VOCABULARIES[language].word_list(Intent.YES).every()))
        assert [form for form in yes if sure.intersection(form.split())] == []
