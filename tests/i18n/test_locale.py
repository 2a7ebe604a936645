import pytest

from bot.i18n.locale import country, guess, negotiate


@pytest.mark.parametrize(
    ("wanted", "offered", "found"),
    [
        ("de", ["en", "de"], "de"),
        ("de-AT", ["de"], "de"),
        ("en_GB", ["en"], "en"),
        ("pt_PT", ["pt-BR"], "pt-BR"),
        ("pt-PT", ["pt-BR", "pt-PT"], "pt-PT"),
        ("pt", ["pt-PT", "pt-BR"], "pt-PT"),
        ("zh_TW", ["zh-Hans", "zh-Hant"], "zh-Hant"),
        ("no", ["nb"], "nb"),
        ("iw", ["he"], "he"),
        ("iw_IL", ["he"], "he"),
        ("tl", ["fil"], "fil"),
        ("fr", ["de", "en"], None),
        ("xx", ["de"], None),
        ("", ["de"], None),
        ("../etc", ["de"], None),
    ],
)
def test_the_nearest_offered_language_is_found(wanted: str, offered: list[str], found: str | None) -> None:
    assert negotiate(wanted, offered) == found


@pytest.mark.parametrize(
    ("phone", "bsuid", "found"),
    [
        ("+4915112345678", None, "DE"),
        ("+12025550123", None, "US"),
        ("+14165550123", None, "CA"),
        ("+18095550123", None, "DO"),
        ("+79161234567", None, "RU"),
        ("+77011234567", None, "KZ"),
        ("+442079460000", None, "GB"),
        ("+447781123456", None, "GG"),
        ("+4915112345678", "AT.1349", "AT"),
        (None, "DE.1349", "DE"),
        (None, "nonsense", None),
        ("nonsense", None, None),
        (None, None, None),
    ],
)
def test_the_country_comes_from_the_bsuid_or_else_from_the_number(
    phone: str | None, bsuid: str | None, found: str | None
) -> None:
    assert country(phone, bsuid) == found


OFFERED = ("en", "de", "fr", "it", "nl", "pt-BR", "pt-PT", "he", "tr")


@pytest.mark.parametrize(
    ("phone", "found"),
    [
        ("+4915112345678", ("de",)),
        ("+43664123456", ("de",)),
        ("+12025550123", ("en",)),
        ("+351912345678", ("pt-PT",)),
        ("+5511912345678", ("pt-BR",)),
        ("+41791234567", ("de", "fr", "it")),
        ("+32470123456", ("nl", "fr", "de")),
        ("+14165550123", ("en", "fr")),
        ("+972501234567", ("he",)),
        ("+358401234567", ()),
        ("+35799123456", ()),
        ("+999123", ()),
    ],
    ids=["DE", "AT", "US", "PT", "BR", "CH", "BE", "CA", "IL", "FI", "CY", "nowhere"],
)
def test_likely_languages_are_guessed_from_the_country(phone: str, found: tuple[str, ...]) -> None:
    assert guess(phone, None, OFFERED) == found


def test_a_country_s_second_language_is_not_guessed_without_its_first() -> None:
    assert guess("+14165550123", None, ["fr"]) == ()
    assert guess("+35799123456", None, ["en", "tr"]) == ()
