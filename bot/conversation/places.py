"""All texts of the dialogues and of the business, with where each is said: what translators are told."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.business import Business
from bot.conversation.business_texts import slots
from bot.conversation.flow import Flow, Flows
from bot.conversation.texts import LIMITS, MAX_BUTTONS, MAX_ROWS, Kind
from bot.i18n.slot import Originals


def originals(flows: Flows, business: Business, business_file: Path) -> Originals:
    """Return every text that customers read."""
    asked = [choices for flow in flows.by_name.values() for choices in _choices(flow)]
    return Originals(
        slots=(*flows.slots, *slots(business, business_file)),
        places=_places(asked),
        together=[
            *(options for _, options in asked),
            [slot.id for slot in flows.slots if slot.kind is Kind.BUTTON and slot.id.startswith("common.")],
            [f"purpose.{purpose.id}.title" for purpose in business.purposes],
        ],
        widest=_widest(),
    )


def _choices(flow: Flow) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the texts that are said with fixed choices under them, and those choices."""
    for state in flow.table.states:
        if state.choices:
            options = [flow.text_id(name) for name in state.choices]
            for text in filter(None, (state.say, state.unclear)):
                yield flow.text_id(text), options


def _places(asked: Sequence[tuple[str, Sequence[str]]]) -> Mapping[str, Sequence[str]]:
    places: dict[str, dict[str, None]] = {}
    for text_id, options in asked:
        kind = "Button" if len(options) <= MAX_BUTTONS else "Row"
        for number, option in enumerate(options, start=1):
            places.setdefault(option, {})[f'{kind} {number} of {len(options)} under "{text_id}".'] = None
    return {text_id: tuple(lines) for text_id, lines in places.items()}


def _widest() -> Mapping[str, str]:
    title, description = LIMITS[Kind.ROW], LIMITS[Kind.ROW_DESCRIPTION]
    words = ("stop", "yes", "no", "start", "choices", "privacy", "language", "human")
    sizes = {
        "business": 60,
        "purpose": title,
        "purposes": MAX_ROWS * (title + 2),
        "description": description,
        "choices": MAX_ROWS * (title + 3),
        "proof_time": 12,
        "notice_url": 80,
        "privacy_contact": 40,
        **{f"{word}_word": 16 for word in words},
    }
    return {name: "M" * size for name, size in sizes.items()}
