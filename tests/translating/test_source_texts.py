from pathlib import Path

import pytest

from bot.business import load
from bot.conversation.flow_file import read
from bot.i18n.slot import SourceTexts, TextTemplate
from bot.i18n.texts import TextKind
from bot.paths import FLOWS
from bot.translating.source_texts import slots, source_texts


@pytest.fixture(scope="module")
def shipped() -> SourceTexts:
    """The texts of the flows that are shipped."""
    file = FLOWS / "business.toml"
    return source_texts(read(FLOWS), load(file), file)


def test_purpose_titles_and_descriptions_are_legal_texts() -> None:
    found = {slot.id: slot for slot in slots(load(FLOWS / "business.toml"), FLOWS / "business.toml")}
    title, description = found["purpose.offers.title"], found["purpose.offers.description"]
    assert (title.english, title.kind, title.legal) == ("offers and news", TextKind.ROW, True)
    assert (description.kind, description.legal) == (TextKind.ROW_DESCRIPTION, True)
    assert Path(title.source) == FLOWS / "business.toml"


def test_each_text_is_listed_once(shipped: SourceTexts) -> None:
    ids = [slot.id for slot in shipped.slots]
    assert len(set(ids)) == len(ids)
    assert {"opt_in.ask", "common.footer", "purpose.offers.title"} <= set(ids)


def test_a_button_is_described_by_the_texts_it_appears_under(shipped: SourceTexts) -> None:
    assert 'Button 1 of 2 under "opt_in.ask".' in shipped.appearances["common.yes"]
    assert 'Button 1 of 2 under "maybe_stop.ask".' in shipped.appearances["maybe_stop.stop"]


def test_choices_of_one_message_are_grouped(shipped: SourceTexts) -> None:
    assert ["common.yes", "common.no"] in shipped.together
    assert any({"purpose.order_updates.title", "purpose.offers.title"} <= set(group) for group in shipped.together)


def test_every_placeholder_has_an_example(shipped: SourceTexts) -> None:
    assert [slot.id for slot in shipped.slots if TextTemplate.parse(slot.english).names - set(slot.examples)] == []
