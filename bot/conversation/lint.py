"""Checks what flow files say together: names, ways in and out, texts, limits, and what the law asks of a question."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.conversation.compose import FOOTER, LIST
from bot.conversation.effects import CHOICES, EFFECTS, GUARDS
from bot.conversation.flow import candidates, entered_with
from bot.conversation.flow_file import SAY, FlowError, FlowFile, FlowTable, read
from bot.conversation.intents import Intent
from bot.conversation.texts import LIMITS, MAX_ROWS, Kind, Slot, Template, TextError, length
from bot.conversation.turn import PERSONAL_VALUES
from bot.conversation.world import KNOWN_VALUES
from bot.paths import FLOWS

ANSWERS = frozenset({Intent.YES, Intent.NO})
"""Intents that belong to a question, not to a flow."""

_GIVEN_BY_DIALOGUE = frozenset({"start", "set_language", "ask_again", "ask_one", "withdraw_one", "keep", "yes", "no"})
"""Triggers that the dialogue fires by itself."""

_SAID_BY_DIALOGUE = frozenset({"common.not_understood", "common.text_only", "help.unsubscribed", FOOTER, LIST})
_LABELS = frozenset({"common.my_choices", "common.privacy", "common.human", "common.start"})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a flow file."""

    where: str
    """File and key."""
    what: str
    cure: str


def lint(folder: Path = FLOWS) -> list[Problem]:
    """Return every problem of the flows in a folder; none if all is well."""
    try:
        files = read(folder)
    except FlowError as error:
        return [Problem(str(folder), line, "correct the file") for line in str(error).splitlines()]
    slots = {slot.id: slot for file in files for slot in file.slots}
    return [
        *(problem for file in files for check in _CHECKS for problem in check(file, slots)),
        *_across(files, slots),
    ]


Slots = Mapping[str, Slot]
_Check = Callable[[FlowFile, Slots], Iterator[Problem]]


# --- one flow


def _names(file: FlowFile, _: Slots) -> Iterator[Problem]:
    """Refuse what `transitions` would accept at build and fail on at run time."""
    table = file.table
    states = {state.name for state in table.states}
    if table.states and table.initial not in states:
        yield Problem(f"{file.source}: initial", f"{table.initial!r} is no state", "name one of [[states]]")
    for name, count in Counter(state.name for state in table.states).items():
        if count > 1:
            yield Problem(f"{file.source}: state {name}", f"stands there {count} times", "rename or remove one")
    for transition in table.transitions:
        where = f"{file.source}: transition {transition.trigger} from {transition.source}"
        for name in (transition.source, transition.dest):
            if name not in states:
                yield Problem(where, f"{name!r} is no state", "add it to [[states]], or correct its spelling")
        yield from _unknown(where, "condition", transition.conditions, GUARDS)
        effects = [name for name in transition.effects if not name.startswith(SAY)]
        yield from _unknown(where, "effect", effects, EFFECTS)
    for state in table.states:
        if state.choices_from:
            yield from _unknown(f"{file.source}: state {state.name}", "choices_from", [state.choices_from], CHOICES)
    yield from _unknown(f"{file.source}: intents", "intent", table.intents, {str(intent): intent for intent in Intent})


def _unknown(where: str, kind: str, names: Sequence[str], known: Mapping[str, object]) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            yield Problem(where, f"unknown {kind} {name!r}", f"known are: {', '.join(known)}")


def _ways(file: FlowFile, _: Slots) -> Iterator[Problem]:
    """Every state can be entered, and every one that asks can be left."""
    table = file.table
    reached, open_ends = {table.initial}, [table.initial]
    while open_ends:
        source = open_ends.pop()
        found = {transition.dest for transition in table.transitions if transition.source == source} - reached
        reached |= found
        open_ends += found
    left = {transition.source for transition in table.transitions}
    triggers = {transition.trigger for transition in table.transitions}
    for state in table.states:
        where = f"{file.source}: state {state.name}"
        if state.name not in reached:
            yield Problem(where, "can't be reached", "add a transition to it, or remove it")
        if not state.final and state.name not in left:
            yield Problem(where, "can't be left", "add a transition from it, or say final = true")
        if state.expires and state.expires.trigger not in triggers:
            yield Problem(where, f"expires by {state.expires.trigger!r}, which no transition has", "add the transition")
        for choice in state.choices:
            known = {transition.trigger for transition in table.transitions if transition.source == state.name}
            if choice not in known and choice not in set(Intent) and choice not in _GIVEN_BY_DIALOGUE:
                yield Problem(where, f"choice {choice!r} leads nowhere", "add a transition of this name from the state")


def _texts(file: FlowFile, slots: Slots) -> Iterator[Problem]:
    """Every text that is named exists, and fits where it is said."""
    for where, name in _named(file.table):
        if not any(text_id in slots for text_id in candidates(file.table.flow, name)):
            yield Problem(f"{file.source}: {where}", f"there is no text {name!r}", f"add [texts.{name}]")
    for slot in file.slots:
        yield from _fault(f"{file.source}: texts.{slot.id.partition('.')[2]}", slot)


