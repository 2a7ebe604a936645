"""The table of rights, and what is made from it."""

from bot.consent.rights import REQUESTS, Right
from bot.conversation.compose import TOLD
from bot.conversation.effects import EFFECTS
from bot.words.keywords import COMMANDS


def test_each_right_has_an_article_and_a_word_that_asks_for_it() -> None:
    assert all(right.article and right.intent in COMMANDS for right in Right)


def test_a_right_is_found_by_its_id() -> None:
    assert [Right(right.value) for right in Right] == list(Right)


def test_what_a_right_says_when_it_is_done_is_known_to_texts() -> None:
    assert {text for right in Right for text in right.says} == TOLD


def test_a_flow_can_ask_for_each_right_that_it_promises() -> None:
    assert {f"ask_{right}" for right in Right if right.is_promised} <= EFFECTS.keys()


def test_a_receipt_is_no_request() -> None:
    """Whoever asks for their receipt is answered by a duty to prove, not by a right with a deadline."""
    assert Right.PROOF not in REQUESTS
    assert Right.ACCESS in REQUESTS
