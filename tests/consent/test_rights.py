"""The table of rights, and what is made from it."""

from bot.consent import answers
from bot.consent.rights import REQUESTS, Right
from bot.conversation.compose import TOLD
from bot.conversation.effects import EFFECTS
from bot.words.keywords import COMMANDS


def test_each_right_has_an_article_and_a_word_that_asks_for_it() -> None:
    assert all(right.article and right.intent in COMMANDS for right in Right)


def test_a_right_is_found_by_its_id() -> None:
    assert [Right(right.value) for right in Right] == list(Right)


def test_compose_knows_every_text_sent_when_a_right_is_done() -> None:
    assert {text for right in Right for text in right.says} == TOLD - answers.TEXTS


def test_every_promised_right_has_an_effect_that_asks_for_it() -> None:
    assert {f"ask_{right}" for right in Right if right.is_promised} <= EFFECTS.keys()


def test_a_receipt_is_not_a_request() -> None:
    """Whoever asks for their receipt is answered by a duty to prove, not by a right with a deadline."""
    assert Right.PROOF not in REQUESTS
    assert Right.ACCESS in REQUESTS
