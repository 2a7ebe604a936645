"""What overtakes others, and what is never left out."""

import time
from collections.abc import Callable
from unittest.mock import Mock

import pytest

from bot.messages.inbound import (
    AddressChanged,
    Choice,
    Content,
    Correction,
    Delivery,
    Event,
    Inbound,
    Lapse,
    Media,
    MessageId,
    Preference,
    Reaction,
    Sender,
    Text,
)
from bot.paths import LOCALES
from bot.service.incoming.claims import Claims, is_urgent
from bot.service.ports import Claim
from bot.words.intents import Keywords

ORDINARY, MATTERS, WITHDRAWAL, FREE = Claim.ORDINARY, Claim.MATTERS, Claim.WITHDRAWAL, Claim.FREE

AT_A_GLANCE: list[tuple[Content, Claim]] = [
    (Text("Hello"), ORDINARY),
    (Text("YES"), ORDINARY),
    (Text("STOP"), WITHDRAWAL),
    (Text("  *stop* 🛑"), WITHDRAWAL),
    (Text("BAJA"), WITHDRAWAL),
    (Text("ОТПИСКА"), WITHDRAWAL),
    (Text("הסר"), WITHDRAWAL),
    (Text("please unsubscribe"), WITHDRAWAL),
    (Text("I ordered roses. " * 200 + "STOP"), WITHDRAWAL),
    (Text("\u0344" * 4000 + " STOP"), WITHDRAWAL),
    (Text("How do I cancel my order at the bus stop?"), MATTERS),
    (Media("image", "STOP"), WITHDRAWAL),
    (Correction("edit", text="STOP"), WITHDRAWAL),
    (Correction("edit", text="yes"), MATTERS),
    (Correction("revoke"), MATTERS),
    (Choice("stop", "Stop"), WITHDRAWAL),
    (Choice("withdraw:offers", "Offers"), MATTERS),
    (Choice("no:1a2b", "No"), MATTERS),
    (Choice("yes:1a2b", "Yes, I agree"), ORDINARY),
    (Choice("a campaign's", "Unsubscribe"), WITHDRAWAL),
    (Reaction("👍"), ORDINARY),
    (Preference("stop"), FREE),
    (AddressChanged(Sender("+447911123456")), FREE),
    (Lapse("q1"), FREE),
]


@pytest.fixture(scope="module")
def claims() -> Claims:
    return Claims(Keywords.load(LOCALES))


def inbound(content: Content) -> Inbound:
    return Inbound(MessageId("m"), Sender("+447911123456"), 1, content)


@pytest.mark.parametrize(("content", "claim"), AT_A_GLANCE)
def test_at_a_glance_recognises_withdrawals_at_both_ends_of_a_text(
    claims: Claims, content: Content, claim: Claim
) -> None:
    assert claims.at_a_glance(inbound(content)) is claim


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("stooooop", WITHDRAWAL),
        ("You know, leave me alone and go", WITHDRAWAL),
        ("🛑", MATTERS),
        ("Hello", ORDINARY),
    ],
)
def test_in_full_recognises_withdrawals_as_the_dialogue_does(claims: Claims, text: str, claim: Claim) -> None:
    assert claims.in_full(inbound(Text(text))) is claim


def test_forwarded_stop_is_not_claimed_as_a_withdrawal(claims: Claims) -> None:
    forwarded = Inbound(MessageId("m"), Sender("+447911123456"), 1, Text("STOP"), forwarded=True)
    assert claims.at_a_glance(forwarded) is claims.in_full(forwarded) is MATTERS


def test_delivery_status_is_not_counted_against_the_sender(claims: Claims) -> None:
    delivery = Delivery(MessageId("m"), "read", 1)
    assert claims.at_a_glance(delivery) is claims.in_full(delivery) is FREE


@pytest.mark.parametrize(
    ("content", "claim", "urgent"),
    [
        (Text("STOP"), WITHDRAWAL, True),
        (Preference("stop"), FREE, True),
        (Preference("resume"), FREE, False),
        (Correction("edit", text="no"), MATTERS, False),
        (Text("Hello"), ORDINARY, False),
    ],
)
def test_only_withdrawals_are_urgent(content: Content, claim: Claim, urgent: bool) -> None:
    assert is_urgent(inbound(content), claim) is urgent


@pytest.mark.parametrize("payload", ["OPT_OUT", "unsubscribe", "Stop"])
def test_button_of_another_system_withdraws_by_its_payload(claims: Claims, payload: str) -> None:
    assert claims.at_a_glance(inbound(Choice(payload, "\N{THUMBS UP SIGN}"))) is WITHDRAWAL


def test_text_that_fails_to_classify_is_treated_as_a_possible_withdrawal(
    claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Keywords, "classify", Mock(side_effect=LookupError))
    assert claims.at_a_glance(inbound(Text("STOP"))) is claims.in_full(inbound(Text("Hello"))) is MATTERS
    assert claims.at_a_glance(inbound(Choice("stop", "Unsubscribe"))) is WITHDRAWAL


def test_at_a_glance_is_at_least_twice_as_fast_as_in_full(claims: Claims) -> None:
    text = inbound(Text("Hello, when do you open on Sunday? I would like to buy some flowers."))

    glance, full = (min(seconds(read, text) for _ in range(50)) for read in (claims.at_a_glance, claims.in_full))
    assert glance < full / 2


def seconds(read: Callable[[Event], Claim], event: Event) -> float:
    before = time.thread_time()
    for _ in range(20):
        read(event)
    return time.thread_time() - before
