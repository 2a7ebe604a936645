"""A Graph API that accepts and refuses what Meta's does."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp
import orjson
from aiohttp import web

from . import webhooks
from .hook import Hook, WebhookRefused
from .media import LARGEST_REQUEST, File, uploaded
from .refusal import Refusal
from .sent import Sent, sent
from .shapes import Message, Read, checked
from .templates import Shelf
from .webhooks import Identity

APP_ID = "300000000000003"
"""The id of the app that the token belongs to."""

WINDOW = 24 * 3600
"""Seconds after a person's message in which anything may be sent. Meta: messages/send-messages."""

PAIR_BURST = 45
PAIR_SECONDS = 6.0
"""A recipient may get a message every `PAIR_SECONDS`, and a burst ahead of time. Meta: about-the-platform."""

ReportedStatus = Literal["sent", "delivered", "read"]


@dataclass(frozen=True, slots=True)
class Marked:
    """A person's message that was marked as read."""

    message_id: str
    typing: bool


@dataclass(frozen=True, slots=True)
class _Failure:
    code: int
    later: bool


class GraphSimulator:
    """Serves a business number; accepted messages are in `sent`.

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
        self.token = token
        self.phone_number_id = phone_number_id
        self.clock = clock
        self.sent: list[Sent] = []
        self.marked: list[Marked] = []
        self.media: dict[str, File] = {}
        """Files that were uploaded and not deleted, by their ids."""
        self.requests = 0
        """Requests of any outcome."""
        self.latency = 0.0
        self.refusing: int | None = None
        self.refusing_to: dict[str, int | None] = {}
        """Address to which every message is refused → error code; None: a 403 that is not Graph's."""
        self.controls: list[tuple[str, str]] = []
        """Chats taken and given back, e.g. `("take", "+34600000001")`."""
        self.app_secret = ""
        """The app's; unless empty, it is needed to ask for the app's subscriptions."""
        self.fields = [
            "messages",
            "user_preferences",
            "standby",
            "messaging_handovers",
            "smb_message_echoes",
            "message_template_status_update",
            "message_template_quality_update",
            "message_template_components_update",
            "template_category_update",
        ]
        """Webhook fields that the app is subscribed to."""
        self.active = True
        """Whether the app's subscription is in use."""
        self.subscribed_apps = [APP_ID]
        """The apps to which the business account sends its webhooks."""
        self.templates = Shelf(lambda: self.clock())
        """The account's message templates: only those that are approved can be sent."""
        self.marketing_messages = False
        """Whether the business has accepted the terms of the Marketing Messages API."""
        self.holding = False
        """Whether templates are held back for now: see `release` and `drop`."""
        self.may_take = True
        """Whether the business has named the bot as the escalation partner."""
        self.unreported: list[Exception] = []
        """Why statuses could not be posted to the bot."""
        self.app = web.Application(client_max_size=LARGEST_REQUEST)
        self.app.router.add_post("/{version}/{phone_number_id}/messages", self._messages)
        self.app.router.add_post("/{version}/{phone_number_id}/marketing_messages", self._marketing)
        self.app.router.add_get("/{version}/{account_id}/message_templates", self._template_list)
        self.app.router.add_post("/{version}/{account_id}/message_templates", self._template_creation)
        self.app.router.add_delete("/{version}/{account_id}/message_templates", self._template_deletion)
        self.app.router.add_post("/{version}/{phone_number_id}/thread_control", self._control)
        self.app.router.add_post("/{version}/{phone_number_id}/media", self._upload)
        self.app.router.add_delete("/{version}/{media_id}", self._delete)
        self.app.router.add_get("/{version}/app", self._app)
        self.app.router.add_get(f"/{{version}}/{APP_ID}/subscriptions", self._subscriptions)
        self.app.router.add_get("/{version}/{account_id}/subscribed_apps", self._subscribed_apps)
        self.app.router.add_post("/{version}/{account_id}/subscribed_apps", self._subscription)
        self.app.router.add_get(f"/{{version}}/{webhooks.ACCOUNT_ID}", self._account)
        self.app.router.add_get("/{version}/{phone_number_id}", self._number)
        self.app.router.add_route("*", "/{anything:.*}", self._unknown)
        self._version = version
        self._window = window
        self._pair_limit = pair_limit
        self._failures: deque[_Failure | None] = deque()
        self._held: set[str] = set()
        self._held_back: list[Sent] = []
        self._heard: dict[str, float] = {}
        self._identities: dict[str, Identity] = {}
        self._pairs: dict[str, float] = {}
        self._arrived = asyncio.Event()
        self._hook: Hook | None = None
        self._statuses: Sequence[ReportedStatus] = ()
        self._reports: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self._address = ""

    # --- serving

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve on a port; 0 means any free port."""
        self._runner = web.AppRunner(self.app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._address = f"http://{host}:{port}"

    async def close(self) -> None:
        """Post the statuses that are still due, and stop serving."""
        await self.reported()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """The URL for the bot's GRAPH_URL."""
        return f"{self._address}/{self._version}"

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
            self._start_report(message, 132015)
        self._held_back.clear()

    def fail_next(self, code: int, times: int = 1, *, after: int = 0, later: bool = False) -> None:
        """Refuse the next messages with an error; or, if `later`, accept them and report the failure as a status.

        `after`: how many succeed first.
        """
        self._failures.extend([None] * after + [_Failure(code, later)] * times)

    def report_to(self, hook: Hook, statuses: Sequence[ReportedStatus] = ("sent", "delivered", "read")) -> None:
        """Post these statuses of every accepted message to the bot."""
        self._hook = hook
        self._statuses = statuses

    async def reported(self) -> None:
        """Wait until all statuses due by now are posted."""
        while self._reports:
            await asyncio.wait(self._reports)

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
        self.requests += 1
        if self.latency:
            await asyncio.sleep(self.latency)
        try:
            return self._answered(await self._request(request))
        except Refusal as refusal:
            return refusal.response()

    async def _marketing(self, request: web.Request) -> web.Response:
        """Send a marketing template. Meta: marketing-messages/send-marketing-messages, Dec 2025."""
        self.requests += 1
        try:
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
        except Refusal as refusal:
            return refusal.response()

    async def _template_list(self, request: web.Request) -> web.Response:
        self.requests += 1
        try:
            self._own(request)
            return self.templates.page(int(request.query.get("limit", "25")), request.query.get("after", ""))
        except Refusal as refusal:
            return refusal.response()

    async def _template_creation(self, request: web.Request) -> web.Response:
        self.requests += 1
        try:
            self._own(request)
            return self.templates.create(await request.json())
        except Refusal as refusal:
            return refusal.response()

    async def _template_deletion(self, request: web.Request) -> web.Response:
        self.requests += 1
        try:
            self._own(request)
            return self.templates.delete(request.query.get("name", ""), request.query.get("hsm_id", ""))
        except Refusal as refusal:
            return refusal.response()

    async def _account(self, request: web.Request) -> web.Response:
        """Tell how the business account stands. Meta: marketing-messages/onboarding, Dec 2025."""
        self.requests += 1
        try:
            self._know(request)
        except Refusal as refusal:
            return refusal.response()
        status = "ONBOARDED" if self.marketing_messages else "ELIGIBLE"
        return web.json_response({"id": webhooks.ACCOUNT_ID, "marketing_messages_onboarding_status": status})

    async def _control(self, request: web.Request) -> web.Response:
        """Let the bot take a chat or give it back. Meta: conversation-routing, Oct 2026."""
        self.requests += 1
        try:
            raw = await self._request(request)
            action, address = raw.get("action"), raw.get("to") or raw.get("recipient") or ""
            if raw.get("messaging_product") != "whatsapp" or action not in ("take", "release") or not address:
                raise Refusal(100, "Invalid parameter")
            if action == "take" and not self.may_take:
                raise Refusal(100, "Only the escalation partner may take a thread", subcode=2494191)
            if action == "release" and self.is_held(self._identity(address)):
                raise Refusal(100, "The thread is not yours")
        except Refusal as refusal:
            return refusal.response()
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

    async def _upload(self, request: web.Request) -> web.Response:
        """Take a file that will be sent."""
        self.requests += 1
        try:
            self._permit(request)
            file = await uploaded(request)
        except Refusal as refusal:
            return refusal.response()
        self.media[file.id] = file
        return web.json_response({"id": file.id})

    async def _delete(self, request: web.Request) -> web.Response:
        """Delete a file."""
        self.requests += 1
        try:
            self._know(request)
            if self.media.pop(request.match_info["media_id"], None) is None:
                raise Refusal(100, "Object with this ID does not exist", subcode=33)
        except Refusal as refusal:
            return refusal.response()
        return web.json_response({"success": True})

    async def _number(self, request: web.Request) -> web.Response:
        """Tell how the business's number stands. Meta: whatsapp-business-account-phone-number-api."""
        self.requests += 1
        try:
            self._permit(request)
        except Refusal as refusal:
            return refusal.response()
        return web.json_response(
            {"id": self.phone_number_id, "quality_rating": "GREEN", "throughput": {"level": "STANDARD"}}
        )

    async def _app(self, request: web.Request) -> web.Response:
        """Tell which app the token belongs to."""
        self.requests += 1
        try:
            self._know(request)
        except Refusal as refusal:
            return refusal.response()
        return web.json_response({"id": APP_ID, "name": "Simulated"})

    async def _subscriptions(self, request: web.Request) -> web.Response:
        """Tell which fields the app is subscribed to. Meta: graph-api/reference/app/subscriptions."""
        self.requests += 1
        if self.app_secret and request.headers.get("Authorization") != f"Bearer {APP_ID}|{self.app_secret}":
            return Refusal(190, "Invalid OAuth access token").response()
        fields = [{"name": name, "version": self._version} for name in self.fields]
        ours = {
            "object": "whatsapp_business_account",
            "callback_url": "https://consent.example/webhooks/whatsapp",
            "active": self.active,
            "fields": fields,
        }
        return web.json_response({"data": [{"object": "user", "active": True, "fields": []}, ours]})

    async def _subscribed_apps(self, request: web.Request) -> web.Response:
        """Tell which apps get the account's webhooks. Meta: whats-app-business-account/subscribed_apps."""
        self.requests += 1
        try:
            self._own(request)
        except Refusal as refusal:
            return refusal.response()
        apps = [
            {
                "whatsapp_business_api_data": {
                    "id": id,
                    "link": f"https://www.facebook.com/games/?app_id={id}",
                    "name": id,
                }
            }
            for id in self.subscribed_apps
        ]
        return web.json_response({"data": apps})

    async def _subscription(self, request: web.Request) -> web.Response:
        """Let the token's app get the account's webhooks from now on."""
        self.requests += 1
        try:
            self._own(request)
        except Refusal as refusal:
            return refusal.response()
        if APP_ID not in self.subscribed_apps:
            self.subscribed_apps.append(APP_ID)
        return web.json_response({"success": True})

    async def _unknown(self, request: web.Request) -> web.Response:
        self.requests += 1
        return Refusal(100, "Unsupported request", subcode=33).response()

    def _permit(self, request: web.Request) -> None:
        """Refuse a wrong token or version, and a number that is not here."""
        self._know(request)
        if request.match_info["phone_number_id"] != self.phone_number_id:
            raise Refusal(100, "Object with this ID does not exist", subcode=33)

    def _own(self, request: web.Request) -> None:
        """Refuse a wrong token or version, and an account that is not here."""
        self._know(request)
        if request.match_info["account_id"] != webhooks.ACCOUNT_ID:
            raise Refusal(100, "Object with this ID does not exist", subcode=33)

    def _know(self, request: web.Request) -> None:
        """Refuse a wrong token or version."""
        authorization = request.headers.get("Authorization", "")
        if authorization != f"Bearer {self.token}":  # as Meta does, it quotes what it was sent
            raise Refusal(190, f"Malformed access token {authorization.removeprefix('Bearer ')}")
        if request.match_info["version"] != self._version:
            raise Refusal(100, f"Unknown path components: /{request.match_info['version']}")

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
        self._start_report(message, fails_later)

    def _start_report(self, message: Sent, fails_later: int | None) -> None:
        if self._hook is not None:
            report = asyncio.create_task(self._report(self._hook, message, fails_later))
            self._reports.add(report)
            report.add_done_callback(self._reports.discard)

    def _identity(self, address: str) -> Identity:
        alone = Identity(address, None) if address.startswith("+") else Identity(None, address)
        return self._identities.get(address, alone)

    def _new_id(self, address: str) -> str:
        return webhooks.new_id(self._identity(address))

    async def _report(self, hook: Hook, message: Sent, fails_later: int | None) -> None:
        who, number = self._identity(message.recipient), self.phone_number_id
        failed = [
            webhooks.status(
                who, message.id, "failed", code=fails_later, reference=message.reference or None, number=number
            )
        ]
        fine = [
            webhooks.status(who, message.id, what, reference=message.reference or None, number=number)
            for what in self._statuses
        ]
        try:
            for post in fine if fails_later is None else failed:
                await hook.post(post)
        except (WebhookRefused, aiohttp.ClientError, TimeoutError) as error:
            self.unreported.append(error)
