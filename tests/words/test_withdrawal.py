"""Where in a message a word of withdrawal counts: the rules, on a few words."""

import pytest

from bot.words.intents import Keywords
from bot.words.keywords import UNIVERSAL, Stop, Vocabulary, WordList

WORDS = Keywords(
    {
        UNIVERSAL: Vocabulary(stop=Stop(common=("STOP",))),
        "en": Vocabulary(
            polite=("please", "thank you", "hello"),
            stop=Stop(
                strong=("unsubscribe", "unsub", "opt out"),
                weak=("cancel", "no longer want"),
                alone=("end",),
                phrases=("stop texting", "leave me alone"),
                never=("bus stop", "stop by", "remote", "unsubtle", "end end"),
                not_after=("don't", "not to", "never"),
            ),
            start=WordList(words=("subscribe", "resubscribe")),
            yes=WordList(show="YES"),
            no=WordList(show="NO"),
        ),
        "fr": Vocabulary(
            polite=("merci",),
            stop=Stop(strong=("désabonner",), common=("arrêtez",), not_before=("pas",)),
            yes=WordList(show="OUI"),
        ),
        "it": Vocabulary(polite=("grazie",), stop=Stop(alone=("basta",))),
        "sv": Vocabulary(polite=("hälsningar",)),
        "es": Vocabulary(
            stop=Stop(weak=("cancelar",), strong=("basta ya",), not_after=("no",)), no=WordList(show="NO")
        ),
    }
)


def how(text: str) -> str | None:
    """Return what was found, and by which rule."""
    match = WORDS.classify(text, asked_in=None)
    return f"{match.intent}:{match.rule.rpartition(':')[2]}" if match else None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("unsubscribe", "stop:exact"),
        ("désabonner", "stop:exact"),
        ("desabonner", "stop:loose"),
        ("Hello, please unsubscribe, thank you", "stop:whole"),
        ("merci STOP please", "stop:whole"),
        ("yes STOP", "stop:whole"),
        ("oui mais STOP", "stop:last_word"),
        ("unsubscribe my number from this list right now", "stop:first_word"),
        ("I have asked you three times to unsubscribe", "stop:last_word"),
        ("opt out of everything you ever send", "stop:first_word"),
        ("how to unsubscribe from this", "maybe_stop:inside"),
        ("we opt out today", "maybe_stop:inside"),
    ],
)
def test_a_strong_word_stops_at_either_end_of_a_message_and_asks_inside(text: str, found: str) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("stop 12345", "stop:first_word"),
        ("stop this right now", "stop:first_word"),
        ("stop, o Zé não vem", "maybe_stop:inside"),
        ("Stop, o Zé não vem", "maybe_stop:inside"),
        ("STOP, o Zé não vem", "stop:first_word"),
        ("I have had more than enough of this so stop", "stop:last_word"),
        ("will it stop raining", "maybe_stop:inside"),
    ],
)
def test_a_common_word_may_open_an_ordinary_sentence(text: str, found: str) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cancel", "stop:exact"),
        ("cancel please", "stop:whole"),
        ("yes, cancel", "stop:whole"),
        ("cancel my order 1234", "maybe_stop:inside"),
        ("cancel order", "maybe_stop:inside"),
        ("I no longer want the red one", "maybe_stop:inside"),
        ("end", "stop:exact"),
        ("end please", "stop:whole"),
        ("the end", None),
        ("basta, grazie", "stop:whole"),
        ("bästa hälsningar", None),
        ("at the end of the week", None),
    ],
)
def test_words_with_other_uses_withdraw_only_as_the_whole_message(text: str, found: str | None) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Could you people stop texting me at night?", "stop:phrase"),
        ("For the last time: leave me alone or I call my lawyer", "stop:phrase"),
        ("stop. texting is all you do", "stop:statement"),
    ],
)
def test_a_clear_refusal_counts_anywhere(text: str, found: str) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bus stop", None),
        ("where is the bus stop", None),
        ("stop by tomorrow", None),
        ("remote", None),
        ("I left my bus at the bus stop, so stop", "stop:last_word"),
        ("the bus stop is far, unsubscribe", "stop:last_word"),
    ],
)
def test_an_expression_that_only_looks_like_a_withdrawal_is_not_one(text: str, found: str | None) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("don't stop", "maybe_stop:inside"),
        ("Dont stop", "maybe_stop:inside"),
        ("please don’t stop texting", "maybe_stop:inside"),
        ("I'd like not to unsubscribe", "maybe_stop:inside"),
        ("arrêtez pas", "maybe_stop:inside"),
        ("arrêtez, pas maintenant", "stop:first_word"),
        ("never, unsubscribe", "stop:last_word"),
        ("no cancelar", "maybe_stop:inside"),
        ("no, cancelar", "stop:whole"),
        ("no basta ya", "maybe_stop:inside"),
        ("no. basta ya", "stop:whole"),
        ("no unsubscribe", "stop:whole"),
        ("no stop", "stop:whole"),
    ],
)
def test_a_negation_turns_a_stop_of_its_language_into_a_question(text: str, found: str) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("unsubscrib", "stop:typo"),
        ("unsusbcribe", "stop:typo"),
        ("please unsubscibe me", "stop:typo"),
        ("desabonnr", "stop:typo"),
        ("cancle", "stop:typo"),
        ("cancle order", None),
        ("I do not know how to unsubscibe", None),
        ("unsuv", "stop:typo"),
        ("unsb", None),
        ("stap", None),
        ("unsubscibee", None),
        ("subscribe", "start:exact"),
        ("unsubtle", None),
    ],
)
def test_a_typo_is_forgiven_in_a_short_message(text: str, found: str | None) -> None:
    assert how(text) == found


