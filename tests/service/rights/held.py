"""What the data holders hold of a person who reads French: values for tests of their data and documents."""

from typing import Any

from bot import business
from bot.paths import FLOWS

BUSINESS = business.load(FLOWS / "business.toml")
NOW = 1_795_600_000.0

PERSON: dict[str, Any] = {
    "person": {
        "id": "0199c7a0-0000-7000-8000-000000000001",
        "since": "2026-11-20T10:00:00Z",
        "language": "fr",
        "phone": "+33600000001",
        "whatsapp_id": "FR.10000000000000000001",
        "last_contact": "2026-11-25T11:00:00+01:00",
    }
}
LEDGER: dict[str, Any] = {
    "consents": [
        {
            "purpose": "offers",
            "status": "given",
            "since": "2026-11-20T10:01:00Z",
            "valid_until": "2027-11-20T10:01:00Z",
            "notice_version": "2026-10",
        }
    ],
    "history": [
        {
            "at": "2026-11-20T10:00:00Z",
            "recorded_at": "2026-11-20T10:00:01Z",
            "kind": "requested",
            "purpose": "offers",
            "locale": "fr",
            "wording": "On vous écrit ?",
        },
        {
            "at": "2026-11-20T10:01:00Z",
            "recorded_at": "2026-11-20T10:01:01Z",
            "kind": "given",
            "purpose": "offers",
            "locale": "fr",
            "answer": "oui",
            "rule": "yes:fr:exact",
            "notice_version": "2026-10",
            "entry_hash": "ab" * 32,
        },
    ],
}
