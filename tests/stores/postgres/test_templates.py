"""What the channel says about templates: each part as of its newest news, in whatever order it comes."""

import itertools

import pytest

from bot.service.ports import TemplateNews, TemplateState
from bot.stores.postgres.connect import Database
from bot.stores.postgres.templates import Templates

NAME = "opt_in_ask_0123456789"
APPROVED = TemplateNews(NAME, "de", 10, status="APPROVED")
PAUSED = TemplateNews(NAME, "de", 20, status="PAUSED", reason="LOW_QUALITY")
YELLOW = TemplateNews(NAME, "de", 15, quality="YELLOW")
MARKETING = TemplateNews(NAME, "de", 12, category="marketing")

PENDING = TemplateState(name=NAME, language="de", id="7", status="PENDING", category="utility", quality="UNKNOWN")


@pytest.fixture
def templates(database: Database) -> Templates:
    return Templates(database)


@pytest.mark.parametrize("order", list(itertools.permutations([APPROVED, PAUSED, YELLOW, MARKETING]))[::5])
async def test_news_in_any_order_and_twice_lead_to_the_newest_of_each_part(
    templates: Templates, order: tuple[TemplateNews, ...]
) -> None:
    await templates.note(order)
    await templates.note(order[:2])
    (state,) = await templates.all()
    assert (state.status, state.reason, state.quality, state.category) == (
        "PAUSED",
        "LOW_QUALITY",
        "YELLOW",
        "marketing",
    )
    assert not state.approved


async def test_the_same_name_in_another_language_is_another_template(templates: Templates) -> None:
    await templates.note([APPROVED, TemplateNews(NAME, "fr", 30, status="REJECTED", reason="INVALID_FORMAT")])
    assert [(state.language, state.approved) for state in await templates.all()] == [("de", True), ("fr", False)]


async def test_an_altered_template_is_not_approved_until_the_channel_was_asked(templates: Templates) -> None:
    await templates.note([TemplateNews(NAME, "de", 11, altered=True), APPROVED])
    (state,) = await templates.all()
    assert (state.status, state.altered, state.approved) == ("APPROVED", True, False)
    await templates.adopt([TemplateState(name=NAME, language="de", status="APPROVED")], 12.0, all_there_are=True)
    assert (await templates.all())[0].approved


async def test_what_the_channel_has_replaces_older_news_and_not_newer(templates: Templates) -> None:
    await templates.note([APPROVED])
    await templates.adopt([PENDING], 5.0, all_there_are=True)
    assert (await templates.all())[0].status == "APPROVED"
    await templates.adopt([PENDING], 10.9, all_there_are=True)
    assert await templates.all() == [PENDING]


async def test_a_template_that_the_channel_no_longer_has_is_forgotten(templates: Templates) -> None:
    await templates.note([APPROVED])
    await templates.adopt([], 9.0, all_there_are=True)
    assert len(await templates.all()) == 1
    await templates.adopt([], 11.0, all_there_are=False)
    assert len(await templates.all()) == 1
    await templates.adopt([], 11.0, all_there_are=True)
    assert await templates.all() == []