@pytest.mark.parametrize(
    ("text", "found"), [("cancel cancel", "stop:whole"), ("cancel cancel cancel", "stop:whole"), ("end end", None)]
)
def test_a_repeated_stop_word_counts_unless_the_repetition_is_excluded(text: str, found: str | None) -> None:
    assert how(text) == found


def test_an_ambiguous_typo_is_not_corrected() -> None:
    one_letter_apart = Keywords(
        {
            UNIVERSAL: Vocabulary(),
            "de": Vocabulary(stop=Stop(strong=("abmelden",)), start=WordList(words=("anmelden",))),
        }
    )
    assert one_letter_apart.classify("ammelden", asked_in=None) is None
    assert one_letter_apart.classify("anmelden", asked_in=None) is not None
    slip = one_letter_apart.classify("abmeldn", asked_in=None)
    assert slip is not None
    assert slip.rule == "stop:de:typo"


@pytest.mark.parametrize("surer_first", [True, False])
def test_a_stop_word_shared_by_two_languages_has_its_stronger_effect(surer_first: bool) -> None:
    shared = {
        "es": Vocabulary(stop=Stop(strong=("anular",))),
        "pt": Vocabulary(stop=Stop(alone=("anular",))),
    }
    order = ["es", "pt"] if surer_first else ["pt", "es"]
    words = Keywords({UNIVERSAL: Vocabulary(), **{language: shared[language] for language in order}})
    match = words.classify("quiero anular", asked_in=None)
    assert match is not None
    assert match.rule == "stop:es+pt:last_word"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("stoooop", "stop:repeated"),
        ("STOOOP IT", "stop:repeated"),
        ("pleease just stoppppp", "stop:repeated"),
        ("s t o p", "stop:whole"),
        ("S-T-O-P!", "stop:whole"),
        ("s.t.o.p.", "stop:whole"),
        ("СТОР", "stop:lookalike"),
        ("ѕtοp", "stop:lookalike"),
        ("please СТОР", "stop:lookalike"),
        ("СТОРОНА", None),
        ("so it", None),
        ("a b", None),
        ("cancel cancel", "stop:whole"),
        ("basta basta grazie", "stop:whole"),
        ("merci, cancel cancel!", "stop:whole"),
        ("cancel the cancel", "maybe_stop:inside"),
        ("bastaaaa", "stop:repeated"),
        ("please cancelllll", "stop:repeated"),
        ("cancelllll order", None),
        ("enddd", None),
    ],
)
def test_a_drawn_out_spaced_or_lookalike_stop_word_is_recognised(text: str, found: str | None) -> None:
    assert how(text) == found


def test_a_printed_stop_word_may_stand_beside_english_courtesies() -> None:
    """Ireland writes "please STAD"; a town ("in de stad") stays one."""
    words = Keywords(
        {
            UNIVERSAL: Vocabulary(),
            "en": Vocabulary(polite=("please",)),
            "nl": Vocabulary(polite=("in", "de")),
            "ga": Vocabulary(stop=Stop(show="STAD", alone=("stad", "scoir"))),
        }
    )
    meant = {text: words.classify(text, asked_in="ga") for text in ("please STAD", "stad please", "please scoir")}
    assert {text: match and match.intent.value for text, match in meant.items()} == {
        "please STAD": "stop",
        "stad please": "stop",
        "please scoir": None,
    }
    assert words.classify("in de stad", asked_in="ga") is None


def test_an_ambiguous_drawn_out_word_is_not_recognised() -> None:
    words = Keywords(
        {
            UNIVERSAL: Vocabulary(),
            "it": Vocabulary(stop=Stop(alone=("basta",)), help=WordList(words=("bassta",))),
        }
    )
    assert words.classify("bastaaa", asked_in=None) is None
