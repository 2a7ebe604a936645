"""The transcripts that fit every language are played in each that is offered, and in two that are made up."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bot.app.load import load_world
from bot.conversation.world import World
from bot.i18n.texts import Texts
from bot.messages.reply import Reply
from bot.testing import Conversation, Transcript, find_transcripts, run_transcript
from bot.testing.playing import played
from bot.translating import pseudo

WORLD, FLOWS = load_world()
SEVERAL = {one.path: one for one in find_transcripts(Path(__file__).parent) if one.locale in ("en", "de", "fr")}
"""Transcripts that name texts by their ids and words by their placeholders."""

EVERYWHERE = [one for path, one in SEVERAL.items() if "locales = [" in path.read_text("utf-8")]


def test_there_are_many() -> None:
    assert len(EVERYWHERE) > 40


@pytest.mark.parametrize("locale", WORLD.texts.offered)
def test_every_language_passes_all_of_them(locale: str) -> None:
    for transcript in EVERYWHERE:
        run_transcript(replace(transcript, locale=locale), WORLD, FLOWS)


@pytest.mark.parametrize("locale", WORLD.texts.offered)
def test_what_stands_in_the_list_of_rights_may_be_typed(locale: str) -> None:
    """A withdrawal comes first: Hungarian's label of the objection is a word of STOP, which ends as much."""
    for right in ("my_data", "portability", "proof", "correct", "restrict", "object", "delete", "human"):
        tapped, typed = (Conversation(WORLD, FLOWS, locale=locale) for _ in range(2))
        for talk in (tapped, typed):
            talk.says("xyzzy")
            talk.says("RIGHTS")
        (label,) = (row.title for row in typed.replies[-1].rows if row.id == right)
        typed.says(label)
        tapped.taps(right)
        said = [[reply.text_id for reply in talk.replies] for talk in (typed, tapped)]
        assert said[0] == said[1] or (locale, right) == ("hu", "object"), label


@cache
def made_up_world() -> World:
    slots = list(WORLD.texts.slots.values())
    return replace(WORLD, texts=Texts(slots, pseudo.catalogs(slots)), _languages={})


@pytest.mark.parametrize("locale", [pseudo.ENGLISH, pseudo.ARABIC])
def test_nothing_is_said_that_no_translator_could_translate(locale: str) -> None:
    bare = [
        text
        for transcript in EVERYWHERE
        for text in spoken(replace(transcript, locale=locale))
        if not (text.startswith("[") and text.endswith("]"))
    ]
    assert set(bare) <= LANGUAGE_NAMES


LANGUAGE_NAMES = {"English", "English (pseudo)", "العربية"}
"""The list of languages names each by its own name, which comes from CLDR."""


def spoken(transcript: Transcript) -> list[str]:
    """Every text that a person reads in a transcript."""
    return [
        text
        for _, chat, _ in played(transcript, made_up_world(), FLOWS)
        for reply in chat.replies
        for text in parts(reply)
    ]


def parts(reply: Reply) -> list[str]:
    labels = [button.title for button in reply.buttons]
    labels += [text for row in reply.rows for text in (row.title, row.description)]
    return [text for text in (reply.header, reply.body, reply.footer, reply.list_button, *labels) if text]
