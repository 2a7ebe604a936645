"""Alert rules and dashboard: every figure in them is one that the program has."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram

from bot.service import metrics
from tests.deploy import DEPLOY, commands, is_command, read_yaml

PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")

QUEUES = {"urgent", "inbox", "outbox", "handover", "tasks", "dead"}
SAMPLES = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_sum", "_count")}
FROM_PROMETHEUS = {"up": {"job", "instance"}}


def known() -> Mapping[str, set[str]]:
    """Each series of the program, with its labels."""
    found: dict[str, set[str]] = {name: set(labels) for name, labels in FROM_PROMETHEUS.items()}
    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            for ending in SAMPLES[type(metric)]:
                found[metric._name + ending] = set(metric._labelnames) | ({"le"} if ending == "_bucket" else set())
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in read_yaml(DEPLOY / "prometheus" / "alerts.yml")["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "consentbot.json").read_text("utf-8"))["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


NAME = re.compile(r"\b(?:consentbot_[a-z_]+|up)\b")
SELECTED = re.compile(r"\b(consentbot_[a-z_]+|up)(?:\{([^}]*)\})?")
BY = re.compile(r"by \(([a-z, ]+)\)")


def unknown(expression: str, series: Mapping[str, set[str]]) -> list[str]:
    """What an expression names that the program does not have."""
    wrong = [name for name in NAME.findall(expression) if name not in series]
    labels = {label for name in NAME.findall(expression) for label in series.get(name, ())}
    for name, selector in SELECTED.findall(expression):
        used = re.findall(r"([a-z_]+)(?:=|!=|=~|!~)\"", selector)
        wrong += [f"{name}{{{label}}}" for label in used if label not in series.get(name, ())]
    for group in BY.findall(expression):
        wrong += [label for label in group.split(", ") if label not in labels]
    return wrong


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_series_and_label_is_one_of_the_program(where: str, expression: str) -> None:
    assert NAME.findall(expression), where
    assert unknown(expression, known()) == []


@pytest.mark.parametrize(
    "expression",
    [
        "sum(consentbot_gone_total)",
        'consentbot_queued{lane="dead"}',
        "sum by (kind) (consentbot_webhooks_total)",
        "consentbot_webhooks",
    ],
)
def test_a_series_or_label_that_is_not_there_is_found(expression: str) -> None:
    assert len(unknown(expression, known())) == 1


def test_every_queue_that_is_asked_for_exists() -> None:
    asked = {queue for _, text in expressions() for queue in re.findall(r'queue="([a-z]+)"', text)}
    assert asked
    assert asked <= QUEUES


async def test_the_queues_are_those_of_the_program(simulation: Any) -> None:
    assert (await simulation.runtime.queued()).keys() == QUEUES


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "cure"}
    assert all(map(is_command, commands(rule["annotations"]["cure"])))


URGENT = {
    "consentbot_sending_halted",
    'consentbot_queued{queue="dead"}',
    'consentbot_unread_seconds{queue="urgent"}',
    'consentbot_unread_seconds{queue="inbox"}',
    'consentbot_requests{due="overdue"}',
    'consentbot_requests{due="soon"}',
    "consentbot_unplaced_updates_total",
    "consentbot_incidents_total",
    "consentbot_repaired_updates_total",
    "consentbot_webhooks_total",
    "consentbot_events_dead",
}
"""What docs/deployer.md asks somebody to act on: dead letters, no sending, what waits, days that come."""


def test_what_the_pages_ask_somebody_to_act_on_has_an_alert() -> None:
    alerted = " ".join(rule["expr"] for rule in rules())
    assert {series for series in URGENT if series not in alerted} == set()


NOT_SHOWN = {
    "consentbot_events",
    "consentbot_statuses",
    "consentbot_event_deliveries",
    "consentbot_dead_letters",
    "consentbot_handed_over",
    "consentbot_retention",
    "consentbot_downloads",
    "consentbot_api_calls",
    "consentbot_events_waiting",
}
"""Figures for whoever looks for something; neither alert nor panel has them."""


def test_every_figure_is_in_an_alert_or_a_panel_or_left_out_on_purpose() -> None:
    used = {name for _, text in expressions() for name in NAME.findall(text)}
    figures = [metric for metric in vars(metrics).values() if isinstance(metric, Counter | Gauge | Histogram)]
    unused = {
        metric._name for metric in figures if used.isdisjoint(metric._name + ending for ending in SAMPLES[type(metric)])
    }
    assert unused == NOT_SHOWN


def test_panels_have_ids_and_places_of_their_own() -> None:
    assert len({panel["id"] for panel in panels()}) == len(panels())
    taken = [
        (x, y)
        for at in (panel["gridPos"] for panel in panels())
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not here; .ci/run fetches it from Debian")
@pytest.mark.parametrize(
    "arguments",
    [("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")],
)
def test_prometheus_takes_the_files_and_fires_as_written(arguments: tuple[str, ...]) -> None:
    told = subprocess.run(
        [str(PROMTOOL), *arguments], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
