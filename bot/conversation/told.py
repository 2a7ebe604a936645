"""Says a text outside of a turn: what whoever does a task tells the person when it is done."""

from collections.abc import Callable, Mapping

from ..messages.reply import Document, Reply
from .compose import Composition
from .world import Language, Values, World

TOLD = frozenset(
    {"my_data.summary", "my_data.link", "my_data.nothing", "delete.done", "correct.noted", "proof.receipt"}
)
"""Texts that are said in this way alone."""

DOCUMENT = "document"
"""The flow whose texts stand in documents and on the page behind their link, never in a chat."""


def told(
    world: World, text_id: str, locale: str, *, values: Mapping[str, str] = {}, document: Document | None = None
) -> Reply:
    """Return a text in `locale`, or in the language that it falls back to, filled with `values`.

    A `document` is sent with the text under it.
    """
    composition = Composition(text_id)
    spoken = composition.language(world.texts, locale or world.business.default_locale)
    said = composition.reply(world.texts, spoken, Values(world.language(spoken), _given(values)))
    return said if document is None else _with(said, document)


def _given(values: Mapping[str, str]) -> Mapping[str, Callable[[Language], str]]:
    return {name: _always(value) for name, value in values.items()}


def _always(value: str) -> Callable[[Language], str]:
    return lambda _: value


def _with(said: Reply, document: Document) -> Reply:
    return Reply(body=said.body, footer=said.footer, document=document, text_id=said.text_id)
