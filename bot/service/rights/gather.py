"""Puts together all data of one person: what each data holder has, and what the business does with it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from ...business import Business
from ...consent.requests import State
from ...consent.retention import RuleName, policy
from ...consent.rights import REQUESTS, Right
from ...messages.inbound import Sender
from ..ports import Held
from ..sending.whereabouts import zones
from .my_data import (
    KEPT_AFTER_ERASURE,
    VERSION,
    Complaint,
    Controller,
    Gathered,
    Kept,
    Me,
    MyData,
    Recipient,
    RequestMade,
    RequestStep,
    RightOf,
    from_json,
)

_RIGHTS = (("withdraw a consent", "7(3)"), *((right.value, right.article) for right in REQUESTS))

_PROMISED = frozenset(right for right in Right if right.is_promised)


def gathered(held: Iterable[Held]) -> Gathered:
    """Put together what the data holders have; lists of the same name are joined. Raises `msgspec.ValidationError`."""
    whole: dict[str, Any] = {}
    for part in held:
        for name, value in part.items():
            whole[name] = [*whole[name], *value] if isinstance(value, list) and name in whole else value
    return msgspec.convert(whole, Gathered)


def my_data(held: Iterable[Held], business: Business, now: float) -> MyData:
    """Return all data of one person; `now` in unix seconds. Raises `msgspec.ValidationError`."""
    found = gathered(held)
    titles = {purpose.id: purpose.title for purpose in business.purposes}
    return MyData(
        version=VERSION,
        made_at=datetime.fromtimestamp(int(now), UTC),
        controller=_controller(business),
        person=found.person,
        consents=[_explained(consent, titles, business, found.person.language) for consent in found.consents],
        history=[_explained(entry, titles, business, entry.locale) for entry in found.history],
        requests=found.requests,
        waiting=found.waiting,
        looks=found.looks,
        talk=found.talk,
        recipients=[
            Recipient(name=party.name, role=party.role, what=party.what, country=party.country)
            for party in business.third_parties
        ],
        storage=list(business.storage.places),
        retention=_kept(business),
        rights=[RightOf(right=right, law=f"GDPR Art. {article}") for right, article in _RIGHTS],
        complaint=Complaint(
            to="a data protection authority, in particular where you live, work, or think that the law was broken",
            law="GDPR Art. 77",
            controller_country=business.controller.country,
        ),
        source="from you, in WhatsApp",
        automated_decisions=False,
        messages=found.messages,
        time_zone=_time_zone(found.person, business),
    )


def _time_zone(person: Me, business: Business) -> str:
    here = business.controller.timezone
    known = zones(Sender(person.phone, person.whatsapp_id), here)
    return known[0] if len(known) == 1 else here


def _controller(business: Business) -> Controller:
    controller = business.controller
    return Controller(
        name=controller.name,
        address=controller.address,
        email=controller.email,
        country=controller.country,
        data_protection_officer=controller.dpo.email if controller.dpo else None,
    )


def _kept(business: Business) -> Kept:
    rules = policy(business)
    return Kept(
        unanswered_question_days=business.question_expires_after.days,
        proof_after_withdrawal_days=rules[RuleName.PROOF_AFTER_WITHDRAWAL].after.days,
        suppression_days=rules[RuleName.SUPPRESSION].after.days,
    )


def _explained(item: Any, titles: Mapping[str, str], business: Business, locale: str) -> Any:
    """Add what only the business knows: the purpose's title and the notice's address."""
    notice = next((notice for notice in business.notices if notice.version == item.notice_version), None)
    url = item.notice_url or (notice.url_for(locale, business.default_locale) if notice else "")
    return msgspec.structs.replace(item, title=item.title or titles.get(item.purpose, item.purpose), notice_url=url)


def is_empty(data: MyData) -> bool:
    """Whether nothing is recorded except addresses, language, and that the person asked for their data."""
    return not (
        data.history
        or data.looks
        or data.messages
        or _asked(data)
        or any(entry.what == KEPT_AFTER_ERASURE for entry in data.waiting)
    )


def as_answered(data: MyData, request: str) -> MyData:
    """Return the data as it is handed over in answer to a request (by id), which is then no longer pending."""
    requests = [_as_done(asked, data.made_at) if asked.id == request else asked for asked in data.requests]
    waiting = [entry for entry in data.waiting if entry.what != "task" or entry.text not in _PROMISED]
    return msgspec.structs.replace(data, requests=requests, waiting=waiting)


def _as_done(asked: RequestMade, at: datetime) -> RequestMade:
    """Return a request with the step that handing over the data takes; its state and its last step agree."""
    if asked.state == State.DONE:
        return asked
    done = RequestStep(at=at, state=State.DONE, by="program")
    return msgspec.structs.replace(asked, state=State.DONE, steps=[*asked.steps, done])


def portable(data: MyData) -> MyData:
    """Return what the person provided or what was observed about them, in the same published shape (GDPR Art. 20(1)).

    That is who they are, their choices, what they were asked and answered, and their messages that still wait
    or went to the staff.
    Inferred data, and what the controller keeps for its own duties, is not part of it (WP 242 rev.01, chapter III).
    """
    return msgspec.structs.replace(
        data,
        history=[
            msgspec.structs.replace(entry, rule="", question_seen="", legal_basis="", entry_hash="")
            for entry in data.history
        ],
        requests=[],
        waiting=[entry for entry in data.waiting if entry.what in ("from_you", "to_staff")],
        looks=[],
        talk=None,
        recipients=[],
        storage=[],
        rights=[],
        messages=[],
    )


def says_as_much(written: bytes, data: MyData) -> bool:
    """Whether an earlier file still says everything, apart from queued messages and recorded looks."""
    try:
        return _lasting(from_json(written)) == _lasting(data)
    except msgspec.MsgspecError:
        return False


def _lasting(data: MyData) -> MyData:
    person = msgspec.structs.replace(data.person, last_contact=None)
    return msgspec.structs.replace(
        data, made_at=datetime.fromtimestamp(0, UTC), person=person, requests=_asked(data), waiting=[], talk=None
    )


def _asked(data: MyData) -> list[RequestMade]:
    """Return the requests other than those for the data itself."""
    return [asked for asked in data.requests if asked.right not in _PROMISED]
