"""What the API tells about the company itself: its purposes, and figures about nobody in particular."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from ...service.ports import Scope
from .models import moment
from .operation import Answer, AnyOperation, Api, Call, Nothing, Operation, Shown


class PurposeShown(Shown):
    """A purpose for which persons can be asked."""

    id: str = Field(examples=["order_updates"])
    category: str = Field(description="`marketing` or `utility`", examples=["utility"])
    title: str = Field(examples=["Order updates"])
    description: str = Field(examples=["News about your orders"])
    legal_basis: str = Field(examples=["consent"])
    valid_days: int = Field(description="for how long a consent holds", examples=[730])


class Purposes(Shown):
    """All purposes."""

    purposes: list[PurposeShown]


class PurposeFigures(Shown):
    """Persons by their last word about a purpose."""

    purpose: str
    persons_in: int = Field(description="the last word was a YES")
    persons_out: int = Field(description="refused, withdrawn, or ended")


class Figures(Shown):
    """How many persons stand where."""

    at: datetime = Field(description="when it was counted: at most a minute ago")
    persons: int = Field(description="persons who are known")
    purposes: list[PurposeFigures]
    open_requests: int = Field(description="requests about data that wait for an answer")
    overdue_requests: int = Field(description="those of them whose last day is over")


async def _count(api: Api, _: Call[Nothing]) -> Answer:
    figures = await api.count.figures()
    return Answer(
        Figures(
            at=moment(figures.at),
            persons=figures.persons,
            purposes=[
                PurposeFigures(purpose=purpose, persons_in=given, persons_out=figures.ended[purpose])
                for purpose, given in figures.given.items()
            ],
            open_requests=figures.open_requests,
            overdue_requests=figures.overdue_requests,
        )
    )


async def _list(api: Api, _: Call[Nothing]) -> Answer:
    shown = [
        PurposeShown(
            id=purpose.id,
            category=purpose.category,
            title=purpose.title,
            description=purpose.description,
            legal_basis=purpose.legal_basis,
            valid_days=purpose.valid_for.days,
        )
        for purpose in api.business.purposes
    ]
    return Answer(Purposes(purposes=shown))


OPERATIONS: Sequence[AnyOperation] = [
    Operation(
        id="listPurposes",
        method="GET",
        path="/purposes",
        scope=Scope.READ,
        tag="The company",
        summary="List the purposes for which persons can be asked",
        sent=Nothing,
        answers={200: Purposes},
        handle=_list,
    ),
    Operation(
        id="getStats",
        method="GET",
        path="/stats",
        scope=Scope.READ,
        tag="The company",
        summary="Count persons by purpose, and open requests",
        sent=Nothing,
        answers={200: Figures},
        handle=_count,
    ),
]
