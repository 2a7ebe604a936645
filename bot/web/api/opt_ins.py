"""Opt-ins that the company passes on: `POST /opt-ins`."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import AwareDatetime, Field

from ...consent.evidence import Method
from ...consent.invitations import Uninvited
from ...consent.soft_opt_in import Sale
from ...errors import OperatorError, Unavailable, problem_and_cure
from ...service.company.opt_ins import NotAsking, OptIn
from ...service.ports import Scope
from .addresses import sender_of
from .models import Address, AnyLocale, Label, Line, PurposeId
from .operation import Answer, AnyOperation, Api, Body, Call, Operation, Shown
from .problems import Problem, Refused


class OptInSent(Body):
    """Somebody opted in elsewhere."""

    address: Address
    purposes: list[PurposeId] = Field(min_length=1, max_length=10)
    method: Literal["web_form", "paper", "call", "api"] = Field(description="where they opted in")
    reference: Line = Field(
        default="",
        max_length=200,
        description="what proves that, e.g. the id of the form's submission; kept with the evidence, encrypted",
        examples=["form 2026-11, submission 4711"],
    )
    locale: AnyLocale | None = Field(default=None, description="the language in which they did")


class OptInShown(Shown):
    """The question is on its way."""

    id: str = Field(description="of this opt-in")
    person: str = Field(description="our reference to the person")
    status: Literal["asking"]
    purposes: list[str] = Field(description="what is asked about, one after the other")
    left_out: dict[str, str] = Field(description="purposes that are not asked about, and why")


class SaleSent(Body):
    """A sale, at which a customer gave their number and could object to messages."""

    address: Address
    purpose: PurposeId
    reference: Label = Field(max_length=200, description="proves the sale", examples=["order 4711"])
    product_family: Label = Field(max_length=100, description="what was sold, as business.toml calls it")
    sold_at: AwareDatetime = Field(description="with an offset")
    objection_offered: bool = Field(description="whether they could object, free of charge, when they gave the number")


class SaleShown(Shown):
    """The sale stands in for a consent where the person's country allows it."""

    person: str = Field(description="our reference to the person")
    recorded: bool = Field(description="false: it was recorded before, or changes nothing")


async def _sell(api: Api, call: Call[SaleSent]) -> Answer:
    sent = call.sent
    address = sender_of(api, sent.address, "address")
    sale = Sale(
        reference=sent.reference,
        at=int(sent.sold_at.timestamp()),
        product_family=sent.product_family,
        objection_offered=sent.objection_offered,
    )
    try:
        api.sales.check(sent.purpose, sale)
        person = await api.strangers.known(address)
        if person is None:
            reason = Uninvited.SUPPRESSED
            raise Refused(Problem.NOT_RECORDED, reason.sentence, cure=reason.cure)
        looked = await api.find.by_id(person, call.look)
        recorded = await api.sales.record(looked, sent.purpose, sale, actor=call.look.actor)
    except Unavailable:
        raise
    except OperatorError as error:
        problem, cure = problem_and_cure(str(error))
        raise Refused(Problem.NOT_RECORDED, problem, cure=cure) from None
    return Answer(SaleShown(person=person, recorded=recorded), 201)


async def _start(api: Api, call: Call[OptInSent]) -> Answer:
    sent = call.sent
    wanted = OptIn(
        id=call.id,
        address=sender_of(api, sent.address, "address"),
        purposes=list(dict.fromkeys(sent.purposes)),
        method=Method(sent.method),
        reference=sent.reference,
        locale=sent.locale or "",
    )
    asking = await api.opt_ins.start(wanted)
    if isinstance(asking, NotAsking):
        raise _not_asked(asking)
    shown = OptInShown(
        id=asking.id,
        person=asking.person,
        status="asking",
        purposes=list(asking.purposes),
        left_out=dict(asking.left_out),
    )
    return Answer(shown, 202)


def _not_asked(asking: NotAsking) -> Refused:
    left_out: Mapping[str, str] = {purpose: str(reason) for purpose, reason in asking.left_out.items()}
    return Refused(
        Problem.NOT_ASKED, asking.reason.sentence, cure=asking.reason.cure, reason=str(asking.reason), left_out=left_out
    )


OPERATIONS: Sequence[AnyOperation] = [
    Operation(
        id="recordSale",
        method="POST",
        path="/sales",
        scope=Scope.OPT_IN,
        tag="Consent",
        summary="Record a sale on which marketing to your own customer may rest",
        description=(
            "For purposes with the legal basis `soft_opt_in` (ePrivacy Directive, Art. 13(2)), in countries that allow "
            "it. It is no consent, is never shown as one, and ends with a STOP or an objection for good."
        ),
        sent=SaleSent,
        answers={201: SaleShown},
        problems=[Problem.NOT_RECORDED, Problem.PERSON_UNKNOWN],
        handle=_sell,
        about_person=True,
    ),
    Operation(
        id="startOptIn",
        method="POST",
        path="/opt-ins",
        scope=Scope.OPT_IN,
        tag="Consent",
        summary="Ask somebody who opted in elsewhere to confirm it in WhatsApp",
        description=(
            "The person gets a question in their language, by template if they have not written for a day. Only their "
            "YES makes a consent. Whoever stopped, objected or is in doubt is not asked: they themselves can write "
            "START. What becomes of the question is told by events."
        ),
        sent=OptInSent,
        answers={202: OptInShown},
        problems=[Problem.NOT_ASKED, Problem.KEY_REUSED],
        handle=_start,
        idempotent=True,
    ),
]
