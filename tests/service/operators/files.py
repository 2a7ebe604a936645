"""Files of other programs, each with what its rows may say, and a program to import them into."""

import hashlib
import io
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from bot.app.operators import Operators, operators
from bot.app.runtime import Runtime, open_runtime
from bot.business import Business
from bot.consent.evidence import Entry
from bot.consent.lifecycle import Record, fold
from bot.messages.basis import ForPurpose
from bot.messages.inbound import Sender
from bot.paths import FLOWS
from bot.service.operators import import_rows
from bot.service.operators.find import Look
from bot.service.operators.imports import Outcome, Terms
from bot.service.ports import Append, PersonId
from bot.service.sending.gate import refused
from bot.service.sending.reasons import Reason
from bot.settings import Settings
from bot.times import iso

NOW = 1_796_000_000
"""30 November 2026."""
SOURCE = "Shop export"
TERMS = Terms(SOURCE, ["offers"])
BEN = Look(operator="ben", way="import")
ANA = "+4915123456789"

SHA256 = "ab" * 32
"""Stands for the digest of any file that tests import as the confirmed one."""

CONFIRMED = f"""
[[imports]]
source = "{SOURCE}"
sha256 = "{SHA256}"
evidence = "File 4711"
confirmed_by = "DPO"
confirmed_on = 2026-11-29
purposes = ["offers"]
notice = "2026-10"
"""

Written = Callable[[str, str, int], bytes]
"""A file with one row: the address, `in` or `out`, and when, unix seconds."""


def _line(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields).encode()


FORMATS: Mapping[str, Written] = {
    "shopify": lambda address, says, at: _line(
        {
            "phoneNumber": address,
            "whatsAppMarketingConsent": {
                "state": {"in": "SUBSCRIBED", "out": "UNSUBSCRIBED"}[says],
                "optInLevel": "CONFIRMED_OPT_IN",
                "updatedAt": iso(at),
            },
        }
    ),
    "salesforce": lambda address, says, at: (
        f"PartyId,PrivacyConsentStatus,MobilePhone,DoubleConsentCaptureDate\n"
        f"0PK,{ {'in': 'OptIn', 'out': 'OptOut'}[says] },{address},{iso(at)}\n"
    ).encode(),
    "adobe": lambda address, says, at: _line(
        {
            "xdm:mobilePhone": {"xdm:number": address},
            "xdm:consents": {
                "xdm:marketing": {"xdm:whatsApp": {"xdm:val": {"in": "y", "out": "n"}[says], "xdm:time": iso(at)}}
            },
        }
    ),
    "bird": lambda address, says, at: _line(
        {
            "type": {"in": "preference.granted", "out": "preference.revoked"}[says],
            "data": {"channel": "whatsapp", "handle": address, "created_at": iso(at)},
        }
    ),
    "twilio": lambda address, says, at: (
        f"contact_id,status,date_of_consent\n{address},opt-{says},{iso(at)}\n"
    ).encode(),
    "consentbot": lambda address, says, at: (
        f"address;purpose;status;at\n{address};offers;{ {'in': 'subscribed', 'out': 'unsubscribed'}[says] };{iso(at)}\n"
    ).encode(),
    "consentbot_jsonl": lambda address, says, at: _line({"phone": address, "consent": says, "date": iso(at)}),
}
"""Every format that can say `in`, and ours twice."""


def format_of(name: str) -> str:
    return name.partition("_")[0]


class Company:
    """A program that imports files, whose clock stands still until it is set."""

    def __init__(self, runtime: Runtime, now: list[float]) -> None:
        self.runtime = runtime
        self.operators: Operators = operators(runtime)
        self._now = now

    @property
    def business(self) -> Business:
        return self.runtime.dialogue.world.business

    def waits(self, seconds: float) -> None:
        self._now[0] += seconds

    async def imports(
        self, content: bytes, terms: Terms = TERMS, format: str | None = None, *, dry_run: bool = False
    ) -> list[Outcome]:
        """Import what a file says, which is the confirmed one if any is."""
        rows = replace(import_rows.read("a file", io.BytesIO(content), format), sha256=SHA256)
        steps = [step async for step in self.operators.imports.rows(rows, terms, BEN, dry_run=dry_run)]
        return [outcome for step in steps for outcome in step.outcomes]

    async def knows(self, address: str, *entries: Entry) -> PersonId:
        """Somebody with these entries."""
        (person,) = await self.runtime.stores.persons.create([Sender(address)])
        assert await self.runtime.stores.ledger.append([Append(person, 0, list(entries))]) == {person}
        return person

    async def person(self, address: str) -> PersonId | None:
        return (await self.runtime.stores.persons.find([address])).get(address)

    async def record(self, address: str) -> Record:
        """What the ledger says of whoever has an address; empty if nobody has."""
        person = await self.person(address)
        past = await self.runtime.stores.ledger.facts([person] if person else [])
        return fold(entry.fact for entries in past.values() for entry in entries)

    async def refusal(self, address: str, purpose: str = "offers") -> Reason | None:
        """Why nothing may be sent there; None if something may."""
        return refused(ForPurpose(purpose), Sender(address), await self.record(address), self._now[0], self.business)

    async def suppressed(self, address: str) -> Mapping[str, int]:
        return (await self.runtime.stores.erasures.suppressed([address])).get(address, {})


_FOLDER = tempfile.TemporaryDirectory(prefix="cb-")


@cache
def _business(imports: str) -> Path:
    """Return the same file for the same content: a process reads a file again only if it has changed."""
    file = Path(_FOLDER.name) / f"{hashlib.sha256(imports.encode()).hexdigest()}.toml"
    file.write_text((FLOWS / "business.toml").read_text("utf-8") + imports, "utf-8")
    return file


@asynccontextmanager
async def company(settings: Settings, imports: str = "") -> AsyncIterator[Company]:
    """Run the program with these `[[imports]]` in its `business.toml`."""
    now = [float(NOW)]
    async with open_runtime(settings.changed(business_file=_business(imports)), clock=lambda: now[0]) as runtime:
        yield Company(runtime, now)
