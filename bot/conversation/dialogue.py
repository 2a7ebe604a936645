"""One step of a conversation: `step(session, inbound, now)` → the next session, facts for the ledger, replies.

A message is matched in this order: first what ends things (STOP, in any state and language), then the other words that
work everywhere, then answers in the current dialogue, then the host's bot, then a short "I did not understand". After
several of those the bot stays silent, so that two bots talking to each other stop.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..consent.evidence import Entry, Fact, Kind, Method, Seen
from ..consent.lifecycle import Pending, Status
from ..messages import host_ids
from ..messages.inbound import (
    AddressChanged,
    Choice,
    Correction,
    Inbound,
    Lapse,
    Media,
    Other,
    Preference,
    QuestionStatus,
    Reaction,
    StaffMessage,
    Text,
)
from ..messages.reply import Reply
from ..words.intents import BY_PAYLOAD, UNASKED, Intent, Match
from ..words.keywords import COMMANDS
from . import last_resort
from .compose import Option
from .ending import Ending
from .flow import Flows
from .guards import answers_the_pending_request
from .language import LanguageChoice
from .named import named_purposes
from .navigation import Navigation
from .session import Session, Task
from .triggers import Trigger
from .turn import Turn, said
from .world import World

MOST_UNCLEAR_MESSAGES = 3
"""How many consecutive messages that match nothing get an answer."""

REPETITIONS = 8
"""How often the same answer is given in a row."""

MOST_LOOKS_AGAIN = 6
"""How often a yes is reconsidered while it is unknown whether WhatsApp took the question; then we ask again."""

TALK = 40
"""Maximum answers in a row while no consent or question changes.

No person needs that many; a bot that answers each of our messages would never stop.
"""

FACTS_A_DAY = 200
"""How many facts a person's messages may add to the ledger per day; after that only endings are added.

A person who says START, YES and STOP in turn, thirty times a day, means none of it, and the ledger is kept for years.
"""

DAY = 86400

COUNTED_ANEW_AFTER_SECONDS = 3600
"""Seconds without a message after which all three counters restart."""

_WITHDRAWALS = frozenset({Intent.STOP, Intent.MAYBE_STOP})
"""Intents that count even in a caption or in the label of a host's button."""

_REMEMBERED = 8
"""How many corrections that arrive before their message are remembered: webhooks come in any order."""

_ENDS = frozenset({Kind.EXPIRED, Kind.STALE})
"""Facts that a message reveals rather than causes."""

_DELIBERATE = frozenset({"location", "contacts", "order", "interactive", "flow"})
"""Kinds of message that nobody sends by accident; other kinds may be WhatsApp's own events."""


_OPENING = frozenset({Kind.REQUESTED, Kind.GIVEN, Kind.KEPT, Kind.LIFTED})
"""Facts that allow more to be sent or asked …"""

_ENDING = frozenset({Kind.WITHDRAWN, Kind.OBJECTED, Kind.RESTRICTED, Kind.PAUSED, Kind.REFUSED})
"""… and facts that allow less, which are never too many."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a message leads to.

    The timers follow from `session.record.pending` and `session.answerable_until`, before and after: a pending question
    needs a `Lapse` with its id right after that time, and a lapse for any other time is no longer needed.
    """

    session: Session
    entries: tuple[Entry, ...] = ()
    """Facts for the ledger, in order; each (inbound, purpose, kind) once."""
    replies: tuple[Reply, ...] = ()
    """Answers to the person; a reply that asks for consent has its `question` set."""
    handed_over: bool = False
    """Whether the host's bot gets the message: no dialogue claims it, and consent allows it."""
    tasks: tuple[Task, ...] = ()
    """Work outside of the conversation; whoever does it also reports the result."""
    failure: Exception | None = None
    """Why there is no answer although the message ended something: the program or one of its files is at fault."""
    postponed: bool = False
    """Whether to look at the message again a little later: it seems to answer a question that is still on its way."""


