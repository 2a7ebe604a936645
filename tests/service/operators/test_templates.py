"""Templates kept in step with Meta: only what differs is handed in, again after a break, and old versions go last."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.channels.meta.templates import GraphTemplates
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.webhooks import ACCOUNT_ID
from bot.channels.whatsapp.templates import creation
from bot.conversation.templates import TemplateBook
from bot.errors import OperatorError
from bot.i18n import catalogs
from bot.paths import LOCALES
from bot.service.operators.templates import ManageTemplates, Step
from bot.service.ports import TooManyTemplates
from bot.stores.postgres.connect import Database, connect
from bot.stores.postgres.templates import Templates
from tests.conversation.worlds import FLOWS, WORLD

BOOK = TemplateBook(WORLD, FLOWS, catalogs.languages(LOCALES))
ALL = list(BOOK)


class Clock:
    now = 1_790_416_800.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def graph(clock: Clock) -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(clock=clock) as served:
        yield served


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await connect(database_url, connections=2)
    yield database
    await database.close()


@pytest.fixture
def manage(graph: GraphSimulator, database: Database, clock: Clock) -> ManageTemplates:
    return managing(graph, database, clock, BOOK)


def managing(graph: GraphSimulator, database: Database, clock: Clock, book: TemplateBook) -> ManageTemplates:
    return ManageTemplates(
        book=book,
        api=lambda: GraphTemplates(graph.url, ACCOUNT_ID, graph.token),
        states=Templates(database),
        clock=clock,
    )


async def pushed(manage: ManageTemplates, **more: bool) -> list[Step]:
    return [step async for step in manage.push(**more)]


async def test_the_first_push_hands_everything_in_and_the_second_nothing(
    graph: GraphSimulator, manage: ManageTemplates
) -> None:
    steps = await pushed(manage)
    assert [step.name for step in steps] == [template.name for template in ALL]
    assert (steps[-1].done, steps[-1].of) == (len(ALL), len(ALL))
    assert {line.status for line in await manage.status()} == {"PENDING"}
    assert await pushed(manage) == []
    assert len(list(graph.templates)) == len(ALL)


async def test_a_push_that_was_interrupted_goes_on_where_it_ended(
    graph: GraphSimulator, manage: ManageTemplates
) -> None:
    pushing = manage.push()
    for _ in range(7):
        await anext(pushing)
    await pushing.aclose()  # type: ignore[attr-defined]
    assert [step.name for step in await pushed(manage)] == [template.name for template in ALL[7:]]


async def test_a_push_beyond_the_hourly_limit_says_what_is_left_and_goes_on_later(
    graph: GraphSimulator, manage: ManageTemplates, clock: Clock
) -> None:
    for number in range(60):
        graph.templates.create(creation(replace(ALL[0], text_id=f"theirs_{number}")))
    with pytest.raises(TooManyTemplates, match=f"{len(ALL) - 40} of {len(ALL)} are left: .* in an hour"):
        await pushed(manage)
    clock.now += 3600
    assert len(await pushed(manage)) == len(ALL) - 40
    assert (await manage.diff()).others == 60


async def test_what_meta_decided_is_adopted(graph: GraphSimulator, manage: ManageTemplates) -> None:
    for template in ALL:
        graph.templates.add(creation(template))
    rejected = graph.templates[ALL[3].name, ALL[3].language]
    rejected.status, rejected.reason = "REJECTED", "INVALID_FORMAT"
    assert {line.status for line in await manage.status()} == {"MISSING"}
    found = await manage.pull()
    assert [line.as_dict()["reason"] for line in found.lines if not line.approved] == ["INVALID_FORMAT"]
    assert list(await manage.status()) == list(found.lines)


async def test_diff_changes_nothing(graph: GraphSimulator, manage: ManageTemplates) -> None:
    graph.templates.add(creation(ALL[0]))
    found = await manage.diff()
    assert len(found.missing) == len(ALL) - 1
    assert {line.status for line in await manage.status()} == {"MISSING"}
    assert len(list(graph.templates)) == 1


async def test_a_template_changed_at_meta_is_reported_and_not_overwritten(
    graph: GraphSimulator, manage: ManageTemplates
) -> None:
    for template in ALL:
        graph.templates.add(creation(template))
    graph.templates[ALL[0].name, ALL[0].language].body["components"][0]["text"] += "!"
    assert [line.template for line in (await manage.diff()).altered] == [ALL[0]]
    assert await pushed(manage) == []


@pytest.mark.parametrize("approved", [True, False])
async def test_an_earlier_version_is_deleted_once_the_new_one_is_approved(
    graph: GraphSimulator, manage: ManageTemplates, approved: bool
) -> None:
    for template in ALL:
        graph.templates.add(creation(template), status="APPROVED" if approved else "PENDING")
    before = replace(ALL[0], footer="Reply STOP")
    theirs = replace(ALL[0], text_id="theirs")
    for other in (before, theirs):
        graph.templates.add(creation(other))
    found = await manage.diff()
    assert ([state.name for state in found.old], [state.name for state in found.waiting]) == (
        ([before.name], []) if approved else ([], [before.name])
    )
    assert found.others == 1
    assert await pushed(manage) == [], "nothing is deleted unless asked for"
    assert [step.name for step in await pushed(manage, prune=True)] == ([before.name] if approved else [])
    left = {template.body["name"] for template in graph.templates}
    assert (theirs.name in left, before.name in left) == (True, not approved)


async def test_nothing_is_handed_in_that_the_law_objects_to(
    graph: GraphSimulator, database: Database, clock: Clock
) -> None:
    table = WORLD.business.templates[1].model_copy(update={"footer": "Kind regards", "buttons": ()})
    silent = replace(WORLD, business=WORLD.business.model_copy(update={"templates": (table,)}))
    book = TemplateBook(silent, FLOWS, {"en": catalogs.languages(LOCALES)["en"]})
    texts = book.texts["offer"]
    book.texts = {"offer": replace(texts, footer="")}
    with pytest.raises(OperatorError, match="does not say how to stop"):
        await pushed(managing(graph, database, clock, book))
    assert graph.requests == 0
