"""A dialogue as a conversation: what the customer does, what the bot answers, and what each answer leads to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum, auto

from markupsafe import Markup, escape

from ...conversation.compose import BEGINNINGS, FOOTER, HELLO, LIST, UNCLEAR, led, names_way_out
from ...conversation.flow_file import LEAD, SAY, SPEAKS, FlowFile, StateTable, TransitionTable
from ...conversation.triggers import Trigger
from ...i18n.texts import LIMITS, MAX_BUTTONS, MAX_ROWS, TextKind
from .drawn import Shown, Texts


class Stoppable(Enum):
    """Whether whoever gets a message has anything to stop."""

    YES = auto()
    NO = auto()
    DEPENDS = auto()
    """On what they agreed to before."""


_BEGIN = frozenset({"record_requested", "record_given"})
"""Effects after which there is something to stop …"""

_END = frozenset({"record_withdrawn", "record_objected", "ask_erasure"})
"""… and after which there is nothing."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message with what can be tapped under it."""

    text: Shown
    footer: Shown | None = None
    """How to stop; None if that is not said under it."""
    footer_depends: bool = False
    """Whether the footer is only for those who have anything to stop."""
    leads: Sequence[Shown] = ()
    """What stands above the text, in the same message."""
    goes_on: bool = False
    """Whether the text is only the beginning of a message."""
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
    leads: list[str] = field(default_factory=list)
    """The texts that lead the next message."""
    begins: Set[str] = frozenset()
    """The texts that only begin messages, by id."""

    def run(self) -> Sequence[Exchange]:
        """Return the whole conversation: what leads in, then what is said later, by whoever does the work."""
        table = self.file.table
        for name in dict.fromkeys((table.initial, *(state.name for state in table.states))):
            self._from(name)
        told = {shown.id for bubble in bubbles(self.exchanges) for shown in (bubble.text, *bubble.leads)}
        for name, text in table.texts.items():
            if text.kind is TextKind.BODY and (text_id := f"{table.flow}.{name}") not in told:
                later = "(said later, or on another occasion)"
                if text_id in self.begins:
                    bubble = Bubble(self.texts.shown(text_id), goes_on=True)
                else:
                    bubble = self._message(name, None, Stoppable.DEPENDS)[-1]
                self.exchanges.append(Exchange(Markup(), later, None, "", [bubble]))
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
            self.leads = [UNCLEAR]
            bubbles = self._message(said, state, _stoppable(state))
            self._exchange(state, "unclear", "(something else, which is no answer)", "", bubbles)

    def _go(self, state: StateTable, transition: TransitionTable) -> None:
        dest = self._state(transition.dest)
        stoppable = _stoppable(dest, transition)
        bubbles: list[Bubble] = []
        for effect in transition.before:
            bubbles += self._spoken(effect, stoppable)
        if dest is not None and dest.say:
            bubbles += self._message(dest.say, dest, stoppable)
        for effect in transition.after:
            bubbles += self._spoken(effect, stoppable)
        when = ", ".join(name.replace("_", " ") for name in transition.conditions)
        if bubbles:
            self._exchange(state, transition.trigger, "", when, bubbles)
        if dest is not None and not dest.final:
            self._from(dest.name)

    def _spoken(self, effect: str, stoppable: Stoppable) -> Sequence[Bubble]:
        """Return what an effect says at once; what leads the next message is kept for that."""
        name = effect.partition(":")[2]
        if effect.startswith(SAY):
            return self._message(name, None, stoppable)
        if effect.startswith(LEAD):
            self.leads.append(self._text_id(name))
        return ()

    def _exchange(self, state: StateTable, trigger: str, happens: str, when: str, bubbles: Sequence[Bubble]) -> None:
        key = (state.name, trigger, *(shown.id for one in bubbles for shown in (*one.leads, one.text)))
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

    def _message(self, name: str, state: StateTable | None, stoppable: Stoppable) -> Sequence[Bubble]:
        """Draw a text with what leads it and what can be tapped in a state; None for a text that is said on the way.

        As in a chat, what is too long to be led follows as a message of its own.
        """
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
        text = self.texts.shown(self._text_id(name))
        footer, depends = None, stoppable is Stoppable.DEPENDS
        if stoppable is not Stoppable.NO and not names_way_out(self.texts, text.id, state.choices if state else ()):
            footer = self.texts.shown(FOOTER)
        leads, self.leads = [self.texts.shown(text_id) for text_id in self.leads], []
        if not leads or led([lead.text for lead in leads], text.text) is not None:
            return [Bubble(text, footer, depends, leads, options=options, as_list=as_list, names=names)]
        first = Bubble(leads[-1], footer, depends, leads[:-1])
        return [first, Bubble(text, footer, depends, options=options, as_list=as_list, names=names)]

    def _text_id(self, name: str) -> str:
        return next((text_id for text_id in self.file.candidates(name) if text_id in self.texts), name)

    def _state(self, name: str) -> StateTable | None:
        return next((state for state in self.file.table.states if state.name == name), None)


def _stoppable(state: StateTable | None, transition: TransitionTable | None = None) -> Stoppable:
    """Return whether a person has anything to stop when a message of a transition, or in a state, is said."""
    effects = frozenset(transition.effects if transition else ())
    if effects & _BEGIN or (state is not None and state.expires):
        return Stoppable.YES
    return Stoppable.NO if effects & _END else Stoppable.DEPENDS


def exchanges(
    file: FlowFile,
    texts: Texts,
    words: Mapping[str, str],
    languages: Sequence[str],
    *,
    greets: bool = False,
    begins: Set[str] = frozenset(),
) -> Sequence[Exchange]:
    """Return the conversation of a dialogue; `words` are the printed words of intents, `languages` names to choose.

    With `greets` it is the first of a customer, so the first message begins with who speaks. `begins` are the texts
    that only begin messages.
    """
    return _Walk(file, texts, words, languages, leads=[HELLO] if greets else [], begins=begins).run()


def beginnings(files: Iterable[FlowFile]) -> Set[str]:
    """Return the ids of the texts that only begin messages."""
    led, said = set(BEGINNINGS), set[str]()
    for file in files:
        for effect in (effect for transition in file.table.transitions for effect in transition.effects):
            found = led if effect.startswith(LEAD) else said
            if effect.startswith(SPEAKS):
                found.update(file.candidates(effect.partition(":")[2]))
    return led - said


def bubbles(told: Sequence[Exchange]) -> Iterator[Bubble]:
    """Yield every message of a conversation."""
    for exchange in told:
        yield from exchange.bubbles
