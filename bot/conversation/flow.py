"""A dialogue: turns a flow file into a `Flow` with one shared, synchronous state machine.

The `states` and `transitions` tables of the file are the keyword arguments of `transitions.Machine`; guards and
effects are named in them and looked up here. Sessions are never registered with a machine: an event is fired on
a session, and its `state` attribute is all that the machine needs.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, cast

from transitions import EventData, Machine, State

from ..consent.evidence import EVERY
from ..errors import FileError
from ..i18n.texts import Slot, TextKind
from ..messages.template import Category
from .compose import Option
from .flow_file import LEAD, SAY, FlowFile, StateTable, TransitionTable
from .functions import OURS, Functions
from .lint import check
from .turn import Turn

logging.getLogger("transitions").setLevel(logging.WARNING)  # it logs every callback at INFO: 30 µs instead of 8

_LABELS = (TextKind.BUTTON, TextKind.ROW)


class Position(NamedTuple):
    """A state of a flow."""

    flow: str
    state: str


class SaidFirst(NamedTuple):
    """A text that the business may say first, by a message template."""

    text_id: str
    options: Sequence[tuple[str, str]]
    """Its buttons: the trigger and the id of the label."""
    category: Category


class DialogueState(State):
    """A state that says something when it is entered."""

    def __init__(self, flow: "Flow", table: StateTable) -> None:
        super().__init__(table.name, final=table.final)
        self.flow = flow
        self.table = table

    def enter(self, event_data: EventData) -> None:
        """Say the state's text to the person."""
        super().enter(event_data)
        turn = _turn(event_data)
        if self.table.say:
            self.speak(turn, self.table.say)

    def speak(self, turn: Turn, text: str) -> None:
        """Say `text` with the choices of this state under it."""
        if self.table.choices_from:
            return turn.say(self.flow.text_id(text), self.flow.functions.choices[self.table.choices_from](turn))
        question = self._question(turn)
        named = question or self._doubt(turn)
        options = [Option(f"{name}:{named}" if named else name, self.flow.text_id(name)) for name in self.table.choices]
        return turn.say(self.flow.text_id(text), options, question=question)

    def _question(self, turn: Turn) -> str:
        """Return the id of the consent question that this state asks; empty if it asks something else."""
        if self.name not in self.flow.questions:
            return ""
        return turn.asked or (turn.record.pending.question if turn.record.pending else "")

    def _doubt(self, turn: Turn) -> str:
        """Return the id of the question whether to stop; empty if this state asks something else."""
        if self.name not in self.flow.doubts:
            return ""
        return turn.doubt or min(turn.doubts, default="") or turn.question_id(EVERY)


class Flow:
    """A dialogue, shared by all conversations and changed by none."""

    def __init__(self, file: FlowFile, text_ids: Collection[str], functions: Functions) -> None:
        self.functions = functions
        self.table = table = file.table
        self.name = table.flow
        self.questions = file.entered_with("record_requested")
        """States that ask for consent."""
        self.doubts = file.entered_with("record_paused")
        """States that ask whether to stop."""
        self._file = file
        self._text_ids = text_ids
        self._ids: dict[str, str] = {}
        self.machine = Machine(
            model=None,
            states=[DialogueState(self, state) for state in table.states],
            transitions=[self._keywords(transition) for transition in table.transitions],
            initial=table.initial,
            auto_transitions=False,
            send_event=True,
        )

    def _keywords(self, transition: TransitionTable) -> dict[str, Any]:
        return {
            "trigger": transition.trigger,
            "source": transition.source,
            "dest": transition.dest,
            "conditions": [self._guard(name) for name in transition.conditions],
            "before": [self._effect(name) for name in transition.before],
            "after": [self._effect(name) for name in transition.after],
        }

    def _guard(self, name: str) -> Callable[[EventData], bool]:
        guard = self.functions.guards[name]
        return lambda event: guard(_turn(event))

    def _effect(self, name: str) -> Callable[[EventData], None]:
        if name.startswith(SAY):
            said = self.text_id(name.removeprefix(SAY))
            return lambda event: _turn(event).say(said)
        if name.startswith(LEAD):
            led = self.text_id(name.removeprefix(LEAD))
            return lambda event: _turn(event).lead(led)
        effect = self.functions.effects[name]
        return lambda event: effect(_turn(event))

    def text_id(self, name: str) -> str:
        """Return the id of a text that this flow names."""
        known = self._ids.get(name)
        if known is None:
            candidates = self._file.candidates(name)
            known = self._ids[name] = next(text_id for text_id in candidates if text_id in self._text_ids)
        return known

    def said_first(self, state: StateTable) -> SaidFirst | None:
        """Return what the business may say first to bring a person into a state; None if it may not."""
        if not state.template:
            return None
        options = [(name, self.text_id(name)) for name in state.choices]
        return SaidFirst(self.text_id(state.say), options, state.template)

    def state(self, name: str) -> DialogueState:
        """Return a state."""
        return cast("DialogueState", self.machine.states[name])

    def knows(self, state: str, trigger: str) -> bool:
        """Whether `trigger` leads anywhere from `state`."""
        event = self.machine.events.get(trigger)
        return event is not None and state in event.transitions

    def fire(self, trigger: str, turn: Turn) -> bool:
        """Fire an event on the turn's session; return whether a transition was made."""
        moved: bool = self.machine.events[trigger].trigger(turn.session, turn)
        return moved


def _turn(event: EventData) -> Turn:
    (turn,) = event.args
    return cast("Turn", turn)


class Flows:
    """All dialogues of a business, linted."""

    def __init__(self, files: Sequence[FlowFile], functions: Functions = OURS) -> None:
        """Raises `FileError` with everything that `lint` finds wrong."""
        if problems := [problem for problem in check(files, functions) if not problem.harmless]:
            raise FileError("\n".join(map(str, problems)))
        self.slots: tuple[Slot, ...] = tuple(slot for file in files for slot in file.slots)
        text_ids = frozenset(slot.id for slot in self.slots)
        self.by_name: Mapping[str, Flow] = {
            file.table.flow: Flow(file, text_ids, functions) for file in files if file.table.states
        }
        self.by_intent: Mapping[str, Flow] = {
            intent: flow for flow in self.by_name.values() for intent in flow.table.intents
        }
        self.labels: Sequence[tuple[str, str]] = [
            (intent, slot.id)
            for slot in self.slots
            if slot.kind in _LABELS and (intent := slot.id.rpartition(".")[2]) in self.by_intent
        ]
        """Intents that a button or row opens, each with the id of its label."""
        self.question = _position(files, "record_requested")
        """Where the pending question is answered."""
        self.doubt = _position(files, "record_paused")
        """Where a person answers whether they want to stop."""
        self.said_first: Sequence[SaidFirst] = [
            said for flow in self.by_name.values() for state in flow.table.states if (said := flow.said_first(state))
        ]
        """What the business may say first, outside of any conversation."""

    def __getitem__(self, name: str) -> Flow:
        return self.by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self.by_name


def _position(files: Sequence[FlowFile], effect: str) -> Position:
    """Return the only state that is entered with an effect."""
    (position,) = (Position(file.table.flow, state) for file in files for state in file.entered_with(effect))
    return position
