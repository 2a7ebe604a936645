"""A chat of one person with the dialogues: pure, in memory, with its own clock."""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from ..consent.evidence import Entry, Method
from ..consent.lifecycle import Status, fold
from ..conversation.dialogue import Dialogue, Step
from ..conversation.flow import Flows
from ..conversation.session import Session, Task
from ..conversation.world import World
from ..messages.inbound import (
    AddressChanged,
    Choice,
    Content,
    Correction,
    HostAnswered,
    Inbound,
    Invitation,
    Lapse,
    Media,
    MessageId,
    Overheard,
    Preference,
    QuestionStatus,
    QuestionTemplate,
    Reaction,
    Sender,
    Text,
)
from ..messages.reply import Button, Reply, Row
from ..times import parse_duration

START = 1_767_225_600
"""When every chat begins: 1 January 2026, 00:00 UTC."""

PACE = 10
"""Seconds between two messages."""

_ITS_QUESTION = re.compile(":[0-9a-f]{12}$")
"""The end of the id of a button that answers a question."""

Conveys = Literal["nothing", "accepted", "delivered"]
"""How far WhatsApp brings a question that is asked."""

_Status = Literal["accepted", "delivered", "failed", "unsent"]

_encode = msgspec.msgpack.encode
_session = msgspec.msgpack.Decoder(Session)
_inbound = msgspec.msgpack.Decoder(Inbound)


