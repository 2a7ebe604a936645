"""What the API tells about the company itself: its purposes."""

from collections.abc import Sequence

from pydantic import Field

from ...service.ports import Scope
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
]
