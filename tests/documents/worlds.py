"""A world whose documents speak a few languages of several scripts, whatever the catalogs hold today."""

from collections.abc import Mapping
from dataclasses import replace

from bot.app.load import load_world
from bot.conversation.world import World
from bot.i18n.texts import Texts

NAMES: Mapping[str, Mapping[str, str]] = {
    "de": {
        "answer": "Ihre Antwort",
        "agreed": "zugestimmt",
        "gone": "Dieser Link gilt nicht mehr für {business}, {data_word}.",
    },
    "el": {
        "answer": "Η απάντησή σας",
        "agreed": "συμφωνήσατε",
        "gone": "Ο σύνδεσμος δεν ισχύει: {business}, {data_word}.",
    },
    "bg": {"answer": "Вашият отговор", "agreed": "съгласие", "gone": "Връзката не важи: {business}, {data_word}."},
    "ar": {"answer": "إجابتك", "agreed": "وافقت", "gone": "لم يعد هذا الرابط صالحًا: {business}، {data_word}."},
    "he": {"answer": "התשובה שלך", "agreed": "הסכמת", "gone": "הקישור אינו תקף: {business}, {data_word}."},
}
"""Language → some texts of `flows/document.toml`; the others are in English."""


def many_scripts() -> World:
    """Return a world in which every text of every language is there."""
    world, _ = load_world()
    slots = world.texts.slots
    catalogs = {
        language: {
            text_id: (slot.english, names.get(text_id.removeprefix("document."), slot.english))
            for text_id, slot in slots.items()
        }
        for language, names in NAMES.items()
    }
    return replace(world, texts=Texts(slots.values(), catalogs), _languages={})
