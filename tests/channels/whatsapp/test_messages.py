"""The bodies of requests: exactly as Meta documents them, and nothing that Meta would refuse."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.simulator.refusal import Refusal
from bot.channels.simulator.shapes import Message, Read, checked
from bot.channels.whatsapp.errors import REFUSED_HERE
from bot.channels.whatsapp.messages import mark_read_request, request
from bot.messages.basis import Answer
from bot.messages.inbound import MessageId
from bot.messages.reply import Button, Document, Link, Outbound, Reply, Row, Template
from bot.service.ports import Retry, SendError

REQUESTS = Path(__file__).parents[2] / "data" / "requests"

YES, NO = Button("c:mk:v3:yes", "I agree"), Button("c:mk:v3:no", "No")


def outbound(reply: Reply, *, id: str = "", phone: str | None = "+34600000001", bsuid: str | None = None) -> Outbound:
    return Outbound(id, "person", phone, bsuid, reply, Answer())


def body(reply: Reply, **more: Any) -> dict[str, Any]:
    """The request's body; it must also pass the simulator, which was written apart."""
    made: dict[str, Any] = json.loads(request(outbound(reply, **more)))
    assert isinstance(checked(made), Message)
    return made


def refusal(reply: Reply, **more: Any) -> str:
    with pytest.raises(SendError) as refused:
        request(outbound(reply, **more))
    error = refused.value
    assert (error.code, error.retry, error.attempts) == (REFUSED_HERE, Retry.NEVER, 1)
    assert error.__cause__ is None
    return error.meaning


class TestShapes:
    """Appendix A of Meta's documentation as we have it: one file for each kind of message."""

    @pytest.mark.parametrize(
        ("kind", "reply"),
        [
            (
                "buttons",
                Reply("May we write to you?", footer="Reply STOP to unsubscribe", buttons=(YES, NO)),
            ),
            (
                "buttons_with_header",
                Reply("May we write to you?", header="Blumen Haas", buttons=(YES, NO)),
            ),
            (
                "list",
                Reply(
                    "Choose",
                    rows=(Row("right:access", "My data", "Get a copy"), Row("right:erase", "Delete")),
                    list_button="Options",
                ),
            ),
            ("link", Reply("Read it", link=Link("Privacy notice", "https://example.org/privacy"))),
            (
                "template",
                Reply(template=Template("optout_confirmed", "es_ES", {"brand": "Acme"}, ("undo:42",))),
            ),
            ("template_bare", Reply(template=Template("hello_world", "en_US"))),
            ("document", Reply("Your data", document=Document("my-data.pdf", media_id="1013859600285441"))),
            ("document_by_url", Reply(document=Document("my-data.pdf", url="https://example.org/my-data.pdf"))),
            ("text", Reply("You are unsubscribed.")),
            (
                "text_in_paragraphs",
                Reply("You are unsubscribed.", header="Blumen Haas", footer="Reply START to return"),
            ),
        ],
    )
    def test_a_message_has_its_documented_body(self, kind: str, reply: Reply) -> None:
        assert body(reply, id="job:42") == json.loads((REQUESTS / f"{kind}.json").read_bytes())

    @pytest.mark.parametrize("typing", [True, False])
    def test_a_read_receipt_has_its_documented_body(self, typing: bool) -> None:
        made = json.loads(mark_read_request(MessageId("wamid.A1"), typing=typing))
        assert isinstance(checked(made), Read)
        assert made == json.loads((REQUESTS / f"read{'_and_typing' * typing}.json").read_bytes())

    def test_internal_fields_of_a_reply_are_not_sent(self) -> None:
        made = body(Reply("Hello", text_id="help.said", purpose="marketing"))
        assert made.keys() == {"messaging_product", "recipient_type", "to", "type", "text"}


