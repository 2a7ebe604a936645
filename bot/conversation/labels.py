"""Labels of buttons and rows that are typed instead of tapped."""

from functools import lru_cache

from ..words.normalise import exact, loose
from .navigation import DialogueTurn
from .triggers import Trigger


def typed_choice(turn: DialogueTurn) -> str | None:
    """Return the choice whose label was typed, where free text is asked for.

    The same label may be a word of withdrawal elsewhere ("Cancel").
    """
    flow = turn.flow
    if flow is None or not turn.knows(Trigger.TYPED):
        return None
    choices = flow.state(turn.session.state).table.choices
    return next((choice for choice in choices if _is_typed(turn, flow.text_id(choice))), None)


def typed_intent(turn: DialogueTurn) -> str | None:
    """Return the intent of the button or row whose label was typed; never an answer."""
    return next((intent for intent, label in turn.flows.labels if _is_typed(turn, label)), None)


def is_typed(turn: DialogueTurn, intent: str, choice: str) -> bool:
    """Whether the label of a choice that the dialogue of `intent` offers was typed."""
    flow = turn.flows.by_intent.get(intent)
    if flow is None or not any(choice in state.choices for state in flow.table.states):
        return False
    return _is_typed(turn, flow.text_id(choice))


def _is_typed(turn: DialogueTurn, text_id: str) -> bool:
    return _plain(turn.label(text_id)) == turn.typed.loose


@lru_cache(maxsize=4096)
def _plain(label: str) -> str:
    """Return a label in the form in which it is compared; cached, since a few hundred labels are used all the time."""
    return loose(exact(label))
