"""Meta's own words of an error: what an operator reads of them, and what nobody does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.meta.said import said

TOKEN = "EAAGm0PX4ZCpsBAKZCZBZC9"


def error(**fields: object) -> dict[str, object]:
    return {"error": {"code": 100, **fields}}


def test_all_texts_are_told_once() -> None:
    told = said(
        error(
            message="(#100) Invalid parameter",
            error_user_title="Name in use",
            error_user_msg="There is already content in this language",
            error_data={"details": "Invalid parameter"},
        )
    )
    assert told == "(#100) Invalid parameter / Name in use / There is already content in this language"


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"error": None}, {"error": []}, error(message=1), error(error_data=[])], ids=repr
)
def test_an_answer_without_words_tells_nothing(answer: object) -> None:
    assert said(answer) == ""


@pytest.mark.parametrize("secrets", [[TOKEN], []], ids=["known", "of somebody else"])
@pytest.mark.parametrize(
    "text", [f"Malformed access token {TOKEN}", f"token={TOKEN}&x", f"'{TOKEN}'", f"123456|{TOKEN}"]
)
def test_a_token_that_meta_quotes_is_left_out(secrets: list[str], text: str) -> None:
    assert TOKEN not in said(error(message=text), secrets)


def test_permissions_and_ids_stay_readable() -> None:
    text = "Object with ID '200000000000002' needs whatsapp_business_management"
    assert said(error(message=text)) == text


@given(st.text(), st.text("abcdefghijklmnop_", min_size=8, max_size=30))
def test_no_secret_is_told_whatever_stands_around_it(around: str, secret: str) -> None:
    if secret not in around * 2:
        assert secret not in said(error(message=around + secret + around), [secret])


@given(st.text(max_size=2000))
def test_words_fit_in_a_line_of_a_terminal(text: str) -> None:
    told = said(error(message=text))
    assert len(told) <= 301
    assert ";" not in told
    assert not any(sign < " " or "\x7f" <= sign < "\xa0" for sign in told)
