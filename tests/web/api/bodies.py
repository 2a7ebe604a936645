"""What every operation takes, once as it should be: a new operation must be entered here."""

from collections.abc import Mapping
from typing import Any

NOBODY = "019a0000-0000-7000-8000-000000000001"

_SAID = {"channel": "email", "reason": "her e-mail"}

_TO = {"to": "+447911999999"}

WELL: Mapping[str, dict[str, Any] | None] = {
    "startOptIn": {"address": "+447911999999", "purposes": ["offers"], "method": "web_form"},
    "recordSale": {
        "address": "+447911999999",
        "purpose": "offers",
        "reference": "order 4711",
        "product_family": "flowers",
        "sold_at": "2026-11-30T12:00:00Z",
        "objection_offered": True,
    },
    "sendMessage": {**_TO, "purpose": "offers", "text": "Tulips!"},
    "getMessage": None,
    "checkMessages": {"purpose": "offers", "to": ["+447911999999"]},
    "queryPersons": {"purpose": "offers"},
    "suppressAddresses": {"addresses": ["+447911999999"], "reason": "her e-mail"},
    "listSuppressions": None,
    "importRows": {"source": "shop", "rows": [{"address": "+447911999999", "status": "in"}], "purposes": ["offers"]},
    "listConversations": None,
    "getConversation": None,
    "endConversation": None,
    "listEvents": None,
    "listWebhooks": None,
    "addWebhook": {"url": "https://crm.blumen-haas.example/events"},
    "testWebhook": None,
    "rotateWebhook": None,
    "replayWebhook": {"all": True},
    "removeWebhook": None,
    "searchPersons": {"address": "+447911999999"},
    "getPerson": None,
    "withdraw": {"purposes": ["offers"], **_SAID},
    "object": {"all": True, **_SAID},
    "restrict": {"lift": False, **_SAID},
    "correct": {"locale": "de", **_SAID},
    "erase": {**_SAID},
    "listRequests": None,
    "getRequest": None,
    "changeRequest": {"state": "done", "because": "corrected", "told": "by letter"},
    "listPurposes": None,
    "getStats": None,
}
"""Operation → a body that it takes; None where it takes none."""


def path_of(route: str) -> str:
    """A path of an operation, for a person and a request that nobody knows."""
    return route.replace("{ref}", NOBODY).replace("{id}", NOBODY)
