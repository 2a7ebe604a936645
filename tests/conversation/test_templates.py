"""Templates as texts: what must be in each, in every language; what is filled in once, and what anew."""

from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.templates import TemplateBook
from bot.conversation.world import World
from bot.errors import FileError
from bot.i18n import catalogs
from bot.i18n.texts import Texts
from bot.paths import LOCALES
from bot.translating.source_texts import check_texts, slots
from tests.conversation.worlds import FLOWS, WORLD

LANGUAGES = catalogs.languages(LOCALES)
BOOK = TemplateBook(WORLD, FLOWS, LANGUAGES)


def business(**changes: Any) -> World:
    """The world in English, with a single template: the offer, with these changes."""
    table = WORLD.business.templates[1].model_copy(update=changes)
    company = WORLD.business.model_copy(update={"templates": (table,)})
    return replace(WORLD, business=company, texts=Texts([*FLOWS.slots, *slots(company)], {}), _languages={})


def faults(**changes: Any) -> list[str]:
    return [problem for problem, cure in TemplateBook(business(**changes), FLOWS, LANGUAGES).faults() if cure]


def test_every_template_is_well_in_every_language() -> None:
    assert list(BOOK.faults()) == []


def test_every_language_that_meta_knows_has_every_template() -> None:
    spoken = {code for code, language in LANGUAGES.items() if language.template}
    assert {(template.text_id, template.locale) for template in BOOK} == {
        (text_id, locale) for text_id in ("opt_in.ask", "order_update", "offer") for locale in spoken
    }
    assert "mt" not in spoken


def test_the_question_says_what_the_dialogue_says() -> None:
    """The same words by either way: else two wordings of one consent would have to be told apart."""
    (english,) = [one for one in BOOK if (one.text_id, one.locale) == ("opt_in.ask", "en")]
    values = BOOK.values("offers", "en")
    rendered = WORLD.texts.render("opt_in.ask", "en", {**WORLD.language("en").values, **values})
    assert english.body(values) == rendered
    assert english.parameters == ("purpose", "description")
    assert [button.id for button in english.buttons] == ["yes", "no"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"body": "We have an offer for you: {offer}, until {day}."}, "who sends it"),
        ({"footer": "Kind regards", "buttons": ()}, "how to stop"),
        ({"body": "{offer} until {day} at {business}."}, "begins with a parameter"),
        ({"body": "At {business}: {offer} until {day}"}, "ends with a parameter"),
        ({"body": "At {business} {{{{1}}}}: {offer} until {day}."}, "two braces"),
    ],
)
def test_what_meta_or_the_law_objects_to_is_found(changes: dict[str, Any], told: str) -> None:
    assert [problem for problem in faults(**changes) if told in problem]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"footer": "Kind regards"},  # the button leads out
        {"footer": "Reply {stop_word}", "buttons": ()},
        {"body": "{business}: {offer} until {day}."},
    ],
)
def test_what_is_well_is_not_objected_to(changes: dict[str, Any]) -> None:
    assert faults(**changes) == []


def test_a_question_without_the_notice_is_found() -> None:
    english = replace(WORLD, texts=Texts([*FLOWS.slots, *slots(WORLD.business)], {}), _languages={})
    book = TemplateBook(english, FLOWS, LANGUAGES)
    asking = replace(book.texts["opt_in.ask"], body="opt_in.noted")
    book.texts = {"opt_in.ask": asking}
    assert [problem for problem, _ in book.faults() if "without the privacy notice" in problem]


def test_an_unknown_button_is_reported() -> None:
    with pytest.raises(FileError, match="button 'buy'; name one of"):
        TemplateBook(business(buttons=("buy",)), FLOWS, LANGUAGES)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"body": "At {business}: {price}."}, r"nothing fills \{price\}"),
        ({"header": "{offer}"}, r"nothing fills \{offer\}"),
        ({"vars": {"business": "x", "offer": "x", "day": "x"}}, "'business' is filled by the program"),
        ({"vars": {"offer": "x", "day": "x", "colour": "red"}}, "the body does not use 'colour'"),
        ({"body": "At {business: {offer} until {day}."}, "brace"),
        ({"header": "An\noffer"}, "line break"),
    ],
)
def test_a_template_that_cannot_be_filled_is_reported_by_its_key(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(FileError, match=told):
        check_texts(business().business.model_copy(update={"templates": business_table(changes)}), "b.toml", LANGUAGES)


def business_table(changes: dict[str, Any]) -> tuple[Any, ...]:
    return (WORLD.business.templates[1].model_copy(update=changes),)
