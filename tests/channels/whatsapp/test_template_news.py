"""What webhooks say about message templates. Meta: webhooks/reference/message_template_…_update, Oct and Nov 2025."""

import json
from typing import Any

import pytest

from bot.channels.simulator import webhooks
from bot.channels.whatsapp.payloads import parse
from bot.service.ports import Parsed, TemplateNews

AT = 1_790_416_800
ARRIVED = 1_790_416_999.5


def read(body: bytes) -> Parsed:
    return parse(body, received_at=ARRIVED)


def news(language: str = "pt_BR", **more: Any) -> TemplateNews:
    return TemplateNews("offer_0123456789", language, AT, **more)


NAMED = ("offer_0123456789", "pt_BR")
QUALITY, CATEGORY = "message_template_quality_update", "template_category_update"
COMPONENTS = "message_template_components_update"


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        (webhooks.template_status(*NAMED, "APPROVED", at=AT), news(status="APPROVED")),
        (webhooks.template_status(*NAMED, "paused", at=AT), news(status="PAUSED")),
        (webhooks.template_status(*NAMED, "REINSTATED", at=AT), news(status="APPROVED")),
        (
            webhooks.template_status(*NAMED, "REJECTED", reason="INVALID_FORMAT", at=AT),
            news(status="REJECTED", reason="INVALID_FORMAT"),
        ),
        (
            webhooks.template_status(*NAMED, "REJECTED", reason="It asks for too much.", at=AT),
            news(status="REJECTED"),
        ),
        (
            webhooks.template_status(*NAMED, "APPROVED", message_template_category="UTILITY", at=AT),
            news(status="APPROVED", category="utility"),
        ),
        (webhooks.template_changed(QUALITY, *NAMED, new_quality_score="RED", at=AT), news(quality="RED")),
        (webhooks.template_changed(CATEGORY, *NAMED, new_category="MARKETING", at=AT), news(category="marketing")),
        (
            webhooks.template_changed(CATEGORY, *NAMED, new_category="UTILITY", correct_category="MARKETING", at=AT),
            news(category="utility"),
        ),
        (webhooks.template_changed(COMPONENTS, *NAMED, message_template_element="Hi", at=AT), news(altered=True)),
    ],
)
def test_each_field_is_read(post: bytes, expected: TemplateNews) -> None:
    parsed = read(post)
    assert (parsed.templates, parsed.events, parsed.malformed, parsed.ignored) == ([expected], [], [], {})


def test_a_quality_under_the_name_of_another_field_is_read() -> None:
    """Meta's own example has it like this."""
    post = json.loads(webhooks.template_changed(QUALITY, *NAMED, new_quality_score="YELLOW", at=AT))
    post["entry"][0]["changes"][0]["field"] = "message_template_status_update"
    assert read(json.dumps(post).encode()).templates == [news(quality="YELLOW")]


def test_a_mere_warning_changes_nothing() -> None:
    parsed = read(webhooks.template_status(*NAMED, "FLAGGED", at=AT))
    assert (parsed.templates, parsed.malformed, parsed.ignored) == ([], [], {"account": 1})


@pytest.mark.parametrize("time", [None, "soon", -1, 10**12])
def test_news_without_a_time_counts_as_told_when_it_came(time: object) -> None:
    post = json.loads(webhooks.template_status(*NAMED, "APPROVED", at=AT))
    post["entry"][0]["time"] = time
    (found,) = read(json.dumps(post).encode()).templates
    assert found.at == int(ARRIVED)


@pytest.mark.parametrize(
    "change",
    [
        {"message_template_name": None},
        {"message_template_name": "O'Neil"},
        {"message_template_language": "portuguese"},
        {"event": 5},
        {"event": ""},
    ],
)
def test_news_that_cannot_be_read_is_kept(change: dict[str, object]) -> None:
    post = json.loads(webhooks.template_status(*NAMED, "APPROVED", at=AT))
    post["entry"][0]["changes"][0]["value"] |= change
    parsed = read(json.dumps(post).encode())
    assert parsed.templates == []
    assert len(parsed.malformed) == 1


def test_messages_beside_news_of_templates_are_read() -> None:
    ana = webhooks.Identity()
    parsed = read(webhooks.together(webhooks.template_status(*NAMED, "APPROVED"), webhooks.text(ana, "STOP")))
    assert (len(parsed.templates), len(parsed.events)) == (1, 1)
