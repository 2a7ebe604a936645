"""One step of a conversation: `step(session, inbound, now)` → the next session, facts for the ledger, replies.

A message is matched in this order: first what ends things (STOP, in any state and language), then the other words that
work everywhere, then answers in the current dialogue, then the host's bot, then a short "I did not understand". After
several of those the bot stays silent, so that two bots talking to each other stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..consent.evidence import Entry, Fact, Kind, Seen
from ..messages.inbound import (
    AddressChanged,
    Choice,
    Correction,
    HostAnswered,
    Inbound,
    Invitation,
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
from ..times import DAY
from ..words.intents import UNASKED, Intent
from ..words.keywords import Heard
from . import (
    answers,
    ending,
    first_contact,
    invitations,
    labels,
    language,
    last_resort,
    overhearing,
    questions,
    small_talk,
    withdrawals,
)
from .corrections import corrected
from .fallback import unclaimed
from .flow import Flows
from .navigation import DialogueTurn
from .session import Session, Task
from .taps import tapped
from .triggers import Trigger
from .turn import ENDING, Turn
from .world import World

REPETITIONS = 8
"""How often the same answer is given in a row."""

TALK = 40
"""Maximum answers in a row while no consent or question changes.

No person needs that many; a bot that answers each of our messages would never stop.
"""

FACTS_A_DAY = 200
"""How many facts a person's messages may add to the ledger per day; after that only endings are added.

A person who says START, YES and STOP in turn, thirty times a day, means none of it, and the ledger is kept for years.
"""

COUNTED_ANEW_AFTER_SECONDS = 3600
"""Seconds without a message after which all three counters restart."""

_DELIBERATE = frozenset({"location", "contacts", "order", "interactive", "flow"})
"""Kinds of message that nobody sends by accident; other kinds may be WhatsApp's own events."""

_OPENING = frozenset({Kind.REQUESTED, Kind.GIVEN, Kind.KEPT, Kind.LIFTED})
"""Facts that allow more to be sent or asked; those that allow less are never too many."""


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
    """Whether the host's bot gets the message: no dialogue claims it."""
    asks_after: bool = False
    """Whether the person is to be asked for consent once the host's bot has answered."""
    tasks: tuple[Task, ...] = ()
    """Work outside of the conversation; whoever does it also reports the result."""
    failure: Exception | None = None
    """Why there is no answer although the message ended something: the program or one of its files is at fault."""
    to_staff: str = ""
    """Why the company's staff gets the message, see `HandedOver`; empty: they do not."""
    postponed: bool = False
    """Whether to look at the message again a little later: it seems to answer a question that is still on its way."""


class Dialogue:
    """The dialogues of one business. Pure: the same arguments give the same step."""

    def __init__(self, world: World, flows: Flows) -> None:
        self.world = world
        self.flows = flows

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
            if not last_resort.end(turn):
                raise
            return Step(turn.session, tuple(turn.entries), failure=failure)

    def opens_a_record(self, inbound: Inbound) -> bool:
        """Whether this opens a record for an unknown sender: they said something, or switched marketing off.

        An emoji under our farewell, or a deleted message, is no reason to keep data (GDPR Art. 5(1)(c)).
        """
        keywords = self.world.keywords
        if inbound.overheard:  # an unknown person has nothing that a doubt could pause
            return overhearing.withdraws(inbound, keywords, doubts=False)
        match inbound.content:
            case Text(text):
                return not small_talk.says_goodbye(keywords, text)
            case Choice() | Media():
                return True
            case Other(kind):
                return kind in _DELIBERATE or overhearing.withdraws(inbound, keywords)
            case Correction():
                return overhearing.withdraws(inbound, keywords)
            case Preference(value):
                return value == "stop"
        return False

    def heeds(self, inbound: Inbound) -> bool:
        """Whether something overheard can change anything; if not, its sender need not be looked up."""
        takes_back = isinstance(inbound.content, Correction) and bool(inbound.content.original)
        return overhearing.withdraws(inbound, self.world.keywords) or takes_back

    def _step(self, session: Session, inbound: Inbound, now: float, recorded: Sequence[Fact]) -> Step:
        turn = DialogueTurn(self.world, session.copy(), inbound, now, recorded, flows=self.flows)
        ending.due(turn)
        turn.settle()
        _received(turn)
        turn.settle()
        questions.repeat_after_withdrawal(turn, session.record.pending)
        if turn.entries and _facts_before(turn) >= FACTS_A_DAY:
            kinds = {entry.kind for entry in turn.entries}
            if kinds & _OPENING and not kinds & ENDING:
                return self._declined(session, inbound, now)
            if not turn.changed:  # already said and recorded
                turn.entries, turn.session.record = [], session.record
        turn.session.facts = _facts_before(turn) + len(turn.entries)
        turn.session.facts_day = inbound.at // DAY
        if _enough(turn) and turn.replies:
            turn.replies, turn.tasks = [], []
        return Step(
            turn.session,
            tuple(turn.entries),
            tuple(turn.replies),
            turn.handed_over,
            turn.asks_after,
            tuple(turn.tasks),
            to_staff=turn.to_staff,
            postponed=turn.postponed,
        )

    def _declined(self, session: Session, inbound: Inbound, now: float) -> Step:
        """Change nothing and say how to reach a person; tomorrow the request works again."""
        if isinstance(inbound.content, Invitation):  # they did not write, so there is nothing to answer
            return Step(session)
        turn = Turn(self.world, session.copy(), inbound, now)
        turn.session.last_at = max(session.last_at, inbound.at)
        turn.session.came_by(inbound.channel)
        turn.say("human.contact")
        return Step(turn.session, replies=() if turn.session.repeats > REPETITIONS else tuple(turn.replies))


