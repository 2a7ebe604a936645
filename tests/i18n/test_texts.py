from dataclasses import replace

import pytest

from bot.errors import FileError
from bot.i18n.texts import Slot, TextError, TextKind, Texts

ASK = Slot("opt_in.ask", TextKind.BODY, "May *{business}* write?", legal=True, examples={"business": "Haas"})
YES = Slot("common.yes", TextKind.BUTTON, "Yes", legal=True)
HELP = Slot("help.help", TextKind.BODY, "Help is near.")
SLOTS = (ASK, YES, HELP)

GERMAN = {
    "opt_in.ask": (ASK.english, "Darf *{business}* schreiben?"),
    "common.yes": (YES.english, "Ja"),
    "help.help": (HELP.english, "Hilfe ist nah."),
}


def texts(fallbacks: dict[str, str] | None = None, **catalogs: dict[str, tuple[str, str]]) -> Texts:
    return Texts(SLOTS, {code.replace("_", "-"): catalog for code, catalog in catalogs.items()}, fallbacks=fallbacks)


def without(text_id: str) -> dict[str, tuple[str, str]]:
    """German without one text."""
    return {each: text for each, text in GERMAN.items() if each != text_id}


def test_a_text_is_rendered_in_the_requested_language() -> None:
    said = texts(de=GERMAN)
    assert said.offered == ("en", "de")
    assert said.locale_for(["opt_in.ask", "common.yes"], "de") == "de"
    assert said.render("opt_in.ask", "de", {"business": "Haas"}) == "Darf *Haas* schreiben?"
    assert said.problems == []


def test_a_message_with_a_missing_part_falls_back_as_a_whole() -> None:
    said = texts(de=without("help.help"))
    assert said.offered == ("en", "de")
    assert said.missing("de") == ["help.help"]
    assert said.locale_for(["opt_in.ask"], "de") == "de"
    assert said.locale_for(["opt_in.ask", "help.help"], "de") == "en"


def test_languages_fall_back_along_their_chain() -> None:
    said = texts({"pt-BR": "pt-PT"}, pt_PT=GERMAN, pt_BR=without("help.help"))
    assert said.locale_for(["help.help"], "pt-BR") == "pt-PT"
    assert said.locale_for(["common.yes"], "pt-BR") == "pt-BR"
    assert said.locale_for(["no.such"], "pt-BR") == "en"


def test_an_unknown_language_falls_back_to_english() -> None:
    assert texts(de=GERMAN).locale_for(["common.yes"], "xx") == "en"


@pytest.mark.parametrize("text_id", ["opt_in.ask", "common.yes"])
def test_a_language_without_a_legal_text_is_not_offered(text_id: str) -> None:
    said = texts(de=without(text_id))
    assert said.offered == ("en",)
    assert said.locale_for(["help.help"], "de") == "en"
    assert said.problems == [f"[de] is not offered: legal texts missing: {text_id}"]


@pytest.mark.parametrize(
    ("translation", "reason"),
    [
        ("", ""),
        ("Hilfe {ist} nah.", "{ist} is not in the English text"),
        ("Hilfe ist {nah.", "a brace is not closed"),
        ("Hilfe *ist nah.", "has a * without effect"),
        ("Hilfe ist nah, siehe https://elsewhere.example", "has the addresses"),
        ("Hilfe\u202e ist nah.", "U+202E"),
        ("Hilfe\n\nist nah.", "has 2 paragraphs"),
        ("H" * 1025, "has 1025 characters"),
    ],
)
def test_a_faulty_translation_counts_as_missing(translation: str, reason: str) -> None:
    said = texts(de=GERMAN | {"help.help": (HELP.english, translation)})
    assert said.locale_for(["help.help"], "de") == "en"
    assert said.locale_for(["common.yes"], "de") == "de"
    assert [reason in problem for problem in said.problems] == ([True] if reason else [])


def test_a_language_with_a_faulty_legal_text_is_not_offered() -> None:
    said = texts(de=GERMAN | {"opt_in.ask": (ASK.english, "Darf {firma} schreiben?")})
    assert said.offered == ("en",)


def test_a_percent_sign_is_harmless() -> None:
    said = texts(de=GERMAN | {"help.help": (HELP.english, "100% nah: %s %(x)s.")})
    assert said.render("help.help", "de", {}) == "100% nah: %s %(x)s."


def test_a_translation_of_an_older_english_is_not_used() -> None:
    said = texts(de=GERMAN | {"help.help": ("Help is far.", "Hilfe ist fern.")})
    assert said.locale_for(["help.help"], "de") == "en"
    assert said.problems == ["help.help [de]: the English has changed since it was translated"]


def test_a_translation_without_an_english_text_is_ignored() -> None:
    said = texts(de=GERMAN | {"gone.text": ("Bye", "Tschüss {")})
    assert said.offered == ("en", "de")
    assert said.problems == []


def test_a_broken_english_text_is_refused_with_its_file() -> None:
    broken = replace(HELP, english="Help {is near.", source="flows/help.toml")
    with pytest.raises(FileError, match=r"flows/help\.toml: help\.help: a brace is not closed"):
        Texts([broken], {})


def test_a_value_that_is_missing_is_named_with_text_and_language() -> None:
    with pytest.raises(TextError, match=r"opt_in\.ask \[de\]: no value for placeholder \{business\}"):
        texts(de=GERMAN).render("opt_in.ask", "de", {})


def test_an_unknown_text_is_named() -> None:
    with pytest.raises(TextError, match=r"no text 'no\.such' in 'de'"):
        texts(de=GERMAN).render("no.such", "de", {})


def test_a_latin_name_is_isolated_in_an_arabic_message_but_never_in_a_button() -> None:
    button = Slot("a.button", TextKind.BUTTON, "To {business}", examples={"business": "Haas"})
    arabic = {ASK.id: (ASK.english, "هل تكتب *{business}*؟"), button.id: (button.english, "إلى {business}")}
    said = Texts([ASK, button], {"ar": arabic})
    assert said.render("opt_in.ask", "ar", {"business": "Haas"}) == "هل تكتب *\u2068Haas\u2069*؟"
    assert said.render("a.button", "ar", {"business": "Haas"}) == "إلى Haas"
    assert said.render("opt_in.ask", "en", {"business": "Haas"}) == "May *Haas* write?"
