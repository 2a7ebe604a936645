"""Ways through a dialogue: every state can be reached and left, and nobody is left without an answer."""

from collections.abc import Iterator

from ...words.intents import Intent
from ...words.keywords import ANSWERS
from ..flow_file import FlowFile, FlowTable, StateTable
from .problem import Dialogues, Problem, at, at_state, at_transition

_COMMANDS = frozenset(intent.value for intent in Intent if intent not in ANSWERS)
"""What a choice may be besides a trigger: it works in any state."""


def ways(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """Each state can be reached, and left unless it is final."""
    table = file.table
    reached = _reached(table)
    for state in table.states:
        where = at_state(file, state)
        onward = _triggers(table, state)
        if state.name not in reached:
            yield Problem(where, "can't be reached", "add a transition to it, or remove it")
        if not state.final and not onward:
            yield Problem(where, "can't be left", "add a transition from it, or say final = true")
        if state.final and onward:
            yield Problem(where, "is final, so it is never left", "remove its transitions, or final = true")
        if state.expires and state.expires not in onward:
            what = f"expires by {state.expires!r}, which leads nowhere from it"
            yield Problem(where, what, "add a transition with this trigger from it")


def _reached(table: FlowTable) -> set[str]:
    reached, ahead = {table.initial}, [table.initial]
    while ahead:
        source = ahead.pop()
        found = {transition.dest for transition in table.transitions if transition.source == source} - reached
        reached |= found
        ahead += found
    return reached


def _triggers(table: FlowTable, state: StateTable) -> set[str]:
    return {transition.trigger for transition in table.transitions if transition.source == state.name}


def choices(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """Each choice leads somewhere: by a trigger of its state, or by a command that works everywhere."""
    for state in file.table.states:
        for choice in state.choices:
            if choice not in _COMMANDS | _FIRED.keys() and (state.final or choice not in _triggers(file.table, state)):
                cure = f"add a transition with this trigger, or use a command: {', '.join(sorted(_COMMANDS))}"
                yield Problem(at_state(file, state), f"choice {choice!r} leads nowhere", cure)


def forks(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """Of several transitions with one trigger from one state, the last and only the last has no conditions."""
    seen: set[tuple[str, str]] = set()
    for transition in file.table.transitions:
        fork = (transition.source, transition.trigger)
        if fork in seen:
            cure = "give the earlier one conditions, move it down, or remove one"
            yield Problem(at_transition(file, transition), "never happens: an earlier one always does", cure)
        if not transition.conditions:
            seen.add(fork)
    for transition in file.table.transitions:
        if transition.source == file.table.initial and (transition.source, transition.trigger) not in seen:
            seen.add((transition.source, transition.trigger))
            cure = "let the last one with this trigger have no conditions"
            yield Problem(at_transition(file, transition), "may lead nowhere: nobody would answer", cure)


def entrances(dialogues: Dialogues) -> Iterator[Problem]:
    """The triggers that the dialogue fires by itself lead somewhere."""
    for file in dialogues.files:
        fired = {"start": bool(file.table.intents)} | {
            trigger: intent in file.table.intents for trigger, intent in _FIRED.items()
        }
        begun = {transition.trigger for transition in file.table.transitions if transition.source == file.table.initial}
        for trigger, needed in fired.items():
            if needed and trigger not in begun:
                cure = f"add a transition with trigger = {trigger!r} from {file.table.initial!r}"
                yield Problem(at(file, "transitions"), f"nothing begins by {trigger!r}", cure)


_FIRED = {
    "set_language": Intent.LANGUAGE,
    "withdraw_one": Intent.MY_CHOICES,
    "ask_one": Intent.START,
    "lift": Intent.RESTRICT,
}
"""Triggers, besides `start`, that begin the flow of an intent."""