def _received(turn: DialogueTurn) -> None:
    """Do what the event leads to, depending on its kind and on whether the person wrote to us."""
    match turn.inbound.content:
        case Lapse():
            pass  # what is due by now has ended
        case QuestionStatus() as status:
            for purpose in ending.conveyed(turn, status):
                questions.take_back(turn, purpose)
        case Preference(value):
            ending.preference(turn, value)
        case AddressChanged():
            ending.address_changed(turn)
        case HostAnswered(message):
            first_contact.ask_after_answer(turn, message)
        case Invitation() as invitation:
            invitations.invite(turn, invitation)
        case Reaction() | StaffMessage():
            pass  # never an answer, and no reason to speak
        case content if turn.inbound.overheard:
            overhearing.overheard(turn, content)
        case content:
            _message(turn, content)
            questions.renew(turn)


def _message(turn: DialogueTurn, content: Text | Choice | Media | Correction | Other) -> None:
    session, pending = turn.session, turn.record.pending
    if turn.inbound.at - session.last_at > COUNTED_ANEW_AFTER_SECONDS:
        session.unclear = session.repeats = session.answers = 0
        turn.forget_request()
    session.last_at = max(session.last_at, turn.inbound.at)
    session.came_by(turn.inbound.channel)
    if turn.inbound.awaits and (pending is None or pending.question != turn.inbound.awaits):
        return  # the question that it should answer is over
    match content:
        case Text() if turn.is_no_answer:
            _no_answer(turn)
        case Text():
            _typed(turn)
        case Choice(choice):
            tapped(turn, choice)
        case Correction():
            corrected(turn, content)
        case Media() | Other():
            _unreadable(turn)


def _typed(turn: DialogueTurn) -> None:
    if (locale := language.named(turn)) and not small_talk.is_meant(turn):
        return language.choose(turn, locale)
    if choice := labels.typed_choice(turn):
        turn.rule = "label"
        return answers.answered(turn, choice)
    question = answers.quoted(turn)
    asked_in = answers.asked_in(turn, question)
    to_staff = question is None and answers.are_for_staff(turn)
    to_host = question is None and not to_staff and answers.are_for_host(turn)
    match = language.meaning(turn, asked_in)
    if match is not None and match.intent.heard is Heard.TALK and small_talk.may_be_yes(turn, match):
        match = None
    language.settle(turn, match)
    if match is not None and match.intent.heard is Heard.TALK:
        turn.rule = match.rule
        if small_talk.answered(turn, match.intent):
            return None
        match = None
    if match is None:
        return _no_known_word(turn, None if (to_staff or to_host) and turn.is_at_question else asked_in)
    turn.rule = match.rule
    if match.intent in withdrawals.WITHDRAWALS:
        return withdrawals.obey_typed(turn, match)
    if match.intent not in (Intent.YES, Intent.NO):
        return turn.open(match.intent)
    if to_staff:
        return answers.answered_to_staff(turn, match)
    if to_host:
        return answers.answered_to_host(turn, match)
    if question is not None:
        turn.argument = question
        if match.intent is Intent.YES and not answers.is_plain(turn):
            return unclaimed(turn)
        return answers.answered_question(turn, match.intent, Seen.QUOTE)
    if match.intent is Intent.YES and turn.is_at_question:
        return answers.typed_yes(turn)
    if match.rule == UNASKED or not turn.knows(match.intent):
        return answers.unasked(turn, match.intent)
    return answers.answered(turn, match.intent)


def _no_known_word(turn: DialogueTurn, asked_in: str | None) -> None:
    """A typed text that means nothing by itself may be a label, the text asked for, or a yes in another language."""
    if turn.record.restricted and labels.is_typed(turn, Intent.RESTRICT, Trigger.LIFT):
        turn.rule = "label"
        return turn.open(Intent.RESTRICT, Trigger.LIFT)
    if not turn.knows(Trigger.TYPED) and (intent := labels.typed_intent(turn)):
        turn.rule = "label"
        return turn.open(intent)
    if turn.fire(Trigger.TYPED) or (asked_in and answers.foreign_yes(turn)):
        return None
    return unclaimed(turn)


def _no_answer(turn: DialogueTurn) -> None:
    """A message that was forwarded, or edited before it came, neither answers nor commands anything.

    It is accepted only where any text will do.
    """
    if not withdrawals.obey_heard(turn) and not turn.fire(Trigger.TYPED):
        unclaimed(turn)


def _unreadable(turn: DialogueTurn) -> None:
    """A picture, a voice note, an order …: only a withdrawal in its text counts; it never gives consent."""
    if not withdrawals.obey_heard(turn):
        unclaimed(turn)


def _facts_before(turn: Turn) -> int:
    """Return how many facts there were today before this turn."""
    return turn.session.facts if turn.session.facts_day == turn.inbound.at // DAY else 0


def _enough(turn: Turn) -> bool:
    """Whether the conversation is going round in circles."""
    session = turn.session
    session.answers = 0 if turn.changed or turn.handed_over else session.answers + bool(turn.replies or turn.tasks)
    return not turn.changed and (session.repeats > REPETITIONS or session.answers > TALK)
