"""The content of a flow file: its tables, read and checked for shape. `lint` checks what they mean together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import ErrorDetails

from .. import toml_file
from ..errors import FileError
from ..i18n.texts import Slot, TextKind
from ..toml_lines import key_lines

NO_FLOW = "business.toml"
"""A file among the flows that is not a flow."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class StateTable(_Table):
    """`[[states]]` of a flow file."""

    name: str
    """How transitions name it."""
    say: str = ""
    """The text said on entry."""
    choices: tuple[str, ...] = ()
    """Texts to tap under it: each fires the trigger or intent of the same name."""
    choices_from: str = ""
    """A function that makes the choices instead."""
    expires: str = ""
    """The trigger that ends it when `question_expires_after` of business.toml is over."""
    unclear: str = ""
    """The text said, once, when an answer matches nothing."""
    template: Literal["", "marketing", "utility"] = ""
    """Unless empty, the business may say it first, by a message template of this category."""
    final: bool = False
    """Whether the dialogue is over here."""

    @property
    def texts(self) -> Iterator[str]:
        """All texts with the choices under them."""
        return filter(None, (self.say, self.unclear))


class TransitionTable(_Table):
    """`[[transitions]]` of a flow file."""

    trigger: str
    """What makes it happen: a choice of the state, the end of its time, or a trigger of the table below."""
    source: str
    """The state that it leads from …"""
    dest: str
    """… and to, whose text is then said."""
    conditions: tuple[str, ...] = ()
    """Guards that must all hold; of several transitions with one trigger, the first of which they hold is made."""
    before: tuple[str, ...] = ()
    """Effects before the text of the new state is said …"""
    after: tuple[str, ...] = ()
    """… and after it; `say:` with the name of a text says that text, `lead:` puts it before what is said next."""

    @property
    def effects(self) -> tuple[str, ...]:
        """All effects in order; those in `after` run when the new state has spoken."""
        return self.before + self.after

    @property
    def says(self) -> Iterator[str]:
        """The texts said on the way."""
        return (effect.partition(":")[2] for effect in self.effects if effect.startswith(SPEAKS))


SAY = "say:"
"""Prefix of an effect that says a text."""

LEAD = "lead:"
"""Prefix of an effect that puts a text at the beginning of what is said next, in the same message."""

SPEAKS = (SAY, LEAD)


class TextTable(_Table):
    """`[texts.…]` of a flow file."""

    kind: TextKind
    """Where in a message it stands, which sets its limit."""
    en: str
    """The English text, with placeholders in braces."""
    note: str = ""
    """What its translators should know."""
    legal: bool = False
    """Whether a language without it is not offered."""
    vars: dict[str, str] = Field(default_factory=dict)
    """An example value for each placeholder."""


class FlowTable(_Table):
    """A whole flow file."""

    flow: str = Field(pattern=r"^[a-z][a-z_]*$")
    """The name of the dialogue, which begins the ids of its texts: small letters and _."""
    intents: tuple[str, ...] = ()
    """What people mean by the words and buttons that begin it; each belongs to one dialogue."""
    initial: str = ""
    """The state in which it begins, and which says nothing."""
    interlude: bool = False
    """Whether the interrupted dialogue continues afterwards."""
    states: tuple[StateTable, ...] = ()
    """`[[states]]`: where a person may be."""
    transitions: tuple[TransitionTable, ...] = ()
    """`[[transitions]]`: how they get on."""
    texts: dict[str, TextTable] = Field(default_factory=dict)
    """`[texts.NAME]`: what is said."""


@dataclass(frozen=True)
class FlowFile:
    """A flow and its file."""

    table: FlowTable
    source: str
    own: bool = False
    """Whether it is a dialogue of the company's own: it may declare intents, and its texts are the company's."""

    @cached_property
    def lines(self) -> Mapping[str, int]:
        """Where its keys stand: `states.0`, `transitions.2.after`, `texts.ask.en` …; empty without a file."""
        path = Path(self.source)
        return key_lines(path.read_text("utf-8-sig", errors="replace")) if path.is_file() else {}

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
                company=self.own,
            )


def read(folder: Path, own: Path | None = None) -> list[FlowFile]:
    """Read every flow of a folder, and those of the company's `own` folder, if there is any. Raises `FileError`."""
    files: dict[str, FlowFile] = {}
    paths = [(path, False) for path in sorted(folder.glob("*.toml"))]
    paths += [(path, True) for path in sorted(own.glob("*.toml"))] if own is not None else []
    for path, is_own in paths:
        if path.name != NO_FLOW:
            file = FlowFile(toml_file.load(path, FlowTable, _cure), str(path), is_own)
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
