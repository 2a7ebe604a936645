"""Names that mean nothing or two things: `transitions` accepts them when built and fails on them later."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ...consent.rights import Right
from ...words.intents import Intent
from ...words.keywords import COMMANDS
from ..flow_file import SPEAKS, FlowFile
from .problem import Dialogues, Problem, at, at_state, at_state_named, at_transition


def names(file: FlowFile, dialogues: Dialogues) -> Iterator[Problem]:
    """Named states, guards, effects and functions exist, and state names are unique."""
    table, known = file.table, dialogues.functions
    states = {state.name: "" for state in table.states}
    if states:
        yield from _unknown(at(file, "initial"), "state", [table.initial], states)
    for name, count in Counter(state.name for state in table.states).items():
        if count > 1:
            yield Problem(at_state_named(file, name), f"stands there {count} times", "rename or remove one")
    for transition in table.transitions:
        where = at_transition(file, transition)
        effects = [name for name in transition.effects if not name.startswith(SPEAKS)]
        yield from _unknown(where, "state", (transition.source, transition.dest), states)
        yield from _unknown(where, "condition", transition.conditions, known.guards)
        yield from _unknown(where, "effect", effects, known.effects)
    for state in table.states:
        if state.choices_from:
            yield from _unknown(at_state(file, state), "choices_from", [state.choices_from], known.choices)


def _unknown(where: str, kind: str, wanted: Iterable[str], known: Mapping[str, object]) -> Iterator[Problem]:
    for name in wanted:
        if name not in known:
            yield Problem(where, f"unknown {kind} {name!r}", f"use one of: {', '.join(known) or 'none is there yet'}")


def intents(dialogues: Dialogues) -> Iterator[Problem]:
    """Each intent is claimed by one flow, except yes and no, which answer a question.

    A dialogue of the company's own declares the intents that it claims.
    """
    claimants: dict[str, list[FlowFile]] = {}
    for file in dialogues.files:
        for intent in file.table.intents:
            claimants.setdefault(intent, []).append(file)
    for intent, files in claimants.items():
        where = at(files[-1], "intents")
        if intent not in COMMANDS and intent not in dialogues.own_intents:
            what, cure = f"unknown intent {intent!r}", f"use one of: {', '.join(sorted(COMMANDS))}"
            if files[-1].own:
                cure = "call it otherwise: small letters and _, a letter first, and no name that has a meaning already"
            yield Problem(where, what, cure)
        if len(files) > 1:
            others = ", ".join(file.source for file in files[:-1])
            yield Problem(where, f"intent {intent!r} is also claimed in {others}", "leave it to one flow")
    for intent in Intent:
        if intent not in claimants and intent in COMMANDS:
            what = f"no flow claims the intent {intent.value!r}"
            yield Problem(dialogues.folder, what, f'add intents = ["{intent.value}"] to the flow that answers it')


def rights(dialogues: Dialogues) -> Iterator[Problem]:
    """A person who asks for their rights is offered all of them (GDPR Art. 12(2))."""
    for file in dialogues.files:
        if Intent.RIGHTS in file.table.intents:
            offered = {choice for state in file.table.states for choice in state.choices}
            for right in Right:
                if right.intent not in offered:
                    cure = f"add {right.intent!r} to the choices"
                    yield Problem(at(file, "states", "states.0"), f"does not offer the right of {right.value}", cure)
