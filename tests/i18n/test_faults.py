import pytest

from bot.i18n.faults import errors, warnings
from bot.i18n.slot import Slot, TextKind
from tests.i18n.made import ASK, FOOTER, GERMAN, HELP, SLOTS, YES

LINES = Slot("a.lines", TextKind.BODY, "One:\ntwo _three_ ~four~\n\nwrite to help@shop.example or +49 761 1234567")


def codes(slot: Slot, text: str) -> list[str]:
    return list(dict.fromkeys(fault.code for fault in errors(slot, text)))


@pytest.mark.parametrize("slot", [*SLOTS, LINES], ids=lambda slot: slot.id)
def test_the_english_texts_have_no_faults(slot: Slot) -> None:
    assert errors(slot, slot.english) == []


@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: slot.id)
def test_a_good_translation_has_no_faults(slot: Slot) -> None:
    assert errors(slot, GERMAN[slot.id]) == []
    assert warnings(slot, GERMAN[slot.id]) == []


@pytest.mark.parametrize(
    ("slot", "text", "code"),
    [
        (FOOTER, "Mit STOP abmelden", "placeholder"),
        (FOOTER, "Mit {wort} abmelden", "placeholder"),
        (FOOTER, "Mit {Stop_word} abmelden", "placeholder"),
        (FOOTER, "Mit { stop_word } abmelden", "placeholder"),
        (FOOTER, "Mit ｛stop_word｝ abmelden", "placeholder"),
        (FOOTER, "Mit {stop_word abmelden", "placeholder"),
        (FOOTER, "Mit {stop_word} abmelden}", "placeholder"),
        (FOOTER, "Mit {stop_word.__class__} abmelden", "placeholder"),
        (FOOTER, "Mit {stop_word:>9999999} abmelden", "placeholder"),
        (YES, "Ja, dem stimme ich zu", "length"),
        (YES, "👍" * 11, "length"),
        (FOOTER, "Schreiben Sie uns einfach das Wort {stop_word}, um sich gleich abzumelden", "length"),
        (YES, "   ", "empty"),
        (YES, "Ja,\nklar", "forbidden"),
        (YES, "Ja,\tklar", "forbidden"),
        (YES, "Ja    klar", "forbidden"),
        (YES, "Ja ", "forbidden"),
        (YES, "Ja\u202eklar", "forbidden"),
        (YES, "Ja\u200bklar", "forbidden"),
        (YES, "Ja\u200dklar", "forbidden"),
        (YES, "Ja\u00adklar", "forbidden"),
        (YES, "Ja\x07", "forbidden"),
        (YES, "\u2068Ja\u2069", "forbidden"),
        (LINES, "Eins\u2068:\nzwei _drei_ ~vier~\n\nhelp@shop.example oder +49 761 1234567", "forbidden"),
        (LINES, "Eins:\nzwei _drei_ ~vier~\n\nhilfe@shop.example oder +49 761 1234567", "url"),
        (LINES, "Eins:\nzwei _drei_ ~vier~\n\nhelp@shop.example oder +49 761 7654321", "url"),
        (ASK, GERMAN["opt_in.ask"].replace("/privacy", "/datenschutz"), "url"),
        (ASK, GERMAN["opt_in.ask"].replace("Mehr", "evil.example, mehr"), "url"),
        (ASK, GERMAN["opt_in.ask"].replace("Mehr", "www.evil.example; mehr"), "url"),
        (ASK, GERMAN["opt_in.ask"].replace("\n\n", "\n"), "newline"),
        (ASK, GERMAN["opt_in.ask"].replace("\n\n", " "), "newline"),
        (ASK, GERMAN["opt_in.ask"].replace("*{yes_word}*", "*{yes_word}"), "format"),
        (ASK, GERMAN["opt_in.ask"].replace("*{yes_word}*", "* {yes_word} *"), "format"),
        (ASK, GERMAN["opt_in.ask"].replace("*{yes_word}*", "das*{yes_word}*"), "format"),
        (ASK, GERMAN["opt_in.ask"].replace("*{business}*", "*{business}*s"), "format"),
        (ASK, GERMAN["opt_in.ask"].replace("Mehr", "*Mehr*"), "format"),
    ],
)
def test_a_faulty_translation_is_found(slot: Slot, text: str, code: str) -> None:
    assert codes(slot, text) == [code]


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        (FOOTER, "100 % sicher mit {stop_word}"),
        (FOOTER, "100% sicher mit {stop_word}, %s"),
        (FOOTER, "لإلغاء الاشتراك أرسل {stop_word}"),
        (FOOTER, "{stop_word}: {stop_word}"),
        (YES, "ja می\u200cخواهم"),
        (YES, "כן, אני מסכים/ה\u200f"),
        (LINES, "Eins:\nzwei _drei_ ~vier~\n\n\u2068help@shop.example\u2069 oder +49 761 1234567"),
        (ASK, GERMAN["opt_in.ask"].replace("*{business}*", "*{business}*-nak")),
    ],
)
def test_deviations_that_a_language_needs_are_allowed(slot: Slot, text: str) -> None:
    assert errors(slot, text) == []


