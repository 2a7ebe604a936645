"""Paths through a dialogue: every state can be reached and left, and nobody is left without an answer."""

from collections.abc import Iterator

from ...words.keywords import COMMANDS
from ..flow_file import FlowFile, FlowTable, StateTable
from ..triggers import Trigger
from .problem import Dialogues, Problem, at, at_state, at_state_named, at_transition

_ANYWHERE = COMMANDS | frozenset(trigger for trigger in Trigger if trigger.begins)
"""Choices that work in any state, besides the triggers of their own state."""

_WAITING = ("record_requested", "record_paused")
"""Effects that open a question that waits for its answer."""


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


def choices(file: FlowFile, dialogues: Dialogues) -> Iterator[Problem]:
    """Each choice leads somewhere: by a trigger of its state, or by a command that works everywhere."""
    for state in file.table.states:
        for choice in state.choices:
            anywhere = choice in _ANYWHERE or choice in dialogues.own_intents
            if not anywhere and (state.final or choice not in _triggers(file.table, state)):
                cure = f"add a transition with this trigger, or use a command: {', '.join(sorted(COMMANDS))}"
                yield Problem(at_state(file, state), f"choice {choice!r} leads nowhere", cure)


def forks(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """Of several transitions with one trigger from a state, the last has no conditions, and all others have some."""
    seen: set[tuple[str, str]] = set()
    for transition in file.table.transitions:
        fork = (transition.source, transition.trigger)
        if fork in seen:
            cure = "give the earlier transition conditions, move it down, or remove one of the two"
            yield Problem(at_transition(file, transition), "never happens: an earlier transition always does", cure)
        if not transition.conditions:
            seen.add(fork)
    for transition in file.table.transitions:
        if transition.source == file.table.initial and (transition.source, transition.trigger) not in seen:
            seen.add((transition.source, transition.trigger))
            cure = "remove the conditions of the last transition with this trigger"
            yield Problem(at_transition(file, transition), "may lead nowhere: nobody would answer", cure)


def fired(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """Each transition is fired by something that can happen: a trigger from Python, a choice, or a state's expiry.

    A flow of several intents tells them apart by transitions of their names.
    """
    states = {state.name: (*state.choices, state.expires) for state in file.table.states}
    states[file.table.initial] = (*states.get(file.table.initial, ()), *file.table.intents)
    for transition in file.table.transitions:
        if transition.trigger not in (*Trigger, *states.get(transition.source, ())):
            cure = f"offer it among the choices of {transition.source!r}, or use one of: {', '.join(Trigger)}"
            yield Problem(at_transition(file, transition), "never happens: nothing fires it", cure)


def repeats(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """A question that waits can be asked again, for example when it was answered before it arrived."""
    for name in sorted({state for effect in _WAITING for state in file.entered_with(effect)}):
        if not any(
            (transition.source, transition.trigger) == (name, Trigger.ASK_AGAIN)
            for transition in file.table.transitions
        ):
            cure = f"add a transition with trigger = {Trigger.ASK_AGAIN.value!r} from it"
            yield Problem(at_state_named(file, name), "asks a question that can't be asked again", cure)


def entrances(dialogues: Dialogues) -> Iterator[Problem]:
    """The triggers that the dialogue fires by itself lead somewhere."""
    for file in dialogues.files:
        intents = file.table.intents
        begun = {transition.trigger for transition in file.table.transitions if transition.source == file.table.initial}
        needed = {trigger for trigger in Trigger if trigger.begins in intents}
        if not begun.issuperset(intents):
            needed.add(Trigger.START)
        for trigger in sorted(needed - begun):
            cure = f"add a transition with trigger = {trigger.value!r} from {file.table.initial!r}"
            yield Problem(at(file, "transitions", "transitions.0"), f"nothing begins by {trigger.value!r}", cure)
