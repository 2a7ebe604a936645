"""The content of a flow file: its tables, read and checked for shape. `lint` checks what they mean together."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import ErrorDetails

from .. import toml_file
from ..errors import FileError
from ..i18n.texts import Slot, TextKind

NO_FLOW = "business.toml"
"""A file among the flows that is not a flow."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StateTable(_Table):
    """`[[states]]` of a flow file."""

    name: str
    say: str = ""
    """The text said on entry."""
    choices: tuple[str, ...] = ()
    """Texts to tap under it: each fires the trigger or intent of the same name."""
    choices_from: str = ""
    """A function that makes the choices instead."""
    expires: str = ""
    """The trigger that ends it when `question_expires_after` of business.toml is over."""
    unclear: str = ""
    """The text said when an answer matches nothing …"""
    tap: str = ""
    """… and when what was typed may be meant for the company's staff: it asks for a tap."""
    template: Literal["", "marketing", "utility"] = ""
    """Unless empty, the business may say it first, by a message template of this category."""
    final: bool = False

    @property
    def texts(self) -> Iterator[str]:
        """All texts with the choices under them."""
        return filter(None, (self.say, self.unclear, self.tap))


class TransitionTable(_Table):
    """`[[transitions]]` of a flow file."""

    trigger: str
    source: str
    dest: str
    conditions: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def effects(self) -> tuple[str, ...]:
        """All effects in order; those in `after` run when the new state has spoken."""
        return self.before + self.after

    @property
    def says(self) -> Iterator[str]:
        """The texts said on the way."""
        return (effect.removeprefix(SAY) for effect in self.effects if effect.startswith(SAY))


SAY = "say:"
"""Prefix of an effect that says a text."""


class TextTable(_Table):
    """`[texts.…]` of a flow file."""

    kind: TextKind
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
    """Whether the interrupted dialogue continues afterwards."""
    states: tuple[StateTable, ...] = ()
    transitions: tuple[TransitionTable, ...] = ()
    texts: dict[str, TextTable] = Field(default_factory=dict)


@dataclass(frozen=True)
class FlowFile:
    """A flow and its file."""

    table: FlowTable
    source: str

    def candidates(self, name: str) -> tuple[str, str, str]:
        """Return the text ids that `name` may mean here, in order: the flow's own, a qualified id, a common text."""
        return f"{self.table.flow}.{name}", name, f"common.{name}"

    def entered_with(self, effect: str) -> frozenset[str]:
        """Return the states that are entered with an effect."""
        return frozenset(transition.dest for transition in self.table.transitions if effect in transition.effects)

    @property
    def slots(self) -> Iterator[Slot]:
        """The texts of the flow."""
        for name, text in self.table.texts.items():
            yield Slot(
                id=f"{self.table.flow}.{name}",
                kind=text.kind,
                english=text.en,
                note=text.note,
                legal=text.legal,
                examples=text.vars,
                source=self.source,
            )


def read(folder: Path) -> list[FlowFile]:
    """Read every flow of a folder. Raises `FileError`."""
    files: dict[str, FlowFile] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name != NO_FLOW:
            file = FlowFile(toml_file.load(path, FlowTable, _cure), str(path))
            if file.table.flow in files:
                raise FileError(
                    f"{path}: flow {file.table.flow!r} is also in {files[file.table.flow].source}; rename one"
                )
            files[file.table.flow] = file
    if not files:
        raise FileError(f"{folder}: no flow here; restore flows/*.toml from version control")
    return list(files.values())


def _cure(problem: ErrorDetails) -> str:
    if problem["type"] == "string_pattern_mismatch":
        return "not a name; write small letters and _, a letter first"
    return toml_file.cure_by_example(problem, "flows/opt_in.toml")
