"""`docs/flows.md`, from which a lawyer can read a flow file alone: each flow as a diagram, and what its names mean.

A flow is drawn with every state and transition, and where consent is recorded. What triggers, conditions, effects and
lists of choices mean comes from the code: from the table of triggers, and from docstrings.
"""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from .effects import CHOICES, EFFECTS
from .flow import Flow
from .flow_file import LEAD, SAY, SPEAKS, FlowTable, StateTable, TransitionTable
from .guards import GUARDS
from .triggers import Trigger

_EVIDENCE = "record_"
"""Prefix of the effects that are there to write to the ledger."""

_INTRODUCTION = """\
# The dialogues

Drawn from `flows/*.toml` by `flows diagram`; a test keeps this page true. The tables explain the names that flow files
use. In the diagrams a space stands for each `_`, and ◆ marks what is written to the ledger: `◆ given` is the effect
`record_given`. The words on the first arrow lead into the dialogue from any other; a dialogue that is an interlude
gives back to the one that was going on.
"""

_TRIGGERS = """\
## What leads on

A transition is fired by a choice that is tapped, by the end of the time that a state waits, or by one of these:

| trigger | begins | fired when |
|---|---|---|"""

_CONDITIONS = """\
## Conditions

A transition is made only if all of its `conditions` hold. If several transitions have the same trigger and source, the
first of them in the file whose conditions hold is made.

| condition | what it checks | used in |
|---|---|---|"""

_EFFECTS = """\
## Effects

What a transition does `before` the new state says its text, and `after` that. `say:` with the name of a text says that
text. No flow can make a consent by itself: a YES is recorded only if it answers the question that waits, if that
question is known to have reached the person, and if they have not withdrawn since (GDPR Art. 4(11), 7(1), 7(3)).

| effect | what it does | used in |
|---|---|---|"""

_CHOICES = """\
## Lists of choices

What a state offers to tap when the list depends on the person (`choices_from`).

| list | what it offers | used in |
|---|---|---|"""


def document(flows: Collection[Flow]) -> str:
    """Return a Markdown page with a glossary and the diagrams of all flows."""
    tables = [flow.table for flow in flows]
    return "\n".join(
        [
            _INTRODUCTION,
            _triggers(),
            _glossary(_CONDITIONS, GUARDS, tables),
            _glossary(_EFFECTS, EFFECTS, tables),
            _glossary(_CHOICES, CHOICES, tables),
            *(f"## {flow.name}\n\n```mermaid\n{diagram(flow)}```\n" for flow in flows),
        ]
    )


def _triggers() -> str:
    """Return the triggers that Python fires, as a table."""
    rows = [f"| `{trigger}` | {_plain(trigger.begins or '')} | {trigger.fired} |" for trigger in Trigger]
    return "\n".join([_TRIGGERS, *rows, ""])


def _glossary(heading: str, functions: Mapping[str, Callable[..., object]], tables: Sequence[FlowTable]) -> str:
    """Return the names that flows may use for `functions`, as a table: what each means, and which flows use it."""
    rows = []
    for name, function in functions.items():
        used_in = ", ".join(table.flow for table in tables if name in _names(table))
        rows.append(f"| `{name}` | {' '.join((inspect.getdoc(function) or '').split())} | {used_in} |")
    return "\n".join([heading, *rows, ""])


def _names(table: FlowTable) -> set[str]:
    """Return the names of functions that a flow uses."""
    names = {state.choices_from for state in table.states}
    for transition in table.transitions:
        names.update(transition.conditions, transition.effects)
    return names


def diagram(flow: Flow) -> str:
    """Return the diagram of one flow, as Markdown viewers draw it."""
    return "\n".join(["---", f"title: {flow.name}", "---", "stateDiagram-v2", *_lines(flow)]) + "\n"


def _lines(flow: Flow) -> Iterator[str]:
    table = flow.table
    words = " or ".join(map(_plain, table.intents))
    if words:
        yield f"    [*] --> {table.initial} : {words}{', an interlude' if table.interlude else ''}"
    else:
        yield f"    [*] --> {table.initial}"
    for state in table.states:
        yield from _described(state)
    for transition in table.transitions:
        yield f"    {transition.source} --> {transition.dest} : {_label(transition)}"
    for state in table.states:
        if state.unclear:
            yield f"    {state.name} --> {state.name} : anything else, says {state.unclear}"
        if state.final:
            yield f"    {state.name} --> [*]"


def _described(state: StateTable) -> Iterator[str]:
    """Yield what a state says and offers, and how long it waits."""
    offered = ", ".join(map(_plain, state.choices)) or _plain(state.choices_from)
    parts = [f"says {state.say}"] if state.say else []
    parts += [f"offers {offered}"] if offered else []
    if parts:
        yield f"    {state.name} : {_plain(state.name)} ({', '.join(parts)})"
    if state.expires:
        yield f"    note right of {state.name} : {_plain(state.expires)} when nobody answers in time"


def _label(transition: TransitionTable) -> str:
    conditions = " and ".join(map(_plain, transition.conditions))
    effects = [_effect(effect) for effect in transition.effects if effect.startswith((_EVIDENCE, *SPEAKS))]
    trigger = _plain(transition.trigger)
    return ", ".join([f"{trigger} if {conditions}" if conditions else trigger, *effects])


def _effect(name: str) -> str:
    if name.startswith(LEAD):
        return f"begins with {name.removeprefix(LEAD)}"
    return f"says {name.removeprefix(SAY)}" if name.startswith(SAY) else f"◆ {_plain(name.removeprefix(_EVIDENCE))}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