class TestRecipient:
    """A number always has its plus: without it Meta prepends a country code, and a stranger reads the message."""

    def test_a_number_goes_into_the_to_field(self) -> None:
        made = body(Reply("Hello"))
        assert made["to"] == "+34600000001"
        assert "recipient" not in made

    def test_a_bsuid_goes_into_the_recipient_field(self) -> None:
        made = body(Reply("Hello"), phone=None, bsuid="ES.2")
        assert made["recipient"] == "ES.2"
        assert "to" not in made

    def test_a_number_is_preferred_to_a_bsuid(self) -> None:
        made = body(Reply("Hello"), bsuid="ES.2")
        assert made["to"] == "+34600000001"
        assert "recipient" not in made

    @pytest.mark.parametrize(
        "phone", ["34600000001", "+", "+034600000001", "+34 600", "+346", "+1234567890123456", "+34600000001\n", "ES.2"]
    )
    def test_an_invalid_number_is_refused(self, phone: str) -> None:
        assert refusal(Reply("Hello"), phone=phone, bsuid="ES.2") == "to: not +E.164"

    @pytest.mark.parametrize("bsuid", ["2", "es.2", "ES.", "ES.ENT.2", "ES.2\n", "ES." + "1" * 129, "+34600000001"])
    def test_an_invalid_bsuid_is_refused(self, bsuid: str) -> None:
        assert refusal(Reply("Hello"), phone=None, bsuid=bsuid) == "recipient: not a BSUID"

    @pytest.mark.parametrize("nothing", [None, ""])
    def test_a_message_without_an_address_is_refused(self, nothing: str | None) -> None:
        assert refusal(Reply("Hello"), phone=nothing, bsuid=nothing) == "recipient: no address"


def buttons(count: int) -> tuple[Button, ...]:
    return tuple(Button(f"id {n}", f"title {n}") for n in range(count))


def rows(count: int) -> tuple[Row, ...]:
    return tuple(Row(f"id {n}", "the same title") for n in range(count))


def listing(*rows: Row, button: str = "Options") -> Reply:
    return Reply("Choose", rows=rows, list_button=button)


def asking(body: str = "May we?", header: str = "", footer: str = "") -> Reply:
    return Reply(body, footer, header, buttons=(YES, NO))


def template(name: str = "hello", language: str = "en", **more: Any) -> Reply:
    return Reply(template=Template(name, language, **more))


def document(filename: str, caption: str = "", *, media_id: str = "1", url: str = "") -> Reply:
    return Reply(caption, document=Document(filename, media_id, url))


def url(length: int) -> str:
    return "https://example.org/".ljust(length, "x")


LIMITS: dict[str, tuple[int, Callable[[int], Reply]]] = {
    "text body": (4096, lambda n: Reply("x" * n)),
    "text body with header and footer": (4096, lambda n: Reply("x" * (n - 8), header="HH", footer="FF")),
    "interactive body": (1024, lambda n: asking(body="x" * n)),
    "list body": (1024, lambda n: Reply("x" * n, rows=rows(1), list_button="Options")),
    "link body": (1024, lambda n: Reply("x" * n, link=Link("Open", url(30)))),
    "header": (60, lambda n: asking(header="x" * n)),
    "footer": (60, lambda n: asking(footer="x" * n)),
    "buttons": (3, lambda n: Reply("May we?", buttons=buttons(n))),
    "button title": (20, lambda n: Reply("May we?", buttons=(Button("yes", "x" * n),))),
    "button id": (256, lambda n: Reply("May we?", buttons=(Button("x" * n, "Yes"),))),
    "list button": (20, lambda n: listing(Row("1", "One"), button="x" * n)),
    "rows": (10, lambda n: listing(*rows(n))),
    "row id": (200, lambda n: listing(Row("x" * n, "One"))),
    "row title": (24, lambda n: listing(Row("1", "x" * n))),
    "row description": (72, lambda n: listing(Row("1", "One", "x" * n))),
    "link title": (20, lambda n: Reply("Read", link=Link("x" * n, url(30)))),
    "link url": (2000, lambda n: Reply("Read", link=Link("Open", url(n)))),
    "document url": (2000, lambda n: document("a.pdf", media_id="", url=url(n))),
    "caption": (1024, lambda n: document("a.pdf", "x" * n)),
    "template name": (512, lambda n: template("x" * n)),
    "template body": (1024, lambda n: template(body={"a": "x" * 24, "b": "x" * (n - 24)})),
    "template parameter": (1024, lambda n: template(body={"a": "x" * n})),
    "template payloads": (10, lambda n: template(payloads=tuple(map(str, range(n))))),
    "template payload": (128, lambda n: template(payloads=("x" * n,))),
}


@pytest.mark.parametrize("part", LIMITS)
class TestLimits:
    """Each length and count of Meta's documentation."""

    def test_a_message_at_the_limit_is_sent(self, part: str) -> None:
        limit, reply = LIMITS[part]
        assert body(reply(limit))

    def test_a_message_one_over_the_limit_is_refused(self, part: str) -> None:
        limit, reply = LIMITS[part]
        assert f"more than {limit}" in refusal(reply(limit + 1))


