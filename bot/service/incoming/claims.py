"""Judges how urgent an event is. Its webhook waits meanwhile, so at first only both ends of its text are read.

A text that looks like a withdrawal at its ends, or would be dropped because its sender sends too much, is read in full.
"""

from collections.abc import Callable

import structlog

from ...conversation.turn import said
from ...errors import where
from ...messages.inbound import (
    AddressChanged,
    Choice,
    Correction,
    Event,
    HostAnswered,
    Inbound,
    Lapse,
    Preference,
    StaffMessage,
)
from ...words.intents import Intent, Keywords
from ..ports import Claim

log = structlog.get_logger(__name__)

_CHOICES = {"stop": Claim.WITHDRAWAL, "withdraw": Claim.MATTERS, "no": Claim.MATTERS}
"""Our buttons by the first part of their id; other buttons withdraw nothing."""


class Claims:
    """Recognises withdrawals."""

    def __init__(self, keywords: Keywords) -> None:
        self._keywords = keywords

    def at_a_glance(self, event: Event) -> Claim:
        """Return an event's claim within a few microseconds; a withdrawal in a sentence may be overlooked."""
        return self._claim(event, self._keywords.may_stop)

    def in_full(self, event: Event) -> Claim:
        """Return what an event claims."""
        return self._claim(event, bool)

    def _claim(self, event: Event, worth_reading: Callable[[str], bool]) -> Claim:
        least, text = self._least(event), _text_of(event)
        try:
            return max(least, self._read(text, event)) if text and worth_reading(text) else least
        except Exception as error:
            return max(least, _unread(error))

    def _read(self, text: str, event: Event) -> Claim:
        match = self._keywords.classify(text, asked_in=None)
        if match is None or match.intent not in (Intent.STOP, Intent.MAYBE_STOP):
            return Claim.FREE
        forwarded = isinstance(event, Inbound) and event.forwarded  # somebody else's words only begin a pause
        return Claim.WITHDRAWAL if match.intent is Intent.STOP and not forwarded else Claim.MATTERS

    def _least(self, event: Event) -> Claim:
        """Return an event's claim regardless of its words."""
        match event:
            case Inbound(content=AddressChanged() | Preference() | StaffMessage() | Lapse() | HostAnswered()):
                return Claim.FREE
            case Inbound(content=Choice(id)):
                known = _CHOICES.get(id.partition(":")[0])
                return known or (Claim.WITHDRAWAL if self._keywords.names_stop(id) else Claim.ORDINARY)
            case Inbound(content=Correction()):  # what it changes may have been an answer
                return Claim.MATTERS
            case Inbound():
                return Claim.ORDINARY
        return Claim.FREE


def is_urgent(event: Event, claim: Claim) -> bool:
    """Whether an event overtakes others: a withdrawal in words, or by WhatsApp's own switch.

    Messages of staff take the same lane, so that they are checked after a withdrawal that came before.
    """
    if claim is Claim.WITHDRAWAL:
        return True
    return isinstance(event, Inbound) and (event.content == Preference("stop") or type(event.content) is StaffMessage)


def _unread(error: Exception) -> Claim:
    """Return the claim of an event whose words the program can't read: it may be a withdrawal, so it is never dropped.

    Answering will fail as well, and then look for a withdrawal in another way.
    """
    log.error(
        "claim_unread", error=type(error).__name__, where=where(error), cure="report where: it is a bug in the program"
    )
    return Claim.MATTERS


def _text_of(event: Event) -> str:
    return said(event.content) if isinstance(event, Inbound) else ""
