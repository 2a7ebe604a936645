"""Names of the files that persons get, in their language."""

import re

from ...consent.rights import Right
from ...conversation.compose import DOCUMENT
from ...conversation.world import World

_UNSAFE = re.compile('[\x00-\x1f\x7f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069/\\\\:*?"<>|]+')
"""What file systems forbid in names, and invisible signs of direction."""


def file_name(world: World, right: Right, locale: str, suffix: str, made_on: str = "") -> str:
    """Return a name such as `Ihre Daten bei Blumen Haas 2026-11-25.pdf`; `made_on` is the day, `suffix` has no dot."""
    text_id = f"{DOCUMENT}.{'proof_title' if right is Right.PROOF else 'data_title'}"
    spoken = world.texts.locale_for([text_id], locale or world.business.default_locale)
    title = world.texts.render(text_id, spoken, world.language(spoken).values)
    return f"{' '.join(_UNSAFE.sub(' ', f'{title} {made_on}').split())}.{suffix}"
