"""What the simulated Graph tells of a business account: its app, its number, its webhooks, its templates, its files."""

import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from . import webhooks
from .media import LARGEST_REQUEST, File, uploaded
from .refusal import Refusal
from .templates import Shelf

APP_ID = "300000000000003"
"""The id of the app that the token belongs to."""


class AccountSimulator:
    """Answers for one account with one number; everything public may be changed at any time."""

    def __init__(
        self,
        *,
        token: str = "simulated-token",
        phone_number_id: str = webhooks.PHONE_NUMBER_ID,
        version: str = "v26.0",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.token = token
        self.phone_number_id = phone_number_id
        self.clock = clock
        self.version = version
        self.requests = 0
        """Requests of any outcome."""
        self.media: dict[str, File] = {}
        """Files that were uploaded and not deleted, by their ids."""
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
        self.app = web.Application(client_max_size=LARGEST_REQUEST, middlewares=[self._as_graph_answers])
        self.app.router.add_get("/{version}/{account_id}/message_templates", self._template_list)
        self.app.router.add_post("/{version}/{account_id}/message_templates", self._template_creation)
        self.app.router.add_delete("/{version}/{account_id}/message_templates", self._template_deletion)
        self.app.router.add_post("/{version}/{phone_number_id}/media", self._upload)
        self.app.router.add_delete("/{version}/{media_id}", self._delete)
        self.app.router.add_get("/{version}/app", self._app)
        self.app.router.add_get(f"/{{version}}/{APP_ID}/subscriptions", self._subscriptions)
        self.app.router.add_get("/{version}/{account_id}/subscribed_apps", self._subscribed_apps)
        self.app.router.add_post("/{version}/{account_id}/subscribed_apps", self._subscription)
        self.app.router.add_get(f"/{{version}}/{webhooks.ACCOUNT_ID}", self._account)
        self.app.router.add_get("/{version}/{phone_number_id}", self._number)
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
        """Stop serving."""
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
        return f"{self._address}/{self.version}"

    # --- the API

    @web.middleware
    async def _as_graph_answers(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Count every request, and answer one that is refused with Graph's error."""
        self.requests += 1
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.response()
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            return Refusal(100, "Unsupported request", subcode=33).response()

    async def _template_list(self, request: web.Request) -> web.Response:
        self._own(request)
        return self.templates.page(int(request.query.get("limit", "25")), request.query.get("after", ""))

    async def _template_creation(self, request: web.Request) -> web.Response:
        self._own(request)
        return self.templates.create(await request.json())

    async def _template_deletion(self, request: web.Request) -> web.Response:
        self._own(request)
        return self.templates.delete(request.query.get("name", ""), request.query.get("hsm_id", ""))

    async def _account(self, request: web.Request) -> web.Response:
        """Tell how the business account stands. Meta: marketing-messages/onboarding, Dec 2025."""
        self._know(request)
        status = "ONBOARDED" if self.marketing_messages else "ELIGIBLE"
        return web.json_response({"id": webhooks.ACCOUNT_ID, "marketing_messages_onboarding_status": status})

    async def _upload(self, request: web.Request) -> web.Response:
        """Take a file that will be sent."""
        self._permit(request)
        file = await uploaded(request)
        self.media[file.id] = file
        return web.json_response({"id": file.id})

    async def _delete(self, request: web.Request) -> web.Response:
        """Delete a file."""
        self._know(request)
        if self.media.pop(request.match_info["media_id"], None) is None:
            raise Refusal(100, "Object with this ID does not exist", subcode=33)
        return web.json_response({"success": True})

    async def _number(self, request: web.Request) -> web.Response:
        """Tell how the business's number stands. Meta: whatsapp-business-account-phone-number-api."""
        self._permit(request)
        return web.json_response(
            {"id": self.phone_number_id, "quality_rating": "GREEN", "throughput": {"level": "STANDARD"}}
        )

    async def _app(self, request: web.Request) -> web.Response:
        """Tell which app the token belongs to."""
        self._know(request)
        return web.json_response({"id": APP_ID, "name": "Simulated"})

    async def _subscriptions(self, request: web.Request) -> web.Response:
        """Tell which fields the app is subscribed to. Meta: graph-api/reference/app/subscriptions."""
        if self.app_secret and request.headers.get("Authorization") != f"Bearer {APP_ID}|{self.app_secret}":
            raise Refusal(190, "Invalid OAuth access token")
        fields = [{"name": name, "version": self.version} for name in self.fields]
        ours = {
            "object": "whatsapp_business_account",
            "callback_url": "https://consent.example/webhooks/whatsapp",
            "active": self.active,
            "fields": fields,
        }
        return web.json_response({"data": [{"object": "user", "active": True, "fields": []}, ours]})

    async def _subscribed_apps(self, request: web.Request) -> web.Response:
        """Tell which apps get the account's webhooks. Meta: whats-app-business-account/subscribed_apps."""
        self._own(request)
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
        self._own(request)
        if APP_ID not in self.subscribed_apps:
            self.subscribed_apps.append(APP_ID)
        return web.json_response({"success": True})

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
        if request.match_info["version"] != self.version:
            raise Refusal(100, f"Unknown path components: /{request.match_info['version']}")
