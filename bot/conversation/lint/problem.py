"""A finding of the checks, and where it is."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...i18n.texts import Slot
from ...toml_lines import line_of
from ...words.keywords import BUILT_IN, OWN_INTENT
from ..flow_file import FlowFile, StateTable, TransitionTable
from ..functions import OURS, Functions
from ..triggers import Trigger


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a flow file."""

    where: str
    """File, flow and key."""
    what: str
    cure: str
    harmless: bool = False
    """Whether it is merely untidy: every message would still be right, so the program starts."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.cure}"


@dataclass(frozen=True)
class Dialogues:
    """All flow files of a folder."""

    files: Sequence[FlowFile]
    texts: Mapping[str, Slot]
    functions: Functions = OURS

    @cached_property
    def own_intents(self) -> frozenset[str]:
        """The intents that the company's own dialogues declare."""
        named = {intent for file in self.files if file.own for intent in file.table.intents}
        return frozenset(intent for intent in named if re.match(OWN_INTENT, intent)) - BUILT_IN - frozenset(Trigger)

    @property
    def folder(self) -> str:
        """Return the path of that folder."""
        return str(Path(self.files[0].source).parent)

    def text(self, file: FlowFile, name: str) -> Slot | None:
        """Return the text that a flow names."""
        return next((self.texts[text_id] for text_id in file.candidates(name) if text_id in self.texts), None)


LintRule = Callable[[FlowFile, Dialogues], Iterator[Problem]]
"""Checks a flow, and other flows as far as it names them."""


def at(file: FlowFile, key: str, place: str = "") -> str:
    """Return the location of a key of a flow; `place` is where it stands, if not under its own name."""
    return f"{file.source}:{line_of(file.lines, place or key)}: flow {file.table.flow}: {key}"


def at_state(file: FlowFile, state: StateTable) -> str:
    """Return the location of a state."""
    return at(file, f"state {state.name!r}", f"states.{_place(state, file.table.states)}")


def at_state_named(file: FlowFile, name: str) -> str:
    """Return the location of the first state with a name."""
    place = next((number for number, state in enumerate(file.table.states) if state.name == name), 0)
    return at(file, f"state {name!r}", f"states.{place}")


def at_transition(file: FlowFile, transition: TransitionTable) -> str:
    """Return the location of a transition."""
    place = f"transitions.{_place(transition, file.table.transitions)}"
    return at(file, f"transition {transition.trigger!r} from {transition.source!r}", place)


def _place(one: object, several: Sequence[object]) -> int:
    """Return which of several tables this is; the first that is equal, if it was copied."""
    return next((number for number, other in enumerate(several) if other is one), 0)
