"""Values for the tests of stores."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

from bot.consent.evidence import Entry, Kind, Seen, Wording
from bot.consent.lifecycle import Consent, Record, Status
from bot.consent.rights import Right
from bot.conversation.session import Session, Task
from bot.messages.basis import Answer
from bot.messages.inbound import Delivery, Inbound, Lapse, MessageId, Sender, Text
from bot.messages.reply import Button, Outbound, Reply
from bot.service.ports import Assigned, HandedOver, Incoming, PersonId, Queued, Unreadable
from bot.stores.postgres.connect import Database
from bot.stores.postgres.events import COMPLETE

T = TypeVar("T")

StatusName = Literal["sent", "delivered", "read", "played", "failed"]

PERSON = PersonId("019a0000-0000-7000-8000-000000000001")
PHONE = "+4915123456789"
BSUID = "DE.1349120865530274"
TODAY = 20_000
"""A day, counted since 1970."""
WORDING = Wording("May we write to you? https://example.com/en Reply *YES*.", "opt_in.ask", "en")
NOTICE = "2026-09-01"
"""Its address is in the wording, see `keep_notice`."""


def message(id: str = "m1", body: str = "yes") -> Inbound:
    return Inbound(MessageId(f"wamid.{id}"), Sender(PHONE, BSUID), TODAY * 86400, Text(body), received_at=1.5)


def incoming(id: str = "m1", day: int = TODAY) -> Incoming:
    return Incoming(id.encode().ljust(16), day, message(id))


def lapse(question: str = "q1") -> Inbound:
    return Inbound(MessageId(f"lapse {question}"), Sender(), 1, Lapse(question), person=PERSON)


def told(status: StatusName, reference: str | None = None) -> Delivery:
    return Delivery(MessageId("wamid.ours"), status, TODAY * 86400, Sender(PHONE, BSUID), reference=reference)


def outbound(id: str = "o1", attempt: int = 0, person: str = PERSON) -> Outbound:
    reply = Reply(body="Thank you.", footer="Reply STOP to unsubscribe", buttons=(Button("yes:1", "Yes"),))
    return Outbound(id, person, PHONE, BSUID, reply, Answer(), ledger_seq=2, attempt=attempt)


def handed_over(id: str = "m1") -> HandedOver:
    return HandedOver(message(id, "When do you open?"), PERSON, "en", 2)


def assigned(id: str = "m1") -> Assigned:
    task = Task(Right.RECTIFICATION, "My name is spelt otherwise")
    return Assigned(task, MessageId(f"wamid.{id}"), TODAY * 86400, PERSON, Sender(PHONE, BSUID), "en", 2)


def session(unclear: int = 0) -> Session:
    """The session of a person who has subscribed."""
    given = Consent(Status.GIVEN, since=1790000000, asked_at=1789999000, expires_at=1850000000)
    return Session(
        person=PERSON,
        record=Record(2, {"order_updates": given}),
        locale="de",
        unclear=unclear,
        last_text="opt_in.welcome",
        repeats=1,
        last_at=1790000000,
        phone=b"abcd",
    )


def requested(id: str, purpose: str = "order_updates", shown: Wording = WORDING) -> Entry:
    return Entry(
        kind=Kind.REQUESTED,
        purpose=purpose,
        at=1790000000,
        recorded_at=1790000000.25,
        question="0123456789ab",
        locale=shown.locale,
        expires_at=1790172800,
        notice=NOTICE,
        wording=shown.sha256,
        shown=shown,
        inbound=f"wamid.{id}",
        rule="start:en:exact",
    )


def given(id: str, purpose: str = "order_updates", answer: str = "Yes please") -> Entry:
    return Entry(
        kind=Kind.GIVEN,
        purpose=purpose,
        at=1790000060,
        recorded_at=1790000060.5,
        question="0123456789ab",
        locale="en",
        expires_at=1850000000,
        notice=NOTICE,
        wording=WORDING.sha256,
        inbound=f"wamid.{id}",
        answer=answer,
        rule="yes:en:exact",
        seen=Seen.DELIVERED,
        accepted_at=1790000002,
        delivered_at=1790000003,
    )


def withdrawn(id: str, purpose: str = "order_updates") -> Entry:
    return Entry(kind=Kind.WITHDRAWN, purpose=purpose, at=1790000120, inbound=f"wamid.{id}", answer="STOP", locale="en")


async def keep_notice(database: Database) -> None:
    """Let the version of the notice that entries name be known."""
    await database.execute(
        "INSERT INTO notices VALUES ($1, '', 'https://example.com/en', 'material', '2026-09-01')", NOTICE
    )


async def readable_events(database: Database) -> None:
    """Wait until no transaction older than a noted event is under way: autovacuum has some, too."""
    while await database.fetch(f"SELECT FROM events WHERE xid >= {COMPLETE} LIMIT 1"):
        await asyncio.sleep(0.01)


def chosen(values: list[T], condition: Callable[[T], bool]) -> T:
    """The only value for which the condition holds."""
    (found,) = [value for value in values if condition(value)]
    return found


def readable(batch: Iterable[Queued[T] | Unreadable]) -> list[Queued[T]]:
    """What was read of a queue, all of which this version of the program can read."""
    assert not [one for one in batch if isinstance(one, Unreadable)]
    return [one for one in batch if isinstance(one, Queued)]


def items(batch: Iterable[Queued[T] | Unreadable]) -> list[T]:
    """What is in the entries."""
    return [one.item for one in readable(batch)]
