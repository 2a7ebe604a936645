"""Our dialogues with another business around them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bot.app.load import load_world
from bot.business import Notice, StaffChat
from bot.conversation.world import World
from bot.i18n.texts import Texts
from bot.messages.basis import ForPurpose
from bot.translating.source_texts import slots

WORLD, FLOWS = load_world()

CONSENTED = ForPurpose("order_updates", answers=True)
"""What a host's bot needs that demands a consent."""


def world(*, notices: tuple[str, ...] = (), purposes: tuple[str, ...] = (), **more: Any) -> World:
    """Return the world with these changes of the notice after the first, and only these purposes."""
    business = WORLD.business
    later = [
        Notice(version=f"later-{number}", published=date(2027, 1, number), change=change, url=business.notice.url)
        for number, change in enumerate(notices, 1)
    ]
    kept = [one for one in business.purposes if not purposes or one.id in purposes]
    changed = business.model_copy(update={"notices": (*business.notices, *later), "purposes": tuple(kept)})
    return replace(WORLD, business=changed, _languages={}, **more)


def staffed(world: World = WORLD, *, not_understood: bool = False) -> World:
    """Return the world of a company whose staff answers in the chat."""
    human = world.business.human.model_copy(update={"chat": StaffChat(not_understood=not_understood)})
    return replace(world, business=world.business.model_copy(update={"human": human}), _languages={})


def with_purposes(*ids: str) -> World:
    """Return the world in English only, with these purposes."""
    first = WORLD.business.purposes[0]
    purposes = tuple(first.model_copy(update={"id": id, "title": id}) for id in ids)
    business = WORLD.business.model_copy(update={"purposes": purposes})
    return replace(WORLD, business=business, texts=Texts([*FLOWS.slots, *slots(business)], {}), _languages={})


def renewing(**more: Any) -> World:
    """Return the world with consents of 800 days that are asked for anew in their last 400."""
    times = {"valid_for": timedelta(days=800), "refresh_before": timedelta(days=400)}
    purposes = tuple(one.model_copy(update=times) for one in WORLD.business.purposes)
    business = WORLD.business.model_copy(update={"purposes": purposes})
    return replace(WORLD, business=business, _languages={}, **more)