class Conversation:
    """One person talking to the bot. Messages come ten seconds apart; `waits` lets more time pass.

    WhatsApp takes and delivers each question at once, unless `conveys` is set to something else: then `accepts`,
    `delivers`, `fails` and `refuses` say what becomes of the last question, or an older question. The session and each
    message are written and read again at every turn, as they are between processes, and the ledger must always add up
    to the session's record.
    """

    def __init__(
        self,
        world: World,
        flows: Flows,
        *,
        locale: str = "",
        phone: str | None = "+4915112345678",
        bsuid: str | None = None,
    ) -> None:
        """`locale` is the language that the person has chosen before, if any."""
        self.world = world
        self.dialogue = Dialogue(world, flows)
        self.session = Session("0199d000-0000-7000-8000-000000000001", locale=locale)
        self.sender = Sender(phone, bsuid)
        self.clock = START
        self.entries: list[Entry] = []
        self.replies: Sequence[Reply] = ()
        """The answers to the last message."""
        self.tasks: Sequence[Task] = ()
        """The tasks outside of the conversation that the last message led to."""
        self.handed_over = False
        """Whether the last message went to the host's bot."""
        self.to_staff = ""
        """Why the last message went to the company's staff; empty if it did not."""
        self.postponed: Inbound | None = None
        """The last message, if it is to be looked at again: it may answer a question that is on its way."""
        self.conveys: Conveys = "delivered"
        """How far WhatsApp brings questions that are asked from now on."""
        self.history: list[str] = []
        """The chat so far, to be read."""
        self._asks_after = False
        self._shown: list[Reply] = []
        self._count = 0
        self._sent: list[MessageId] = []

    # --- what the person does

    def says(self, text: str, *, at: str = "", quotes: str = "", back: int = 0) -> "Conversation":
        """Type a text. `at` is when it was written, e.g. "90s" after the start: it may come late.

        `quotes` is the id of the bot's text that it replies to, e.g. `opt_in.ask`: the last message with that text, or
        the message `back` before it. Raises `LookupError` if there is none.
        """
        return self.receives(Text(text), at=at, quoted=self._said_in(quotes, back) if quotes else None)

    def forwards(self, text: str, *, at: str = "") -> "Conversation":
        """Pass on a text from another chat."""
        return self.receives(Text(text), at=at, forwarded=True)

    def taps(self, choice: str, *, back: int = 0, at: str = "") -> "Conversation":
        """Tap a button or row with this title or id; the id's question may be left out.

        The last that was shown, or the button or row `back` before it. Raises `LookupError` if there is none.
        """
        return self.receives(self._find(choice, back), at=at)

    def reacts(self, emoji: str = "👍", *, at: str = "") -> "Conversation":
        """Set an emoji on the bot's message."""
        return self.receives(Reaction(emoji), at=at)

    def sends_voice(self, *, at: str = "") -> "Conversation":
        """Send a voice note."""
        return self.receives(Media("voice"), at=at)

    def sends_picture(self, caption: str = "", *, at: str = "") -> "Conversation":
        """Send a picture."""
        return self.receives(Media("image", caption), at=at)

    def edits(self, text: str, *, back: int = 0, at: str = "") -> "Conversation":
        """Change a message to this text: the last, or the message sent `back` before it."""
        return self.receives(self.correction("edit", text, back=back), at=at)

    def revokes(self, *, back: int = 0, at: str = "") -> "Conversation":
        """Delete a message: the last, or the message sent `back` before it."""
        return self.receives(self.correction("revoke", back=back), at=at)

    def prefers(self, value: str, *, at: str = "") -> "Conversation":
        """Use WhatsApp's own switch for marketing messages: `stop` or `resume`."""
        return self.receives(Preference("stop" if value == "stop" else "resume"), at=at)

    def changes_number(self, phone: str, *, at: str = "") -> "Conversation":
        """Go on under another number."""
        previous, self.sender = self.sender, Sender(phone)
        return self.receives(AddressChanged(previous), at=at)

    # --- what the company does

    def is_invited(
        self,
        *purposes: str,
        method: Method = Method.WEB_FORM,
        locale: str = "",
        template: QuestionTemplate | None = None,
    ) -> "Conversation":
        """Be asked by the company, which says that the person opted in elsewhere."""
        return self.receives(Invitation(purposes, method, "form 7", locale, template))

    def host_answers(self, text: str) -> "Conversation":
        """The host's bot answers the last message, which it got. Raises `LookupError` if it did not get it."""
        if not self.handed_over:
            raise LookupError(f"the host's bot got nothing to answer\n{self.transcript()}")
        self.history.append(f"host's bot: {text}")
        answered, asks = self._sent[-1], self._asks_after and not Reply(body=text).asks
        self.replies, self.tasks, self.handed_over = (), (), False
        return self.receives(HostAnswered(answered)) if asks else self

    # --- what WhatsApp does

    def accepts(self, *, back: int = 0) -> "Conversation":
        """WhatsApp accepts the last question, or the question `back` before it. Raises `LookupError` without one."""
        return self._becomes("accepted", back)

    def delivers(self, *, back: int = 0) -> "Conversation":
        """WhatsApp delivers a question; whether it was accepted may not have been noted yet."""
        return self._becomes("delivered", back)

    def fails(self, code: str = "131026", *, back: int = 0) -> "Conversation":
        """WhatsApp reports that a question could not be delivered, with its error code."""
        return self._becomes("failed", back, code)

    def refuses(self, *, back: int = 0) -> "Conversation":
        """WhatsApp refuses a question for good."""
        return self._becomes("unsent", back)

    def looks_again(self) -> "Conversation":
        """Look again at the message that was postponed. Raises `LookupError` if none was."""
        if self.postponed is None:
            raise LookupError(f"nothing was postponed\n{self.transcript()}")
        return self._receives(self.postponed)

    def waits(self, time: str) -> "Conversation":
        """Let time pass, e.g. "49h"; a question whose time is up lapses."""
        until = self.clock + _seconds(time)
        replies: list[Reply] = []
        while (pending := self.session.record.pending) is not None and self.session.answerable_until < until:
            self.clock = self.session.answerable_until
            self.receives(Lapse(pending.question), id=f"lapse {pending.question}")
            replies += self.replies
        self.clock = until
        self.replies, self.tasks, self.handed_over = replies, (), False
        self.history.append(f"… {time} later")
        return self

    def receives(
        self,
        content: Content,
        *,
        at: str = "",
        id: str = "",
        quoted: str | None = None,
        forwarded: bool = False,
        written: int = 0,
        overheard: Overheard = "",
    ) -> "Conversation":
        """Receive a message with this content; `written` is its unix timestamp, if not that of its arrival."""
        self._count += 1
        self.clock += 1 if isinstance(content, Lapse) else PACE
        written = written or (START + _seconds(at) if at else self.clock)
        self.clock = max(self.clock, written)
        message = MessageId(id or f"wamid.{self._count}")
        if not isinstance(content, Correction | Lapse | HostAnswered):
            self._sent.append(message)
        return self._receives(
            Inbound(
                message,
                self.sender,
                written,
                content,
                received_at=float(self.clock),
                quoted=quoted,
                forwarded=forwarded,
                overheard=overheard,
            )
        )

    # --- what came of it

    @property
    def said(self) -> list[str]:
        """The ids of the texts that answered the last message."""
        return [reply.text_id for reply in self.replies]

    @property
    def choices(self) -> list[str]:
        """What the last answer offers, by ids without their question."""
        return choices_of(self.replies[-1]) if self.replies else []

    @property
    def ledger(self) -> list[str]:
        """Everything recorded, e.g. `given order_updates fr`."""
        return [line_of(entry) for entry in self.entries]

    def status(self, purpose: str) -> Status:
        """Return where a consent stands."""
        return self.session.record.consent(purpose).status

    def transcript(self) -> str:
        """Return the chat so far, to be read."""
        return "\n".join(self.history)

    # --- how

    def _receives(self, inbound: Inbound) -> "Conversation":
        shown = len(self._shown)
        self._step(inbound)
        for number in range(shown, len(self._shown)):
            if self._shown[number].question and self.conveys != "nothing":
                self._convey(number, "accepted")
                if self.conveys == "delivered":
                    self._convey(number, "delivered")
        return self

    def _becomes(self, status: _Status, back: int, code: str = "") -> "Conversation":
        asking = [number for number, reply in enumerate(self._shown) if reply.question]
        if back >= len(asking):
            raise LookupError(f"no such question was asked\n{self.transcript()}")
        self.clock += 1
        self._convey(asking[-1 - back], status, code)
        return self

    def _convey(self, number: int, status: _Status, code: str = "") -> None:
        """Tell the dialogue how far a question got; its last answers stay visible unless it says more."""
        self._count += 1
        before = self.replies, self.tasks, self.handed_over, self.to_staff, self.postponed
        message = "" if status == "unsent" else _name(number)
        news = QuestionStatus(self._shown[number].question, status, message, code)
        inbound = Inbound(MessageId(f"{status} {self._count}"), self.sender, self.clock, news, float(self.clock))
        self._receives(inbound)
        if not self.replies:
            self.replies, self.tasks, self.handed_over, self.to_staff, self.postponed = before

    def _said_in(self, text_id: str, back: int) -> str:
        """Return the reference of the bot's message with a text: the last, or the message `back` before it."""
        found = [number for number, reply in enumerate(self._shown) if reply.text_id == text_id]
        if back >= len(found):
            raise LookupError(f"there is no {text_id!r} to quote\n{self.transcript()}")
        return _name(found[-1 - back])

    def _step(self, inbound: Inbound) -> None:
        before = _encode(self.session)
        self.history.append(_line(inbound))
        step = self.dialogue.step(_session.decode(before), _inbound.decode(_encode(inbound)), float(self.clock))
        self._take(step)
        again, waits = inbound.postponed + 1, self.session.record.pending
        self.postponed = replace(inbound, awaits=waits.question, postponed=again) if step.postponed and waits else None

    def _take(self, step: Step) -> None:
        self.session = _session.decode(_encode(step.session))
        self.entries += step.entries
        self.replies, self.tasks, self.handed_over = step.replies, step.tasks, step.handed_over
        self.to_staff, self._asks_after = step.to_staff, step.asks_after
        self._shown += step.replies
        self.history += [f"  ◆ {line_of(entry)}" for entry in step.entries]
        self.history += [f"« {_shown(reply)}" for reply in step.replies]
        self.history += [f"  (task: {task.right})" for task in step.tasks]
        self.history += ["  (to the host's bot)"] if step.handed_over else []
        self.history += ["  (to the staff)"] if step.to_staff else []
        assert self.session == step.session, "the session changed when it was written and read back"
        assert fold(self.entries) == self.session.record, "the ledger does not add up to the session's record"

    def correction(self, kind: Literal["edit", "revoke"], text: str = "", *, back: int = 0) -> Correction:
        """Return the change of an earlier message, with what that message led to."""
        original = self._sent[-1 - back] if back < len(self._sent) else MessageId("wamid.unknown")
        led_to = tuple(entry.fact for entry in self.entries if entry.inbound == original)
        return Correction(kind, original, text, led_to)

    def _find(self, choice: str, back: int) -> Choice:
        shown = [option for reply in reversed(self._shown) for option in _offered(reply)]
        found = [option for option in shown if choice in (option.title, option.id, option.id.partition(":")[0])]
        if back < len(found):
            return Choice(found[back].id, found[back].title)
        titles = ", ".join(repr(option.title) for option in shown) or "nothing"
        raise LookupError(f"there is no {choice!r} to tap; shown: {titles}\n{self.transcript()}")


