"""A dialogue as data: a TOML file → a `Flow` with one shared, synchronous state machine.

The `states` and `transitions` tables of the file are the keyword arguments of `transitions.Machine`; guards and
effects are named in them and looked up here. Sessions are never registered with a machine: an event is fired on
a session, whose `state` attribute is all that the machine needs.
"""

import logging
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from transitions import EventData, Machine, State

from bot.conversation.effects import CHOICES, EFFECTS, GUARDS
from bot.conversation.texts import Kind, Slot
from bot.conversation.turn import Option, Turn
from bot.durations import parse_duration

logging.getLogger("transitions").setLevel(logging.WARNING)  # it logs every callback at INFO: 30 µs instead of 8


class FlowError(ValueError):
    """A flow file can't be used; the message names file, key and cure."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Expiry(_Table):
    """When a state ends by itself."""

    after: Annotated[timedelta, BeforeValidator(parse_duration)]
    trigger: str


class StateTable(_Table):
    """`[[states]]` of a flow file."""

    name: str
    say: str = ""
    choices: tuple[str, ...] = ()
    choices_from: str = ""
    expires: Expiry | None = None
    unclear: str = ""
    final: bool = False


class TransitionTable(_Table):
    """`[[transitions]]` of a flow file."""

    trigger: str
    source: str
    dest: str
    conditions: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class TextTable(_Table):
    """`[texts.…]` of a flow file."""

    kind: Kind
    en: str
    note: str = ""
    legal: bool = False
    vars: dict[str, str] = Field(default_factory=dict)


class FlowTable(_Table):
    """A whole flow file."""

    flow: str = Field(pattern=r"^[a-z][a-z_]*$")
    intents: tuple[str, ...] = ()
    initial: str = ""
    interlude: bool = False
    states: tuple[StateTable, ...] = ()
    transitions: tuple[TransitionTable, ...] = ()
    texts: dict[str, TextTable] = Field(default_factory=dict)


class DialogueState(State):  # type: ignore[misc]  # transitions ships stubs in which State is Any
    """A state that says something when it is entered."""

    def __init__(self, name: str, flow: "Flow", table: StateTable) -> None:
        super().__init__(name, final=table.final)
        self.flow = flow
        self.table = table

    def enter(self, event_data: EventData) -> None:
        """Say the state's text to the person."""
        super().enter(event_data)
        if self.table.say:
            self.speak(event_data.args[0], self.table.say)

    def speak(self, turn: Turn, text: str) -> None:
        """Say `text` with the choices of this state under it."""
        turn.say(self.flow.text_id(text), self._options(turn))

    def _options(self, turn: Turn) -> list[Option]:
        if self.table.choices_from:
            return list(CHOICES[self.table.choices_from](turn))
        question = turn.asked or (turn.record.pending.question if turn.record.pending else "")
        return [
            (f"{name}:{question}" if name in ("yes", "no") else name, turn.label(self.flow.text_id(name)), "")
            for name in self.table.choices
        ]


