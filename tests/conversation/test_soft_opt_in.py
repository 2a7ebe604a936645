"""A recorded sale in a dialogue: whatever ends or pauses a consent ends or pauses it as well."""

from dataclasses import replace

import msgspec
import pytest

from bot.business import Purpose
from bot.consent.evidence import Kind
from bot.consent.lifecycle import admit
from bot.consent.soft_opt_in import Sale, relationship
from bot.conversation.world import World
from bot.testing import Conversation
from tests.conversation.worlds import FLOWS, WORLD

_SOFT = {"legal_basis": "soft_opt_in", "soft_opt_in": {"product_family": "cut flowers"}}
_UPDATES, _OFFERS = WORLD.business.purposes
OFFERS = Purpose.model_validate(_OFFERS.model_dump() | _SOFT)
SERVICE = Purpose.model_validate(_UPDATES.model_dump() | {"legal_basis": "service"})


def world_with(*purposes: Purpose) -> World:
    return replace(WORLD, business=WORLD.business.model_copy(update={"purposes": purposes}), _languages={})


@pytest.fixture
def customer() -> Conversation:
    """Somebody who bought flowers, and has never been asked for anything."""
    talk = Conversation(world_with(_UPDATES, OFFERS), FLOWS, locale="en")
    at = int(talk.clock) - 1000
    sale = Sale(reference="order 17", at=at, product_family="cut flowers", objection_offered=True)
    entry = relationship(sale, OFFERS, talk.session.person, now=talk.clock, actor="operator")
    talk.session = msgspec.structs.replace(talk.session, record=admit(talk.session.record, entry))
    talk.entries.append(entry)
    return talk


def legal_basis(talk: Conversation) -> str:
    return talk.session.record.consent("offers").legal_basis


def test_a_sale_stands_until_the_person_says_otherwise(customer: Conversation) -> None:
    assert legal_basis(customer) == "soft_opt_in"
    assert legal_basis(customer.says("help")) == "soft_opt_in"


@pytest.mark.parametrize("text", ["STOP", "stop offers", "object", "no more messages"])
def test_a_stop_in_words_ends_it(customer: Conversation, text: str) -> None:
    assert legal_basis(customer.says(text)) == ""


def test_the_switch_in_whatsapp_ends_it(customer: Conversation) -> None:
    assert legal_basis(customer.prefers("stop")) == ""


def test_a_new_number_ends_it_without_making_up_a_consent_that_ended(customer: Conversation) -> None:
    talk = customer.changes_number("+4915100000000")
    assert legal_basis(talk) == ""
    assert talk.says("hello").status("offers") not in ("stale", "given")


def test_a_new_number_ends_it_also_while_a_question_waits(customer: Conversation) -> None:
    customer.says("start").taps("yes")
    assert customer.status("offers") == "requested"
    assert legal_basis(customer.changes_number("+4915100000000")) == ""


def test_a_stop_in_doubt_pauses_it_until_it_is_answered(customer: Conversation) -> None:
    customer.says("I wonder how to stop a running tap")
    assert customer.session.record.consent("offers").paused


def test_a_yes_to_a_question_takes_its_place_and_is_a_consent(customer: Conversation) -> None:
    customer.says("start").taps("yes").taps("yes")
    assert legal_basis(customer) == "consent"
    (given,) = [entry for entry in customer.entries if entry.kind is Kind.GIVEN and entry.purpose == "offers"]
    assert given.legal_basis == "consent"


def test_service_is_neither_asked_for_nor_offered_as_a_choice() -> None:
    talk = Conversation(world_with(SERVICE, _OFFERS), FLOWS, locale="en").says("hello").taps("yes")
    assert [entry.purpose for entry in talk.entries if entry.kind is Kind.REQUESTED] == ["offers"]
    talk.says("my choices")
    assert all("order_updates" not in choice for choice in talk.choices)


def test_a_stop_ends_service_as_well() -> None:
    talk = Conversation(world_with(SERVICE, _OFFERS), FLOWS, locale="en").says("hello").taps("yes").says("STOP")
    assert {"order_updates", "offers"} == {entry.purpose for entry in talk.entries if entry.kind is Kind.WITHDRAWN}
