"""What webhooks say about message templates.

Meta: webhooks/reference/message_template_status_update, message_template_quality_update, template_category_update and
message_template_components_update, Oct and Nov 2025. The examples mix up the names of these fields, so each is read
for all that any of them may hold.
"""

import re

from ...service.ports import TemplateNews
from .fields import LATEST, Fields, misshapen, required_text, text
from .templates import language_code

TEMPLATE_FIELDS = frozenset(
    {
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "template_category_update",
    }
)

_STATUS = {"REINSTATED": "APPROVED"}
"""Words of webhooks for a status that the API calls otherwise."""

_WARNING = "FLAGGED"
"""It can still be sent: a status follows if it does not recover."""

_name = re.compile(r"[a-z0-9_]{1,512}").fullmatch
_word = re.compile(r"[A-Z_]{1,40}").fullmatch


def template_news(value: Fields, told_at: object, received_at: float) -> TemplateNews | None:
    """Return what an update says; None if it changes nothing here. Raises `Misshapen`.

    `told_at` is the webhook's time; without a plausible one, it counts as told when it came.
    """
    name = required_text(value, "message_template_name")
    if not _name(name):
        misshapen("message_template_name")
    event, category = _read(value, "event"), _read(value, "new_category") or _read(value, "message_template_category")
    quality = _read(value, "new_quality_score")
    altered = "message_template_element" in value
    if not (event or category or quality or altered):
        misshapen("event")
    status = None if event in ("", _WARNING) else _STATUS.get(event, event)
    if status is None and not (category or quality or altered):
        return None
    return TemplateNews(
        name,
        language_code(value, "message_template_language"),
        told_at if type(told_at) is int and 0 < told_at <= LATEST else int(received_at),
        status=status,
        reason=_reason(value) if status else "",
        category=category.lower() or None,
        quality=quality or None,
        altered=altered,
    )


def _read(value: Fields, name: str) -> str:
    """Return one of Meta's words in capitals; empty if there is none."""
    word = text(value, name).strip().upper()
    if not word or word == "NONE":
        return ""
    return word if _word(word) else misshapen(name)


def _reason(value: Fields) -> str:
    """Return why, if that is one of Meta's words; whole sentences are in WhatsApp Manager."""
    reason = value.get("reason")
    return reason if type(reason) is str and _word(reason) and reason != "NONE" else ""
