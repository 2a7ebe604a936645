"""How urgent an event is: recognised while its webhook waits, so first by a look at both ends of its text.

What looks like a withdrawal there, and what would be left out because its person sends too much, is read in full.
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
    Inbound,
    Lapse,
    Preference,
    StaffMessage,
)
from ...words.intents import Intent, Keywords
from ..ports import Claim

log = structlog.get_logger(__name__)

_CHOICES = {"stop": Claim.WITHDRAWAL, "withdraw": Claim.MATTERS, "no": Claim.MATTERS}
"""Buttons of ours by the first part of their id; the others withdraw nothing."""


class Claims:
    """Recognises withdrawals."""

    def __init__(self, keywords: Keywords) -> None:
        self._keywords = keywords

    def at_a_glance(self, event: Event) -> Claim:
        """Return what an event claims, for a few microseconds; a withdrawal in a sentence may be overlooked."""
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
        forwarded = isinstance(event, Inbound) and event.forwarded  # somebody else's words begin a pause only
        return Claim.WITHDRAWAL if match.intent is Intent.STOP and not forwarded else Claim.MATTERS

    def _least(self, event: Event) -> Claim:
        """Return what an event claims whatever its words say."""
        match event:
            case Inbound(content=AddressChanged() | Preference() | StaffMessage() | Lapse()):
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
    """Whether it overtakes others: a withdrawal in words, or by WhatsApp's own switch.

    What staff write goes the same way, so that it is looked at behind the withdrawal that came before it.
    """
    if claim is Claim.WITHDRAWAL:
        return True
    return isinstance(event, Inbound) and (event.content == Preference("stop") or type(event.content) is StaffMessage)


def _unread(error: Exception) -> Claim:
    """Return what an event claims whose words the program can't read: it may be a withdrawal, so it is never left out.

    The answer to it will fail, too, and look for a withdrawal in another way.
    """
    log.error(
        "claim_unread", error=type(error).__name__, where=where(error), cure="report where: it is a bug in the program"
    )
    return Claim.MATTERS


def _text_of(event: Event) -> str:
    return said(event.content) if isinstance(event, Inbound) else ""
