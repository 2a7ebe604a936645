"""Refusals put together from the roles of their words: the rules, on a few words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.intents import Keywords
from bot.words.keywords import UNIVERSAL, Stop, Vocabulary, WordList
from bot.words.refusals import read, tells
from bot.words.role_words import RefusalWords
from bot.words.statements import Part

WORDS = Keywords(
    {
        UNIVERSAL: Vocabulary(stop=Stop(common=("STOP",), alone=("END",))),
        "en": Vocabulary(
            polite=("please", "thanks"),
            stop=Stop(
                weak=("cancel",), alone=("no more",), ask=("wrong number", "harassment", "lawyer*"), not_before=("not",)
            ),
            refusal=RefusalWords(
                negation=("don't", "do not", "no", "no longer", "not"),
                past=("did not",),
                stop=("stop", "quit"),
                contact=("writ*", "text", "send"),
                receive=("get",),
                messages=("messages", "ads", "text"),
                offers=("offers",),
                want=("want",),
                more=("any more", "ever", "no longer"),
                me=("me",),
                lists=("my number", "list"),
                remove=("remove", "take"),
                unsubscribe=("unsubscrib*", "opt out"),
                withdraw=("withdraw",),
                consent=("permission", "agree"),
                others=("order*", "flowers"),
                doubt=("why", "if", "unsubscribed"),
                only=("only",),
                keep=("keep them coming",),
                contrast=("but",),
                filler=(
                    "i",
                    "you",
                    "to",
                    "it",
                    "or",
                    "and",
                    "of",
                    "from",
                    "the",
                    "off",
                    "your",
                    "my",
                    "this",
                    "what",
                    "is",
                    "yes",
                ),
            ),
            no=WordList(show="NO"),
        ),
        "cs": Vocabulary(
            refusal=RefusalWords(forbid=("nepište",), unwanted=("nechci",), receive=("dostávat",), filler=("mi",))
        ),
        "nl": Vocabulary(stop=Stop(not_before=("niet",)), refusal=RefusalWords(filler=("ik",))),
        "sv": Vocabulary(
            refusal=RefusalWords(
                negation=("inte",),
                messages=("reklam",),
                lists=("numret",),
                remove=("radera",),
                others=("bild",),
                contrast=("men",),
                filler=("det", "har", "ni", "ja", "tack", "till", "är", "en"),
            ),
            no=WordList(show="NEJ"),
        ),
    }
)


def how(text: str, *spoken: str) -> str | None:
    """Return what was found, and by which rule."""
    match = WORDS.classify(text, asked_in=None, spoken=spoken or ("en",))
    return f"{match.intent}:{match.rule.rpartition(':')[2]}" if match else None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("do not text", "no_contact"),
        ("please don't ever send me ads", "no_contact"),
        ("don't you write to me", "no_contact"),
        ("no ads", "no_messages"),
        ("ads no longer please", "no_messages"),
        ("quit writing", "stop_messages"),
        ("I don't want to get messages", "not_wanted"),
        ("do not want it any more", "not_wanted"),
        ("take my number off your list", "remove"),
        ("remove me", "remove_me"),
        ("I want to opt out", "unsubscribe"),
        ("unsubscribing from this", "unsubscribe"),
        ("I withdraw my permission", "consent"),
        ("I no longer agree", "no_consent"),
    ],
)
def test_word_roles_that_combine_to_a_refusal_withdraw(text: str, rule: str) -> None:
    assert how(text) == f"stop:{rule}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nej till reklam", "stop:no_to"),
        ("Reklam nej tack", "stop:no_to"),
        ("Reklam nej, men bild ja", "maybe_stop:no_to"),
        ("nej det är vacker reklam", None),
        ("nej det är en bild", None),
    ],
)
def test_a_no_beside_a_word_for_our_messages_refuses_them(text: str, found: str | None) -> None:
    assert how(text, "sv") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("don't text me offers, Sophie", "stop:no_contact"),
        ("don't text the recipient", "maybe_stop:no_contact"),
        ("I don't want to get the blue messages", "stop:not_wanted"),
        ("I don't want to get the blue one", "maybe_stop:not_wanted"),
        ("you do not agree", "maybe_stop:no_consent"),
        ("you do not agree on Sunday", None),
    ],
)
def test_with_unknown_words_only_a_refusal_naming_our_messages_is_sure(text: str, found: str | None) -> None:
    assert how(text) == found


def test_a_negation_at_the_end_of_a_clause_reverses_its_verb() -> None:
    assert how("remove my number from the list not") == "maybe_stop:remove"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Har ni numret? Radera det", "maybe_stop:remove_it"),
        ("Radera det", None),
        ("Har ni numret? Radera inte det", None),
        ("Har ni numret? Radera en bild", None),
        ("Har ni numret? Radera vacker bild", None),
    ],
)
def test_removing_something_named_in_another_statement_only_asks_back(text: str, found: str | None) -> None:
    assert how(text, "sv") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("messages at every hour, quit", "maybe_stop:stop_it"),
        ("messages at every hour, don't quit", None),
        ("messages about flowers, quit", None),
        ("coming at every hour, quit", None),
        ("tomorrow at eight, remove me", "maybe_stop:remove_me"),
        ("tomorrow at eight remove me", None),
    ],
)
def test_a_bare_stop_or_removal_refers_to_the_statement_before_it(text: str, found: str | None) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("only messages of my order please", "maybe_stop:only_others"),
        ("only red messages of my order", None),
        ("only my order", None),
        ("only messages", None),
    ],
)
def test_a_wish_for_nothing_but_order_messages_asks_back(text: str, found: str | None) -> None:
    assert how(text) == found


@pytest.mark.parametrize("text", ["nepište", "nepište mi", "Kdo je to? Nepište!", "nechci dostávat"])
def test_a_negation_may_be_part_of_its_verb(text: str) -> None:
    assert (how(text, "cs") or "").startswith("stop:")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("don't send the red ones", None),
        ("don't send flowers", None),
        ("I did not get messages", None),
        ("I did not text you", None),
        ("stop the order", "maybe_stop:inside"),
        ("stop 12345", "maybe_stop:inside"),
        ("cancel my order", "maybe_stop:inside"),
        ("unsubscribe from the gym", "maybe_stop:unsubscribe"),
        ("don't send me the red ones", "maybe_stop:no_contact"),
        ("take me to the station", None),
        ("take me off the silly ads", "maybe_stop:remove_me"),
        ("my dear, don't write", "maybe_stop:no_contact"),
        ("flowers are red. don't write", "maybe_stop:no_contact"),
        ("flowers are red. don't write any more", "stop:no_contact"),
        ("my dear, don't write red", None),
    ],
)
def test_a_refusal_with_unknown_words_or_about_other_things_is_not_sure(text: str, found: str | None) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to unsubscribe",
        "don't stop writing",
        "do not remove me from your list",
        "stop not",
        "why did you stop sending messages",
        "I unsubscribed from your list, why",
        "stop if you want",
        "Unsubscribe? No!",
        "stop the ads? keep them coming",
    ],
)
def test_a_negation_condition_or_account_of_the_past_only_asks_back(text: str) -> None:
    assert (how(text) or "maybe_stop").startswith("maybe_stop")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no ads, orders yes", "maybe_stop:no_messages"),
        ("orders yes, no ads", "maybe_stop:no_messages"),
        ("no ads. Orders yes", "maybe_stop:no_messages"),
        ("That is the order. No ads", "stop:no_messages"),
        ("no offers, orders yes", "stop:no_messages"),
    ],
)
def test_a_refusal_that_may_exclude_orders_asks_back(text: str, found: str) -> None:
    assert how(text) == found


def test_a_negation_in_the_person_s_language_reverses_a_universal_stop_word() -> None:
    assert how("stop niet", "nl") == "maybe_stop:inside"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what is this? don't write", "stop:no_contact"),
        ("That's it. END", "stop:statement"),
        ("END of the story", None),
        ("what is it, stop", "stop:last_word"),
        ("thanks no more", "stop:whole"),
        ("no more flowers", None),
        ("I want flowers. Unsubscribe me.", "stop:unsubscribe"),
    ],
)
def test_a_separate_statement_counts_wherever_it_stands(text: str, found: str | None) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("you have the wrong number", "maybe_stop:inside"),
        ("harassment", "maybe_stop:exact"),
        ("a case of harassment in the news", None),
        ("I send my lawyers", "maybe_stop:complaint"),
        ("no messages, lawyers", "stop:no_messages"),
    ],
)
def test_a_complaint_asks_back(text: str, found: str | None) -> None:
    assert how(text) in (found, "maybe_stop:inside" if found else None)


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ("stop the offers", True),
        ("no offers but yes to the order", True),
        ("stop", False),
        ("no messages", False),
        ("stop! no offers", False),
    ],
)
def test_a_withdrawal_from_offers_only_is_marked(text: str, offers: bool) -> None:
    match = WORDS.classify(text, asked_in=None, spoken=("en",))
    assert match is not None
    assert (match.intent.value, match.offers) == ("stop", offers)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no messages or offers", "maybe_stop:no_messages"),
        ("STOP the messages and the offers", "maybe_stop:first_word"),
        ("don't text me offers", "stop:no_contact"),
        ("no messages! no offers", "stop:no_messages"),
    ],
)
def test_naming_offers_beside_other_messages_may_mean_all_messages(text: str, found: str) -> None:
    assert how(text) == found


class TestOrdinaryWords:
    """A word of withdrawal that is ordinary where the person lives, e.g. Finnish "seis" in Spain."""

    WORDS = Keywords(
        {
            UNIVERSAL: Vocabulary(stop=Stop(common=("STOP",))),
            "fi": Vocabulary(stop=Stop(alone=("seis",), strong=("lopeta",))),
            "ga": Vocabulary(stop=Stop(show="STAD", alone=("stad",))),
            "es": Vocabulary(no=WordList(words=("nada",))),
        },
        {
            "seis": frozenset({"es", "pt"}),
            "stad": frozenset({"nl"}),
            "lopetas": frozenset({"es"}),
            "stop": frozenset({"es"}),
        },
    )

    @pytest.mark.parametrize(
        ("text", "spoken", "found"),
        [
            ("seis", ("es",), None),
            ("seis", ("fi",), "stop"),
            ("seis", ("el",), "stop"),
            ("seis", (), "maybe_stop"),
            ("SEIS!", ("pt-BR",), None),
            ("stad", ("nl",), "maybe_stop"),
            ("stad", ("ga",), "stop"),
            ("stad", (), "stop"),
            ("lopetas", (), None),
            ("lopeat", (), "stop"),
        ],
    )
    def test_a_stop_word_that_is_ordinary_in_the_person_s_language_does_not_stop(
        self, text: str, spoken: tuple[str, ...], found: str | None
    ) -> None:
        match = self.WORDS.classify(text, asked_in=None, spoken=spoken)
        assert (match.intent.value if match else None) == found


SILENT = [1 << bit for bit in range(32) if not tells([1 << bit])]
"""Roles none of which is looked at without another."""

words = st.sets(st.sampled_from(SILENT), max_size=4).map(sum)


@given(st.lists(words, min_size=1, max_size=6), st.lists(words, max_size=3), st.booleans())
def test_roles_skipped_by_tells_never_yield_a_reading(own: list[int], before: list[int], question: bool) -> None:
    roles, end = [*before, *own], len(before) + len(own)
    for sentence in ((0, end), (len(before), end)):
        assert read(roles, Part(len(before), end, sentence, question)) is None
