"""Reads what a business says: flows, catalogs, keywords and `business.toml` → a `World` and its `Flows`."""

from pathlib import Path

from bot import business as business_file
from bot.conversation import business_texts, flow_file
from bot.conversation.flow import Flows
from bot.conversation.intents import Keywords
from bot.conversation.texts import Texts
from bot.conversation.world import World
from bot.i18n import catalogs
from bot.paths import FLOWS, LOCALES


def load_world(
    flows: str | Path = FLOWS,
    locales: str | Path = LOCALES,
    business: str | Path | None = None,
    *,
    host_purpose: str | None = None,
    draft: str = "",
) -> tuple[World, Flows]:
    """Read everything once, at start; `business` is by default the `business.toml` among the flows.

    `draft` is a language that is spoken although it is not offered yet, for its translator. Raises `FlowError`,
    `BusinessError`, `CatalogError`, `KeywordError` or `TextError`, all of them `ValueError`s that name file, key and
    cure.
    """
    flows, locales = Path(flows), Path(locales)
    source = Path(business) if business else flows / flow_file.NO_FLOW
    company = business_file.load(source)
    dialogues = Flows(flow_file.read(flows))
    spoken = {
        code: language for code, language in catalogs.languages(locales).items() if language.offered or code == draft
    }
    texts = Texts(
        [*dialogues.slots, *business_texts.slots(company, source)],
        {code: catalogs.read(locales, code) for code in spoken if code != catalogs.SOURCE_LOCALE},
        {code: language.fallback for code, language in spoken.items()},
        draft=draft,
    )
    return World(company, texts, Keywords.load(locales), host_purpose), dialogues
