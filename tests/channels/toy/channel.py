"""A channel of a provider that never was: it signs the URL, posts forms, words its errors and echoes no reference."""

import hmac
import re
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import aiohttp
from pydantic import Field, SecretStr

from bot.messages.inbound import Choice, Content, Delivery, Event, Inbound, Media, MessageId, Other, Sender, Text
from bot.messages.reply import Outbound, Reply
from bot.service import ports
from bot.service.ports import Check, Malformed, NotAWebhook, Parsed, Provider, Retry, SendError, WebAnswer, WebRequest
from bot.settings import ChannelSettings

NAME, HEADER, LONGEST = "toy", "X-Toy-Signature", 1600
ERRORS: Mapping[str, tuple[Retry, str]] = {
    "no_such_person": (Retry.NEVER, "nobody has this number"),
    "too_long": (Retry.NEVER, "the text is too long"),
    "busy": (Retry.BACKOFF, "the provider is overloaded"),
    "too_fast": (Retry.THROTTLE, "the account sends too fast"),
    "blocked_you": (Retry.OPT_OUT, "the person has blocked this number"),
    "bad_secret": (Retry.HALT, "the secret is not accepted: set a new TOY_SECRET"),
}
_phone = re.compile(r"\+[1-9][0-9]{4,14}").fullmatch


class ToySettings(ChannelSettings):
    needed = ("toy_secret", "toy_url", "base_url")
    toy_secret: SecretStr = Field(SecretStr(""), description="signs both ways: toy.example > Settings > Secret")
    toy_url: str | None = Field(None, description="where messages are posted: toy.example > Settings > URL")
    base_url: str | None = Field(
        None, description="public https:// address of this app, which is signed with each post"
    )


def sign(url: str, body: bytes, secret: str) -> str:
    return hmac.digest(secret.encode(), url.encode() + body, "sha256").hex()


class ToyWebhooks:
    def __init__(self, settings: ToySettings) -> None:
        self._base_url, self._secret = settings.base_url, settings.toy_secret.get_secret_value()

    def handshake(self, request: WebRequest) -> WebAnswer | None:
        if request.method == "POST":
            return None
        query = dict(parse_qsl(urlsplit(request.target).query))
        known = self._secret and hmac.compare_digest(query.get("secret", "").encode(), self._secret.encode())
        return WebAnswer(200, query.get("nonce", "")) if known else WebAnswer(403)

    def authentic(self, request: WebRequest) -> bool:
        genuine = sign(f"{self._base_url}{request.target}", request.body, self._secret)
        return bool(self._secret) and hmac.compare_digest(request.headers.get(HEADER, "").encode(), genuine.encode())

    def parse(self, body: bytes, received_at: float) -> Parsed:
        try:
            updates = parse_qs(body.decode(), strict_parsing=True)["update"]
        except (ValueError, KeyError):
            raise NotAWebhook("not a form with updates") from None
        parsed = Parsed()
        for update in updates:
            try:
                parsed.events.append(_event(dict(parse_qsl(update)), received_at))
            except KeyError as error:  # names a field, never what it holds
                parsed.malformed.append(Malformed(str(error.args[0]), urlencode({"update": update}).encode()))
        return parsed


def _event(fields: dict[str, str], received_at: float) -> Event:
    id, at, person = MessageId(f"{NAME}:{fields['id']}"), fields["at"], fields["person"]
    if not at.isdecimal() or not _phone(person):
        raise KeyError("at" if _phone(person) else "person")
    text = fields.get("text", "").replace("\0", "")
    match fields["kind"]:
        case "sent" | "delivered" | "failed" as status:
            return Delivery(id, status, int(at), Sender(person), fields.get("error"), channel=NAME)
        case "text":
            content: Content = Text(text)
        case "tap":
            content = Choice(fields["choice"], text)
        case "image":
            content = Media("image", text)
        case _:  # new: what was written in it may be a withdrawal
            content = Other("unknown", text)
    return Inbound(id, Sender(person), int(at), content, received_at, channel=NAME)


class ToyChannel:
    def __init__(self, settings: ToySettings) -> None:
        headers, timeout = {"X-Toy-Secret": settings.toy_secret.get_secret_value()}, aiohttp.ClientTimeout(total=20)
        self._session = aiohttp.ClientSession(settings.toy_url, headers=headers, timeout=timeout)

    async def send(self, outbound: Outbound) -> ports.Accepted:
        text, document = _shown(outbound.reply), outbound.reply.document
        if len(text) > LONGEST or not outbound.phone:
            raise self.failure("too_long" if outbound.phone else "no_such_person")
        form = {"to": outbound.phone, "text": text, "file": document.media_id if document else ""}
        return ports.Accepted(MessageId(f"{NAME}:{await self._asked('POST', '/messages', urlencode(form).encode())}"))

    async def mark_read(self, message: Inbound, *, typing: bool) -> None:
        """It has no such thing."""

    async def upload(self, content: bytes, filename: str, mime: str) -> str:
        return await self._asked("POST", "/files", content)

    async def delete_media(self, media_id: str) -> None:
        await self._asked("DELETE", f"/files/{media_id}", b"")

    def failure(self, code: str) -> SendError:
        retry, meaning = ERRORS.get(code, (Retry.NEVER, "an error that is not known"))
        code = code if code in ERRORS else "unlisted"
        return SendError(code, retry, meaning, attempts=None if retry is Retry.HALT else 10)

    async def close(self) -> None:
        await self._session.close()

    async def _asked(self, method: str, path: str, body: bytes) -> str:
        try:
            async with self._session.request(method, path, data=body) as response:
                answer = await response.text()
        except (aiohttp.ClientError, TimeoutError):
            raise self.failure("busy") from None
        if response.status != 200:
            raise self.failure(answer)
        return answer


def _shown(reply: Reply) -> str:
    """Return a message as text: the choices are lines, and typed to be chosen."""
    labels = [*(one.title for one in reply.buttons), *(one.title for one in reply.rows)]
    link = f"{reply.link.title}: {reply.link.url}" if reply.link else ""
    return "\n".join(part for part in (reply.header, reply.body, *labels, link, reply.footer) if part)


async def _checks(_: ToySettings) -> AsyncIterator[Check]:
    yield Check(NAME, ok=True)


TOY = Provider(
    name=NAME,
    path="/webhooks/toy",
    settings=ToySettings,
    webhooks=ToyWebhooks,
    sender=ToyChannel,
    address=lambda text: Sender(text) if _phone(text) else None,
    checks=_checks,
)