def choices_of(reply: Reply) -> list[str]:
    """Return what a message offers, by ids without their question."""
    return [_ITS_QUESTION.sub("", option.id) for option in _offered(reply)]


def _offered(reply: Reply) -> list[Button | Row]:
    return [*reply.buttons, *reply.rows]


def line_of(entry: Entry) -> str:
    """Return an entry of the ledger in words."""
    return f"{entry.kind} {entry.purpose} {entry.locale}"


def _seconds(time: str) -> int:
    return int(parse_duration(time).total_seconds())


def _name(number: int) -> str:
    """Return the reference of the bot's message with this number."""
    return f"sent.{number}"


def _line(inbound: Inbound) -> str:
    if isinstance(inbound.content, QuestionStatus):
        return f"  ({inbound.content.status}: question {inbound.content.question})"
    return f"» {_told(inbound.content)}"


def _told(content: Content) -> str:
    match content:
        case Text(body):
            return body
        case Choice(id, title):
            return f"[{title or id}]"
        case Correction(kind, original, text):
            return f"({kind} of {original}) {text}"
        case Invitation(purposes, method):
            return f"({method}: {', '.join(purposes)})"
    return repr(content)


def _shown(reply: Reply) -> str:
    return f"{reply.text_id}: " + reply.wording().replace("\n", "\n    ")
