"""Why something is not sent: a closed set, for operators, the API and events. Each has a sentence and a cure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class _Told(NamedTuple):
    sentence: str
    cure: str


class Reason(StrEnum):
    """Why something is not sent."""

    NO_ADDRESS = "no_address"
    ERASED = "erased"
    UNKNOWN_PURPOSE = "unknown_purpose"
    OUTSIDE_WINDOW = "outside_window"
    NOTHING_TO_ANSWER = "nothing_to_answer"
    QUESTION_CLOSED = "question_closed"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    SUPPRESSED = "suppressed"
    MARKETING_OFF = "marketing_off"
    WITHDRAWN = "withdrawn"
    NO_CONSENT = "no_consent"
    PENDING = "pending"
    PAUSED = "paused"
    EXPIRED = "expired"
    STALE = "stale"
    QUIET_HOURS = "quiet_hours"
    FREQUENCY_CAP = "frequency_cap"
    TEMPLATE_MISSING = "template_missing"
    TEMPLATE_PAUSED = "template_paused"
    TEMPLATE_NOT_APPROVED = "template_not_approved"

    @property
    def sentence(self) -> str:
        """What is the case, with the rule that it follows from."""
        return _TOLD[self].sentence

    @property
    def cure(self) -> str:
        """What the company can do, if anything."""
        return _TOLD[self].cure


@dataclass(frozen=True, slots=True)
class Refuse:
    """A message may not be sent."""

    reason: Reason
    retry_at: int | None = None
    """When it may be asked about again, if nothing else changes; unix seconds. None: time alone changes nothing."""


_ASK_ANEW = "Ask for consent with a new opt-in; only the person's own YES allows it again."

_TOLD = {
    Reason.NO_ADDRESS: _Told(
        "No address of the person is known any more.",
        "Wait until they write again, or begin a new opt-in with their present number.",
    ),
    Reason.ERASED: _Told(
        "The person was erased (GDPR Art. 17).",
        "Write to them only if they contact you anew; take them off your own lists as well.",
    ),
    Reason.UNKNOWN_PURPOSE: _Told(
        "business.toml has no such purpose, so nobody can have been told about it (GDPR Art. 13(1)(c)).",
        "Correct the purpose's id, or add the purpose to business.toml.",
    ),
    Reason.OUTSIDE_WINDOW: _Told(
        "The person wrote more than 24 hours ago, or never, and only an approved template may be sent then (Meta: "
        "messages/send-messages). An answer, and what rests on the legal basis `service`, ends with the window, too.",
        "Send a template of a purpose that the person agreed to, or wait until they write.",
    ),
    Reason.NOTHING_TO_ANSWER: _Told(
        "It is to answer a message that is not the person's last that no dialogue claimed; so it would need a consent "
        "(GDPR Art. 6(1)).",
        "Send in answer_to the id of that message, or name the purpose that the message serves.",
    ),
    Reason.QUESTION_CLOSED: _Told(
        "The message asks for a consent, and that question no longer waits for an answer.",
        "Begin a new opt-in if the consent is still needed.",
    ),
    Reason.RESTRICTED: _Told(
        "The person restricted the use of their data (GDPR Art. 18).",
        "Wait until they lift the restriction; `requests` shows it.",
    ),
    Reason.OBJECTED: _Told(
        "The person objected to the use of their data, which holds at once and for good (GDPR Art. 21(2)-(3)).",
        "Don't write. If they want messages again, they can send START.",
    ),
    Reason.SUPPRESSED: _Told(
        "The address is on the suppression list: its owner was erased, or the company entered it (GDPR Art. 21(3)).",
        "Don't write. If they want messages again, they can send START.",
    ),
    Reason.MARKETING_OFF: _Told(
        "The person switched your marketing messages off in WhatsApp (user_preferences, error 131050).",
        "Switching them on again gives nothing back: ask for consent with a new opt-in once they have done it.",
    ),
    Reason.WITHDRAWN: _Told("The person withdrew their consent (GDPR Art. 7(3)).", _ASK_ANEW),
    Reason.NO_CONSENT: _Told(
        "Nobody asked for the consent, or the person refused it, and no other legal basis holds (GDPR Art. 6(1)).",
        "Ask for consent with an opt-in, if the person did not refuse it.",
    ),
    Reason.PENDING: _Told(
        "The person was asked and has not answered yet; silence is no consent (GDPR rec. 32).",
        "Wait for their YES.",
    ),
    Reason.PAUSED: _Told(
        "The person may have meant STOP; they were asked, and have not answered (GDPR Art. 7(3)).",
        "Wait for their answer.",
    ),
    Reason.EXPIRED: _Told("The time for which the person agreed is over, or they were silent too long.", _ASK_ANEW),
    Reason.STALE: _Told(
        "The privacy notice or the person's number has changed since the consent (EDPB Guidelines 05/2020, para. 110).",
        _ASK_ANEW,
    ),
    Reason.QUIET_HOURS: _Told(
        "It is a quiet time of this purpose where the person is, or may be.",
        "Send it again at retry_at, or change quiet_hours and quiet_days of the purpose in business.toml.",
    ),
    Reason.FREQUENCY_CAP: _Told(
        "The person has got as many messages of this purpose as its at_most allows.",
        "Send it again at retry_at, or change at_most of the purpose in business.toml.",
    ),
    Reason.TEMPLATE_MISSING: _Told(
        "There is no such template in the person's language, nor in one that it falls back on.",
        "Write it in business.toml and run `templates push`.",
    ),
    Reason.TEMPLATE_PAUSED: _Told(
        "Meta paused the template, because people blocked or reported it.",
        "Wait until Meta ends the pause; improve the text, and write to fewer people.",
    ),
    Reason.TEMPLATE_NOT_APPROVED: _Told(
        "Meta has not approved the template, or has rejected or disabled it.",
        "See `templates status` for what Meta says, then correct the text and run `templates push`.",
    ),
}
