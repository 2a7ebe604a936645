"""All texts of the dialogues and of the business, with where each is said: what translators are told."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from ..business import Business
from ..conversation.flow_file import FlowFile
from ..conversation.world import KNOWN_VALUES, TOLD_VALUES
from ..i18n.slot import Originals
from ..i18n.texts import LIMITS, MAX_BUTTONS, MAX_ROWS, Kind, Slot
from .business_texts import slots

Question = tuple[str, Sequence[str]]
"""A text and the choices under it, by their ids."""


def originals(files: Sequence[FlowFile], business: Business, business_file: Path) -> Originals:
    """Return every text that customers read."""
    texts: tuple[Slot, ...] = tuple(slot for file in files for slot in file.slots)
    known = {slot.id for slot in texts}
    asked = [question for file in files for question in _questions(file, known)]
    return Originals(
        slots=(*texts, *slots(business, business_file)),
        places=_places(asked),
        together=[
            *(options for _, options in asked),
            [slot.id for slot in texts if slot.kind is Kind.BUTTON and slot.id.startswith("common.")],
            [f"purpose.{purpose.id}.title" for purpose in business.purposes],
        ],
        widest=_widest(),
    )


def _questions(file: FlowFile, known: Collection[str]) -> Iterator[Question]:
    for state in file.table.states:
        if state.choices:
            options = [_id(file, name, known) for name in state.choices]
            for text in filter(None, (state.say, state.unclear)):
                yield _id(file, text, known), options


def _id(file: FlowFile, name: str, known: Collection[str]) -> str:
    """Return what `name` means in this flow; a name that means nothing is for `flows lint` to tell."""
    return next((text_id for text_id in file.candidates(name) if text_id in known), name)


def _places(asked: Sequence[Question]) -> Mapping[str, Sequence[str]]:
    places: dict[str, dict[str, None]] = {}
    for text_id, options in asked:
        kind = "Button" if len(options) <= MAX_BUTTONS else "Row"
        for number, option in enumerate(options, start=1):
            places.setdefault(option, {})[f'{kind} {number} of {len(options)} under "{text_id}".'] = None
    return {text_id: tuple(lines) for text_id, lines in places.items()}


def _widest() -> Mapping[str, str]:
    title, description = LIMITS[Kind.ROW], LIMITS[Kind.ROW_DESCRIPTION]
    sizes = {
        "business": 60,
        "purpose": title,
        "purposes": MAX_ROWS * (title + 2),
        "description": description,
        "choices": MAX_ROWS * (title + 3),
        "proof_time": 12,
        "notice_url": 80,
        "privacy_contact": 40,
        "code": 4,
        **dict.fromkeys(TOLD_VALUES, 20),
        "link": 90,
        **{name: 20 for name in KNOWN_VALUES if name.endswith("_word")},
    }
    return {name: "M" * size for name, size in sizes.items()}
