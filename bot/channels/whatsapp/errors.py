"""WhatsApp's error codes and what to do about each.

Meta: support/error-codes (19 Nov 2025), about-the-platform (pair limit). The code decides, not the title or the
HTTP status, which counts only for unknown codes. The same code may come in the answer to a request or later in a
`failed` status.
"""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import msgspec

from ...service.ports import Retry, SendError

REFUSED_HERE = "refused_here"
"""The message breaks a limit of WhatsApp and was not sent."""
UNREACHABLE = "unreachable"
"""No connection: nothing was sent."""
UNREADABLE = "unreadable"
"""The answer is not Graph's."""
UNANSWERED = "unanswered"
"""Sent, but no complete answer came: the message may have been accepted."""


ATTEMPTS: Mapping[Retry, int | None] = {
    Retry.NEVER: 1,
    Retry.OPT_OUT: 1,
    Retry.BACKOFF: 60,  # some three hours of an outage at Meta
    Retry.THROTTLE: 100,
    Retry.PAIR: 6,
    Retry.LATER: 12,
    Retry.HALT: None,
}
"""Maximum number of tries under each policy; None: until an operator acts."""


class Known(NamedTuple):
    """What an error code means."""

    retry: Retry
    meaning: str
    attempts: int | None = None
    """Maximum number of tries, if lower than in `ATTEMPTS`."""


def _never(meaning: str) -> Known:
    return Known(Retry.NEVER, meaning)


def _halt(meaning: str) -> Known:
    return Known(Retry.HALT, meaning)


def _backoff(meaning: str, attempts: int | None = None) -> Known:
    return Known(Retry.BACKOFF, meaning, attempts)


def _later(meaning: str) -> Known:
    return Known(Retry.LATER, meaning)


_PERMISSION = _halt("the token lacks a permission: grant whatsapp_business_messaging to the system user")
_UNREGISTERED = _halt(
    "the number is not registered for the Cloud API: register it at App Dashboard > WhatsApp > API Setup"
)
_TEMPLATE = "template error: "
_REGISTRATION = _halt("the number's registration failed: see WhatsApp Manager > Phone numbers")

ERRORS: Mapping[int, Known] = {
    # access
    0: _halt("the token is not accepted: set a new WHATSAPP_TOKEN"),
    190: _halt("the token is invalid or has expired: set a new WHATSAPP_TOKEN"),
    3: _PERMISSION,
    10: _PERMISSION,
    **dict.fromkeys(range(200, 300), _PERMISSION),
    131005: _PERMISSION,
    # the account and the number
    368: _halt("the account is blocked for a violation of policy: see WhatsApp Manager > Account quality"),
    131031: _halt("the account is locked: see WhatsApp Manager > Account quality"),
    131042: _halt("a payment problem: see Meta Business Suite > Billing"),
    131045: _UNREGISTERED,
    133010: _UNREGISTERED,
    131048: _halt("the number is restricted for its quality: see WhatsApp Manager > Phone numbers"),
    131064: _halt(
        "the messaging limit was cut for wrongly categorised templates: see WhatsApp Manager > Message templates"
    ),
    130497: _never("the account may not write to people in this country"),  # to others it may
    # temporary
    1: _backoff("invalid request, or an error at Meta", attempts=3),
    2: _backoff("the service is down or overloaded"),
    131000: _backoff("unknown error at Meta"),
    131016: _backoff("the service is overloaded"),
    131057: _later("the account is in maintenance"),
    4: _later("the app's hourly number of calls is used up"),
    80007: _later("the account's hourly number of calls is used up"),
    130429: Known(Retry.THROTTLE, "the number's throughput is used up"),
    131056: Known(Retry.PAIR, "too many messages to this recipient"),
    # the recipient
    131050: Known(Retry.OPT_OUT, "the recipient has switched marketing messages off"),
    131049: _never("Meta keeps this marketing message back"),
    130472: _never("the recipient takes part in an experiment of Meta"),
    131026: _never("the message cannot be delivered"),
    131047: _never("more than 24 hours since the recipient's last message: only a template may be sent"),
    131021: _never("the recipient is the sender"),
    131036: _never("the time to deliver without storage is over"),
    131062: _never("this kind of message needs a phone number, not a BSUID"),
    137000: _never("the recipient's identity has changed and is not confirmed"),
    135000: _never("the recipient's app refused it"),
    # the request
    33: _never("the object of the request does not exist"),
    100: _never("a parameter is unknown or not allowed"),
    131008: _never("a required parameter is missing"),
    131009: _never("a parameter's value is not valid"),
    131051: _never("this type of message is not supported"),
    131052: _never("media that a person sent could not be fetched"),
    131053: _never("media could not be uploaded"),
    131063: _never(
        "the account may not send marketing this way: set WHATSAPP_MARKETING_MESSAGES=true, accept the terms of the "
        "Marketing Messages API at WhatsApp Manager > Overview; then `deadletter replay`"
    ),
    # templates
    132000: _never(_TEMPLATE + "wrong number of parameters"),
    132001: _never(_TEMPLATE + "does not exist in this language, or is not approved: see `templates status`"),
    132005: _never(_TEMPLATE + "the translated text is too long"),
    132007: _never(_TEMPLATE + "its content violates the policy"),
    132012: _never(_TEMPLATE + "a parameter has the wrong format"),
    132015: _never(_TEMPLATE + "paused for its quality: see `templates status`"),
    132016: _never(_TEMPLATE + "disabled for its quality: see `templates status`"),
    # registration of the number
    133000: _REGISTRATION,
    133004: _backoff("the registration service is down"),
    133005: _REGISTRATION,
    133006: _REGISTRATION,
    133008: _REGISTRATION,
    133009: _REGISTRATION,
    133015: _later("the number was just deleted: it can be registered again in some minutes"),
    133016: _REGISTRATION,
}
"""Meta's codes."""

