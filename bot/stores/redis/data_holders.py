"""What Redis holds about a person, to be exported and erased. Queues are searched page by page."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ...consent.rights import Right
from ...conversation.session import Session
from ...keys import Keyring
from ...messages.inbound import AddressChanged, Delivery, Inbound, Media, Other, Sender, Text
from ...messages.reply import Outbound
from ...numbers import same, spellings
from ...service.ports import Assigned, DataHolder, HandedOver, Held, Subject
from ...times import iso
from .connect import Client
from .deadletters import DeadLetters, plain_numbers
from .keys import GROUP, ShardKeys
from .scripts import FINISH, REWRITE
from .wire import (
    READERS,
    Item,
    read_assigned,
    read_event,
    read_handed_over,
    read_outbound,
    read_session,
)

NOT_PERSONAL: Mapping[str, str] = {
    "seen": "keyed hashes of messages' ids; they expire by themselves within nine days",
    "limit": "under the keyed hash of an address, how much more it may send; expires by itself within eight days, and "
    "is deleted with the person",
    "status": "under the keyed hash of a sent message's id, how far it came, and the random id of the question or "
    "request that hangs on it; expires by itself within three days, or 31 if something hangs on it",
    "queued": "the random id of a message that the company sent; expires by itself within eight days",
    "early": "under the same hash, statuses without an address; expires by itself within ten minutes",
    "BUCKET": "how fast the business number may send",
    "CALLS": "how often a program of the company called; expires by itself within a minute",
}
"""Kinds of keys without personal data, and why."""

_PAGE = 500

ReadItem = Callable[[bytes], Item | None]


class SessionKeys:
    """Where the person is in a dialogue."""

    name = "session"
    holds = frozenset({"session", "window"})

    def __init__(self, client: Client, shards: Sequence[ShardKeys], keys: Keyring) -> None:
        self._client = client
        self._shards = shards
        self._keys = keys

    async def export(self, subject: Subject) -> Held | None:
        """Return the position in the dialogue, in our own words."""
        async for _, session in self._of(subject):
            pending = session.record.pending
            details = {
                name: value
                for name, value in msgspec.to_builtins(msgspec.structs.asdict(session)).items()
                if name not in ("person", "record", "locale", "flow", "state", "phone")
                and value not in (None, "", 0, [])
            }
            return {
                "talk": {
                    "language": session.locale,
                    "flow": session.flow,
                    "state": session.state,
                    "purpose": pending.purpose if pending else "",
                    "details": details,
                }
            }
        return None

    async def erase(self, subject: Subject) -> int:
        """Delete the session under every address."""
        found = [key async for key, _ in self._of(subject)]
        for key in found:
            await self._client.run("DEL", key)
        for shard in self._shards:
            for token in self._tokens(subject):
                await self._client.run("DEL", shard.limit(token), shard.window(token))
        return len(found)

    def _tokens(self, subject: Subject) -> Sequence[bytes]:
        return list(dict.fromkeys([*self._keys.addresses(*subject.sender.addresses), *subject.tokens]))

    async def _of(self, subject: Subject) -> AsyncIterator[tuple[bytes, Session]]:
        """Yield the person's sessions, newest first, except that of a new owner of their number."""
        for shard in self._shards:
            for token in self._tokens(subject):
                key = shard.session(token)
                value = await self._client.run("GET", key)
                session = read_session(value) if value is not None else None
                if session is not None and session.person in subject.records:
                    yield key, session


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry of a queue that is about the person."""

    where: bytes
    """Id in a stream, member of a set, or field of a hash."""
    item: Item | None = field(repr=False)
    """None if this version of the program cannot read the entry, or no parser accepted it."""


class QueueKeys:
    """Messages on their way in every direction, timers, tasks, and dead letters."""

    name = "queues"
    holds = frozenset(
        {"inbox", "urgent", "outbox", "handover", "tasks", "dead", "timers", "retries", "waiting", "lanes"}
    )

    def __init__(self, client: Client, shards: Sequence[ShardKeys], keys: Keyring) -> None:
        self._client = client
        self._shards = shards
        self._keys = keys

    # --- showing

    async def export(self, subject: Subject) -> Held | None:
        """Return all entries, with their texts."""
        belongs = _Belongs(subject)
        waiting = [
            _shown(what, found.item)
            for shard in self._shards
            for what, entries in (
                ("from_you", self._stream(shard.urgent, read_event, belongs)),
                ("from_you", self._stream(shard.inbox, read_event, belongs)),
                ("to_you", self._stream(shard.outbox, read_outbound, belongs)),
                ("to_you", self._retries(shard, belongs)),
                ("to_you", self._waiting(shard, subject)),
                ("reminder", self._timers(shard, belongs)),
                ("handed_over", self._stream(shard.handover, read_handed_over, belongs)),
                ("task", self._stream(shard.tasks, read_assigned, belongs)),
                ("put_aside", self._dead(shard, belongs)),
            )
            async for found in entries
        ]
        return {"waiting": waiting} if waiting else None

    # --- erasing

    async def erase(self, subject: Subject) -> int:
        """Remove everything except the erasure itself and what the person wrote after it."""
        belongs = _Belongs(subject)
        return sum([await self._erase_in(shard, subject, belongs) for shard in self._shards])

    async def _erase_in(self, shard: ShardKeys, subject: Subject, belongs: "_Belongs") -> int:
        tasks = [
            entry.where
            async for entry in self._stream(shard.tasks, read_assigned, belongs)
            if not _is_erasure(entry.item)
        ]
        handover = [entry.where async for entry in self._stream(shard.handover, read_handed_over, belongs)]
        timers = [entry.where async for entry in self._timers(shard, belongs)]
        count = 0
        for lane in (shard.urgent, shard.inbox):
            events = self._stream(lane, read_event, belongs)
            count += await self._finish(lane, [event.where async for event in events if belongs.early(event.item)])
        count += await self._finish(shard.tasks, tasks)
        count += await self._finish(shard.handover, handover)
        count += await self._remove("ZREM", shard.timers, timers)
        count += await self._erase_messages(shard, subject, belongs)
        dead = [letter.where async for letter in self._dead(shard, belongs) if belongs.early(letter.item)]
        count += await self._remove("XDEL", shard.dead, dead)
        # Other queues soon run empty, which frees their bytes, too; dead letters may stay for months.
        await REWRITE.run(self._client, [shard.dead, f"{shard.dead}:new"], [_PAGE])
        return count

    async def _erase_messages(self, shard: ShardKeys, subject: Subject, belongs: "_Belongs") -> int:
        """Empty the person's lane from the end: otherwise removing its first message would let in the next."""
        waiting = [message.where async for message in self._waiting(shard, subject)]
        count = await self._remove("HDEL", shard.waiting, waiting)
        retries = [message.where async for message in self._retries(shard, belongs)]
        count += await self._remove("ZREM", shard.retries, retries)
        outbox = [message.where async for message in self._stream(shard.outbox, read_outbound, belongs)]
        count += await self._finish(shard.outbox, outbox)
        await self._client.run("HDEL", shard.lanes, *subject.records)
        return count

    async def _finish(self, stream: str, entry_ids: Sequence[bytes]) -> int:
        for page in _pages(entry_ids):
            await FINISH.run(self._client, [stream], [GROUP, *page])
        return len(entry_ids)

    async def _remove(self, command: str, key: str, members: Sequence[bytes]) -> int:
        for page in _pages(members):
            await self._client.run(command, key, *page)
        return len(members)

    # --- looking

    async def _stream(self, key: str, read: ReadItem, belongs: "_Belongs") -> AsyncIterator[_Found]:
        start = "-"
        while page := await self._client.run("XRANGE", key, start, "+", "COUNT", _PAGE):
            for entry_id, fields in page:
                item = read(fields[1])
                if belongs.to(item, fields[1]):
                    yield _Found(entry_id, item)
            start = "(" + page[-1][0].decode()

    async def _dead(self, shard: ShardKeys, belongs: "_Belongs") -> AsyncIterator[_Found]:
        async for letter in DeadLetters(self._client, shard, self._keys).all():
            payload = letter.payload or b""  # without a key nobody can read it
            item = READERS[letter.kind](payload) if letter.kind in READERS else None
            if belongs.to(item, plain_numbers(payload) if letter.kind == "raw" else payload):
                yield _Found(letter.id.encode(), item)

    async def _timers(self, shard: ShardKeys, belongs: "_Belongs") -> AsyncIterator[_Found]:
        async for member, _ in self._scan("ZSCAN", shard.timers):
            item = read_event(member)
            if belongs.to(item, member):
                yield _Found(member, item)

    async def _retries(self, shard: ShardKeys, belongs: "_Belongs") -> AsyncIterator[_Found]:
        async for member, _ in self._scan("ZSCAN", shard.retries):
            payload = member.split(b" ", 2)[-1]  # after person and number in the lane
            item = read_outbound(payload)
            if belongs.to(item, member):
                yield _Found(member, item)

    async def _waiting(self, shard: ShardKeys, subject: Subject) -> AsyncIterator[_Found]:
        for record in subject.records:
            async for name, payload in self._scan("HSCAN", shard.waiting, "MATCH", f"{record} *"):
                yield _Found(name, read_outbound(payload))

    async def _scan(self, command: str, key: str, *more: str) -> AsyncIterator[tuple[bytes, bytes]]:
        cursor = b"0"
        while True:
            cursor, flat = await self._client.run(command, key, cursor, *more, "COUNT", _PAGE)
            for name, value in zip(flat[::2], flat[1::2], strict=True):
                yield name, value
            if cursor == b"0":
                return