def test_the_reference_is_limited_to_512_characters() -> None:
    assert body(Reply("Hello"), id="x" * 512)
    assert refusal(Reply("Hello"), id="x" * 513) == "reference: more than 512 characters"


@pytest.mark.parametrize(("title", "fits"), [("😀" * 10, True), ("😀" * 10 + "x", False), ("é" * 20, True)])
def test_characters_are_counted_in_utf_16_units(title: str, fits: bool) -> None:
    reply = Reply("May we?", buttons=(Button("yes", title),))
    assert body(reply) if fits else refusal(reply)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        # what is empty
        (Reply(), "body: empty"),
        (Reply(" \n "), "body: empty"),
        (asking(body=""), "body: empty"),
        (asking(header=" "), "header: empty"),
        (asking(footer="\u2003"), "footer: empty"),
        (Reply("May we?", buttons=(Button("yes", ""),)), "button title: empty"),
        (Reply("May we?", buttons=(Button("", "Yes"),)), "button id: empty"),
        (listing(Row("1", "One"), button=""), "list button: empty"),
        (listing(Row("1", "")), "row title: empty"),
        (listing(Row("", "One")), "row id: empty"),
        (Reply("Read", link=Link("", url(30))), "link title: empty"),
        (template(""), "template name: only a-z, 0-9 and _"),
        (template(body={"a": ""}), "template parameter: empty"),
        (template(payloads=("",)), "template payload: empty"),
        # what comes twice
        (Reply("May we?", buttons=(Button("1", "Yes"), Button("2", "Yes"))), "button title: twice the same"),
        (Reply("May we?", buttons=(Button("1", "Yes"), Button("1", "No"))), "button id: twice the same"),
        (listing(Row("1", "One"), Row("1", "Two")), "row id: twice the same"),
        # blanks around ids
        (Reply("May we?", buttons=(Button(" yes", "Yes"),)), "button id: a blank at its start or end"),
        (Reply("May we?", buttons=(Button("yes\n", "Yes"),)), "button id: a blank at its start or end"),
        (listing(Row("1 ", "One")), "row id: a blank at its start or end"),
        # labels of one line
        (asking(header="one\ntwo"), "header: has a line break"),
        (asking(footer="one\ntwo"), "footer: has a line break"),
        (Reply("May we?", buttons=(Button("yes", "Y\nes"),)), "button title: has a line break"),
        (listing(Row("1", "O\nne")), "row title: has a line break"),
        (listing(Row("1", "One", "o\nne")), "row description: has a line break"),
        (listing(Row("1", "One"), button="Op\ntions"), "list button: has a line break"),
        (Reply("Read", link=Link("O\npen", url(30))), "link title: has a line break"),
        # URLs
        *(
            (Reply("Read", link=Link("Open", wrong)), "link url: not an http(s) URL")
            for wrong in ("", "example.org", "ftp://example.org", "https://", "https:///x", "HTTPS://example.org",
                          "javascript:alert(1)", "https://exa mple.org", "https://example.org/\n", " https://example.org")
        ),
        (document("a.pdf", media_id="", url="file:///etc/passwd"), "document url: not an http(s) URL"),
        # documents
        (document("a.pdf", media_id=""), "document: needs either a media id or a url"),
        (document("a.pdf", url="https://example.org"), "document: needs either a media id or a url"),
        *(
            (document(name), "document filename: WhatsApp takes no such type of file")
            for name in ("my-data.json", "my-data.csv", "my-data.zip", "my-data", "", "pdf.exe")
        ),
        # templates
        *((template(name), "template name: only a-z, 0-9 and _") for name in ("Hello", "he llo", "he-llo", "héllo")),
        *(
            (template(language=code), "template language: not one of Meta's codes, e.g. pt_BR")
            for code in ("", "EN", "pt-BR", "pt_br", "english")
        ),
        *(
            (template(body={"a": value}), "template parameter: a line break, a tab, or more than four blanks")
            for value in ("one\ntwo", "one\ttwo", "one     two")
        ),
        # more than one thing
        (
            Reply("May we?", buttons=(YES,), link=Link("Open", url(30))),
            "reply: more than one of buttons, rows, link, document, attachment and location",
        ),
        # what is no text
        (Reply("half a pair: \ud83d"), "text: holds half of a surrogate pair"),
    ],
)  # fmt: skip
def test_replies_meta_would_refuse_are_refused_before_sending(reply: Reply, reason: str) -> None:
    assert refusal(reply) == reason


