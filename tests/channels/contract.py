"""What every channel must show, whoever its provider is: a `Case` plays the provider, `Contract` holds the tests.

For a channel of your own: write a `Case`, and a `class TestMine(Contract)` whose `case_type` it is (docs/developer.md).
"""

import re
import traceback
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, ClassVar, Literal, Self

import pytest

from bot.messages.basis import Answer
from bot.messages.inbound import Choice, Delivery, Event, Inbound, Media, MessageId, Sender, Text
from bot.messages.reply import Button, Document, Link, Outbound, Reply, Row
from bot.service.ports import Channel, NotAWebhook, Parsed, Provider, Retry, SendError, Webhooks, WebRequest
from bot.settings import ChannelSettings, load_settings
from tests.captured import captured
from tests.channels.posted import asked

PHONE = "+34600000001"
AT = 1790416800
RECEIVED_AT = AT + 1.5
SECRET = "s3cr3t-0f-the-channel"
WORDS = "zanzibar"
"""What a person writes that nobody may repeat."""

PDF = "application/pdf"

_code = re.compile(r"[A-Za-z0-9_.-]{1,40}").fullmatch


class Case(ABC):
    """Plays the provider of one channel: what it posts, and what it takes; SECRET is every secret."""

    provider: Provider[Any]
    refusals: Mapping[Retry, str]
    """A code that the provider refuses a message with, for each kind of error that it has."""

    @property
    @abstractmethod
    def variables(self) -> Mapping[str, str]:
        """The environment, with nothing missing."""

    # --- what it posts: bodies with one update each, from PHONE at AT

    @abstractmethod
    def text(self, id: str, text: str) -> bytes:
        """A typed text."""

    @abstractmethod
    def tap(self, id: str, choice: str, title: str) -> bytes:
        """A tapped button."""

    @abstractmethod
    def picture(self, id: str, caption: str) -> bytes:
        """A picture."""

    @abstractmethod
    def new(self, id: str, text: str) -> bytes:
        """Something that this version does not know, with words in it."""

    @abstractmethod
    def broken(self, id: str, text: str) -> bytes:
        """A message that nobody can read: without a sender."""

    @abstractmethod
    def status(self, id: MessageId, what: Literal["sent", "delivered", "failed"], code: str = "") -> bytes:
        """What became of a message that the channel gave this id."""

    @abstractmethod
    def together(self, bodies: Sequence[bytes]) -> bytes:
        """Several updates in one post."""

    @abstractmethod
    def signed(self, body: bytes) -> WebRequest:
        """A post as it comes from the provider."""

    def forged(self, body: bytes) -> Iterator[WebRequest]:
        """Posts that do not come from the provider."""
        genuine = self.signed(body)
        yield genuine._replace(headers={})
        yield genuine._replace(body=body + b"&x=1")
        for name, value in genuine.headers.items():
            yield genuine._replace(headers={**genuine.headers, name: ""})
            yield genuine._replace(headers={**genuine.headers, name: f"{value[:-1]}{'0' if value[-1] != '0' else '1'}"})

    @abstractmethod
    def handshake(self, secret: str, challenge: str) -> WebRequest:
        """The request by which the provider finds out whether an address is ours."""

    # --- what it takes

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Begin to serve."""

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Serve no more."""

    @property
    @abstractmethod
    def shown(self) -> Sequence[str]:
        """All that the person can read of each message that was taken, choices and names of files included."""

    @property
    @abstractmethod
    def files(self) -> Sequence[bytes]:
        """What was uploaded and not deleted."""

    @property
    @abstractmethod
    def requests(self) -> int:
        """How many came, of any outcome."""

    @abstractmethod
    def refuse(self, code: str | None) -> None:
        """Refuse every message with an error; None: no more."""


def outbound(reply: Reply, *, phone: str | None = PHONE) -> Outbound:
    return Outbound("job:42", "person", phone, None, reply, Answer())


