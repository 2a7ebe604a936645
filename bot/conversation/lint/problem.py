"""A finding of the checks, and where it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...i18n.texts import Slot
from ..flow_file import FlowFile, StateTable, TransitionTable


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

    @property
    def folder(self) -> str:
        """Return the path of that folder."""
        return str(Path(self.files[0].source).parent)

    def text(self, file: FlowFile, name: str) -> Slot | None:
        """Return the text that a flow names."""
        return next((self.texts[text_id] for text_id in file.candidates(name) if text_id in self.texts), None)


LintRule = Callable[[FlowFile, Dialogues], Iterator[Problem]]
"""Checks a flow, and other flows as far as it names them."""


def at(file: FlowFile, key: str) -> str:
    """Return the location of a key of a flow."""
    return f"{file.source}: flow {file.table.flow}: {key}"


def at_state(file: FlowFile, state: StateTable) -> str:
    """Return the location of a state."""
    return at(file, f"state {state.name!r}")


def at_transition(file: FlowFile, transition: TransitionTable) -> str:
    """Return the location of a transition."""
    return at(file, f"transition {transition.trigger!r} from {transition.source!r}")