@pytest.mark.parametrize("name", ["A.PDF", "a.b.docx", "mis datos.txt"])
def test_a_document_of_a_known_type_is_sent(name: str) -> None:
    assert body(document(name))


def test_a_value_in_a_template_may_have_four_blanks() -> None:
    assert body(template(body={"a": "one    two"}))


def test_a_refusal_does_not_reveal_text_or_number() -> None:
    assert "s3cr3t" not in refusal(Reply("s3cr3t" * 1000)) + refusal(asking(header="s3cr3t\n"))
    assert "+49" not in refusal(Reply("Hello"), phone="+49 170")


class TestAgainstTheSimulator:
    """Whatever is to be said is either refused here or accepted there."""

    texts = st.one_of(
        st.sampled_from(["", " ", "Yes", "yes", "Yes\n", "a\nb", "a\tb", "x" * 20, "x" * 21, "x" * 60, "é" * 20]),
        st.sampled_from(["x" * 24, "x" * 25, "x" * 73, "x" * 129, "x" * 201, "x" * 257, "x" * 1025, "x" * 4097]),
        st.sampled_from(["😀" * 10, "😀" * 11, "\ud83d", "\0", "\u2003", "\x1f", "a     b"]),
        st.text(max_size=30),
    )
    urls = st.one_of(
        texts,
        st.builds(
            "{}{}".format, st.sampled_from(["http://", "https://", "HTTP://", "ftp://", "//", " https://"]), texts
        ),
    )
    filenames = st.one_of(
        texts, st.builds("{}.{}".format, texts, st.sampled_from(["pdf", "PDF", "txt", "json", "pdf "]))
    )
    buttons = st.lists(st.builds(Button, texts, texts), max_size=4).map(tuple)
    rows = st.lists(st.builds(Row, texts, texts, texts), max_size=11).map(tuple)
    links = st.builds(Link, texts, urls)
    documents = st.builds(Document, filenames, st.just("") | texts, st.just("") | urls)
    templates = st.builds(
        Template,
        st.sampled_from(["hello_world", "Hello", ""]) | texts,
        st.sampled_from(["en", "pt_BR", "fil", "pt-BR", "EN"]) | texts,
        st.dictionaries(texts, texts, max_size=3),
        st.lists(texts, max_size=11).map(tuple),
    )
    replies = st.one_of(
        st.builds(Reply, texts, texts, texts),
        st.builds(Reply, texts, texts, texts, buttons=buttons),
        st.builds(Reply, texts, texts, texts, rows=rows, list_button=texts),
        st.builds(Reply, texts, texts, texts, link=links),
        st.builds(Reply, texts, texts, texts, document=documents),
        st.builds(Reply, texts, texts, texts, template=templates),
        st.builds(
            Reply, texts, texts, texts, buttons, rows, texts, st.none() | links, st.none() | documents,
            st.none() | templates,
        ),
    )  # fmt: skip
    phones = st.none() | st.sampled_from(["+34600000001", "34600000001", "+1234567890123456", ""]) | texts
    bsuids = st.none() | st.sampled_from(["ES.2", "ES.ENT.2", "es.2", ""]) | texts

    @given(reply=replies)
    def test_any_reply_is_refused_here_or_accepted_by_the_simulator(self, reply: Reply) -> None:
        self.is_refused_or_accepted(outbound(reply))

    @given(phone=phones, bsuid=bsuids, id=texts)
    def test_any_recipient_is_refused_here_or_accepted_by_the_simulator(
        self, phone: str | None, bsuid: str | None, id: str
    ) -> None:
        self.is_refused_or_accepted(outbound(Reply("Hello"), phone=phone, bsuid=bsuid, id=id))

    def is_refused_or_accepted(self, message: Outbound) -> None:
        try:
            made = request(message)
        except SendError as error:
            refused = error
        else:
            checked(json.loads(made))
            return
        assert refused.retry is Retry.NEVER

    def test_the_simulator_can_refuse(self) -> None:
        with pytest.raises(Refusal):
            checked({"messaging_product": "whatsapp", "to": "34600000001", "type": "text", "text": {"body": "Hello"}})
