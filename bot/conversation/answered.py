"""Says in a person's language what became of their request once somebody at the company has dealt with it."""

from datetime import date

import msgspec

from ..consent.answers import ASKED, Said, text_ids
from ..consent.requests import Request
from ..i18n.cldr import day
from ..messages.reply import Reply
from .compose import FOOTER, message
from .world import World


def answered(world: World, request: Request, said: Said, *, asked_on: date, locale: str) -> Reply:
    """Return what is said about a request as it is now, in `locale` or the language that it falls back to.

    `asked_on`: the day of the request, where the controller is.
    """
    first, *others = text_ids(request.state, said)
    asked = ASKED[request.right]
    spoken = world.texts.locale_for([first, *others, asked, FOOTER], locale or world.business.default_locale)
    values = {
        "since": day(asked_on, spoken),
        "due": day(request.due, spoken),
        "right": world.texts.render(asked, spoken, {}),
        "words": said.words.strip(),
    }
    reply = message(world, first, spoken, stoppable=True, values=values)
    values |= world.language(spoken).values
    paragraphs = [world.texts.render(text_id, spoken, values) for text_id in others]
    return msgspec.structs.replace(reply, body="\n\n".join([reply.body, *paragraphs]), text_id="answered")