class _Belongs:
    """Tells whether an entry is about a person: by the id it names, or by an address if it names nobody.

    An entry that names somebody else is theirs, even with the same number, which may have a new owner.
    """

    def __init__(self, subject: Subject) -> None:
        self._records = frozenset[str](subject.records)
        self._before = subject.before
        self._phone, self._bsuid = subject.sender.phone, subject.sender.bsuid
        phones = spellings(self._phone) if self._phone else ()
        needles = (*subject.records, *phones, self._bsuid)
        self._needles = [needle.removeprefix("+").encode() for needle in needles if needle]

    def to(self, item: Item | None, payload: bytes) -> bool:
        """Whether it is; an unreadable entry is searched for the person's id and addresses."""
        match item:
            case None:
                return any(needle in payload for needle in self._needles)
            case Delivery(recipient=recipient):
                return self._theirs(recipient)
            case Inbound(content=AddressChanged(previous=previous)) if self._theirs(previous):
                return True
            case Inbound(person="", sender=sender):
                return self._theirs(sender)
        return item.person in self._records

    def early(self, item: Item | None) -> bool:
        """Whether it was written before the erasure was asked for; messages known to be newer must not be lost."""
        return not isinstance(item, Inbound | Delivery) or item.at <= self._before

    def _theirs(self, sender: Sender) -> bool:
        if sender.bsuid and self._bsuid:  # a number may get a new owner, a BSUID does not
            return sender.bsuid == self._bsuid
        return same(sender.phone, self._phone) or bool(sender.bsuid and sender.bsuid == self._bsuid)