class Contract:
    """The suite; not collected itself, for its name is not `Test…`."""

    case_type: ClassVar[type[Case]]

    @pytest.fixture
    def case(self) -> Case:
        return self.case_type()

    @pytest.fixture
    def settings(self, case: Case) -> ChannelSettings:
        read: ChannelSettings = self.read(case, **case.variables)
        return read

    @pytest.fixture
    def webhooks(self, case: Case, settings: ChannelSettings) -> Webhooks:
        return case.provider.webhooks(settings)

    @pytest.fixture
    async def served(self, case: Case) -> AsyncIterator[Case]:
        async with case:
            yield case

    @pytest.fixture
    async def channel(self, served: Case) -> AsyncIterator[Channel]:
        opened = served.provider.sender(self.read(served, **served.variables))
        yield opened
        await opened.close()

    def read(self, case: Case, **variables: str) -> Any:
        return load_settings(None, **{name.lower(): value for name, value in variables.items()}).of(
            case.provider.settings
        )

    def events(self, webhooks: Webhooks, body: bytes) -> Sequence[Event]:
        parsed = webhooks.parse(body, RECEIVED_AT)
        assert parsed.malformed == []
        return parsed.events

    def inbound(self, webhooks: Webhooks, body: bytes) -> Inbound:
        (event,) = self.events(webhooks, body)
        assert isinstance(event, Inbound)
        return event

    async def refused(self, sending: Awaitable[object]) -> SendError:
        """The error, in whose every part nothing may be that is secret or personal."""
        with pytest.raises(SendError) as raised:
            await sending
        error = raised.value
        told = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        for secret in (SECRET, WORDS, PHONE[1:]):
            assert secret not in told
        assert error.__cause__ is None
        assert _code(error.code)
        assert error.meaning == error.meaning.strip()
        assert error.meaning
        return error

    # --- what the registry asks

    def test_the_channel_has_a_valid_name_and_webhook_path(self, case: Case) -> None:
        assert re.fullmatch("[a-z][a-z0-9_]{1,20}", case.provider.name)
        assert re.fullmatch("/webhooks/[a-z0-9_]+", case.provider.path)

    def test_each_missing_variable_is_reported_with_its_cure(self, case: Case) -> None:
        missing = self.read(case).missing()
        assert missing
        assert all(one.cure for one in missing)
        assert self.read(case, **case.variables).missing() == ()
        for one in missing:
            others = {name: value for name, value in case.variables.items() if name != one.name}
            assert [left.name for left in self.read(case, **others).missing()] == [one.name]

    def test_the_channel_recognises_only_its_own_addresses(self, case: Case) -> None:
        assert case.provider.address(PHONE) == Sender(phone=PHONE)
        for text in ("", PHONE[1:], "+", "Ana", f"{PHONE} ", f"{PHONE}\n"):
            assert case.provider.address(text) is None

    # --- who may post

    def test_a_post_signed_by_the_provider_is_genuine(self, case: Case, webhooks: Webhooks) -> None:
        assert webhooks.authentic(case.signed(case.text("T1", "Hello")))

    def test_a_forged_post_is_not_genuine(self, case: Case, webhooks: Webhooks) -> None:
        forged = list(case.forged(case.text("T1", "Hello")))
        assert len(forged) >= 4
        assert [webhooks.authentic(request) for request in forged] == [False] * len(forged)

    def test_without_a_secret_nothing_is_genuine(self, case: Case) -> None:
        secrets = {name for name, value in case.variables.items() if value == SECRET}
        settings = self.read(case, **{name: value for name, value in case.variables.items() if name not in secrets})
        assert not case.provider.webhooks(settings).authentic(case.signed(case.text("T1", "Hello")))

    def test_a_handshake_with_the_secret_is_answered(self, case: Case, webhooks: Webhooks) -> None:
        answer = webhooks.handshake(case.handshake(SECRET, "1158201444"))
        assert answer is not None
        assert (answer.status, answer.text) == (200, "1158201444")

    @pytest.mark.parametrize("secret", ["", "guess", "ü"])
    def test_a_handshake_without_the_secret_is_refused(self, case: Case, webhooks: Webhooks, secret: str) -> None:
        for hooks in (webhooks, case.provider.webhooks(self.read(case))):
            answer = hooks.handshake(case.handshake(secret, "1158201444"))
            assert answer is not None
            assert answer.status >= 400
            assert "1158201444" not in answer.text

    def test_a_post_is_not_a_handshake(self, case: Case, webhooks: Webhooks) -> None:
        assert webhooks.handshake(case.signed(case.text("T1", "Hello"))) is None
        assert (webhooks.handshake(asked(case.provider.path)) or pytest.fail("no answer")).status >= 400

    # --- what is read

    @pytest.mark.parametrize("text", ["Hello", "STOP", "да ✓ نعم", "a & b = c + d %20"])
    def test_a_text_is_read(self, case: Case, webhooks: Webhooks, text: str) -> None:
        event = self.inbound(webhooks, case.text("T1", text))
        assert (event.content, event.sender.phone) == (Text(text), PHONE)
        assert (event.at, event.received_at, event.overheard) == (AT, RECEIVED_AT, "")
        assert event.channel == case.provider.name

    def test_a_tapped_button_is_read(self, case: Case, webhooks: Webhooks) -> None:
        event = self.inbound(webhooks, case.tap("T1", "c:offers:yes", "Yes, I agree"))
        assert event.content == Choice("c:offers:yes", "Yes, I agree")

    def test_only_the_caption_of_a_picture_is_kept(self, case: Case, webhooks: Webhooks) -> None:
        assert self.inbound(webhooks, case.picture("T1", "STOP")).content == Media("image", "STOP")

    def test_words_in_an_unknown_kind_of_message_are_kept(self, case: Case, webhooks: Webhooks) -> None:
        event = self.inbound(webhooks, case.new("T1", "STOP"))
        assert "STOP" in repr(event.content)
        assert not isinstance(event.content, Choice), "it can give no consent"

    @pytest.mark.parametrize("what", ["sent", "delivered"])
    def test_a_sent_or_delivered_status_is_read(
        self, case: Case, webhooks: Webhooks, what: Literal["sent", "delivered"]
    ) -> None:
        id = self.inbound(webhooks, case.text("OUT1", "Hello")).id
        (event,) = self.events(webhooks, case.status(id, what))
        assert isinstance(event, Delivery)
        assert (event.id, event.status, event.at, event.recipient.phone) == (id, what, AT, PHONE)
        assert (event.code, event.channel) == (None, case.provider.name)

    def test_a_failed_status_carries_the_channel_s_error_code(self, case: Case, webhooks: Webhooks) -> None:
        id = self.inbound(webhooks, case.text("OUT1", "Hello")).id
        for code in case.refusals.values():
            (event,) = self.events(webhooks, case.status(id, "failed", code))
            assert isinstance(event, Delivery)
            assert (event.status, event.code) == ("failed", code)

    def test_an_unreadable_update_is_put_aside_and_its_neighbours_are_read(
        self, case: Case, webhooks: Webhooks
    ) -> None:
        body = case.together([case.text("T1", "before"), case.broken("T2", WORDS), case.text("T3", "STOP")])
        parsed = webhooks.parse(body, RECEIVED_AT)
        assert [event.content for event in parsed.events if isinstance(event, Inbound)] == [
            Text("before"),
            Text("STOP"),
        ]
        (malformed,) = parsed.malformed
        assert WORDS not in malformed.reason + repr(malformed)
        assert WORDS.encode() in malformed.raw
        assert b"before" not in malformed.raw
        again = webhooks.parse(malformed.raw, RECEIVED_AT)
        assert ([one.reason for one in again.malformed], again.events) == ([malformed.reason], [])

    def test_a_redelivered_update_keeps_its_id_and_each_update_has_its_own(
        self, case: Case, webhooks: Webhooks
    ) -> None:
        id = self.inbound(webhooks, case.text("OUT1", "Hello")).id
        bodies = [case.text("T1", "Hello"), case.text("T2", "Hello"), case.picture("T3", ""), case.status(id, "sent")]

        def ids(parsed: Parsed) -> list[str]:
            return [event.id for event in parsed.events]

        first = ids(webhooks.parse(case.together(bodies), RECEIVED_AT))
        assert ids(webhooks.parse(case.together(bodies), RECEIVED_AT + 86400)) == first
        assert len(set(first)) == len(bodies)
        assert all(id.startswith(("wamid.", f"{case.provider.name}:")) for id in first), "no other channel's"

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"<xml/>", b"null"])
    def test_a_body_that_is_not_a_webhook_raises_not_a_webhook(self, webhooks: Webhooks, body: bytes) -> None:
        with pytest.raises(NotAWebhook):
            webhooks.parse(body, RECEIVED_AT)

    def test_damaged_bytes_never_crash_the_parser(self, case: Case, webhooks: Webhooks) -> None:
        body = case.together([case.text("T1", "Hello"), case.tap("T2", "yes", "Yes"), case.picture("T3", "STOP")])
        for index in range(0, len(body), 7):
            for changed in (body[:index], body[:index] + b"\xff" + body[index + 1 :], body[:index] + body[index + 3 :]):
                with suppress(NotAWebhook):
                    webhooks.parse(changed, RECEIVED_AT)

    # --- what is sent

    async def test_a_text_is_sent(self, served: Case, channel: Channel, webhooks: Webhooks) -> None:
        id = (await channel.send(outbound(Reply("Thank you.", footer="Reply STOP to unsubscribe")))).id
        (shown,) = served.shown
        assert "Thank you." in shown
        assert "Reply STOP to unsubscribe" in shown
        (event,) = self.events(webhooks, served.status(id, "delivered"))
        assert event.id == id, "what becomes of it is told by this id"
        assert (await channel.send(outbound(Reply("Thank you.")))).id != id

    @pytest.mark.parametrize(
        "reply",
        [
            Reply("May we?", buttons=(Button("yes", "Yes, I agree"), Button("no", "No"))),
            Reply("Which?", rows=(Row("a", "Yes, I agree"), Row("b", "No")), list_button="Choose"),
        ],
        ids=["buttons", "list"],
    )
    async def test_choices_are_shown_to_the_person(self, served: Case, channel: Channel, reply: Reply) -> None:
        await channel.send(outbound(reply))
        (shown,) = served.shown
        assert all(text in shown for text in (reply.body, "Yes, I agree", "No"))

    async def test_a_link_is_shown(self, served: Case, channel: Channel) -> None:
        await channel.send(outbound(Reply("Your data", link=Link("Open", "https://bot.example/my-data/1"))))
        assert "https://bot.example/my-data/1" in served.shown[0]

    async def test_a_file_is_uploaded_sent_and_deleted(self, served: Case, channel: Channel) -> None:
        media_id = await channel.upload(b"%PDF-1.7", "data.pdf", PDF)
        await channel.send(outbound(Reply("Your data", document=Document("data.pdf", media_id))))
        assert "Your data" in served.shown[0]
        assert list(served.files) == [b"%PDF-1.7"]
        await channel.delete_media(media_id)
        assert list(served.files) == []
        await channel.delete_media(media_id)

    async def test_a_message_can_be_marked_as_read(self, case: Case, channel: Channel, webhooks: Webhooks) -> None:
        await channel.mark_read(self.inbound(webhooks, case.text("T1", "Hello")), typing=True)

    # --- what is refused

    async def test_each_error_code_is_mapped_to_its_retry_policy(self, served: Case, channel: Channel) -> None:
        assert served.refusals.keys() >= {Retry.NEVER, Retry.BACKOFF, Retry.THROTTLE, Retry.HALT, Retry.OPT_OUT}
        for retry, code in served.refusals.items():
            served.refuse(code)
            error = await self.refused(channel.send(outbound(Reply(WORDS))))
            assert (error.retry, error.code) == (retry, code)
            assert (error.attempts is None) is (retry is Retry.HALT), "only an operator's act may be waited for"
            later = channel.failure(code)
            assert (later.retry, later.code) == (retry, code), "told later it means the same"
        assert list(served.shown) == []
        served.refuse(None)
        assert (await channel.send(outbound(Reply("Thank you.")))).id

    @pytest.mark.parametrize("code", ["", "what_nobody_knows", "999999", f"{WORDS} {PHONE} " * 10])
    async def test_an_unknown_error_code_is_not_retryable(self, channel: Channel, code: str) -> None:
        assert not channel.failure(code).retryable

    @pytest.mark.parametrize(
        ("reply", "phone"),
        [(Reply(WORDS * 1000), PHONE), (Reply(WORDS), None)],
        ids=["a text that is too long", "nobody's address"],
    )
    async def test_a_message_that_breaks_a_limit_is_not_sent(
        self, served: Case, channel: Channel, reply: Reply, phone: str | None
    ) -> None:
        error = await self.refused(channel.send(outbound(reply, phone=phone)))
        assert error.retry is Retry.NEVER
        assert served.requests == 0

    async def test_a_send_to_an_unreachable_provider_is_retryable(self, served: Case, channel: Channel) -> None:
        await served.__aexit__(None, None, None)
        for sending in (channel.send(outbound(Reply(WORDS))), channel.upload(b"%PDF-1.7", "data.pdf", PDF)):
            error = await self.refused(sending)
            assert error.retry is Retry.BACKOFF
            assert error.attempts

    # --- what is told

    async def test_nothing_secret_or_personal_shows_in_logs_and_reprs(
        self, served: Case, channel: Channel, webhooks: Webhooks
    ) -> None:
        with captured() as logs:
            request = served.signed(served.broken("T1", WORDS))
            parsed = webhooks.parse(request.body, RECEIVED_AT)
            shown = [channel, webhooks, request, parsed.malformed, self.read(served, **served.variables)]
            await channel.send(outbound(Reply(WORDS)))
            for code in served.refusals.values():
                served.refuse(code)
                await self.refused(channel.send(outbound(Reply(WORDS))))
        told = "".join(map(repr, [*shown, logs]))
        for secret in (SECRET, WORDS, PHONE[1:]):
            assert secret not in told

    async def test_a_channel_can_be_closed_before_anything_was_sent(self, served: Case) -> None:
        await served.provider.sender(self.read(served, **served.variables)).close()
