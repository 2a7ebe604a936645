"""Fills stores with persons who said YES, by the program's own steps, and tells how much room one takes."""

import secrets
import time
from dataclasses import dataclass

import asyncpg
from redis import Redis

from bot.app.runtime import Runtime, open_runtime
from bot.consent.evidence import Entry
from bot.consent.lifecycle import Record
from bot.conversation.session import Session, rebuilt
from bot.messages.inbound import Inbound, MessageId, QuestionStatus, Sender, Text
from bot.service.ports import Append, Commit, PersonId
from bot.settings import Settings
from tests.benchmarks import talk

SAID = ("Hi", "YES", "NO")
"""Leads to one consent, one refusal, and four entries."""

_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Room:
    """What one person takes up."""

    valkey_bytes: float
    """A session with its key and expiry."""
    person_bytes: float
    """The person and both addresses, with indexes."""
    entry_bytes: float
    """A ledger entry, with indexes."""

    @property
    def consent_bytes(self) -> float:
        """A person with addresses and two entries: asked, and given."""
        return self.person_bytes + 2 * self.entry_bytes


async def fill(settings: Settings, persons: int) -> Room:
    """Make the persons from number 0 on, in stores that are empty; return what one of them takes up on average."""
    assert settings.redis_url is not None
    with Redis.from_url(settings.redis_url.get_secret_value()) as valkey:
        before = valkey.info("memory")["used_memory"]
        async with open_runtime(settings) as runtime:
            for first in range(0, persons, _TOGETHER):
                await _make(runtime, range(first, min(first + _TOGETHER, persons)))
        used = valkey.info("memory")["used_memory"] - before
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    people, ledger = await _sizes(url)
    return Room(used / persons, people / persons, ledger / (await entries(url)).number)


async def _make(runtime: Runtime, numbers: range) -> None:
    senders = [Sender(who.phone, who.bsuid) for who in map(talk.identity, numbers)]
    persons = await runtime.stores.persons.create(senders)
    told = [_told(runtime, person, sender) for person, sender in zip(persons, senders, strict=True)]
    appended = await runtime.stores.ledger.append(
        [Append(person, 0, facts) for person, (_, facts) in zip(persons, told, strict=True)]
    )
    commits = [
        Commit(runtime.stores.keys.address(sender.bsuid or ""), b"", session, [])
        for sender, (session, _) in zip(senders, told, strict=True)
    ]
    committed = await runtime.stores.shards[0].sessions.commit(commits)
    if len(appended) < len(persons) or not all(committed):
        raise RuntimeError("the stores were not empty")


def _told(runtime: Runtime, person: PersonId, sender: Sender) -> tuple[Session, list[Entry]]:
    """Let a person speak; return their session and the facts."""
    session, facts, now = rebuilt(person, Record()), list[Entry](), time.time()
    assert sender.phone is not None
    session.phone = runtime.stores.keys.address(sender.phone)[:4]  # as `cases` notes it
    for text in SAID:
        inbound = Inbound(MessageId(f"wamid.{secrets.token_hex(16)}"), sender, int(now), Text(text), now)
        step = runtime.dialogue.step(session, inbound, now)
        session = step.session
        facts += step.entries
        for reply in step.replies:
            if reply.question:
                accepted = QuestionStatus(reply.question, "accepted", secrets.token_hex(8))
                news = Inbound(MessageId(f"accepted {accepted.message}"), sender, int(now), accepted, now)
                session = runtime.dialogue.step(session, news, now).session
    return session, facts


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of a ledger."""

    number: int
    messages: int
    """How many messages led to them."""


async def entries(url: str) -> Entries:
    """Count them."""
    (row,) = await _rows(url, "SELECT count(*), count(DISTINCT inbound) FROM ledger")
    return Entries(row[0], row[1])


async def _sizes(url: str) -> tuple[int, int]:
    """Return the bytes of persons with addresses, and those of the ledger; indexes included."""
    people = "pg_total_relation_size('persons') + pg_total_relation_size('addresses')"
    (row,) = await _rows(url, f"SELECT {people}, pg_total_relation_size('ledger')")
    return row[0], row[1]


async def _rows(url: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(query)
        return rows
    finally:
        await connection.close()
