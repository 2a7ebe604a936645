import pytest

from bot.i18n.bidi import isolated, right_to_left, runs_right_to_left


@pytest.mark.parametrize(
    ("code", "rtl"), [("ar", True), ("he", True), ("ar@pseudo", True), ("de", False), ("pt-BR", False)]
)
def test_the_direction_of_a_language_is_known(code: str, rtl: bool) -> None:
    assert right_to_left(code) is rtl


@pytest.mark.parametrize(
    "value",
    [
        "Blumen Haas",
        "+49 761 1234567",
        "Meta (WhatsApp); Heroku (Salesforce, Inc.)",
        "dpo@shop.example",
        "20-24",
    ],
)
def test_a_left_to_right_value_is_isolated_only_in_right_to_left_text(value: str) -> None:
    assert isolated(value, rtl=True) == f"\u2068{value}\u2069"
    assert isolated(value, rtl=False) == value


@pytest.mark.parametrize("value", ["زهور حيفا", "פרחי חיפה", "3 سنوات", "✅ مستجدات الطلبات"])
def test_a_right_to_left_value_is_isolated_only_in_left_to_right_text(value: str) -> None:
    assert isolated(value, rtl=True) == value
    assert isolated(value, rtl=False) == f"\u2068{value}\u2069"


def test_each_line_is_isolated_by_itself() -> None:
    assert isolated("hello@shop.example\n+49 761 1\nاتصل", rtl=True) == (
        "\u2068hello@shop.example\u2069\n\u2068+49 761 1\u2069\nاتصل"
    )


@pytest.mark.parametrize("rtl", [True, False])
@pytest.mark.parametrize("value", ["https://shop.example/ar/privacy", ""])
def test_a_web_address_is_not_isolated(value: str, rtl: bool) -> None:
    assert isolated(value, rtl=rtl) == value


def test_accented_and_cyrillic_letters_count_as_left_to_right() -> None:
    assert isolated("Цветя Хаас · Fleurs d’été", rtl=False) == "Цветя Хаас · Fleurs d’été"


@pytest.mark.parametrize(
    ("line", "rtl"),
    [
        ("*\u2068Blumen Haas\u2069* מבקשים לכתוב לכם", True),  # rule P2 of Unicode TR9: what is isolated does not count
        ("*\u2068פרחי חיפה\u2069* would like to write to you", False),
        ("\u2068Blumen Haas\u2069", False),
        ("\u2069\u2069 שלום", True),
        ("\u2068Blumen שלום", False),
        ("+49 761", False),
    ],
)
def test_a_line_takes_the_direction_of_its_first_letter_not_isolated(line: str, rtl: bool) -> None:
    assert runs_right_to_left(line) is rtl
