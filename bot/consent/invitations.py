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
    """They have given it."""
    PENDING = "pending"
    """They were asked, and have not answered yet."""
    REFUSED = "refused"
    """They said no, and no act of theirs since then says otherwise."""
    WITHDRAWN = "withdrawn"
    """They withdrew it or objected: only they themselves can ask to be asked, by writing START."""
    RESTRICTED = "restricted"
    """They restricted the use of their data (GDPR Art. 18)."""
    PAUSED = "paused"
    """They may have meant to stop, and have not answered whether."""
    UNREACHED = "unreached"
    """The last question did not reach them, less than a day ago. Meta: per-user marketing limits, error 131049."""


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
