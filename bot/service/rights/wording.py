"""The data of a person in their language: titles and descriptions that people read in the machine-readable file."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ...consent.evidence import EVERY
from ...consent.rights import Right
from ...conversation.compose import DOCUMENT
from ...conversation.world import World
from ...i18n.bidi import plain
from ...i18n.cldr import territory_name
from .my_data import SCHEMA_ID, SCHEMA_PATH, MyData, RightOf

_INTENTS = {right.value: right.intent for right in Right if right.intent}
_SOURCE, _CHOICES = f"{DOCUMENT}.source", f"{DOCUMENT}.choices"


def in_language(data: MyData, world: World, locale: str, base_url: str = "") -> MyData:
    """Return the data with titles and descriptions in `locale`, or in the language that it falls back to.

    `base_url`: where our pages are, which publish the schema.
    """
    ids = [_SOURCE, _CHOICES, *(f"rights.{intent}" for intent in _INTENTS.values())]
    spoken = world.texts.locale_for(ids, locale or world.business.default_locale)
    language = world.language(spoken)
    told = {text_id: plain(world.texts.render(text_id, spoken, language.values)) for text_id in ids}
    every = language.titles(list(language.purposes))
    return msgspec.structs.replace(
        data,
        schema=f"{base_url}{SCHEMA_PATH}" if base_url else SCHEMA_ID,
        language=spoken,
        consents=[_titled(consent, language.purposes, every, described=True) for consent in data.consents],
        history=[_titled(event, language.purposes, every) for event in data.history],
        storage=[territory_name(place, spoken) for place in world.business.storage.places],
        rights=[_named(right, told) for right in data.rights],
        source=told[_SOURCE],
    )


def _titled(item: Any, purposes: Mapping[str, tuple[str, str]], every: str, *, described: bool = False) -> Any:
    """Return something about a purpose with its title; a purpose that the business no longer has keeps its own."""
    title, description = purposes.get(item.purpose, (every if item.purpose == EVERY else item.title, ""))
    return msgspec.structs.replace(item, title=title, **({"description": description} if described else {}))


def _named(right: RightOf, told: Mapping[str, str]) -> RightOf:
    """Return a right with its title; consents are withdrawn under the person's choices."""
    intent = _INTENTS.get(right.right)
    return msgspec.structs.replace(right, title=told[f"rights.{intent}" if intent else _CHOICES])
