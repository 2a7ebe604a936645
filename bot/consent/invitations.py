"""When a company may ask somebody for consent who opted in elsewhere: on a web form, on paper, on the phone.

Whoever said no is left in peace. A STOP, an objection or a doubt is lifted by nobody but the person, in the chat
(GDPR Art. 7(3), 21(3)): anybody can type any number into a form.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from ..times import DAY
from .evidence import Method
from .lifecycle import Record, Status

INVITING = (Method.WEB_FORM, Method.PAPER, Method.CALL, Method.API)
"""Where somebody may have opted in."""


class Uninvited(StrEnum):
    """Why somebody is not asked for a consent."""

    GIVEN = "given"
    PENDING = "pending"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RESTRICTED = "restricted"
    PAUSED = "paused"
    UNREACHED = "unreached"
    SUPPRESSED = "suppressed"
    NOT_NEEDED = "not_needed"

    @property
    def sentence(self) -> str:
        """What is the case, with the rule that it follows from."""
        return _TOLD[self][0]

    @property
    def cure(self) -> str:
        """What the company can do, if anything."""
        return _TOLD[self][1]


_THEIR_TURN = "Don't ask. If they want messages, they can send START."

_TOLD = {
    Uninvited.GIVEN: ("The person has given this consent.", "Send; nothing needs to be asked."),
    Uninvited.PENDING: ("The person was asked and has not answered yet.", "Wait for their answer."),
    Uninvited.REFUSED: (
        "The person said no, and no act of theirs since then says otherwise (GDPR rec. 42).",
        "Ask again only when they opt in themselves, e.g. on a form: send its method.",
    ),
    Uninvited.WITHDRAWN: ("The person withdrew this consent or objected (GDPR Art. 7(3), 21).", _THEIR_TURN),
    Uninvited.RESTRICTED: (
        "The person restricted the use of their data (GDPR Art. 18).",
        "Wait until they lift the restriction.",
    ),
    Uninvited.PAUSED: ("The person may have meant to stop, and has not answered whether.", "Wait for their answer."),
    Uninvited.UNREACHED: (
        "The last question did not reach the person, less than a day ago; perhaps WhatsApp limits what they get (Meta: "
        "per-user marketing limits, error 131049).",
        "Ask again tomorrow at the earliest, or when they write.",
    ),
    Uninvited.NOT_NEEDED: (
        "The purpose rests on another legal basis than consent (GDPR Art. 6(1)).",
        "Send; the gate says what it needs instead.",
    ),
    Uninvited.SUPPRESSED: (
        "The address is on the suppression list: its owner was erased, or the company entered it (GDPR Art. 21(3)).",
        _THEIR_TURN,
    ),
}


REST = DAY
"""Seconds for which nobody is asked again after a question that did not reach them."""


def uninvited(record: Record, purpose: str, method: Method, at: int) -> Uninvited | None:
    """Return why a person is not asked about `purpose` at `at` (unix seconds); None if they may be."""
    consent = record.consent(purpose)
    if record.restricted:
        return Uninvited.RESTRICTED
    if record.paused:
        return Uninvited.PAUSED
    match consent.status:
        case Status.GIVEN:
            return Uninvited.GIVEN
        case Status.REQUESTED:
            return Uninvited.PENDING
        case Status.WITHDRAWN:
            return Uninvited.WITHDRAWN
        case Status.REFUSED if method is Method.API:
            return Uninvited.REFUSED
    return Uninvited.UNREACHED if consent.unseen and at < consent.asked_at + REST else None


def invited(
    record: Record, purposes: Iterable[str], method: Method, at: int
) -> tuple[list[str], Mapping[str, Uninvited]]:
    """Return the purposes to ask about at `at` (unix seconds), and for each other purpose why not."""
    reasons = {purpose: uninvited(record, purpose, method, at) for purpose in dict.fromkeys(purposes)}
    left_out = {purpose: reason for purpose, reason in reasons.items() if reason is not None}
    return [purpose for purpose in reasons if purpose not in left_out], left_out