class Flow:
    """One dialogue, shared by all conversations and changed by none."""

    def __init__(self, table: FlowTable, text_ids: Iterable[str], source: str) -> None:
        self.name = table.flow
        self.table = table
        self.source = source
        self._text_ids = frozenset(text_ids)
        self.machine = Machine(
            model=None,
            states=[DialogueState(state.name, self, state) for state in table.states],
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
        guard = GUARDS[name]
        return lambda event: guard(event.args[0])

    def _effect(self, name: str) -> Callable[[EventData], None]:
        if name.startswith("say:"):
            text_id = self.text_id(name.removeprefix("say:"))
            return lambda event: _say(event.args[0], text_id)
        effect = EFFECTS[name]
        return lambda event: effect(event.args[0])

    def text_id(self, name: str) -> str:
        """Return the id of a text that this flow names: its own, a qualified one, or a common one."""
        for text_id in (f"{self.name}.{name}", name, f"common.{name}"):
            if text_id in self._text_ids:
                return text_id
        raise FlowError(f"{self.source}: no text {name!r}; add [texts.{name}]")

    def state(self, name: str) -> DialogueState:
        """Return a state. Raises `KeyError`: a session may come from an older version of the flow."""
        state: DialogueState = self.machine.states[name]
        return state

    def knows(self, state: str, trigger: str) -> bool:
        """Whether `trigger` leads anywhere from `state`."""
        event = self.machine.events.get(trigger)
        return event is not None and state in event.transitions

    def fire(self, trigger: str, turn: Turn) -> bool:
        """Fire an event on the turn's session; return whether a transition was made."""
        moved: bool = self.machine.events[trigger].trigger(turn.session, turn)
        return moved


def _say(turn: Turn, text_id: str) -> None:
    given = turn.record.given
    values = {"purposes": turn.world.language(turn.locale).titles(given)} if given else {}
    turn.say(text_id, values=values)


class Flows:
    """All dialogues."""

    def __init__(self, flows: Mapping[str, Flow], slots: Iterable[Slot]) -> None:
        self.by_name = flows
        self.slots = tuple(slots)
        self.by_intent = {intent: flow for flow in flows.values() for intent in flow.table.intents}

    def __getitem__(self, name: str) -> Flow:
        return self.by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self.by_name


def load(folder: Path) -> Flows:
    """Read every flow of a folder. Raises `FlowError` naming each file, key and cure; see also `lint`."""
    tables: dict[str, tuple[FlowTable, str]] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == "business.toml":
            continue
        table = _read(path)
        if table.flow in tables:
            raise FlowError(f"{path}: flow {table.flow!r} is also in {tables[table.flow][1]}; rename one")
        tables[table.flow] = (table, str(path))
    slots = [slot for table, source in tables.values() for slot in _slots(table, source)]
    text_ids = {slot.id for slot in slots}
    flows = {}
    for name, (table, source) in tables.items():
        if table.states:
            _check_names(table, source)
            flows[name] = Flow(table, text_ids, source)
    return Flows(flows, slots)


def _read(path: Path) -> FlowTable:
    try:
        return FlowTable.model_validate(tomllib.loads(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise FlowError(f"{path}: not valid TOML: {error}") from None
    except ValidationError as error:
        problems = (f"{path}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
        raise FlowError("\n".join(problems)) from None


def _slots(table: FlowTable, source: str) -> Iterable[Slot]:
    for name, text in table.texts.items():
        yield Slot(
            id=f"{table.flow}.{name}",
            kind=text.kind,
            english=text.en,
            note=text.note,
            legal=text.legal,
            examples=text.vars,
            source=source,
        )


def _check_names(table: FlowTable, source: str) -> None:
    """Refuse what `transitions` would accept at build and fail on at run time."""
    states = {state.name for state in table.states}
    problems = []
    if table.initial not in states:
        problems.append(f"initial = {table.initial!r} is no state; add it to [[states]]")
    for transition in table.transitions:
        where = f"transition {transition.trigger!r} from {transition.source!r}"
        problems += [f"{where}: unknown state {name!r}" for name in (transition.source, transition.dest) if name not in states]
        problems += [f"{where}: unknown condition {name!r}; known: {', '.join(GUARDS)}" for name in transition.conditions if name not in GUARDS]
        problems += [
            f"{where}: unknown effect {name!r}; known: {', '.join(EFFECTS)}, say:TEXT"
            for name in transition.before + transition.after
            if name not in EFFECTS and not name.startswith("say:")
        ]
    problems += [
        f"state {state.name!r}: unknown choices_from {state.choices_from!r}; known: {', '.join(CHOICES)}"
        for state in table.states
        if state.choices_from and state.choices_from not in CHOICES
    ]
    if problems:
        raise FlowError("\n".join(f"{source}: {problem}" for problem in problems))
