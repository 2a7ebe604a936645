"""One step of a conversation: `step(session, inbound, now)` → the next session, facts for the ledger, replies.

The order of meaning: what ends things (STOP, in any state and language) comes first, then the other words that
work everywhere, then the answers of the dialogue that is going on, then the host's bot, then a short "I did not
understand", and after several of those silence, so that two bots come to rest.
"""

from dataclasses import dataclass

from bot.consent.evidence import Entry, Kind, Method
from bot.consent.lifecycle import Status
from bot.conversation.effects import autonym
from bot.conversation.flow import Flow, Flows
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
from bot.conversation.keywords import Intent, Match
from bot.conversation.normalise import normalise
from bot.conversation.reply import Reply
from bot.conversation.session import Session
from bot.conversation.turn import Turn, World
from bot.i18n.locale import guess

PATIENCE = 3
"""How many messages in a row may fit nothing, or get the same answer, before the bot falls silent."""
PATIENCE_RETURNS_AFTER = 3600
"""Seconds without a message after which the bot is patient again."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one message leads to."""

    session: Session
    entries: tuple[Entry, ...] = ()
    replies: tuple[Reply, ...] = ()
    handed_over: bool = False
    """No dialogue claims the message and consent allows it: the host's bot gets it."""


class Dialogue:
    """The dialogues of one business. Pure: the same arguments give the same step."""

    def __init__(self, world: World, flows: Flows) -> None:
        self.world = world
        self.flows = flows
        self._languages = {normalise(autonym(code)): code for code in world.texts.offered}

    def step(self, session: Session, inbound: Inbound, now: float) -> Step:
        """Answer one message; `now` is our time in unix seconds."""
        turn = Turn(self.world, session.copy(), inbound, now)
        self._forget_old_patience(turn)
        self._lapse_if_due(turn)
        match inbound.content:
            case Lapse(question):
                self._lapse(turn, question)
            case Reaction():
                pass  # never an answer, and no reason to speak
            case Preference(value):
                self._preference(turn, value)
            case AddressChanged():
                self._address_changed(turn)
            case Text(body):
                self._typed(turn, body)
            case Choice(choice):
                self._tapped(turn, choice)
            case Media(caption=text) | Other(text=text):
                self._unreadable(turn, text)
        return self._finished(turn)

    # --- what kind of message

    def _typed(self, turn: Turn, body: str) -> None:
        match = self.world.keywords.classify(body, asked_in=self._asked_in(turn))
        self._settle_locale(turn, match)
        if match is None:
            locale = self._languages.get(normalise(body))
            return self._set_language(turn, locale) if locale else self._unclaimed(turn)
        turn.rule = match.rule
        if match.intent in (Intent.YES, Intent.NO):
            return self._answered(turn, match.intent)
        return self._open(turn, self.flows.by_intent[match.intent])

    def _tapped(self, turn: Turn, choice: str) -> None:
        name, _, turn.argument = choice.partition(":")
        turn.rule = "button"
        self._settle_locale(turn, None)
        match name:
            case "yes" | "no":
                self._answered(turn, name)
            case "locale" if turn.argument in self.world.texts.offered:
                self._set_language(turn, turn.argument)
            case "ask" if self.world.business.purpose(turn.argument):
                self._open(turn, self.flows["opt_in"], asking=(turn.argument,))
            case "withdraw" if self.world.business.purpose(turn.argument):
                self._open(turn, self.flows["my_choices"], trigger="withdraw_one")
            case _ if name in self.flows.by_intent:
                self._open(turn, self.flows.by_intent[name])
            case _ if (flow := self._current(turn)) is not None and flow.knows(turn.session.state, name):
                self._fire(turn, name)
            case _:
                self._typed(turn, turn.answer)  # a button of someone else's template: read its label

    def _unreadable(self, turn: Turn, text: str) -> None:
        """A picture, a voice note, an edit …: only a withdrawal in its text is heard; it never consents."""
        match = self.world.keywords.classify(text, asked_in=None) if text else None
        self._settle_locale(turn, match)
        if match is not None and match.intent in (Intent.STOP, Intent.MAYBE_STOP):
            turn.rule = match.rule
            return self._open(turn, self.flows.by_intent[match.intent])
        return self._unclaimed(turn, readable=False)

    def _preference(self, turn: Turn, value: str) -> None:
        """WhatsApp's own switch: `stop` withdraws marketing; `resume` gives nothing back, it is no consent."""
        if value == "stop":
            marketing = [purpose.id for purpose in self.world.business.purposes if purpose.category == "marketing"]
            turn.withdraw(marketing, Method.WHATSAPP_SETTING)

    def _address_changed(self, turn: Turn) -> None:
        """Someone else may hold the number now: every withdrawal stays, every consent needs a new YES."""
        for purpose in turn.record.given:
            turn.record_fact(Kind.STALE, purpose, method=Method.ADDRESS_CHANGE, actor="whatsapp")
        if turn.record.pending is not None:
            self._fire_lapse(turn)

    # --- questions and their end

    def _asked_in(self, turn: Turn) -> str | None:
        """The language of the question that waits for a yes or no."""
        flow = self._current(turn)
        if flow is None or not flow.knows(turn.session.state, "yes"):
            return None
        pending = turn.record.pending
        return pending.locale if flow.name == "opt_in" and pending else turn.locale

    def _answered(self, turn: Turn, answer: str) -> None:
        flow = self._current(turn)
        if flow is None or not flow.knows(turn.session.state, answer) or not flow.fire(answer, turn):
            return self._unclaimed(turn)
        turn.session.unclear = 0
        return None

    def _lapse_if_due(self, turn: Turn) -> None:
        """A question's time is up by WhatsApp's clock, whether or not the timer has come."""
        pending = turn.record.pending
        if pending is not None and turn.inbound.at > pending.expires_at:
            self._fire_lapse(turn)

    def _lapse(self, turn: Turn, question: str) -> None:
        pending = turn.record.pending
        if pending is not None and pending.question == question:
            self._fire_lapse(turn)

    def _fire_lapse(self, turn: Turn) -> None:
        session = turn.session
        session.flow, session.state = "opt_in", "asked"
        session.purpose = turn.record.pending.purpose if turn.record.pending else session.purpose
        self.flows["opt_in"].fire("lapse", turn)
        session.flow = session.state = ""
        session.asking = None

    # --- dialogues

    def _current(self, turn: Turn) -> Flow | None:
        """The dialogue going on; none when its file or state is gone since (a deploy in between)."""
        session = turn.session
        if session.flow not in self.flows or session.state not in self.flows[session.flow].machine.states:
            session.flow = session.state = ""
            return None
        return self.flows[session.flow]

    def _open(
        self, turn: Turn, flow: Flow, trigger: str = "start", asking: tuple[str, ...] | None = None
    ) -> None:
        """Begin a dialogue; an interlude gives back to the one that was going on."""
        session = turn.session
        interrupted = (session.flow, session.state, session.asking)
        session.flow, session.state, session.asking = flow.name, flow.table.initial, asking
        flow.fire(trigger, turn)
        session.unclear = 0
        if flow.table.interlude:
            session.flow, session.state, session.asking = interrupted

    def _fire(self, turn: Turn, trigger: str) -> None:
        self.flows[turn.session.flow].fire(trigger, turn)
        turn.session.unclear = 0

    def _finished(self, turn: Turn) -> Step:
        session = turn.session
        flow = self._current(turn)
        if flow is not None and flow.state(session.state).final:
            session.flow = session.state = session.purpose = ""
            session.asking = None
            if turn.record.pending is not None:  # a question waits beneath
                session.flow, session.state, session.asking = "opt_in", "asked", ()
                session.purpose = turn.record.pending.purpose
        session.last_at = max(session.last_at, turn.inbound.at)
        replies = () if session.repeats > PATIENCE and not turn.entries else tuple(turn.replies)
        return Step(session, tuple(turn.entries), replies, turn.handed_over)

    # --- language

    def _settle_locale(self, turn: Turn, match: Match | None) -> None:
        """Stored choice, else the language of the word that was typed, else the country's, else ask or default."""
        session = turn.session
        if session.locale:
            return
        offered = self.world.texts.offered
        if match is not None:
            spoken = [code for code in offered if code.split("-")[0] in match.languages]
            if len(spoken) == 1:
                session.locale = spoken[0]
                return
        likely = guess(turn.inbound.sender.phone, turn.inbound.sender.bsuid, offered)
        if len(likely) == 1:
            session.locale = likely[0]
        elif session.last_text == "language.ask":
            session.locale = likely[0] if likely else self.world.business.default_locale

    def _set_language(self, turn: Turn, locale: str) -> None:
        turn.argument = locale
        self._open(turn, self.flows["language"], trigger="set_language")
        flow = self._current(turn)
        if flow is not None and flow.knows(turn.session.state, "ask_again"):
            self._fire(turn, "ask_again")
        elif self._never_asked(turn):
            self._open(turn, self.flows["opt_in"])

    # --- nothing fits

    def _never_asked(self, turn: Turn) -> bool:
        consents = (turn.record.consent(purpose.id) for purpose in self.world.business.purposes)
        return all(consent.status is Status.NONE for consent in consents)

    def _unclaimed(self, turn: Turn, *, readable: bool = True) -> None:
        session, host_purpose = turn.session, self.world.host_purpose
        flow = self._current(turn)
        if host_purpose is not None and turn.record.allows(host_purpose, turn.inbound.at):
            turn.handed_over = True
            session.unclear = session.repeats = 0
            return
        if flow is None and self._never_asked(turn):
            return self._first_contact(turn)
        session.unclear += 1
        if session.unclear > PATIENCE:
            return
        if flow is not None and (unclear := flow.state(session.state).table.unclear):
            flow.state(session.state).speak(turn, unclear)
        elif not readable:
            self._say_with_ways(turn, "common.text_only")
        elif not turn.record.given:
            turn.say("help.unsubscribed", self._options(turn, "start", "privacy", "human"))
        else:
            self._say_with_ways(turn, "common.not_understood")

    def _first_contact(self, turn: Turn) -> None:
        """Who writes first is asked; in which language, too, when their country has several."""
        session = turn.session
        likely = guess(turn.inbound.sender.phone, turn.inbound.sender.bsuid, self.world.texts.offered)
        if not session.locale and len(likely) > 1:
            self._open(turn, self.flows["language"])
        else:
            session.locale = session.locale or self.world.business.default_locale
            self._open(turn, self.flows["opt_in"])

    def _say_with_ways(self, turn: Turn, text_id: str) -> None:
        turn.say(text_id, self._options(turn, "my_choices", "privacy", "human"))

    def _options(self, turn: Turn, *names: str) -> list[tuple[str, str, str]]:
        return [(name, turn.label(f"common.{name}"), "") for name in names]

    def _forget_old_patience(self, turn: Turn) -> None:
        session = turn.session
        if turn.inbound.at - session.last_at > PATIENCE_RETURNS_AFTER:
            session.unclear = session.repeats = 0