@pytest.mark.parametrize(
    ("slot", "text", "code"),
    [
        (YES, "Yes, I agree", "same"),
        (YES, "Ja, gern.", "punctuation"),
        (YES, "Ja,  gern", "space"),
        (LINES, "Eins: zwei _drei_ ~vier~\n\nhelp@shop.example oder +49 761 1234567", "lines"),
        (LINES, "Eins:\nzwei drei ~vier~\n\nhelp@shop.example oder +49 761 1234567", "format"),
    ],
)
def test_deviations_that_look_unintended_are_warnings(slot: Slot, text: str, code: str) -> None:
    assert errors(slot, text) == []
    assert [(fault.code, fault.error) for fault in warnings(slot, text)] == [(code, False)]


@pytest.mark.parametrize("text", ["هل يمكننا مراسلتك؟", "Μπορούμε να σας γράψουμε;", "Pouvons-nous vous écrire\u00a0?"])
def test_final_punctuation_is_compared_across_scripts(text: str) -> None:
    assert warnings(Slot("a.b", TextKind.BODY, "May we write to you?"), text) == []


def test_a_text_too_long_with_the_longest_values_is_a_warning() -> None:
    assert warnings(FOOTER, GERMAN["common.footer"], {"stop_word": "M" * 16}) == []
    (fault,) = warnings(FOOTER, GERMAN["common.footer"], {"stop_word": "M" * 60})
    assert fault.code == "room"
    assert "73 characters" in fault.message


def test_a_placeholder_without_an_example_is_reported_with_its_cure() -> None:
    slot = Slot("a.b", TextKind.BODY, "Hello {name}", source="flows/a.toml")
    (fault,) = errors(slot, "Hallo {name}")
    assert fault.code == "empty"
    assert "add it to `vars` in flows/a.toml" in fault.message


def test_the_message_says_what_to_do() -> None:
    (missing,) = errors(FOOTER, "Abmelden")
    assert missing.message == "{stop_word} is missing; put it where its value belongs"
    (long,) = errors(YES, "Ja, dem stimme ich zu")
    assert long.message == "has 21 characters with the example values, a button may have 20; shorten it"


@pytest.mark.parametrize(
    ("slot", "text", "told"),
    [
        (
            FOOTER,
            "Mit {stop_word} {name} abmelden",
            "{name} is not in the English text; its placeholders are {stop_word}",
        ),
        (YES, "Ja, {name}", "{name} is not in the English text; its placeholders are none"),
        (FOOTER, "Mit STOP abmelden", "{stop_word} is missing; put it where its value belongs"),
        (FOOTER, "Mit ｛stop_word｝ abmelden", "{stop_word} is missing; write it with one plain brace on each side"),
        (FOOTER, "Mit {{stop_word}} abmelden", "{stop_word} is missing; write it with one plain brace on each side"),
        (YES, "Ja,\nklar", "contains U+000A (line break), which WhatsApp refuses in a text of one line; remove it"),
        (HELP, "Wie kann\tich helfen?", "contains U+0009 (tab), which phones draw as they like; remove it"),
        (
            YES,
            "Ja\u202e!",
            "contains U+202E (RIGHT-TO-LEFT OVERRIDE), which turns the direction of what follows; remove it",
        ),
    ],
)
def test_a_translator_is_told_what_to_do(slot: Slot, text: str, told: str) -> None:
    assert [fault.message for fault in errors(slot, text)] == [told]
