"""A withdrawal is in force whatever fails while it is answered: texts, flows, guards, the company's own file."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.business import Business
from bot.conversation import ending, flow, labels, language
from bot.conversation.compose import Composition
from bot.conversation.dialogue import Dialogue, Step
from bot.conversation.flow import Flow
from bot.conversation.navigation import DialogueTurn
from bot.conversation.turn import Turn
from bot.conversation.world import World
from bot.i18n.texts import Texts
from bot.messages.inbound import Choice, Content, Correction, Inbound, Media, MessageId, Preference, Text
from bot.testing import Conversation
from bot.words.intents import Keywords
from tests.conversation.worlds import FLOWS, WORLD

FAULTS: tuple[tuple[Any, str], ...] = (
    (Texts, "render"),
    (Texts, "locale_for"),
    (Composition, "reply"),
    (Composition, "language"),
    (World, "language"),
    (Business, "purpose"),
    (Business, "notice_stands"),
    (flow, "_turn"),  # every guard and every effect of every flow
    (Flow, "fire"),
    (Flow, "knows"),
    (DialogueTurn, "open"),
    (DialogueTurn, "settle"),
    (labels, "typed_choice"),
    (language, "named"),
    (language, "settle"),
    (ending, "due"),
    (Turn, "say"),
    (Turn, "label"),
)
"""What can fail between a message and its answer."""

WITHDRAWALS: tuple[Content, ...] = (
    Text("STOP"),
    Text("stop"),
    Text("please unsubscribe me"),
    Text("BAJA"),
    Text("yes but STOP"),
    Choice("stop", "Unsubscribe"),
    Choice("promo", "STOP"),
    Choice("OPT_OUT", "\N{THUMBS UP SIGN}"),
    Media("image", "STOP"),
    Correction("edit", text="STOP"),
)


@contextmanager
def broken(*faults: tuple[Any, str], after: int = 0) -> Iterator[None]:
    """Let these fail from the call after the `after`-th on."""
    with ExitStack() as stack:
        for owner, name in faults:
            stack.enter_context(patch.object(owner, name, _failing(getattr(owner, name), after)))
        yield


def _failing(works: Callable[..., Any], after: int) -> Callable[..., Any]:
    calls = count()

    def call(*args: Any, **kwargs: Any) -> Any:
        if next(calls) >= after:
            raise LookupError
        return works(*args, **kwargs)

    return call


def subscribed() -> Conversation:
    """Somebody who agreed to everything."""
    talk = Conversation(WORLD, FLOWS, locale="en")
    talk.says("START").says("YES").says("YES")
    assert len(talk.session.record.given) == 2
    return talk


AGREED = subscribed().session


def answered(content: Content) -> Step:
    """Step once from there."""
    at = AGREED.last_at + 60
    inbound = Inbound(MessageId("wamid.x"), Conversation(WORLD, FLOWS).sender, at, content, float(at))
    return Dialogue(WORLD, FLOWS).step(AGREED, inbound, float(at))


@given(
    content=st.sampled_from(WITHDRAWALS), faults=st.sets(st.sampled_from(FAULTS), min_size=1), after=st.integers(0, 6)
)
@settings(deadline=None)
def test_a_withdrawal_stands_whatever_fails(content: Content, faults: set[tuple[Any, str]], after: int) -> None:
    with broken(*faults, after=after):
        step = answered(content)
    record = step.session.record
    assert record.given == ()
    assert [entry.kind.value for entry in step.entries] == ["withdrawn"] * 2


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[0].__name__}.{fault[1]}")
def test_a_possible_withdrawal_pauses_whatever_fails(fault: tuple[Any, str]) -> None:
    with broken(fault):
        step = answered(Text("could you perhaps make that stop for a while?"))
    assert not any(step.session.record.allows(purpose, AGREED.last_at + 60) for purpose in AGREED.record.given)


def test_whatsapps_own_switch_ends_marketing_whatever_fails() -> None:
    with broken((ending, "due")):
        step = answered(Preference("stop"))
    assert step.session.record.given == ("order_updates",)


@pytest.mark.parametrize(("text", "given"), [("STOP", ()), ("Stop!", ()), ("BAJA", ())])
def test_a_printed_stop_word_works_even_if_keyword_lookup_fails(text: str, given: tuple[str, ...]) -> None:
    with broken((Keywords, "classify")):
        assert answered(Text(text)).session.record.given == given


def test_a_printed_stop_word_in_a_sentence_pauses_if_keyword_lookup_fails() -> None:
    with broken((Keywords, "classify")):
        assert answered(Text("stop this please")).session.record.paused


def test_a_failure_on_anything_but_a_withdrawal_is_raised() -> None:
    with broken((Texts, "render")), pytest.raises(LookupError):
        answered(Text("CHOICES"))


def test_a_step_reports_the_failure_that_prevented_its_reply() -> None:
    with broken((Texts, "render")):
        step = answered(Text("STOP"))
    assert isinstance(step.failure, LookupError)
    assert not step.replies


def test_a_step_without_a_failure_reports_none() -> None:
    assert answered(Text("STOP")).failure is None


def test_stop_works_even_with_an_invalid_company_file() -> None:
    title = WORLD.business.purposes[0].model_copy(update={"title": "offers {news}"})
    business = WORLD.business.model_copy(update={"purposes": (title, *WORLD.business.purposes[1:])})
    world = replace(WORLD, business=business, _languages={})
    with broken((World, "_make")):
        at = AGREED.last_at + 60
        inbound = Inbound(MessageId("wamid.x"), Conversation(world, FLOWS).sender, at, Text("STOP"), float(at))
        step = Dialogue(world, FLOWS).step(AGREED, inbound, float(at))
    assert step.session.record.given == ()
