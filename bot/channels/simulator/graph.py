"""A Graph API that accepts and refuses what Meta's does."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from . import webhooks
from .account import AccountSimulator
from .hook import Hook
from .refusal import Refusal
from .reports import ReportedStatus, Reports
from .sent import Sent, sent
from .shapes import Message, Read, checked
from .webhooks import Identity

WINDOW = 24 * 3600
"""Seconds after a person's message in which anything may be sent. Meta: messages/send-messages."""

PAIR_BURST = 45
PAIR_SECONDS = 6.0
"""A recipient may get a message every `PAIR_SECONDS`, and a burst ahead of time. Meta: about-the-platform."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A person's message that was marked as read."""

    message_id: str
    typing: bool


@dataclass(frozen=True, slots=True)
class _Failure:
    code: int
    later: bool


class GraphSimulator(AccountSimulator):
    """Also takes messages of the number; those that it accepts are in `sent`.

    `latency` (seconds) and `refusing` (an error code for every message) may be set at any time.
    """

    def __init__(
        self,
        *,
        token: str = "simulated-token",
        phone_number_id: str = webhooks.PHONE_NUMBER_ID,
        version: str = "v26.0",
        window: bool = True,
        pair_limit: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(token=token, phone_number_id=phone_number_id, version=version, clock=clock)
        self.sent: list[Sent] = []
        self.marked: list[Marked] = []
        self.latency = 0.0
        self.refusing: int | None = None
        self.refusing_to: dict[str, int | None] = {}
        """Address to which every message is refused → error code; None: a 403 that is not Graph's."""
        self.controls: list[tuple[str, str]] = []
        """Chats taken and given back, e.g. `("take", "+34600000001")`."""
        self.holding = False
        """Whether templates are held back for now: see `release` and `drop`."""
        self.may_take = True
        """Whether the business has named the bot as the escalation partner."""
        self.app.router.add_post("/{version}/{phone_number_id}/messages", self._messages)
        self.app.router.add_post("/{version}/{phone_number_id}/marketing_messages", self._marketing)
        self.app.router.add_post("/{version}/{phone_number_id}/thread_control", self._control)
        self._window = window
        self._pair_limit = pair_limit
        self._failures: deque[_Failure | None] = deque()
        self._held: set[str] = set()
        self._held_back: list[Sent] = []
        self._heard: dict[str, float] = {}
        self._identities: dict[str, Identity] = {}
        self._pairs: dict[str, float] = {}
        self._arrived = asyncio.Event()
        self._reports = Reports(self.phone_number_id)

    async def close(self) -> None:
        """Post the statuses that are still due, and stop serving."""
        await self.reported()
        await super().close()

    # --- what happens outside the bot

    def heard(self, who: Identity, at: float | None = None) -> None:
        """Note that a person wrote to the business: their 24-hour window opens."""
        for address in (who.phone, who.bsuid):
            if address:
                self._heard[address] = self.clock() if at is None else at
                self._identities[address] = who

    def agent_holds(self, who: Identity) -> None:
        """Let Meta's agent hold this chat from now on."""
        self._held |= {address for address in (who.phone, who.bsuid) if address}

    def is_held(self, who: Identity) -> bool:
        """Whether Meta's agent holds this chat."""
        return not self._held.isdisjoint({who.phone, who.bsuid})

    def release(self) -> None:
        """Deliver the templates that were held back."""
        self.holding = False
        for message in self._held_back:
            self._deliver(message, None)
        self._held_back.clear()

    def drop(self) -> None:
        """Give up the templates that were held back: people did not like them. Meta: template-pacing."""
        self.holding = False
        for message in self._held_back:
            self._report(message, 132015)
        self._held_back.clear()

    def fail_next(self, code: int, times: int = 1, *, after: int = 0, later: bool = False) -> None:
        """Refuse the next messages with an error; or, if `later`, accept them and report the failure as a status.

        `after`: how many succeed first.
        """
        self._failures.extend([None] * after + [_Failure(code, later)] * times)

    def report_to(self, hook: Hook, statuses: Sequence[ReportedStatus] = ("sent", "delivered", "read")) -> None:
        """Post these statuses of every accepted message to the bot."""
        self._reports.to(hook, statuses)

    async def reported(self) -> None:
        """Wait until all statuses due by now are posted."""
        await self._reports.posted()

    @property
    def unreported(self) -> Sequence[Exception]:
        """Why statuses could not be posted to the bot."""
        return self._reports.failures

    # --- what the bot did

    async def wait_for(self, count: int, timeout: float = 30.0) -> list[Sent]:  # noqa: ASYNC109
        """Return all accepted messages as soon as there are `count`. Raises `TimeoutError`."""
        await self.wait_until(lambda: len(self.sent) >= count, timeout)
        return list(self.sent)

    async def wait_until(self, reached: Callable[[], bool], timeout: float = 30.0) -> None:  # noqa: ASYNC109
        """Wait for a condition on what was accepted. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout):
            while not reached():
                self._arrived.clear()
                await self._arrived.wait()

    # --- the API

    async def _messages(self, request: web.Request) -> web.Response:
        if self.latency:
            await asyncio.sleep(self.latency)
        return self._answered(await self._request(request))

    async def _marketing(self, request: web.Request) -> web.Response:
        """Send a marketing template. Meta: marketing-messages/send-marketing-messages, Dec 2025."""
        raw = await self._request(request)
        policy, sharing = raw.pop("product_policy", None), raw.pop("message_activity_sharing", None)
        if policy not in (None, "STRICT", "CLOUD_API_FALLBACK") or type(sharing) not in (bool, type(None)):
            raise Refusal(100, "Invalid parameter")
        message = checked(raw)
        if isinstance(message, Read) or message.template is None:
            raise Refusal(131051, "Only marketing templates are sent here")
        if not self.marketing_messages and policy == "STRICT":
            raise Refusal(131063)
        if not self.templates.is_marketing(message.template):
            raise Refusal(131009, "The template is not of the category MARKETING")
        return self._answered(raw, marketing=True)

    async def _control(self, request: web.Request) -> web.Response:
        """Let the bot take a chat or give it back. Meta: conversation-routing, Oct 2026."""
        raw = await self._request(request)
        action, address = raw.get("action"), raw.get("to") or raw.get("recipient") or ""
        if raw.get("messaging_product") != "whatsapp" or action not in ("take", "release") or not address:
            raise Refusal(100, "Invalid parameter")
        if action == "take" and not self.may_take:
            raise Refusal(100, "Only the escalation partner may take a thread", subcode=2494191)
        if action == "release" and self.is_held(self._identity(address)):
            raise Refusal(100, "The thread is not yours")
        self.controls.append((action, address))
        if action == "take":
            self._let_go(address)
        else:
            self.agent_holds(self._identity(address))
        return web.json_response({"messaging_product": "whatsapp"})

    def _let_go(self, address: str) -> None:
        """Let the bot hold this chat: it took it, or wrote into it."""
        who = self._identity(address)
        self._held -= {address, who.phone, who.bsuid}

    async def _request(self, request: web.Request) -> dict[str, Any]:
        """Return the JSON body of a request that is permitted."""
        self._permit(request)
        if request.content_type != "application/json":
            raise Refusal(100, "The content type must be application/json")
        try:
            raw = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            raise Refusal(100, "The body is not JSON") from None
        if type(raw) is not dict:
            raise Refusal(100, "The body must be a JSON object")
        return raw

    def _answered(self, raw: dict[str, Any], *, marketing: bool = False) -> web.Response:
        request = checked(raw)
        if isinstance(request, Read):
            self.marked.append(Marked(request.message_id, request.typing_indicator is not None))
            self._arrived.set()
            return web.json_response({"success": True})
        file = self._file(request)
        shown = self.templates.rendered(request.template) if request.template else {}
        fails_later = self._fail_if_told()
        address = request.to or request.recipient or ""
        if address in self.refusing_to:
            return self._refused_to(address)
        self._check_window(address, request)
        self._check_pair(address)
        made = {"id": self._new_id(address), "at": self.clock(), "file": file, "marketing": marketing}
        return self._accepted(address, sent(request, raw, shown=shown, **made), fails_later)

    def _refused_to(self, address: str) -> web.Response:
        code = self.refusing_to[address]
        return web.Response(status=403, text="<html>Forbidden") if code is None else Refusal(code).response()

    def _file(self, message: Message) -> bytes:
        """Return the content of an uploaded document."""
        if message.document is None or message.document.id is None:
            return b""
        if (file := self.media.get(message.document.id)) is None:
            raise Refusal(100, "Param document.id is not a valid whatsapp business account media attachment ID")
        return file.content

    def _fail_if_told(self) -> int | None:
        """Return the code with which the message will fail later, if it will."""
        if self.refusing is not None:
            raise Refusal(self.refusing)
        failure = self._failures.popleft() if self._failures else None
        if failure is None:
            return None
        if failure.later:
            return failure.code
        raise Refusal(failure.code)

    def _check_window(self, address: str, message: Message) -> None:
        if self._window and message.template is None and self.clock() - self._heard.get(address, 0.0) > WINDOW:
            raise Refusal(131047)

    def _check_pair(self, address: str) -> None:
        """Let each message to a recipient use up some seconds, up to a burst ahead of time."""
        if self._pair_limit:
            now = self.clock()
            used_until = max(self._pairs.get(address, now), now) + PAIR_SECONDS
            if used_until - now > PAIR_BURST * PAIR_SECONDS:
                raise Refusal(131056)
            self._pairs[address] = used_until

    def _accepted(self, address: str, message: Sent, fails_later: int | None) -> web.Response:
        held = bool(self.holding and message.template)
        if held:
            self._held_back.append(message)
        else:
            self._deliver(message, fails_later)
        self._let_go(address)
        names = {"wa_id": address[1:]} if address.startswith("+") else {"user_id": address}
        status = {"message_status": "held_for_quality_assessment" if held else "accepted"} if message.template else {}
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": address, **names}],
            "messages": [{"id": message.id, **status}],
        }
        return web.json_response(answer)

    def _deliver(self, message: Sent, fails_later: int | None) -> None:
        self.sent.append(message)
        self._arrived.set()
        self._report(message, fails_later)

    def _report(self, message: Sent, fails_later: int | None) -> None:
        self._reports.start(self._identity(message.recipient), message, fails_later)

    def _identity(self, address: str) -> Identity:
        alone = Identity(address, None) if address.startswith("+") else Identity(None, address)
        return self._identities.get(address, alone)

    def _new_id(self, address: str) -> str:
        return webhooks.new_id(self._identity(address))
