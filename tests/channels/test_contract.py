"""The contract suite over each channel: Meta by what it documents, the simulator by what it builds, and a toy."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlencode

from bot.channels.meta.provider import META
from bot.channels.meta.webhooks import SIGNATURE_HEADER, sign
from bot.channels.simulator import webhooks
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.webhooks import Identity
from bot.messages.inbound import MessageId
from bot.service.ports import Retry, WebRequest
from tests.channels.contract import AT, PHONE, SECRET, Case, Contract
from tests.channels.posted import asked, posted
from tests.channels.toy.channel import TOY
from tests.channels.toy.service import ToyService, signed, update

POSTS = Path(__file__).parents[1] / "data" / "webhooks"
ANA = Identity(PHONE, "ES.10000000000000000001")


class MetaCase(Case):
    """Meta as it documents itself: its webhooks are those of `tests/data/webhooks`."""

    provider = META
    refusals: Mapping[Retry, str] = {
        Retry.NEVER: "131026",
        Retry.BACKOFF: "131000",
        Retry.THROTTLE: "130429",
        Retry.PAIR: "131056",
        Retry.LATER: "80007",
        Retry.HALT: "190",
        Retry.OPT_OUT: "131050",
    }

    def __init__(self) -> None:
        self.graph = GraphSimulator(token=SECRET)
        self.graph.heard(ANA)

    @property
    def variables(self) -> Mapping[str, str]:
        return {
            "WHATSAPP_TOKEN": SECRET,
            "WHATSAPP_APP_SECRET": SECRET,
            "WHATSAPP_VERIFY_TOKEN": SECRET,
            "WHATSAPP_PHONE_NUMBER_ID": self.graph.phone_number_id,
        } | ({"GRAPH_URL": self.graph.url} if self.graph.url.startswith("http") else {})

    def text(self, id: str, text: str) -> bytes:
        return documented("text", id=f"wamid.{id}", text={"body": text})

    def tap(self, id: str, choice: str, title: str) -> bytes:
        reply = {"type": "button_reply", "button_reply": {"id": choice, "title": title}}
        return documented("interactive_button_reply", id=f"wamid.{id}", interactive=reply)

    def picture(self, id: str, caption: str) -> bytes:
        return documented("image_with_caption", id=f"wamid.{id}", image={"caption": caption, "id": "1"})

    def new(self, id: str, text: str) -> bytes:
        return documented("type_new_with_words", id=f"wamid.{id}", hologram={"title": text})

    def broken(self, id: str, text: str) -> bytes:
        return documented("text_without_address", id=f"wamid.{id}", text={"body": text})

    def status(self, id: MessageId, what: Literal["sent", "delivered", "failed"], code: str = "") -> bytes:
        errors = {"errors": [{"code": int(code)}]} if code else {}
        return documented("status_sent", id=id, status=what, **errors)

    def together(self, bodies: Sequence[bytes]) -> bytes:
        return webhooks.together(*bodies)

    def signed(self, body: bytes) -> WebRequest:
        return posted(body, {SIGNATURE_HEADER: sign(body, SECRET)})

    def handshake(self, secret: str, challenge: str) -> WebRequest:
        query = {"hub.mode": "subscribe", "hub.verify_token": secret, "hub.challenge": challenge}
        return asked(f"{META.path}?{urlencode(query)}")

    async def __aenter__(self) -> Self:
        await self.graph.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.graph.close()

    @property
    def shown(self) -> Sequence[str]:
        return [
            "\n".join([one.shown, *(choice.title for choice in one.choices), one.link.url if one.link else ""])
            for one in self.graph.sent
        ]

    @property
    def files(self) -> Sequence[bytes]:
        return [file.content for file in self.graph.media.values()]

    @property
    def requests(self) -> int:
        return self.graph.requests

    def refuse(self, code: str | None) -> None:
        self.graph.refusing = None if code is None else int(code)


class SimulatorCase(MetaCase):
    """The simulator: its webhooks are those that chats, demos and most tests are made of."""

    def text(self, id: str, text: str) -> bytes:
        return webhooks.text(ANA, text, id=f"wamid.{id}", at=AT)

    def tap(self, id: str, choice: str, title: str) -> bytes:
        return webhooks.quick_reply(ANA, choice, title, id=f"wamid.{id}", at=AT)

    def picture(self, id: str, caption: str) -> bytes:
        return webhooks.image(ANA, caption, id=f"wamid.{id}", at=AT)

    def new(self, id: str, text: str) -> bytes:
        return webhooks.message(ANA, "hologram", {"title": text}, id=f"wamid.{id}", at=AT)

    def broken(self, id: str, text: str) -> bytes:
        return webhooks.text(Identity(None, None, ""), text, id=f"wamid.{id}", at=AT)

    def status(self, id: MessageId, what: Literal["sent", "delivered", "failed"], code: str = "") -> bytes:
        return webhooks.status(ANA, id, what, code=int(code) if code else None, at=AT)


class ToyCase(Case):
    """A provider that never was."""

    provider = TOY
    refusals: Mapping[Retry, str] = {
        Retry.NEVER: "no_such_person",
        Retry.BACKOFF: "busy",
        Retry.THROTTLE: "too_fast",
        Retry.HALT: "bad_secret",
        Retry.OPT_OUT: "blocked_you",
    }

    def __init__(self) -> None:
        self.service = ToyService(SECRET)

    @property
    def variables(self) -> Mapping[str, str]:
        url = self.service.url or "http://localhost"
        return {"TOY_SECRET": SECRET, "TOY_URL": url, "BASE_URL": "https://bot.example"}

    def text(self, id: str, text: str) -> bytes:
        return update(id=id, at=AT, person=PHONE, kind="text", text=text)

    def tap(self, id: str, choice: str, title: str) -> bytes:
        return update(id=id, at=AT, person=PHONE, kind="tap", choice=choice, text=title)

    def picture(self, id: str, caption: str) -> bytes:
        return update(id=id, at=AT, person=PHONE, kind="image", text=caption)

    def new(self, id: str, text: str) -> bytes:
        return update(id=id, at=AT, person=PHONE, kind="hologram", text=text)

    def broken(self, id: str, text: str) -> bytes:
        return update(id=id, at=AT, kind="text", text=text)

    def status(self, id: MessageId, what: Literal["sent", "delivered", "failed"], code: str = "") -> bytes:
        error = {"error": code} if code else {}
        return update(id=id.removeprefix("toy:"), at=AT, person=PHONE, kind=what, **error)

    def together(self, bodies: Sequence[bytes]) -> bytes:
        return b"&".join(bodies)

    def signed(self, body: bytes) -> WebRequest:
        return posted(body, signed(f"https://bot.example{TOY.path}?account=1", body, SECRET), f"{TOY.path}?account=1")

    def forged(self, body: bytes) -> Iterator[WebRequest]:
        yield from super().forged(body)
        yield self.signed(body)._replace(target=f"{TOY.path}?account=2")

    def handshake(self, secret: str, challenge: str) -> WebRequest:
        return asked(f"{TOY.path}?{urlencode({'secret': secret, 'nonce': challenge})}")

    async def __aenter__(self) -> Self:
        await self.service.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.service.__aexit__(kind, error, trace)

    @property
    def shown(self) -> Sequence[str]:
        return [message["text"] for message in self.service.sent]

    @property
    def files(self) -> Sequence[bytes]:
        return list(self.service.files.values())

    @property
    def requests(self) -> int:
        return self.service.requests

    def refuse(self, code: str | None) -> None:
        self.service.refusing = code


class TestMeta(Contract):
    case_type = MetaCase


class TestSimulator(Contract):
    case_type = SimulatorCase


class TestToy(Contract):
    case_type = ToyCase


def test_the_toy_channel_has_fewer_than_150_lines() -> None:
    assert len((Path(__file__).parent / "toy" / "channel.py").read_text().splitlines()) < 150


def documented(name: str, **changes: Any) -> bytes:
    """One of Meta's webhooks, with other values in its only update."""
    webhook = json.loads((POSTS / f"{name}.json").read_text("utf-8"))
    value = webhook["entry"][0]["changes"][0]["value"]
    value.get("messages", value.get("statuses"))[0].update(changes)
    return json.dumps(webhook).encode()
