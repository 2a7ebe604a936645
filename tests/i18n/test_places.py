import pytest

from bot.i18n.places import place_name


@pytest.mark.parametrize(
    ("place", "code", "name"),
    [
        ("EU", "de", "Europäische Union"),
        ("EU", "ar", "الاتحاد الأوروبي"),
        ("IE", "pt-BR", "Irlanda"),
        ("Our cellar in Freiburg", "fr", "Our cellar in Freiburg"),
    ],
)
def test_a_country_is_named_in_the_language(place: str, code: str, name: str) -> None:
    assert place_name(place, code) == name
