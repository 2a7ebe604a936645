"""The texts of `business.toml` that customers read: the names of its purposes, translated like those of the flows."""

from pathlib import Path

from bot.business import Business
from bot.conversation.texts import Kind, Slot


def slots(business: Business, source: str | Path = "flows/business.toml") -> list[Slot]:
    """Return title and description of each purpose as texts; `source` is the file that `business` was read from."""
    found = []
    for purpose in business.purposes:
        found += [
            Slot(
                id=f"purpose.{purpose.id}.title",
                kind=Kind.ROW,
                english=purpose.title,
                note="A kind of messages. Stands in lists, and in sentences after a colon: lower case where usual.",
                legal=True,
                source=str(source),
            ),
            Slot(
                id=f"purpose.{purpose.id}.description",
                kind=Kind.ROW_DESCRIPTION,
                english=purpose.description,
                note="Says what these messages are about; stands in the question for consent and in lists.",
                legal=True,
                source=str(source),
            ),
        ]
    return found
