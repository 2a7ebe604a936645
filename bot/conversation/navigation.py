"""A turn among the dialogues: entering, leaving, coming back to a pending question."""

from dataclasses import dataclass, field

from ..words.intents import Intent
from .flow import DialogueState, Flow, Flows, Position
from .triggers import Trigger
from .turn import Turn


@dataclass
class DialogueTurn(Turn):
    """A turn that can move its session from dialogue to dialogue.

    Guards and effects see it as a `Turn`: where an event leads is for the flow file to say. A class of its own, since
    flows are built from guards and effects, which need `Turn`.
    """

    flows: Flows = field(kw_only=True)

    @property
    def flow(self) -> Flow | None:
        """The current dialogue."""
        return self.flows[self.session.flow] if self.session.flow else None

    @property
    def position(self) -> Position:
        """The current position."""
        return Position(self.session.flow, self.session.state)

    @property
    def is_at_question(self) -> bool:
        """Whether the person is where the pending question is answered."""
        return self.position == self.flows.question

    def state_at(self, position: Position) -> DialogueState:
        """Return the state at a position."""
        return self.flows[position.flow].state(position.state)

    def go_to(self, position: Position) -> None:
        """Go to a position without saying anything."""
        self.session.flow, self.session.state = position

    def knows(self, trigger: str) -> bool:
        """Whether `trigger` leads anywhere from here."""
        flow = self.flow
        return flow is not None and flow.knows(self.session.state, trigger)

    def offers(self, choice: str) -> bool:
        """Whether `choice` is among what can be tapped here."""
        flow = self.flow
        return flow is not None and choice in flow.state(self.session.state).table.choices

    def fire(self, trigger: str) -> bool:
        """Follow `trigger` if it leads anywhere; return whether it did."""
        flow = self.flow
        return flow is not None and flow.knows(self.session.state, trigger) and flow.fire(trigger, self)

    def fire_at(self, position: Position, trigger: str) -> None:
        """Follow `trigger` at another position and come back."""
        here = self.position
        self.go_to(position)
        self.fire(trigger)
        if here != position:
            self.go_to(here)

    def open(self, intent: str, trigger: str = Trigger.START) -> None:
        """Begin the dialogue of an intent; after an interlude the interrupted dialogue continues.

        START begins a new round of questions, unless a question is pending.
        """
        if intent == Intent.START and trigger == Trigger.START and self.record.pending is None:
            self.session.asking = None
        flow, interrupted = self.flows.by_intent[intent], self.position
        self.go_to(Position(flow.name, flow.table.initial))
        if trigger == Trigger.START and flow.knows(flow.table.initial, intent):
            trigger = intent  # a flow of several intents tells them apart
        flow.fire(trigger, self)
        self.session.unclear = 0
        if flow.table.interlude:
            self.go_to(interrupted)

    def forget_request(self) -> None:
        """Leave a dialogue that asked for something long ago, unless consent follows from the answer."""
        if self.knows(Trigger.TYPED):
            self.session.flow = self.session.state = self.session.code = ""

    def settle(self) -> None:
        """Leave a dialogue that is over, or gone since a deploy, and return to a pending question.

        The position follows from the record, so a lost session finds it again.
        """
        session, record = self.session, self.record
        if self._is_over() or (self.is_at_question and record.pending is None):
            session.flow = session.state = ""
        if not session.flow and record.pending is not None:
            self.go_to(self.flows.question)
        elif not session.flow and record.paused:
            self.go_to(self.flows.doubt)
        if record.pending is None:
            session.asking = None

    def _is_over(self) -> bool:
        flow = self.flows.by_name.get(self.session.flow)
        state = self.session.state
        return flow is None or state not in flow.machine.states or flow.state(state).table.final