def _is_erasure(item: Item | None) -> bool:
    """Whether it is the erasure's own task, which only its worker finishes: otherwise it could be left half done."""
    return isinstance(item, Assigned) and item.task.right is Right.ERASURE


def _shown(what: str, item: Item | None) -> dict[str, Any]:
    match item:
        case Outbound(reply=reply):
            return {"what": what, "text": reply.wording()}
        case HandedOver(inbound=inbound):
            return {"what": what, "since": iso(inbound.at), "text": _said(inbound)}
        case Assigned(task=task, at=at):
            return {"what": what, "since": iso(at), "text": task.text or task.right.value}
        case Inbound(at=at):
            return {"what": what, "since": iso(at), "text": _said(item)}
        case Delivery(at=at, status=status):
            return {"what": what, "since": iso(at), "text": status}
    return {"what": what, "text": "a message that the program could not read"}


def _said(inbound: Inbound) -> str:
    match inbound.content:
        case Text(text) | Media(caption=text) | Other(text=text):
            return text
    return str(getattr(inbound.content, "title", "") or getattr(inbound.content, "emoji", "") or "")


def _pages(values: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    return (values[start : start + _PAGE] for start in range(0, len(values), _PAGE))


def data_holders(client: Client, shards: Sequence[ShardKeys], keys: Keyring) -> Sequence[DataHolder]:
    """Return all holders in Redis, in the order in which they are erased."""
    return (QueueKeys(client, shards, keys), SessionKeys(client, shards, keys))
