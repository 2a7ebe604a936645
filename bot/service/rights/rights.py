"""Does what a person asks for about their data: access, portability, proof, rectification, restriction, erasure.

Each request is noted with its deadline (GDPR Art. 12(3)) before it is worked on. A task may be repeated after a crash:
it finds its request by the message that made it, and gives the same answer again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, assert_never
from weakref import WeakValueDictionary

import msgspec
import structlog

from ...consent.deadlines import Calendar
from ...consent.erasure import proof_until
from ...consent.requests import Request, State, close
from ...consent.retention import RuleName, policy
from ...consent.rights import Right
from ...conversation.compose import message
from ...conversation.world import World
from ...i18n import cldr
from ...i18n.cldr import autonym
from ...keys import Keyring
from ...messages.reply import Document, Outbound, Reply
from ...times import DAY
from ..ports import (
    Assigned,
    ChangedMeanwhile,
    Channels,
    DataHolder,
    Documents,
    Export,
    Exports,
    NoSuchPerson,
    NotSignedYet,
    OutOfReach,
    PersonId,
    Persons,
    Proofs,
    Requests,
    SendError,
    Subject,
    exported,
)
from ..sending.gate import reaches
from ..sending.send import Send
from .erase import Erase, Erased
from .file_names import file_name
from .gather import as_answered, is_empty, my_data, portable, says_as_much
from .my_data import MyData, as_json
from .wording import in_language

log = structlog.get_logger(__name__)

LINK_LASTS = 3 * DAY
"""Seconds for which the link to the machine-readable form works."""

DOCUMENTS_A_DAY = 5
"""Documents of each kind written per person and day: each takes seconds of CPU. A person who asks more often gets the
newest again (GDPR Art. 12(5) would allow a refusal); the message above it says what changed since."""

VERIFY_PATH = "/verify"
"""The page on which anybody can check a receipt."""

PDF = "application/pdf"
TEXT = "text/plain"

_PROVING = frozenset({"person", "consents"})
"""The data holders behind a receipt; the queues, which may be long, are not among them."""


class Rights:
    """Does the tasks of persons."""

    def __init__(
        self,
        *,
        world: World,
        persons: Persons,
        requests: Requests,
        exports: Exports,
        holders: Sequence[DataHolder],
        documents: Documents,
        proofs: Proofs,
        writing: asyncio.Lock,
        channel: Channels,
        send: Send,
        erase: Erase,
        keys: Keyring,
        base_url: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`base_url`: where our pages are; without it no link is sent.

        `writing` is held while a document is written. All shards of a process share it, since threads share an
        interpreter that also answers other people.
        """
        self._world = world
        self._persons = persons
        self._requests = requests
        self._exports = exports
        self._holders = holders
        self._documents = documents
        self._proofs = proofs
        self._channel = channel
        self._send = send
        self._erase = erase
        self._keys = keys
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._calendar = Calendar.of(world.business.controller)
        self._in_flight: WeakValueDictionary[PersonId, asyncio.Lock] = WeakValueDictionary()
        """Persons whose document is being made: a second request finds it ready."""
        self._writing = writing
        self._mark_days = policy(world.business)[RuleName.SUPPRESSION].after.days

    async def answer(self, assigned: Assigned) -> Sequence[Outbound]:
        """Do a task, or find it done; return what remains to be said, with the same ids each time.

        Raises `Unavailable`, `SendError` and `OutOfReach`.
        """
        try:
            if assigned.task.right is not Right.ERASURE:
                assigned = await self._to_where_they_are(assigned)
            return await self._answered(assigned)
        except NoSuchPerson:  # erased meanwhile
            return []

    async def excuse(self, assigned: Assigned) -> Sequence[Outbound]:
        """Return what to say if a task fails after we said "One moment": how to reach a human.

        Raises `Unavailable`.
        """
        if not assigned.task.right.is_promised:
            return []
        try:
            assigned = await self._to_where_they_are(assigned)
        except NoSuchPerson:
            return []
        return self._queued([self._told("human.contact", assigned)], assigned) if self._reaches(assigned) else []

    async def _answered(self, assigned: Assigned) -> Sequence[Outbound]:
        match right := assigned.task.right:
            case Right.ACCESS | Right.PORTABILITY:
                request = await self._opened(assigned, right)
                async with self._one_at_a_time(assigned.person):
                    replies = await self._copy(assigned, request)
                return self._queued(replies, assigned, request.id)
            case Right.PROOF:
                async with self._one_at_a_time(assigned.person):
                    return self._queued(await self._proof(assigned), assigned)
            case Right.RECTIFICATION:
                return self._queued(await self._rectification(assigned), assigned)
            case Right.ERASURE:
                await self._erasure(assigned)
            case Right.RESTRICTION | Right.OBJECTION:  # in force and confirmed since the step
                await self._closed(await self._opened(assigned, right))
            case _:
                assert_never(right)
        return []

    async def _to_where_they_are(self, assigned: Assigned) -> Assigned:
        """Return the task for the person's present record and addresses.

        An older address may be somebody else's now, and the record may have been merged into another.
        """
        person = (await self._persons.load([assigned.person])).get(assigned.person)
        if person is None:
            raise NoSuchPerson
        return msgspec.structs.replace(assigned, person=person.id, sender=person.sender)

    # --- the requests

    async def _copy(self, assigned: Assigned, request: Request) -> list[Reply]:
        """Answer with a copy of the data, or that there is none."""
        self._must_reach(assigned)
        data = await self._data(assigned, self._holders)
        if is_empty(data):
            await self._closed(request)
            return [self._told("my_data.nothing", assigned)]
        if assigned.task.right is Right.ACCESS:
            return await self._access(assigned, request, data)
        return await self._portability(assigned, request, portable(data))

    async def _access(self, assigned: Assigned, request: Request, data: MyData) -> list[Reply]:
        """GDPR Art. 15: a summary, a document, and a link to the machine-readable form."""
        export = await self._exports.newest(assigned.person, Right.ACCESS, self._clock())
        if export is None or not says_as_much(export.file, data):
            made = await self._made_lately(assigned)
            enough = len(made) >= DOCUMENTS_A_DAY
            export = made[0] if enough else await self._made(assigned, as_answered(data, request.id))
        await self._closed(request)
        language = self._world.language(assigned.locale)
        given = [consent.purpose for consent in data.consents if consent.status == "given"]
        summary = self._told(
            "my_data.summary",
            assigned,
            since=self._day(data.person.since, assigned),
            number=", ".join(assigned.sender.addresses),
            language=autonym(assigned.locale or self._world.business.default_locale),
            choices=language.choices(given, [consent.purpose for consent in data.consents if consent.paused]),
        )
        document = self._attached(export, assigned)
        return [
            summary,
            Reply(document=document, text_id="my_data.document"),
            *self._link(export, "my_data.link", assigned),
        ]

    async def _portability(self, assigned: Assigned, request: Request, data: MyData) -> list[Reply]:
        """GDPR Art. 20: what they provided, by a link or, if we have no web pages, as a document."""
        export = await self._exports.newest(assigned.person, Right.PORTABILITY, self._clock())
        if export is None or not self._serves(export) or not says_as_much(export.file, data):
            made = [earlier for earlier in await self._made_lately(assigned) if self._serves(earlier)]
            enough = len(made) >= DOCUMENTS_A_DAY and not made[0].fetched
            export = made[0] if enough else await self._to_take_along(assigned, data)
        await self._closed(request)
        if self._base_url:
            return self._link(export, "portability.link", assigned)
        return [self._told("portability.file", assigned, document=self._attached(export, assigned, "txt"))]

    def _serves(self, export: Export) -> bool:
        """Whether an export can be delivered in the way that is configured now."""
        return bool(self._base_url or export.media_id)

    async def _to_take_along(self, assigned: Assigned, data: MyData) -> Export:
        """WhatsApp accepts plain text but no JSON. [D:messages/document-messages]"""
        file = as_json(data)
        if self._base_url:
            return await self._remembered(assigned, data, "", file)
        return await self._kept(assigned, data, "data.txt", file, file, mime=TEXT)

    async def _made(self, assigned: Assigned, data: MyData) -> Export:
        async with self._writing:
            document = await asyncio.to_thread(self._documents.my_data, data, assigned.locale)
        return await self._kept(assigned, data, "data.pdf", document, as_json(data))

    async def _kept(
        self, assigned: Assigned, data: MyData, name: str, document: bytes, file: bytes, *, mime: str = PDF
    ) -> Export:
        """Upload a document to the channel and remember it, so that an erasure deletes it there as well."""
        media_id = await self._channel.upload(document, name, mime, channel=assigned.channel)
        try:
            return await self._remembered(assigned, data, media_id, file)
        except NoSuchPerson:
            with suppress(SendError):
                await self._channel.delete_media(media_id)
            raise

    async def _remembered(self, assigned: Assigned, data: MyData, media_id: str, file: bytes) -> Export:
        made_at = int(data.made_at.timestamp())
        right = assigned.task.right
        return await self._exports.keep(
            assigned.person, right, file=file, media_id=media_id, made_at=made_at, expires_at=made_at + LINK_LASTS
        )

    def _link(self, export: Export, text_id: str, assigned: Assigned) -> list[Reply]:
        if not self._base_url or export.fetched:
            return []
        until = self._day(datetime.fromtimestamp(export.expires_at, UTC), assigned)
        link = f"{self._base_url}/my-data/{export.secret}"
        return [self._told(text_id, assigned, link=link, until=until)]

    async def _proof(self, assigned: Assigned) -> list[Reply]:
        self._must_reach(assigned)
        data = await self._data(assigned, [holder for holder in self._holders if holder.name in _PROVING])
        if not data.history:
            return [self._told("proof.none", assigned)]
        made = await self._made_lately(assigned)
        export = made[0] if len(made) >= DOCUMENTS_A_DAY else await self._receipt(assigned, data)
        return [self._told("proof.receipt", assigned, document=self._attached(export, assigned))]

    async def _receipt(self, assigned: Assigned, data: MyData) -> Export:
        evidence = await self._proven(assigned.person)
        page = f"{self._base_url}{VERIFY_PATH}" if self._base_url else ""
        async with self._writing:
            document = await asyncio.to_thread(self._documents.receipt, data, assigned.locale, evidence, page)
        return await self._kept(assigned, data, "receipt.pdf", document, b"")

    async def _proven(self, person: PersonId) -> Mapping[str, Any] | None:
        """Return the evidence of a person's record; None if another process is just signing the newest entries."""
        try:
            return await self._proofs.evidence(person)
        except NotSignedYet:
            await self._proofs.sign(self._clock())
        try:
            return await self._proofs.evidence(person)
        except NotSignedYet:
            return None

    async def _made_lately(self, assigned: Assigned) -> Sequence[Export]:
        return await self._exports.made_since(assigned.person, assigned.task.right, self._clock() - DAY)

    async def _rectification(self, assigned: Assigned) -> list[Reply]:
        """GDPR Art. 16: note it for the company's people, with the deadline."""
        request = await self._opened(assigned, Right.RECTIFICATION)
        return [self._told("correct.noted", assigned, due=self._day(request.due, assigned))]

    async def _erasure(self, assigned: Assigned) -> None:
        """Erase, then tell: the message bypasses the outbox, which may no longer hold anything about the person."""
        request = await self._opened(assigned, Right.ERASURE)
        erased = await self._erase.erase(
            Subject(assigned.person, assigned.sender), reason="asked for in the chat", at=assigned.at
        )
        await self._closed(request)
        until = self._day(self._kept_until(erased), assigned)
        reply = self._told("delete.done", assigned, until=until)
        try:
            withheld = await self._send.tell_erasure(self._channel, reply, assigned)
        except SendError as error:
            if error.retryable:
                raise
            log.warning("erasure_not_told", code=error.code)
        else:
            if withheld:
                log.warning(
                    "erasure_not_told", cure="too late: nothing can be sent to them any more", reason=withheld.reason
                )

    def _kept_until(self, erased: Erased) -> date:
        """Return the last day on which anything is kept: the proof or the suppression."""
        mark = proof_until(erased.at, self._mark_days)
        return max(mark, erased.proof_until) if erased.proof_until else mark

    # --- helpers

    def _one_at_a_time(self, person: PersonId) -> asyncio.Lock:
        return self._in_flight.setdefault(person, asyncio.Lock())

    def _reaches(self, assigned: Assigned) -> bool:
        """Whether anything may still be sent: for a day after their message, to a known address."""
        return reaches(assigned.sender, assigned.at, self._clock())

    def _must_reach(self, assigned: Assigned) -> None:
        if not self._reaches(assigned):
            raise OutOfReach

    async def _data(self, assigned: Assigned, holders: Sequence[DataHolder]) -> MyData:
        merged = await self._persons.merged(assigned.person)
        found = await exported(holders, Subject(assigned.person, assigned.sender, merged=merged))
        if not any("person" in part for part in found):
            raise NoSuchPerson
        data = my_data(found, self._world.business, self._clock())
        return in_language(data, self._world, assigned.locale, self._base_url)

    async def _opened(self, assigned: Assigned, right: Right) -> Request:
        request, _ = await self._requests.open(
            assigned.person,
            right,
            at=assigned.at,
            inbound=self._keys.message(assigned.inbound),
            now=self._clock(),
            calendar=self._calendar,
            details=assigned.task.text,
        )
        return request

    async def _closed(self, request: Request) -> None:
        if request.state.is_open:
            after = close(request, State.DONE, "")
            with suppress(ChangedMeanwhile):  # two requests at once get two answers, and the request is closed once
                await self._requests.change(request, after, actor="system", reason="", now=self._clock())

    def _told(self, text_id: str, assigned: Assigned, document: Document | None = None, **values: str) -> Reply:
        locale, stoppable = assigned.locale, assigned.stoppable
        return message(self._world, text_id, locale, stoppable=stoppable, values=values, document=document)

    def _day(self, day: date, assigned: Assigned) -> str:
        return cldr.day(day, assigned.locale or self._world.business.default_locale)

    def _queued(self, replies: Sequence[Reply], assigned: Assigned, request: str = "") -> Sequence[Outbound]:
        """Return replies to be queued; if they answer a request, it is reopened when one of them reaches nobody."""
        name = self._keys.message(assigned.inbound).hex()
        return self._send.answers(replies, assigned, name=name, request=request)

    def _attached(self, export: Export, assigned: Assigned, suffix: str = "pdf") -> Document:
        made_on = f"{datetime.fromtimestamp(export.made_at, UTC):%Y-%m-%d}"
        name = file_name(self._world, assigned.task.right, assigned.locale, suffix, made_on)
        return Document(name, export.media_id)
