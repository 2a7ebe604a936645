"""A flow as a Mermaid diagram: every state and transition, and where consent is recorded."""

from collections.abc import Iterable, Iterator

from .flow import Flow
from .flow_file import SAY, StateTable, TransitionTable
from .triggers import Trigger

_EVIDENCE = "record_"
"""Effects with these prefixes write to the ledger."""

_INTRODUCTION = """\
# The dialogues

Drawn from `flows/*.toml` by `flows diagram`; a test keeps this page true. ◆ marks what is written to
the ledger. The words on the first arrow lead into the dialogue from any other; a dialogue that is an interlude gives
back to the one that was going on.
"""


_TRIGGERS = """\
## What leads on

A transition is fired by a choice that is tapped, by the end of the time that a state waits, or by one of these:

| trigger | begins | fired when |
|---|---|---|"""


def document(flows: Iterable[Flow]) -> str:
    """Return a Markdown page with the diagrams of all flows."""
    return "\n".join(
        [_INTRODUCTION, _triggers(), *(f"## {flow.name}\n\n```mermaid\n{diagram(flow)}```\n" for flow in flows)]
    )


def _triggers() -> str:
    """Return the triggers that Python fires, as a table."""
    rows = [f"| {_plain(trigger)} | {_plain(trigger.begins or '')} | {trigger.fired} |" for trigger in Trigger]
    return "\n".join([_TRIGGERS, *rows, ""])


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
    effects = [_effect(effect) for effect in transition.effects if effect.startswith((_EVIDENCE, SAY))]
    trigger = _plain(transition.trigger)
    return ", ".join([f"{trigger} if {conditions}" if conditions else trigger, *effects])


def _effect(name: str) -> str:
    return f"says {name.removeprefix(SAY)}" if name.startswith(SAY) else f"◆ {_plain(name.removeprefix(_EVIDENCE))}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
