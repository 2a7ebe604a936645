"""One step of a conversation: `step(session, inbound, now)` → the next session, facts for the ledger, replies.

The order of meaning: what ends things (STOP, in any state and language) comes first, then the other words that
work everywhere, then the answers of the dialogue that is going on, then the host's bot, then a short "I did not
understand", and after several of those silence, so that two bots come to rest.
"""

from dataclasses import dataclass

from bot.consent.evidence import Entry, Kind, Method
from bot.conversation.compose import Option
from bot.conversation.flow import Flow, Flows, Place
from bot.conversation.inbound import (
    AddressChanged,
    Choice,
    Inbound,
    Lapse,
    Media,
    Other,
    Preference,
    Reaction,
    Text,
)
from bot.conversation.intents import Intent
from bot.conversation.reply import Reply
from bot.conversation.session import Session
from bot.conversation.spoken import Spoken
from bot.conversation.turn import Turn
from bot.conversation.world import World

PATIENCE = 3
"""How many messages in a row may fit nothing, or get the same answer, before the bot falls silent."""

PATIENCE_RETURNS_AFTER = 3600
"""Seconds without a message after which the bot is patient again."""

_UNSAID = frozenset({"edit", "revoke"})
"""Kinds of message that change an earlier one, so there is nothing to answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one message leads to.

    `session.record.pending` before and after tells the timers: for a new pending question a `Lapse` of its id is due
    right after `expires_at`, and that of the old one is no longer needed.
    """

    session: Session
    entries: tuple[Entry, ...] = ()
    """Facts for the ledger, in their order; each (inbound, purpose, kind) once."""
    replies: tuple[Reply, ...] = ()
    """All are answers to the person; one that asks for consent has its `question` set."""
    handed_over: bool = False
    """No dialogue claims the message and consent allows it: the host's bot gets it."""