def _named(table: FlowTable) -> Iterator[tuple[str, str]]:
    """Yield (place, name) of each text that a flow names."""
    for state in table.states:
        for name in (state.say, state.unclear, *state.choices):
            if name:
                yield f"state {state.name}", name
    for transition in table.transitions:
        for name in transition.says:
            yield f"transition {transition.trigger} from {transition.source}", name


def _fault(where: str, slot: Slot) -> Iterator[Problem]:
    try:
        template = Template.parse(slot.english)
        example = template.fill(slot.examples)
    except TextError as error:
        yield Problem(where, str(error), "give an example of each placeholder under vars")
        return
    for name in sorted(template.names - KNOWN_VALUES - PERSONAL_VALUES):
        yield Problem(where, f"nothing fills {{{name}}}", f"known are: {', '.join(sorted(KNOWN_VALUES))}")
    if length(example) > LIMITS[slot.kind]:
        cure = f"a {slot.kind} may have {LIMITS[slot.kind]}"
        yield Problem(where, f"has {length(example)} characters with its examples", cure)
    if slot.single_line and "\n" in example:
        yield Problem(where, "has a line break", f"a {slot.kind} is one line")


def _choices(file: FlowFile, slots: Slots) -> Iterator[Problem]:
    """Choices fit as buttons or as a list, and differ."""
    for state in file.table.states:
        where = f"{file.source}: state {state.name}"
        if len(state.choices) > MAX_ROWS:
            yield Problem(where, f"has {len(state.choices)} choices", f"WhatsApp shows {MAX_ROWS}")
        shown = [
            next((slots[one].english for one in candidates(file.table.flow, name) if one in slots), name)
            for name in state.choices
        ]
        if len({text.casefold() for text in shown}) < len(shown):
            yield Problem(where, "two of its choices look the same", "WhatsApp refuses the message: reword one")
        if (state.choices or state.choices_from) and not state.say:
            yield Problem(where, "has choices under no text", "add say = …")


def _question(file: FlowFile, slots: Slots) -> Iterator[Problem]:
    """What asks for consent is legal text, names the notice and how to withdraw, and offers yes and no (Art. 7)."""
    for name in entered_with(file.table, "record_requested"):
        state = next((state for state in file.table.states if state.name == name), None)
        if state is None or not state.say:
            continue
        where = f"{file.source}: state {name}"
        if not {"yes", "no"} <= set(state.choices):
            yield Problem(where, "asks for consent without offering yes and no", 'add choices = ["yes", "no"]')
        if state.expires is None:
            yield Problem(where, "asks for consent for ever", 'add expires = { after = "48h", trigger = "lapse" }')
        text = next((slots[one] for one in candidates(file.table.flow, state.say) if one in slots), None)
        if text is None:
            continue
        if not text.legal:
            yield Problem(where, f"its text {text.id} is not marked legal", "add legal = true")
        for needed, why in _NEEDED.items():
            if f"{{{needed}}}" not in text.english:
                yield Problem(where, f"its text {text.id} does not show {{{needed}}}", why)


_NEEDED = {
    "business": "the person must know who asks (GDPR Art. 13(1)(a))",
    "purpose": "consent is for a purpose (GDPR Art. 6(1)(a))",
    "notice_url": "the privacy notice comes before the answer (GDPR Art. 13)",
    "stop_word": "how to withdraw is told before the answer (GDPR Art. 7(3))",
}

_CHECKS: Sequence[_Check] = (_names, _ways, _texts, _choices, _question)


# --- all flows together


def _across(files: Sequence[FlowFile], slots: Slots) -> Iterator[Problem]:
    folder = str(Path(files[0].source).parent)
    yield from _intents(files, folder)
    footer = slots.get(FOOTER)
    if footer is None or footer.kind is not Kind.FOOTER or "{stop_word}" not in footer.english or not footer.legal:
        cure = "every message carries the way out: kind = 'footer', legal = true, and {stop_word} in it"
        yield Problem(f"{folder}/common.toml: texts.footer", "is not the way out", cure)
    for effect in ("record_requested", "record_paused"):
        if not any(entered_with(file.table, effect) for file in files):
            yield Problem(folder, f"no transition has the effect {effect}", "restore the flow from version control")
    used = _used(files)
    for file in files:
        for slot in file.slots:
            if slot.id not in used:
                where = f"{file.source}: texts.{slot.id.partition('.')[2]}"
                yield Problem(where, "is never said", "remove it, or say it somewhere")


def _intents(files: Sequence[FlowFile], folder: str) -> Iterator[Problem]:
    claimed = Counter(intent for file in files for intent in file.table.intents)
    for intent in Intent:
        if claimed[intent] > 1:
            yield Problem(folder, f"intent {intent} is claimed by {claimed[intent]} flows", "leave it to one")
        if not claimed[intent] and intent not in ANSWERS:
            yield Problem(folder, f"no flow claims the intent {intent}", f'add intents = ["{intent}"] to one')


def _used(files: Sequence[FlowFile]) -> set[str]:
    used = {*_SAID_BY_DIALOGUE, *_LABELS, "my_choices.on", "my_choices.off"}
    for file in files:
        for _, name in _named(file.table):
            used.update(candidates(file.table.flow, name))
    return used
