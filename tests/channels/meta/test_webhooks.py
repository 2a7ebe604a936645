"""Who posts: HMAC-SHA256 of the raw bytes. The vectors were computed by somebody else."""

import hmac

import pytest
from multidict import CIMultiDict

from bot.channels.meta import webhooks
from bot.channels.meta.webhooks import SIGNATURE_HEADER, WhatsAppWebhooks, sign, verify
from tests.channels.posted import posted

SECRET = "test_app_secret"
BODY = b'{"object":"whatsapp_business_account","entry":[]}'
SPACED = b'{"object": "whatsapp_business_account", "entry": []}'

GENUINE = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"


@pytest.mark.parametrize(
    ("secret", "body", "header"),
    [
        (SECRET, BODY, GENUINE),
        (SECRET, SPACED, "sha256=56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a"),
        ("otro_secreto", BODY, "sha256=769b03d8c2ae6498f2d1e1f7299c0ba55448c69d741e7b0bb243d852d8a8d8c7"),
    ],
)
def test_a_signature_of_meta_is_genuine(secret: str, body: bytes, header: str) -> None:
    assert verify(body, header, secret)
    assert sign(body, secret) == header


@pytest.mark.parametrize("body", ["äöå".encode(), rb"\u00e4\u00f6\u00e5", b"\xff\x00", b""])
def test_any_bytes_can_be_signed(body: bytes) -> None:
    assert verify(body, sign(body, SECRET), SECRET)


@pytest.mark.parametrize(
    ("body", "header", "secret"),
    [
        (BODY, GENUINE, "otro_secreto"),
        (BODY, GENUINE, SECRET + " "),
        (SPACED, GENUINE, SECRET),
        (BODY + b"\n", GENUINE, SECRET),
        (b"", GENUINE, SECRET),
    ],
)
def test_a_signature_for_another_secret_or_body_is_not_genuine(body: bytes, header: str, secret: str) -> None:
    assert not verify(body, header, secret)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        GENUINE.removeprefix("sha256="),
        GENUINE.replace("sha256", "sha1"),
        GENUINE.upper(),
        "sha256=" + GENUINE[7:].upper(),
        GENUINE[:-1],
        GENUINE + "0",
        GENUINE + "\n",
        " " + GENUINE,
        GENUINE + ", " + GENUINE,
        "sha256=" + "é" * 64,
        "sha256=" + "٣" * 64,
    ],
)
def test_a_malformed_signature_header_is_not_genuine(header: str | None) -> None:
    assert not verify(BODY, header, SECRET)


def test_without_a_secret_nothing_is_genuine() -> None:
    assert not verify(BODY, sign(BODY, ""), "")


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(given: str, expected: str) -> bool:
        compared.append((given, expected))
        return hmac.compare_digest(given, expected)

    monkeypatch.setattr(webhooks, "hmac", type("Hmac", (), {"digest": hmac.digest, "compare_digest": compare}))
    assert verify(BODY, GENUINE, SECRET)
    assert compared == [(GENUINE, GENUINE)]


class TestWebhooks:
    """The same, as the web sees it: a body and its headers."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Hub-Signature-256": GENUINE},
            {"x-hub-signature-256": GENUINE},
            CIMultiDict({"X-HUB-SIGNATURE-256": GENUINE}),
        ],
        ids=["as documented", "in lower case", "in any case"],
    )
    def test_the_signature_header_is_found_in_any_case(self, headers: dict[str, str]) -> None:
        assert WhatsAppWebhooks(SECRET, "1").authentic(posted(BODY, headers))

    @pytest.mark.parametrize("headers", [{}, {SIGNATURE_HEADER: ""}, {"X-Hub-Signature": GENUINE}])
    def test_without_the_signature_header_nothing_is_genuine(self, headers: dict[str, str]) -> None:
        assert not WhatsAppWebhooks(SECRET, "1").authentic(posted(BODY, headers))

    def test_an_empty_secret_makes_nothing_genuine(self) -> None:
        assert not WhatsAppWebhooks("", "1").authentic(posted(BODY, {SIGNATURE_HEADER: sign(BODY, "")}))

    def test_the_secret_does_not_show_in_a_repr(self) -> None:
        assert SECRET not in repr(WhatsAppWebhooks(SECRET, "1"))