class Dialogue:
    """The dialogues of one business. Pure: the same arguments give the same step."""

    def __init__(self, world: World, flows: Flows) -> None:
        self.world = world
        self.flows = flows
        self._language = LanguageChoice(world)
        self._navigation = Navigation(flows)
        self._ending = Ending(flows, self._navigation)

    def step(self, session: Session, inbound: Inbound, now: float, recorded: Sequence[Fact] = ()) -> Step:
        """Answer one message; `now` is our time in unix seconds.

        A withdrawal is recorded even if answering it fails; the step's `failure` then says why. `recorded` is what the
        ledger already has from this message if a worker died before the end of the step: the same decisions are made
        again, even if more is known now or the key for question ids has changed.
        """
        try:
            return self._step(session, inbound, now, recorded)
        except Exception as failure:
            turn = Turn(self.world, session.copy(), inbound, now)
            if not last_resort.end(turn, self._ending):
                raise
            return Step(turn.session, tuple(turn.entries), failure=failure)

    def opens_a_record(self, inbound: Inbound) -> bool:
        """Whether this opens a record for an unknown sender: they said something, or switched marketing off.

        An emoji under our farewell, or a deleted message, is no reason to keep data (GDPR Art. 5(1)(c)).
        """
        if inbound.overheard:  # an unknown person has nothing that a doubt could pause
            return self._hears(inbound, doubts=False)
        match inbound.content:
            case Text() | Choice() | Media():
                return True
            case Other(kind):
                return kind in _DELIBERATE or self._hears(inbound)
            case Correction():
                return self._hears(inbound)
            case Preference(value):
                return value == "stop"
        return False

    def _step(self, session: Session, inbound: Inbound, now: float, recorded: Sequence[Fact]) -> Step:
        turn = Turn(self.world, session.copy(), inbound, now, recorded)
        self._ending.due(turn)
        self._navigation.settle(turn)
        match inbound.content:
            case Lapse():
                pass  # what is due by now has ended
            case QuestionStatus() as status:
                for purpose in self._ending.conveyed(turn, status):
                    self._take_back(turn, purpose)
            case Preference(value):
                self._ending.preference(turn, value)
            case AddressChanged():
                self._ending.address_changed(turn)
            case Reaction() | StaffMessage():
                pass  # never an answer, and no reason to speak
            case content if inbound.overheard:
                self._overhear(turn, content)
            case content:
                self._message(turn, content)
                self._renew(turn)
        self._navigation.settle(turn)
        self._say_again(turn, session.record.pending)
        if turn.entries and self._facts_before(turn) >= FACTS_A_DAY:
            kinds = {entry.kind for entry in turn.entries}
            if kinds & _OPENING and not kinds & _ENDING:
                return self._declined(session, inbound, now)
            if not turn.changed:  # already said and recorded
                turn.entries, turn.session.record = [], session.record
        turn.session.facts = self._facts_before(turn) + len(turn.entries)
        turn.session.facts_day = inbound.at // DAY
        if self._enough(turn) and turn.replies:
            turn.replies, turn.tasks = [], []
        return Step(
            turn.session,
            tuple(turn.entries),
            tuple(turn.replies),
            turn.handed_over,
            tuple(turn.tasks),
            postponed=turn.postponed,
        )

    def _say_again(self, turn: Turn, waited: Pending | None) -> None:
        """Repeat the question that waited before this turn if we just reported the end of another consent.

        Otherwise a yes might be meant for that report. Where we only overhear, nothing can be asked, so the question
        ends.
        """
        pending, replies = turn.record.pending, turn.replies
        if pending is None or pending != waited or not replies or any(reply.question for reply in replies):
            return
        if turn.record.restricted or all(entry.kind is not Kind.WITHDRAWN for entry in turn.entries):
            return
        turn.about = pending.purpose
        if turn.inbound.overheard:
            turn.close_question(Method.CHAT, rule="superseded")
        elif self._navigation.position(turn) == self.flows.question and not self._ask_again(turn):
            state = self.flows[self.flows.question.flow].state(self.flows.question.state)
            state.speak(turn, state.table.say)  # the cause is older than the question, which stays the same
        self._navigation.settle(turn)

    def heeds(self, inbound: Inbound) -> bool:
        """Whether something overheard can change anything; if not, its sender need not be looked up."""
        return self._hears(inbound) or (isinstance(inbound.content, Correction) and bool(inbound.content.original))

    def _hears(self, inbound: Inbound, *, doubts: bool = True) -> bool:
        """Whether something overheard contains a clear withdrawal or, with `doubts`, a doubtful withdrawal."""
        match inbound.content:
            case Text() | Choice() | Media() | Correction() | Other() as content:
                try:
                    match = self._heeded(inbound, content)
                except Exception:  # the step will fail as well, and look for a withdrawal in another way
                    return True
                return match is not None and (doubts or match.intent is not Intent.MAYBE_STOP)
            case StaffMessage() | Reaction():
                return False
        return True

    def _heeded(self, inbound: Inbound, content: Text | Choice | Media | Correction | Other) -> Match | None:
        """Return the withdrawal or doubt in something overheard."""
        tapped = content.id.partition(":")[0] if isinstance(content, Choice) else ""
        if tapped in (Intent.STOP, "withdraw") or (tapped == Trigger.KEEP and inbound.overheard == "standby"):
            return Match(Intent.STOP, "button", frozenset())
        match = self.world.keywords.classify(said(content), asked_in=None)
        if match is None or (inbound.overheard == "history" and match.intent is Intent.MAYBE_STOP):
            return None  # an old doubt has long been settled, or forgotten
        return match if match.intent in (Intent.STOP, Intent.OBJECT, Intent.MAYBE_STOP) else None

    def _overhear(self, turn: Turn, content: Text | Choice | Media | Correction | Other) -> None:
        """Obey and confirm a withdrawal that was not written to us alone; if it is doubtful, pause silently.

        A yes that is edited or deleted there is taken back as well. If Meta's agent holds the chat, the doubt is asked
        about, since the answer comes the same way.
        """
        match = self._heeded(turn.inbound, content)
        doubt, held = match is not None and match.intent is Intent.MAYBE_STOP, turn.inbound.overheard == "standby"
        if isinstance(content, Correction) and (match is None or doubt):
            self._take_words_back(turn, content)
        if match is not None:
            turn.rule = match.rule
            if isinstance(content, Choice) and match.rule == "button":
                self._tapped(turn, content.id)
            elif turn.record.given or not turn.entries:
                self._obey(turn, match)
        if turn.inbound.overheard == "history" or (doubt and not held):
            turn.replies = []
        elif held and not doubt:  # a tap there would not be heard
            turn.replies = [reply for reply in turn.replies if not (reply.buttons or reply.rows)]

    @staticmethod
    def _facts_before(turn: Turn) -> int:
        """Return how many facts there were today before this turn."""
        return turn.session.facts if turn.session.facts_day == turn.inbound.at // DAY else 0

    def _declined(self, session: Session, inbound: Inbound, now: float) -> Step:
        """Change nothing and say how to reach a person; tomorrow the request works again."""
        turn = Turn(self.world, session.copy(), inbound, now)
        turn.session.last_at = max(session.last_at, inbound.at)
        turn.say("human.contact")
        return Step(turn.session, replies=() if turn.session.repeats > REPETITIONS else tuple(turn.replies))

    def _enough(self, turn: Turn) -> bool:
        """Whether the conversation is going round in circles."""
        session = turn.session
        session.answers = 0 if turn.changed or turn.handed_over else session.answers + bool(turn.replies or turn.tasks)
        return not turn.changed and (session.repeats > REPETITIONS or session.answers > TALK)

    # --- what the person sent

    def _message(self, turn: Turn, content: Text | Choice | Media | Correction | Other) -> None:
        session, pending = turn.session, turn.record.pending
        if turn.inbound.at - session.last_at > COUNTED_ANEW_AFTER_SECONDS:
            session.unclear = session.repeats = session.answers = 0
            self._navigation.forget(turn)
        session.last_at = max(session.last_at, turn.inbound.at)
        if turn.inbound.awaits and (pending is None or pending.question != turn.inbound.awaits):
            return  # the question that it should answer is over
        match content:
            case Text() if self._is_no_answer(turn):
                self._no_answer(turn)
            case Text(body):
                self._typed(turn, body)
            case Choice(choice):
                self._tapped(turn, choice)
            case Correction():
                self._corrected(turn, content)
            case Media() | Other():
                self._unreadable(turn)

    def _typed(self, turn: Turn, body: str) -> None:
        if locale := self._language.named(turn):
            return self._set_language(turn, locale)
        if choice := self._navigation.labelled(turn):
            turn.rule = "label"
            return self._answered(turn, choice)
        question = self._quoted(turn)
        asked_in = self._asked_in(turn, question)
        match = self._meaning(turn, asked_in)
        self._language.settle(turn, match)
        if match is None:
            if turn.record.restricted and self._navigation.spells(turn, Intent.RESTRICT, Trigger.LIFT):
                turn.rule = "label"
                return self._open(turn, Intent.RESTRICT, Trigger.LIFT)
            if not self._navigation.knows(turn, Trigger.TYPED) and (intent := self._navigation.spelled(turn)):
                turn.rule = "label"
                return self._open(turn, Intent(intent))
            if self._navigation.fire(turn, Trigger.TYPED) or (asked_in and self._foreign_yes(turn)):
                return None
            return self._unclaimed(turn, ours=self._navigation.knows(turn, Trigger.TYPED))
        turn.rule = match.rule
        if match.intent in _WITHDRAWALS:
            return self._withdrawing(turn, match)
        if match.intent not in (Intent.YES, Intent.NO):
            return self._open(turn, match.intent)
        if question is not None:
            turn.argument = question
            if match.intent is Intent.YES and not self._is_plain(turn, body):
                return self._unclaimed(turn)
            return self._named_answer(turn, match.intent, Seen.QUOTE)
        if match.intent is Intent.YES and self._navigation.position(turn) == self.flows.question:
            return self._typed_yes(turn, body)
        if match.rule == UNASKED or not self._navigation.knows(turn, match.intent):
            return self._unasked(turn, match.intent)
        return self._answered(turn, match.intent)

    def _quoted(self, turn: Turn) -> str | None:
        """Return which of our questions the message quotes."""
        quoted, recorded = turn.inbound.quoted, turn.recorded
        asked = [(attempt.message, attempt.question) for attempt in turn.session.asked]
        asked += [(quoted or "", fact.question) for fact in recorded if fact.seen is Seen.QUOTE]
        return next((question for message, question in asked if quoted and message == quoted), None)

    def _typed_yes(self, turn: Turn, body: str) -> None:
        """A plain yes answers the pending question if the question had reached the person (GDPR Art. 4(11), 7(1)).

        A yes that quotes an unknown message answers that message, perhaps an older question: WhatsApp keeps delivering
        for weeks. But that message may be the pending question itself if we do not know yet which message asked it.
        """
        pending = turn.record.pending
        if not self._is_plain(turn, body):
            return self._unclaimed(turn)
        if pending is None or not answers_the_pending_request(turn):
            return self._unclaimed(turn, ours=True)
        if not turn.inbound.quoted and turn.reached(pending).seen:
            return self._answered(turn, Intent.YES)
        on_its_way = any(
            attempt.question == pending.question and not attempt.is_taken for attempt in turn.session.asked
        )
        if on_its_way and turn.inbound.postponed < MOST_LOOKS_AGAIN and not turn.recorded:
            turn.postponed = True
            return None
        if turn.inbound.quoted:
            return self._unclaimed(turn)
        self._ask_again(turn)
        return None

    def _tapped(self, turn: Turn, choice: str) -> None:
        if host_ids.is_hosts(choice):
            return self._read_label(turn, "", _WITHDRAWALS)
        name, _, turn.argument = choice.partition(":")
        turn.rule = "button"
        self._language.settle(turn, None)
        match name:
            case Trigger.YES | Trigger.NO if turn.argument:
                self._named_answer(turn, name, Seen.BUTTON)
            case Trigger.KEEP if turn.argument:
                self._tapped_keep(turn)
            case Trigger.YES | Trigger.NO | Trigger.KEEP:
                self._read_label(turn, choice, COMMANDS)  # our own buttons name their question
            case "locale" if turn.argument in self.world.texts.offered:
                self._set_language(turn, turn.argument)
            case "ask" if self.world.business.purpose(turn.argument):
                self._ask(turn, turn.argument)
            case "withdraw" if self.world.business.purpose(turn.argument):
                self._open(turn, Intent.MY_CHOICES, Trigger.WITHDRAW_ONE)
            case Trigger.LIFT:
                self._open(turn, Intent.RESTRICT, name)
            case _ if name in self.flows.by_intent:
                self._open(turn, Intent(name))
            case _ if self._navigation.offers(turn, name):
                self._answered(turn, name)
            case _:
                self._read_label(turn, choice, COMMANDS)

    def _named_answer(self, turn: Turn, answer: str, by: Seen) -> None:
        """A button under a question, or an answer quoting it, answers that question and no other."""
        question, pending = turn.argument, turn.record.pending
        if answer == "yes" and by is Seen.BUTTON and (self._is_no_answer(turn) or self._quotes_other(turn, question)):
            return self._unclaimed(turn, ours=True)
        turn.named, turn.named_by = question, by
        if pending is not None and pending.question == question:
            self._navigation.put(turn, self.flows.question)
            return self._answered(turn, answer)
        agreed = self._agreed_by(turn, question)
        if agreed and answer == "no":  # to a question already answered with yes: a change of mind
            turn.argument = agreed
            return self._open(turn, Intent.MY_CHOICES, Trigger.WITHDRAW_ONE)
        if agreed in turn.record.given:
            return self._ask(turn)
        wished = answer == "yes" and self._ask_anew(turn, wished=True)
        return None if wished else self._unclaimed(turn, ours=True)

    @staticmethod
    def _is_no_answer(turn: Turn) -> bool:
        """Whether the message was forwarded, or edited before it came."""
        return turn.inbound.forwarded or turn.is_corrected

    @staticmethod
    def _quotes_other(turn: Turn, question: str) -> bool:
        """Whether a tap was on a message other than those known to have asked this question."""
        messages = [attempt.message for attempt in turn.session.asked if attempt.question == question]
        return bool(turn.inbound.quoted and messages and all(messages)) and turn.inbound.quoted not in messages

    def _agreed_by(self, turn: Turn, question: str) -> str:
        """Return the purpose that a yes to this question agreed to, whether it stands or has ended by itself."""
        for purpose, consent in turn.record.consents.items():
            stands = consent.status not in (Status.WITHDRAWN, Status.REFUSED)
            if consent.question == question and stands and self.world.business.purpose(purpose) is not None:
                return purpose
        return ""

    def _tapped_keep(self, turn: Turn) -> None:
        """A button under the question whether to stop ends the pause that this question began, but no later pause."""
        doubts = turn.doubts
        if doubts and turn.argument not in doubts:
            return self._unclaimed(turn, ours=True)
        if doubts:
            self._navigation.put(turn, self.flows.doubt)
        return self._answered(turn, Trigger.KEEP)

    def _read_label(self, turn: Turn, choice: str, heard: Collection[Intent]) -> None:
        """Read the button of somebody else's message: its label may be one of our words, but answers no question.

        If the label means nothing, a `choice` such as OPT_OUT does.
        """
        match = self._meaning(turn)
        self._language.settle(turn, match)
        if match is None and self.world.keywords.names_stop(choice):
            match = Match(Intent.STOP, BY_PAYLOAD, frozenset())
        if match is None or match.intent not in heard:
            return self._unclaimed(turn)
        turn.rule = match.rule
        return self._open(turn, match.intent)

    def _withdrawing(self, turn: Turn, match: Match) -> None:
        """Obey a typed withdrawal, or ask back; a longer message first counts as the text asked for, if any."""
        if not match.bare:
            self._navigation.fire(turn, Trigger.TYPED)
        self._obey(turn, match)

    def _obey(self, turn: Turn, match: Match) -> None:
        """End what a withdrawal names, or everything; ask in case of doubt. Somebody else's words name nothing."""
        if not turn.inbound.forwarded and (named := named_purposes(turn, match)):
            turn.argument = " ".join(named)
            return self._open(turn, Intent.MY_CHOICES, Trigger.WITHDRAW_ONE)
        return self._open(turn, match.intent)

    def _unreadable(self, turn: Turn) -> None:
        """A picture, a voice note, an order …: only a withdrawal in its text counts; it never gives consent."""
        if not self._withdraws(turn):
            self._unclaimed(turn, readable=False)

    def _no_answer(self, turn: Turn) -> None:
        """A message that was forwarded, or edited before it came, neither answers nor commands anything.

        It is accepted only where any text will do.
        """
        if not self._withdraws(turn) and not self._navigation.fire(turn, Trigger.TYPED):
            self._unclaimed(turn, ours=self._navigation.knows(turn, Trigger.TYPED))

    def _withdraws(self, turn: Turn) -> bool:
        """Obey a withdrawal in a message in which nothing else counts; return whether there was one.

        A forwarded withdrawal may be somebody else's: nothing that needs consent is sent until the person clarifies.
        """
        heard = self._heard(turn)
        if heard is not None:
            self._obey(turn, heard)
        return heard is not None

    def _heard(self, turn: Turn) -> Match | None:
        """Return STOP or MAYBE_STOP if that is what the message says."""
        match = self._meaning(turn) if turn.answer else None
        self._language.settle(turn, match)
        if match is None or match.intent not in _WITHDRAWALS:
            return None
        turn.rule = match.rule
        return replace(match, intent=Intent.MAYBE_STOP) if turn.inbound.forwarded else match

    # --- messages that were changed or deleted

    def _corrected(self, turn: Turn, correction: Correction) -> None:
        """An edited or deleted answer no longer counts; a withdrawal still does.

        A correction never gives consent: after a yes that comes this way, the question is asked again.
        """
        heard = self._heard(turn)
        if heard is not None and heard.intent is Intent.STOP:
            return self._obey(turn, heard)
        self._take_words_back(turn, correction)
        if heard is not None and (turn.record.given or not turn.replies):
            return self._obey(turn, heard)
        answered = any(fact.kind in (Kind.GIVEN, Kind.REFUSED) for fact in correction.led_to)
        pending = None if answered else turn.record.pending
        if pending is not None and self._means(turn, pending.locale) is not None:
            self._unclaimed(turn, ours=True)
        return None

    def _take_words_back(self, turn: Turn, correction: Correction) -> None:
        if not correction.led_to:
            self._remember(turn, correction)
        for fact in correction.led_to:
            self._undo(turn, correction, fact)

    def _remember(self, turn: Turn, correction: Correction) -> None:
        """Remember that a message was corrected: it may come later, or be changed back."""
        if correction.original:
            tokens = (*turn.session.corrected, turn.token(correction.original))
            turn.session.corrected = tuple(dict.fromkeys(tokens))[-_REMEMBERED:]

    def _undo(self, turn: Turn, correction: Correction, fact: Fact) -> None:
        """Take back a fact that followed from the words that were corrected."""
        consent, now = turn.record.consent(fact.purpose), self._means(turn, fact.locale)
        if turn.inbound.overheard and (fact.kind is not Kind.GIVEN or now is Intent.YES):
            return  # nothing can be asked there
        match fact.kind:
            case Kind.GIVEN if now is not Intent.YES and consent.question == fact.question:
                if consent.status is Status.GIVEN or consent.ended:
                    turn.rule, turn.argument = correction.kind, fact.purpose
                    self._open(turn, Intent.STOP, Trigger.TAKEN_BACK)
                    self._remember(turn, correction)
            case Kind.GIVEN if now is Intent.YES and turn.token(correction.original) in turn.session.corrected:
                if consent.question == fact.question and consent.status is Status.WITHDRAWN:
                    self._ask_first(turn, fact.purpose)
            case Kind.REFUSED if now is Intent.YES and consent.status is Status.REFUSED:
                self._ask_first(turn, fact.purpose)
            case Kind.KEPT if now is not Intent.NO and turn.record.given and not turn.record.paused:
                turn.rule = correction.kind
                self._open(turn, Intent.MAYBE_STOP)

    def _means(self, turn: Turn, asked_in: str) -> Intent | None:
        """Return YES or NO if that is plainly what the message would answer to a question in the given language."""
        match = self._meaning(turn, asked_in) if turn.answer else None
        if match is None or match.intent not in (Intent.YES, Intent.NO):
            return None
        plain = match.intent is Intent.NO or self.world.keywords.assent.is_plain(turn.answer, asked_in)
        return match.intent if plain else None

    def _meaning(self, turn: Turn, asked_in: str | None = None) -> Match | None:
        return self.world.keywords.classify(turn.typed, asked_in=asked_in, spoken=self._language.plausible(turn))

    # --- questions and answers

    def _asked_in(self, turn: Turn, quoted: str | None) -> str | None:
        """The language of the question that waits for a yes or no, or can at least be answered with no."""
        pending = turn.record.pending
        if pending is not None and (
            quoted == pending.question or self._navigation.position(turn) == self.flows.question
        ):
            return pending.locale
        may_answer = any(self._navigation.knows(turn, answer) for answer in (Trigger.YES, Trigger.NO))
        return turn.locale if may_answer else None

    def _answered(self, turn: Turn, answer: str) -> None:
        if not self._navigation.fire(turn, answer):
            return self._unclaimed(turn, ours=True)
        turn.session.unclear = 0
        return None

    def _unasked(self, turn: Turn, answer: Intent) -> None:
        """An answer while nothing waits. The host's bot may have asked; otherwise a no may be a withdrawal.

        A yes agrees to nothing; where a consent has ended, it is a wish to be asked.
        """
        if self._is_hosts(turn):
            return self._unclaimed(turn)
        if answer is Intent.NO and turn.record.given:
            return self._open(turn, Intent.MAYBE_STOP)
        if answer is Intent.YES and self._ask_anew(turn, wished=True):
            return None
        return self._unclaimed(turn, ours=True)

    def _is_plain(self, turn: Turn, body: str) -> bool:
        """Whether a yes says nothing else, as it must for consent to follow."""
        pending = turn.record.pending
        return pending is None or self.world.keywords.assent.is_plain(body, pending.locale)

    def _foreign_yes(self, turn: Turn) -> bool:
        """A yes in a language other than the question's agrees to nothing, but it reveals a language."""
        match = self.world.keywords.yes_elsewhere(turn.typed)
        if match is None:
            return False
        if self._navigation.position(turn) == self.flows.doubt:
            turn.rule = match.rule
            return self._navigation.fire(turn, Trigger.YES)
        return self._language.corrected(turn, match) and self._ask_again(turn)

    def _ask(self, turn: Turn, *purposes: str, trigger: str = Trigger.ASK_ONE) -> None:
        """Begin a round of questions about only these purposes; the current round continues if none is left."""
        round_before, question = turn.session.asking, turn.record.pending
        turn.session.asking = purposes
        self._navigation.open(turn, self.flows.by_intent[Intent.START], trigger)
        if turn.record.pending == question:
            turn.session.asking = round_before

    def _ask_again(self, turn: Turn) -> bool:
        """Repeat the pending question; return whether there was one."""
        return self._navigation.fire(turn, Trigger.ASK_AGAIN)

    def _ask_first(self, turn: Turn, purpose: str) -> None:
        """Ask about this purpose now; the pending question and the rest of its round follow."""
        pending = turn.record.pending
        self._ask(turn, purpose, *([pending.purpose] if pending else []), *(turn.session.asking or ()))

    def _take_back(self, turn: Turn, purpose: str) -> None:
        """Say that a yes does not count because its question had not arrived, and ask again."""
        if self.world.business.purpose(purpose) is None or turn.record.restricted:
            return
        turn.about = purpose
        turn.say("common.undelivered")
        self._ask_first(turn, purpose)

    def _renew(self, turn: Turn) -> None:
        """Ask again for what has ended or ends soon: after an answer to the person, if nothing else is going on."""
        if not turn.replies or turn.tasks or any(entry.kind not in _ENDS for entry in turn.entries):
            return
        self._navigation.settle(turn)
        if turn.session.flow or turn.record.pending is not None or self._ask_anew(turn) or not self.world.renews:
            return
        if ending := [purpose for purpose in turn.record.given if turn.renewable(purpose)]:
            self._ask(turn, ending[0])

    def _ask_anew(self, turn: Turn, *, wished: bool = False) -> bool:
        """Ask again for consents that ended by themselves, and say why; return whether there are any."""
        ended = turn.ended(wished=wished) if turn.record.pending is None else []
        if ended:
            self._ask(turn, *ended, trigger=Trigger.ASK_ANEW)
        return bool(ended)

    # --- dialogues

    def _open(self, turn: Turn, intent: Intent, trigger: str = Trigger.START) -> None:
        if intent is Intent.START and turn.record.pending is None:
            turn.session.asking = None
        self._navigation.open(turn, self.flows.by_intent[intent], trigger)

    def _set_language(self, turn: Turn, locale: str) -> None:
        turn.argument = locale
        self._open(turn, Intent.LANGUAGE, Trigger.SET_LANGUAGE)
        if not self._ask_again(turn) and self._never_asked(turn):
            self._open(turn, Intent.START)

    def _first_contact(self, turn: Turn) -> None:
        """Ask for consent when a person first writes; before that, ask for their language if nothing reveals it."""
        known = turn.session.locale or len(self.world.texts.offered) == 1
        self._open(turn, Intent.START if known else Intent.LANGUAGE)

    def _never_asked(self, turn: Turn) -> bool:
        return not turn.record.consents

    # --- nothing fits

    def _unclaimed(self, turn: Turn, *, readable: bool = True, ours: bool = False) -> None:
        """Handle a message that nothing claims; `ours`: it answers something that we asked, but does not fit."""
        session = turn.session
        if not ours and self._is_hosts(turn):
            turn.handed_over = True
            session.unclear = session.repeats = 0
        elif not session.flow and self._never_asked(turn):
            self._first_contact(turn)
        elif session.unclear < MOST_UNCLEAR_MESSAGES:
            session.unclear += 1
            self._not_understood(turn, readable)

    def _is_hosts(self, turn: Turn) -> bool:
        """Whether the host's bot gets messages that none of our dialogues claims."""
        purpose = self.world.host_purpose
        return purpose is not None and turn.record.allows(purpose, turn.inbound.at)

    def _not_understood(self, turn: Turn, readable: bool) -> None:
        flow, pending = self._navigation.flow(turn), turn.record.pending
        if flow is not None and (unclear := flow.state(turn.session.state).table.unclear):
            asked = self._navigation.position(turn) == self.flows.question and pending is not None
            if not (asked and pending and pending.locale != turn.locale and self._ask_again(turn)):
                flow.state(turn.session.state).speak(turn, unclear)
        elif not turn.record.given:
            if self._ask_anew(turn):
                return
            self._say_with_ways(turn, "help.unsubscribed", "start", "privacy", "human")
        else:
            text_id = "common.not_understood" if readable else "common.text_only"
            self._say_with_ways(turn, text_id, "my_choices", "privacy", "human")

    def _say_with_ways(self, turn: Turn, text_id: str, *ways: str) -> None:
        turn.say(text_id, [Option(way, f"common.{way}") for way in ways])
