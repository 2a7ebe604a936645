"""Navigation between dialogues: entering, leaving, coming back to a pending question."""

from functools import lru_cache

from ..i18n.texts import Kind
from ..words.normalise import exact, loose
from .flow import Flow, Flows, Position
from .triggers import Trigger
from .turn import Turn

_LABELS = (Kind.BUTTON, Kind.ROW)


class Navigation:
    """Moves the session of a turn from dialogue to dialogue."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        named = ((slot.id.rpartition(".")[2], slot) for slot in flows.slots)
        self._labels = [(name, slot.id) for name, slot in named if name in flows.by_intent and slot.kind in _LABELS]

    def flow(self, turn: Turn) -> Flow | None:
        """Return the current dialogue."""
        return self._flows[turn.session.flow] if turn.session.flow else None

    def position(self, turn: Turn) -> Position:
        """Return the current position."""
        return Position(turn.session.flow, turn.session.state)

    def put(self, turn: Turn, position: Position) -> None:
        """Go to a position without saying anything."""
        turn.session.flow, turn.session.state = position

    def knows(self, turn: Turn, trigger: str) -> bool:
        """Whether `trigger` leads anywhere from here."""
        flow = self.flow(turn)
        return flow is not None and flow.knows(turn.session.state, trigger)

    def offers(self, turn: Turn, choice: str) -> bool:
        """Whether `choice` is among what can be tapped here."""
        flow = self.flow(turn)
        return flow is not None and choice in flow.state(turn.session.state).table.choices

    def fire(self, turn: Turn, trigger: str) -> bool:
        """Follow `trigger` if it leads anywhere; return whether it did."""
        flow = self.flow(turn)
        return flow is not None and flow.knows(turn.session.state, trigger) and flow.fire(trigger, turn)

    def open(self, turn: Turn, flow: Flow, trigger: str = Trigger.START) -> None:
        """Begin a dialogue; after an interlude the interrupted dialogue continues."""
        interrupted = self.position(turn)
        self.put(turn, Position(flow.name, flow.table.initial))
        flow.fire(trigger, turn)
        turn.session.unclear = 0
        if flow.table.interlude:
            self.put(turn, interrupted)

    def labelled(self, turn: Turn) -> str | None:
        """Return the choice whose label was typed instead of tapped, where free text is asked for.

        The same label may be a word of withdrawal elsewhere ("Cancel").
        """
        if not self.knows(turn, Trigger.TYPED):
            return None
        flow = self._flows[turn.session.flow]
        for choice in flow.state(turn.session.state).table.choices:
            if _is_label(turn, flow.text_id(choice)):
                return choice
        return None

    def spelled(self, turn: Turn) -> str | None:
        """Return the intent of the button or row whose label was typed instead of tapped; never an answer."""
        return next((name for name, label in self._labels if _is_label(turn, label)), None)

    def spells(self, turn: Turn, intent: str, choice: str) -> bool:
        """Whether the person typed the label of a choice that the dialogue of `intent` offers."""
        flow = self._flows.by_intent.get(intent)
        if flow is None or not any(choice in state.choices for state in flow.table.states):
            return False
        return _is_label(turn, flow.text_id(choice))

    def forget(self, turn: Turn) -> None:
        """Leave a dialogue that asked for something long ago, unless consent follows from the answer."""
        if self.knows(turn, Trigger.TYPED):
            turn.session.flow = turn.session.state = turn.session.code = ""

    def visit(self, turn: Turn, position: Position, trigger: str) -> None:
        """Fire a trigger at another position and come back."""
        stood = self.position(turn)
        self.put(turn, position)
        self.fire(turn, trigger)
        if stood != position:
            self.put(turn, stood)

    def settle(self, turn: Turn) -> None:
        """Leave a dialogue that is over, or gone since a deploy, and return to a pending question.

        The position follows from the record, so a lost session finds it again.
        """
        session, record = turn.session, turn.record
        if self._over(turn) or (self.position(turn) == self._flows.question and record.pending is None):
            session.flow = session.state = ""
        if not session.flow and record.pending is not None:
            self.put(turn, self._flows.question)
        elif not session.flow and record.paused:
            self.put(turn, self._flows.doubt)
        if record.pending is None:
            session.asking = None

    def _over(self, turn: Turn) -> bool:
        flow = self._flows.by_name.get(turn.session.flow)
        state = turn.session.state
        return flow is None or state not in flow.machine.states or flow.state(state).table.final


def _is_label(turn: Turn, text_id: str) -> bool:
    """Whether the person typed this label."""
    return _plain(turn.label(text_id)) == turn.typed.loose


@lru_cache(maxsize=4096)
def _plain(label: str) -> str:
    """Return a label in the form in which it is compared; cached, since a few hundred labels are used all the time."""
    return loose(exact(label))
