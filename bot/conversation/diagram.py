"""A flow as a Mermaid diagram: each state, each way in and out, and where consent is touched."""

from collections.abc import Iterable, Iterator

from bot.conversation.flow import Flow
from bot.conversation.flow_file import TransitionTable

_EVIDENCE = "record_"
"""Effects whose names begin so write to the ledger."""


def diagram(flow: Flow) -> str:
    """Return the diagram of one flow, as Markdown viewers draw it."""
    return "\n".join(_lines(flow)) + "\n"


def document(flows: Iterable[Flow]) -> str:
    """Return a Markdown page with the diagrams of all flows."""
    parts = ["# The dialogues\n\nDrawn by `python -m bot flows diagram`; ◆ marks what is written to the ledger.\n"]
    parts += [f"## {flow.name}\n\n```mermaid\n{diagram(flow)}```\n" for flow in flows]
    return "\n".join(parts)


def _lines(flow: Flow) -> Iterator[str]:
    table = flow.table
    yield "---"
    yield f"title: {flow.name}"
    yield "---"
    yield "stateDiagram-v2"
    words = ", ".join(table.intents)
    yield f"    [*] --> {table.initial}" + (f" : {words}, at any time" if words else "")
    for state in table.states:
        if state.say:
            choices = (
                f" [{', '.join(state.choices) or state.choices_from}]" if state.choices or state.choices_from else ""
            )
            yield f"    {state.name} : {state.name} – says {state.say}{choices}"
    for transition in table.transitions:
        yield f"    {transition.source} --> {transition.dest} : {_label(transition)}"
    for state in table.states:
        if state.expires:
            hours = int(state.expires.after.total_seconds() // 3600)
            yield f"    note right of {state.name} : after {hours} h {state.expires.trigger}"
        if state.final:
            yield f"    {state.name} --> [*]"


def _label(transition: TransitionTable) -> str:
    parts = [transition.trigger]
    if transition.conditions:
        parts.append(f"if {' and '.join(transition.conditions)}")
    parts += [f"◆ {effect}" for effect in transition.effects if effect.startswith(_EVIDENCE)]
    return " ".join(part.replace("_", " ") for part in parts)