OURS: Mapping[str, Known] = {
    REFUSED_HERE: _never("the message breaks a limit of WhatsApp"),
    UNREACHABLE: _backoff("no connection to Graph"),
    UNANSWERED: _backoff("Graph did not answer", attempts=3),  # each try may arrive: Meta has no idempotency key
}
"""Codes of our own, which no answer of Meta's contains."""

_PAYMENTS = range(134_000, 135_000)
"""Codes of payments and the Marketing Messages API, which are not used here."""


def known(code: int | str, status: int = 400) -> Known:
    """Return what to do about a code; a code that is not in the tables is judged by the HTTP status."""
    number = code if isinstance(code, int) else int(code) if code.isdecimal() else None
    entry = OURS.get(str(code)) if number is None else ERRORS.get(number)
    if entry is not None:
        return entry
    if number in _PAYMENTS:
        return _never("an error of payments or the Marketing Messages API")
    what = f"HTTP status {status}"
    if status == 429:
        return Known(Retry.THROTTLE, what)
    if status == 401:
        return _halt(f"{what}: set a new WHATSAPP_TOKEN")
    if status == 408 or status >= 500:
        return _backoff(what)
    if code == UNREADABLE and (status < 400 or status in _NOT_GRAPH):
        return _halt(f"{what}, and not from Graph: check GRAPH_URL")
    return _never(f"unlisted error, {what}")


_NOT_GRAPH = frozenset({403, 404, 405, 407})
"""HTTP statuses that, without a Graph error, come from something else at that address or on the way."""


def send_error(code: int | str, status: int = 400, *, detail: str = "") -> SendError:
    """Return the exception for a code; `detail` says more to an operator."""
    entry = known(code, status)
    meaning = f"{entry.meaning} ({detail})" if detail else entry.meaning
    attempts = entry.attempts or ATTEMPTS[entry.retry]
    return SendError(str(code), entry.retry, meaning, attempts, may_have_arrived=code == UNANSWERED)


class _GraphError(msgspec.Struct):
    code: Annotated[int, msgspec.Meta(ge=0, lt=1_000_000_000)]


class _GraphAnswer(msgspec.Struct):
    error: _GraphError


_decode = msgspec.json.Decoder(_GraphAnswer).decode


def from_response(status: int, body: bytes) -> SendError:
    """Return the exception for an unsuccessful answer, without any of its text."""
    try:
        code = _decode(body).error.code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return send_error(UNREADABLE, status)
    return send_error(code, status)
