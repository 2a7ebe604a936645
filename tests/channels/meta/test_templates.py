"""Templates at Graph: handed in, listed page by page, compared, deleted; each refusal with its cure."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.channels.meta.templates import GraphTemplates
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.templates import CREATED_IN_AN_HOUR
from bot.channels.simulator.webhooks import ACCOUNT_ID
from bot.channels.whatsapp.templates import OPTIMISATIONS, creation, problems
from bot.errors import OperatorError
from bot.messages.reply import Button
from bot.messages.template import MessageTemplate, is_version_of
from bot.service.ports import TemplateState, TooManyTemplates

OFFER = MessageTemplate(
    text_id="offer",
    locale="pt-PT",
    language="pt_PT",
    category="marketing",
    header="A nossa oferta",
    pieces=(("*Blumen Haas* tem uma oferta: ", "offer"), (". Até ", "day"), (".", None)),
    footer="Responda PARAR",
    buttons=(Button("my_choices", "As minhas escolhas"),),
    examples={"offer": "tulipas", "day": "domingo"},
)


class Clock:
    now = 1_790_416_800.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(clock=Clock()) as served:
        yield served


@pytest.fixture
async def api(graph: GraphSimulator) -> AsyncIterator[GraphTemplates]:
    opened = GraphTemplates(graph.url, ACCOUNT_ID, graph.token)
    yield opened
    await opened.close()


async def listed(api: GraphTemplates, *known: MessageTemplate) -> list[TemplateState]:
    return [state async for state in api.list(known)]


async def test_a_template_is_handed_in_with_everything_that_is_shown(
    graph: GraphSimulator, api: GraphTemplates
) -> None:
    state = await api.create(OFFER)
    assert (state.name, state.language, state.status, state.category) == (OFFER.name, "pt_PT", "PENDING", "marketing")
    (shelved,) = graph.templates
    assert shelved.text("BODY") == "*Blumen Haas* tem uma oferta: {{offer}}. Até {{day}}."
    assert (shelved.text("HEADER"), shelved.text("FOOTER")) == ("A nossa oferta", "Responda PARAR")
    assert shelved.labels == ["As minhas escolhas"]


def test_marketing_templates_opt_out_of_each_optimisation_and_others_have_none() -> None:
    off = creation(OFFER)["degrees_of_freedom_spec"]["creative_features_spec"]
    assert off == {name: {"enroll_status": "OPT_OUT"} for name in OPTIMISATIONS}
    assert len(off) == 9
    assert "degrees_of_freedom_spec" not in creation(replace(OFFER, category="utility"))


@pytest.mark.parametrize(
    "change",
    [
        {"header": "Outra"},
        {"footer": "Outra"},
        {"language": "pt_BR"},
        {"pieces": (("Outra ", "offer"), (" até ", "day"), (".", None))},
        {"pieces": (("*Blumen Haas* tem uma oferta: ", "day"), (". Até ", "offer"), (".", None))},
        {"buttons": (Button("my_choices", "Escolhas"),)},
    ],
    ids=str,
)
def test_other_words_are_another_name(change: dict[str, object]) -> None:
    other = replace(OFFER, **change)  # type: ignore[arg-type]
    assert other.name != OFFER.name
    assert is_version_of(other.name, "offer")


def test_examples_and_categories_leave_the_name_as_it_is() -> None:
    assert replace(OFFER, examples={"offer": "rosas", "day": "hoje"}, category="utility").name == OFFER.name


@pytest.mark.parametrize("name", ["offer", "offer_x", "offer_0123", "best_offer_0123456789", "offer_012345678g"])
def test_a_name_of_something_else_is_no_version(name: str) -> None:
    assert not is_version_of(name, "offer")


async def test_all_pages_of_the_list_are_read(graph: GraphSimulator, api: GraphTemplates) -> None:
    for number in range(205):
        graph.templates.add(creation(OFFER) | {"name": f"other_{number}"})
    assert len({state.name for state in await listed(api)}) == 205


async def test_the_list_tells_status_reason_category_and_quality(graph: GraphSimulator, api: GraphTemplates) -> None:
    shelved = graph.templates.add(creation(OFFER), status="REJECTED")
    shelved.reason, shelved.quality, shelved.category = "INVALID_FORMAT", "RED", "UTILITY"
    assert await listed(api, OFFER) == [
        TemplateState(
            name=OFFER.name,
            language="pt_PT",
            id=shelved.id,
            status="REJECTED",
            reason="INVALID_FORMAT",
            category="utility",
            quality="RED",
        )
    ]


@pytest.mark.parametrize("part", [0, 1, 2, 3])
async def test_a_template_whose_content_was_changed_at_meta_is_altered(
    graph: GraphSimulator, api: GraphTemplates, part: int
) -> None:
    shelved = graph.templates.add(creation(OFFER))
    assert [state.altered for state in await listed(api, OFFER)] == [False]
    changed = shelved.body["components"][part]
    if "text" in changed:
        changed["text"] += "!"
    else:
        changed["buttons"][0]["text"] = "Sim"
    assert [state.altered for state in await listed(api, OFFER)] == [True]
    assert [state.altered for state in await listed(api)] == [False], "whoever's it is, it is none of ours"


async def test_a_template_is_deleted(graph: GraphSimulator, api: GraphTemplates) -> None:
    await api.delete(await api.create(OFFER))
    assert list(graph.templates) == []


async def test_more_than_an_hour_allows_are_refused_and_taken_later(graph: GraphSimulator, api: GraphTemplates) -> None:
    for number in range(CREATED_IN_AN_HOUR):
        await api.create(replace(OFFER, text_id=f"offer_{number}"))
    with pytest.raises(TooManyTemplates, match="in an hour"):
        await api.create(OFFER)
    assert isinstance(graph.clock, Clock)
    graph.clock.now += 3600
    assert (await api.create(OFFER)).status == "PENDING"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"token": "other"}, "WHATSAPP_TOKEN"),
        ({"account": "1"}, "WHATSAPP_BUSINESS_ACCOUNT_ID"),
        ({"url": "http://127.0.0.1:9"}, "GRAPH_URL"),
    ],
)
async def test_a_wrong_setting_is_named(graph: GraphSimulator, wrong: dict[str, str], told: str) -> None:
    api = GraphTemplates(wrong.get("url", graph.url), wrong.get("account", ACCOUNT_ID), wrong.get("token", graph.token))
    for asking in (listed(api), api.create(OFFER)):
        with pytest.raises(OperatorError) as refused:
            await asking
        assert told in str(refused.value)
        assert graph.token not in str(refused.value)
    await api.close()


async def test_a_template_that_is_there_already_is_refused_with_its_cure(api: GraphTemplates) -> None:
    await api.create(OFFER)
    with pytest.raises(OperatorError, match="templates pull"):
        await api.create(OFFER)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"header": "x" * 61}, "header"),
        ({"footer": "x" * 61}, "footer"),
        ({"pieces": (("x" * 1025, None),)}, "body"),
        ({"buttons": (Button("a", "x" * 26),)}, "button"),
        ({"buttons": tuple(Button(str(number), str(number)) for number in range(11))}, "11 buttons"),
        ({"examples": {"offer": "rosas"}}, "example"),
        ({"text_id": "Offer"}, "name"),
    ],
    ids=str,
)
async def test_what_meta_would_refuse_is_not_handed_in(
    graph: GraphSimulator, api: GraphTemplates, change: dict[str, object], told: str
) -> None:
    wrong = replace(OFFER, **change)  # type: ignore[arg-type]
    assert [problem for problem in problems(wrong) if told in problem]
    with pytest.raises(OperatorError, match=r"offer|Offer"):
        await api.create(wrong)
    assert graph.requests == 0
