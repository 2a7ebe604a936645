"""What outlasts a turn: where a person is in a dialogue, and tasks to be done outside of the conversation.

A session may be lost and is rebuilt from the ledger; consent never is.
"""

import msgspec

from ..consent.asked import Asked, first_delivery
from ..consent.lifecycle import Record
from ..consent.rights import Right
from ..messages.inbound import WHATSAPP


class Session(msgspec.Struct, array_like=True, omit_defaults=True):
    """A person's position in the dialogues. The flow's machine moves `state`; mutable only during a step."""

    person: str
    """UUIDv7 of the person."""
    record: Record = Record()
    """The fold of the person's ledger entries."""
    locale: str = ""
    """The current language; empty until it is known."""
    guessed: bool = False
    """Whether `locale` was guessed, from the country or from a sentence: a word may still change it."""
    flow: str = ""
    """The current dialogue; empty if there is none."""
    state: str = ""
    asking: tuple[str, ...] | None = None
    """The purposes still to be asked in this round of questions; None outside of a round."""
    unclear: int = 0
    """How many consecutive messages matched nothing."""
    last_text: str = ""
    """The id of the last text said."""
    repeats: int = 0
    """How often in a row it was said."""
    answers: int = 0
    """How many answers were given in a row without anything changing."""
    last_at: int = 0
    """WhatsApp's time of the person's last message, unix seconds."""
    phone: bytes = b""
    """The first bytes of the phone's token, so that another phone on the same BSUID is noticed."""
    code: str = ""
    """The code that the person must type to have their data erased; empty if none is asked for."""
    facts: int = 0
    """How many facts the person's messages of one day led to."""
    facts_day: int = 0
    """That day, counted since 1970."""

    corrected: tuple[str, ...] = ()
    """Keyed hashes of corrected messages that led to nothing: perhaps they have not come yet."""
    asked: tuple[Asked, ...] = ()
    """The last messages that asked for consent. If lost, the question is asked again: no consent depends on it."""
    other_channel: str = ""
    """The name of the channel by which the person last wrote; empty for WhatsApp at Meta, to keep sessions small."""
    unanswered: str = ""
    """The token of the person's last message that no dialogue claimed: the company may answer it within the window."""
    staff_at: int = 0
    """WhatsApp's time of the last message to the company's staff, unix seconds; 0: no conversation goes on."""
    greeted: bool = False
    """Whether the person was told that a machine speaks."""
    clarified: str = ""
    """The question that was said once more because the answer to it was unclear."""
    attempts: int = 0
    """How many wrong codes the person typed in a row."""
    read: int = 0
    """How often `locale` was guessed from a sentence, see `language.settle`."""

    @property
    def channel(self) -> str:
        """The name of the channel by which the person last wrote."""
        return self.other_channel or WHATSAPP

    def came_by(self, channel: str) -> None:
        """Remember the channel by which the person writes."""
        self.other_channel = "" if channel == WHATSAPP else channel

    @property
    def answerable_until(self) -> int:
        """The last second in which the pending question may be answered; 0 without one."""
        pending = self.record.pending
        return pending.until(first_delivery(self.asked, pending.question)) if pending else 0

    def copy(self) -> "Session":
        """Return a session that a step may change."""
        return msgspec.structs.replace(self)


def rebuilt(person: str, record: Record, locale: str = "", outdated: Session | None = None) -> Session:
    """Return a person's session rebuilt from the ledger: Redis lost it, or it never existed, or it is `outdated`.

    The position in a dialogue follows from the record at the next step; only the rest of a round of questions is lost.
    From an outdated session comes what the ledger does not know: which messages asked, and the staff's conversation.
    """
    session = Session(person=person, record=record, locale=locale)
    if record.pending is not None:
        session.locale, session.asking = locale or record.pending.locale, ()
    session.greeted = bool(record.consents)
    if outdated is not None:
        session.asked, session.staff_at = outdated.asked, outdated.staff_at
    return session


class Task(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing to do for the person who wrote."""

    right: Right
    text: str = ""
    """For a rectification, the person's words. Personal; never to be logged."""
