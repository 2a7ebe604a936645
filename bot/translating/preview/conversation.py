"""A dialogue as a conversation: what the customer does, what the bot answers, and what each answer leads to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from ...conversation.compose import FOOTER, LIST
from ...conversation.flow_file import SPEAKS, FlowFile, StateTable, TransitionTable
from ...conversation.triggers import Trigger
from ...i18n.texts import LIMITS, MAX_BUTTONS, MAX_ROWS, TextKind
from .drawn import Shown, Texts


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message with what can be tapped under it."""

    text: Shown
    footer: Shown
    options: Sequence[Shown] = ()
    as_list: Shown | None = None
    """The label that opens the list, if the options don't fit as buttons."""
    names: Sequence[str] = ()
    """Rows that are no texts: names of languages."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Something that happens, and what the bot says to it."""

    said: Markup
    """What the customer types or taps; empty if something else happens."""
    happens: str
    """What happens otherwise, in English; empty if the customer does something."""
    answers: Shown | None
    """The message that is answered, unless it is the one right above."""
    when: str
    """On which conditions, in English; empty if always."""
    bubbles: Sequence[Bubble]


@dataclass(slots=True)
class _Walk:
    """Goes through a dialogue from its beginning: what customers do before what happens, and the usual before what
    has conditions; what an answer leads to before the next answer; nothing twice."""

    file: FlowFile
    texts: Texts
    words: Mapping[str, str]
    languages: Sequence[str]
    exchanges: list[Exchange] = field(default_factory=list)
    seen: set[tuple[str, ...]] = field(default_factory=set)
    entered: set[str] = field(default_factory=set)
    last: str = ""
    """The text id of the last question on the page."""

    def run(self) -> Sequence[Exchange]:
        """Return the whole conversation: what leads in, then what is said later, by whoever does the work."""
        table = self.file.table
        for name in dict.fromkeys((table.initial, *(state.name for state in table.states))):
            self._from(name)
        told = {bubble.text.id for exchange in self.exchanges for bubble in exchange.bubbles}
        for name, text in table.texts.items():
            if text.kind is TextKind.BODY and f"{table.flow}.{name}" not in told:
                later = "(said later, or on another occasion)"
                self.exchanges.append(Exchange(Markup(), later, None, "", [self._message(name, None)]))
        return self.exchanges

    def _from(self, name: str) -> None:
        """Go on from a state in every way that there is."""
        state = self._state(name)
        if state is None or name in self.entered:
            return
        self.entered.add(name)
        leaving = [one for one in self.file.table.transitions if one.source in (name, "*")]
        for transition in sorted(leaving, key=lambda one: (not self._said(state, one.trigger), len(one.conditions))):
            self._go(state, transition)
        said = state.unclear
        if said and self._text_id(said) != self._text_id(state.say):
            self._exchange(state, "unclear", "(something else, which is no answer)", "", [self._message(said, state)])

    def _go(self, state: StateTable, transition: TransitionTable) -> None:
        dest = self._state(transition.dest)
        before, after = (
            [effect.partition(":")[2] for effect in effects if effect.startswith(SPEAKS)]
            for effects in (transition.before, transition.after)
        )
        bubbles = [self._message(name, None) for name in before]
        if dest is not None and dest.say:
            bubbles.append(self._message(dest.say, dest))
        bubbles += [self._message(name, None) for name in after]
        when = ", ".join(name.replace("_", " ") for name in transition.conditions)
        if bubbles:
            self._exchange(state, transition.trigger, "", when, bubbles)
        if dest is not None and not dest.final:
            self._from(dest.name)

    def _exchange(self, state: StateTable, trigger: str, happens: str, when: str, bubbles: Sequence[Bubble]) -> None:
        key = (state.name, trigger, *(bubble.text.id for bubble in bubbles))
        if key in self.seen:
            return
        self.seen.add(key)
        said = Markup() if happens else self._said(state, trigger)
        question = self._text_id(state.say) if state.say else ""
        answers = self.texts.shown(question) if question and question != self.last else None
        self.exchanges.append(
            Exchange(said, happens or ("" if said else self._happens(state, trigger)), answers, when, bubbles)
        )
        self.last = bubbles[-1].text.id

    def _said(self, state: StateTable, trigger: str) -> Markup:
        """Return what the customer taps or types to fire a trigger; empty if nothing does."""
        if trigger in state.choices:
            return self.texts.shown(self._text_id(trigger)).html
        intents = self.file.table.intents if trigger == Trigger.START else (trigger,)
        return next((escape(self.words[intent]) for intent in intents if self.words.get(intent)), Markup())

    def _happens(self, state: StateTable, trigger: str) -> str:
        if trigger == state.expires:
            return "(nobody answers in time)"
        if trigger in list(Trigger):
            return f"({Trigger(trigger).fired})"
        return f"({trigger.replace('_', ' ')})"

    def _message(self, name: str, state: StateTable | None) -> Bubble:
        """Draw a text with what can be tapped in a state; None for a text that is said on the way."""
        options = [self.texts.shown(self._text_id(choice)) for choice in (state.choices if state else ())]
        names: Sequence[str] = ()
        match state.choices_from if state else "":
            case "languages":
                names = self.languages[:MAX_ROWS]
            case "purposes" | "purposes_to_keep":
                options += [self.texts.shown(text_id) for text_id in self.texts.titles]
        buttons = len(options) + len(names) <= MAX_BUTTONS and not (state and state.choices_from)
        fits = buttons and all(option.size <= LIMITS[TextKind.BUTTON] for option in options)
        as_list = None if fits else self.texts.shown(LIST)
        return Bubble(self.texts.shown(self._text_id(name)), self.texts.shown(FOOTER), options, as_list, names)

    def _text_id(self, name: str) -> str:
        return next((text_id for text_id in self.file.candidates(name) if text_id in self.texts), name)

    def _state(self, name: str) -> StateTable | None:
        return next((state for state in self.file.table.states if state.name == name), None)


def exchanges(file: FlowFile, texts: Texts, words: Mapping[str, str], languages: Sequence[str]) -> Sequence[Exchange]:
    """Return the conversation of a dialogue; `words` are the printed words of intents, `languages` names to choose."""
    return _Walk(file, texts, words, languages).run()


def bubbles(told: Sequence[Exchange]) -> Iterator[Bubble]:
    """Yield every message of a conversation."""
    for exchange in told:
        yield from exchange.bubbles