class Dialogue:
    """The dialogues of one business. Pure: the same arguments give the same step."""

    def __init__(self, world: World, flows: Flows) -> None:
        self.world = world
        self.flows = flows
        self._spoken = Spoken(world)

    def step(self, session: Session, inbound: Inbound, now: float) -> Step:
        """Answer one message; `now` is our time in unix seconds."""
        turn = Turn(self.world, session.copy(), inbound, now)
        self._stand(turn)
        self._end_what_is_over(turn)
        match inbound.content:
            case Lapse(question):
                self._lapse(turn, question)
            case Preference(value):
                self._preference(turn, value)
            case AddressChanged():
                self._address_changed(turn)
            case Reaction():
                pass  # never an answer, and no reason to speak
            case content:
                self._message(turn, content)
        return self._finished(turn)

    # --- what came

    def _message(self, turn: Turn, content: Text | Choice | Media | Other) -> None:
        session = turn.session
        if turn.inbound.at - session.last_at > PATIENCE_RETURNS_AFTER:
            session.unclear = session.repeats = 0
        session.last_at = max(session.last_at, turn.inbound.at)
        match content:
            case Text(body):
                self._typed(turn, body)
            case Choice(choice):
                self._tapped(turn, choice)
            case Media() | Other():
                self._unreadable(turn, silently=isinstance(content, Other) and content.kind in _UNSAID)

    def _typed(self, turn: Turn, body: str) -> None:
        asked_in = self._asked_in(turn)
        if locale := self._spoken.named(body):
            return self._set_language(turn, locale)
        match = self.world.keywords.classify(body, asked_in=asked_in)
        self._spoken.settle(turn, match)
        if match is None:
            return None if asked_in and self._foreign_yes(turn, body) else self._unclaimed(turn)
        turn.rule = match.rule
        if match.intent in (Intent.YES, Intent.NO):
            return self._answered(turn, match.intent)
        return self._open(turn, self.flows.by_intent[match.intent])

    def _tapped(self, turn: Turn, choice: str) -> None:
        name, _, turn.argument = choice.partition(":")
        turn.rule = "button"
        self._spoken.settle(turn, None)
        business = self.world.business
        match name:
            case "yes" | "no" if turn.argument:
                self._tapped_answer(turn, name)
            case "locale" if turn.argument in self.world.texts.offered:
                self._set_language(turn, turn.argument)
            case "ask" if business.purpose(turn.argument):
                self._open(turn, self.flows[self.flows.question.flow], "ask_one", asking=(turn.argument,))
            case "withdraw" if business.purpose(turn.argument):
                self._open(turn, self.flows.by_intent[Intent.MY_CHOICES], "withdraw_one")
            case "keep" if turn.record.paused:
                self._put(turn, self.flows.doubt)
                self._answered(turn, name)
            case _ if name in self.flows.by_intent:
                self._open(turn, self.flows.by_intent[Intent(name)])
            case _ if self._knows(turn, name):
                self._answered(turn, name)
            case _:
                self._read_label(turn)

    def _tapped_answer(self, turn: Turn, answer: str) -> None:
        """A button under a question: it answers that question and no other."""
        question, pending = turn.argument, turn.record.pending
        if pending is not None and pending.question == question:
            self._put(turn, self.flows.question)
            return self._answered(turn, answer)
        agreed = [purpose for purpose in turn.record.given if turn.record.consent(purpose).question == question]
        if not agreed or self.world.business.purpose(agreed[0]) is None:
            return self._unclaimed(turn, ours=True)
        turn.argument = agreed[0]
        if answer == "no":  # to a question answered with yes before: a change of mind
            return self._open(turn, self.flows.by_intent[Intent.MY_CHOICES], "withdraw_one")
        return self._open(turn, self.flows[self.flows.question.flow], "ask_one", asking=())

    def _read_label(self, turn: Turn) -> None:
        """A button of someone else's message: its label may be a command, but it answers none of our questions."""
        match = self.world.keywords.classify(turn.answer, asked_in=None)
        self._spoken.settle(turn, match)
        if match is None or match.intent is Intent.YES:
            return self._unclaimed(turn)
        turn.rule = match.rule
        return self._open(turn, self.flows.by_intent[match.intent])

    def _unreadable(self, turn: Turn, *, silently: bool) -> None:
        """A picture, a voice note, an edit …: only a withdrawal in its text is heard; it never consents."""
        match = self.world.keywords.classify(turn.answer, asked_in=None) if turn.answer else None
        self._spoken.settle(turn, match)
        if match is not None and match.intent in (Intent.STOP, Intent.MAYBE_STOP):
            turn.rule = match.rule
            self._open(turn, self.flows.by_intent[match.intent])
        elif not silently:
            self._unclaimed(turn, readable=False)

    def _preference(self, turn: Turn, value: str) -> None:
        """WhatsApp's own switch: `stop` withdraws marketing; `resume` gives nothing back, it is no consent."""
        if value == "stop":
            turn.withdraw([purpose.id for purpose in self.world.business.purposes if purpose.category == "marketing"])

    def _address_changed(self, turn: Turn) -> None:
        """Someone else may hold the number now: every withdrawal stays, every consent needs a new YES."""
        for purpose in turn.record.given:
            turn.record_fact(Kind.STALE, purpose)
        turn.close_question(Method.ADDRESS_CHANGE)
        turn.session.flow = turn.session.state = ""

    # --- what time and changes of the notice end

    def _end_what_is_over(self, turn: Turn) -> None:
        """Record what ended before this message was written, whether or not a timer has come."""
        system = {"answer": "", "rule": "", "actor": "system"}
        for purpose in turn.record.given:
            consent = turn.record.consent(purpose)
            if turn.inbound.at >= consent.expires_at:
                turn.record_fact(Kind.EXPIRED, purpose, method=Method.TIMER, **system)
            elif not self.world.notice_stands(consent.notice):
                turn.record_fact(Kind.STALE, purpose, method=Method.NOTICE_CHANGE, **system)
        pending = turn.record.pending
        if pending is None:
            return
        if self.world.business.purpose(pending.purpose) is None or not self.world.notice_stands(pending.notice):
            turn.close_question(Method.NOTICE_CHANGE)
        elif turn.inbound.at > pending.expires_at:
            self._lapse(turn, pending.question)

    def _lapse(self, turn: Turn, question: str) -> None:
        """The time to answer is up."""
        pending, place = turn.record.pending, self.flows.question
        expires = self.flows[place.flow].state(place.state).table.expires
        if pending is not None and pending.question == question and expires is not None:
            stood = Place(turn.session.flow, turn.session.state)
            self._put(turn, place)
            self.flows[place.flow].fire(expires.trigger, turn)
            if stood != place:
                self._put(turn, stood)

    # --- questions

    def _asked_in(self, turn: Turn) -> str | None:
        """The language of the question that waits for a yes or no."""
        if not self._knows(turn, "yes"):
            return None
        pending = turn.record.pending
        return pending.locale if pending and self._place(turn) == self.flows.question else turn.locale

    def _answered(self, turn: Turn, answer: str) -> None:
        flow = self._current(turn)
        if flow is None or not flow.knows(turn.session.state, answer) or not flow.fire(answer, turn):
            return self._unclaimed(turn, ours=True)
        turn.session.unclear = 0
        return None

    def _foreign_yes(self, turn: Turn, body: str) -> bool:
        """A yes in another language than the question's agrees to nothing; it can stop, and it tells a language."""
        match = self.world.keywords.classify(body, asked_in=None)
        if match is None or match.intent is not Intent.YES:
            return False
        if self._place(turn) == self.flows.doubt:
            turn.rule = match.rule
            return self.flows[turn.session.flow].fire("yes", turn)
        return self._spoken.corrected(turn, match) and self._ask_again(turn)

    def _ask_again(self, turn: Turn) -> bool:
        return self._knows(turn, "ask_again") and self.flows[turn.session.flow].fire("ask_again", turn)

    # --- dialogues

    def _place(self, turn: Turn) -> Place:
        return Place(turn.session.flow, turn.session.state)

    def _put(self, turn: Turn, place: Place) -> None:
        turn.session.flow, turn.session.state = place

    def _current(self, turn: Turn) -> Flow | None:
        """The dialogue going on."""
        return self.flows[turn.session.flow] if turn.session.flow else None

    def _knows(self, turn: Turn, trigger: str) -> bool:
        flow = self._current(turn)
        return flow is not None and flow.knows(turn.session.state, trigger)

    def _stand(self, turn: Turn) -> None:
        """Leave a dialogue that is over or gone (a deploy in between); go back to a question that still waits."""
        session, record = turn.session, turn.record
        flow = self.flows.by_name.get(session.flow)
        over = flow is None or session.state not in flow.machine.states or flow.state(session.state).final
        if over or (self._place(turn) == self.flows.question and record.pending is None):
            session.flow = session.state = ""
        if not session.flow and record.pending is not None:
            self._put(turn, self.flows.question)
        elif not session.flow and record.paused:
            self._put(turn, self.flows.doubt)
        if record.pending is None:
            session.asking = None

    def _open(self, turn: Turn, flow: Flow, trigger: str = "start", asking: tuple[str, ...] | None = None) -> None:
        """Begin a dialogue; an interlude gives back to the one that was going on."""
        session, interrupted = turn.session, self._place(turn)
        self._put(turn, Place(flow.name, flow.table.initial))
        if flow.name == self.flows.question.flow:
            session.asking = asking
        flow.fire(trigger, turn)
        session.unclear = 0
        if flow.table.interlude:
            self._put(turn, interrupted)

    def _set_language(self, turn: Turn, locale: str) -> None:
        turn.argument = locale
        self._open(turn, self.flows.by_intent[Intent.LANGUAGE], "set_language")
        if not self._ask_again(turn) and self._never_asked(turn):
            self._open(turn, self.flows.by_intent[Intent.START])

    def _finished(self, turn: Turn) -> Step:
        self._stand(turn)
        repetitive = turn.session.repeats > PATIENCE and not turn.changed
        return Step(turn.session, tuple(turn.entries), () if repetitive else tuple(turn.replies), turn.handed_over)

    # --- nothing fits

    def _never_asked(self, turn: Turn) -> bool:
        return not turn.record.consents

    def _unclaimed(self, turn: Turn, *, readable: bool = True, ours: bool = False) -> None:
        """Nothing claims the message; `ours` if it answers, too late, something that we asked."""
        session, host_purpose = turn.session, self.world.host_purpose
        flow = self._current(turn)
        if not ours and host_purpose is not None and turn.record.allows(host_purpose, turn.inbound.at):
            turn.handed_over = True
            session.unclear = session.repeats = 0
            return None
        if flow is None and self._never_asked(turn):
            return self._first_contact(turn)
        session.unclear += 1
        if session.unclear > PATIENCE:
            return None
        if flow is not None and (unclear := flow.state(session.state).table.unclear):
            if not self._in_their_language(turn):
                flow.state(session.state).speak(turn, unclear)
        elif not turn.record.given:
            self._say_with_ways(turn, "help.unsubscribed", "start", "privacy", "human")
        else:
            text_id = "common.not_understood" if readable else "common.text_only"
            self._say_with_ways(turn, text_id, "my_choices", "privacy", "human")

    def _in_their_language(self, turn: Turn) -> bool:
        """Ask again if the question that waits is in another language than the one spoken now."""
        pending = turn.record.pending
        if pending is None or pending.locale == turn.locale or self._place(turn) != self.flows.question:
            return False
        return self._ask_again(turn)

    def _first_contact(self, turn: Turn) -> None:
        """Who writes first is asked; before that in which language, when nothing tells it."""
        if turn.session.locale or len(self.world.texts.offered) == 1:
            self._open(turn, self.flows.by_intent[Intent.START])
        else:
            self._open(turn, self.flows.by_intent[Intent.LANGUAGE])

    def _say_with_ways(self, turn: Turn, text_id: str, *ways: str) -> None:
        turn.say(text_id, [Option(way, f"common.{way}") for way in ways])
