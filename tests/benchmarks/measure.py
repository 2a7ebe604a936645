"""One run: each program does its work in turn, several times, on one stage; what it took is collected."""

import asyncio
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from bot.web.api.frame import AT_ONCE
from tests.benchmarks.company import Sending, token
from tests.benchmarks.crowd import Room, entries, fill
from tests.benchmarks.programs import Program
from tests.benchmarks.stage import Sample, Stage, Unreliable, stage

CALM = 200.0
"""Messages per second of the figures about waiting."""

PEER_MISSING = "not installed: python -m venv var/peer && var/peer/bin/pip install aiogram 'redis[hiredis]' uvloop"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how often."""

    rounds: int
    seconds: float
    """Of each measurement at saturation."""
    calm_seconds: float
    """Of each measurement at 200 messages per second."""
    warm_up_seconds: float
    at_once: int
    """How many persons wait for an answer at the same time; twice as many where there are two workers."""
    crowd: int
    """Persons in the stores when costs are compared with …"""
    small_crowd: int
    """… those with so many."""
    starts: int
    subscribers: int
    """Persons whose messages are passed through; as many to whom the company writes."""
    peer_python: Path
    """A Python that has aiogram, redis and uvloop: not ours, for aiogram's pins exclude ours."""

    @property
    def saturated(self) -> dict[str, Any]:
        """What is ordered of the load when programs are to do as much as they can …"""
        return {"warm_up": self.warm_up_seconds, "seconds": self.seconds, "at_once": self.at_once}

    @property
    def calm(self) -> dict[str, Any]:
        """… and what else when they have little to do."""
        return {"seconds": self.calm_seconds, "rate": CALM}


DEFAULT = Plan(
    rounds=3,
    seconds=5.0,
    calm_seconds=6.0,
    warm_up_seconds=1.0,
    at_once=256,
    crowd=100_000,
    small_crowd=10_000,
    starts=3,
    subscribers=1000,
    peer_python=Path("var/peer/bin/python"),
)
QUICK = replace(DEFAULT, rounds=1, seconds=1.5, calm_seconds=2.0, warm_up_seconds=0.5, crowd=5_000, small_crowd=500)
FULL = replace(DEFAULT, rounds=5, crowd=1_000_000)


@dataclass(slots=True)
class Findings:
    """What was measured, not yet judged."""

    plan: Plan
    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    """By what was done; those at the same index are of one round."""
    starts: list[float] = field(default_factory=list)
    """Seconds from the start of a process to its readiness."""
    room: Room = field(default_factory=lambda: Room(0.0, 0.0, 0.0))
    messages: int = 0
    """All that the main program answered …"""
    evidence: int = 0
    """… and how many of them the ledger names."""
    peer: str = ""
    """Why the peer was not measured; empty if it was."""

    def middle(self, name: str, what: Callable[[Sample], float]) -> float:
        """Return the median of something."""
        return median(map(what, self.samples[name]))

    def ratio(self, name: str, to: str, what: Callable[[Sample], float]) -> float:
        """Return the median of the ratios within each round."""
        pairs = zip(self.samples[name], self.samples[to], strict=True)
        return median(what(ours) / what(theirs) for ours, theirs in pairs)


def measure(plan: Plan, say: Say) -> Findings:
    """Do it all. Raises `Unreliable`."""
    findings = Findings(plan)
    with stage() as on:
        _starts(on, findings, say)
        _side_by_side(on, findings, say)
        _second_worker(on, findings, say)
        _growth(on, findings, say)
    return findings


def _starts(on: Stage, findings: Findings, say: Say) -> None:
    say("start to ready")
    stores = on.stores()
    for _ in range(1 + findings.plan.starts):
        began = time.monotonic()
        with on.product(stores) as program:
            program.wait(program.says_ready)
            findings.starts.append(time.monotonic() - began)
    del findings.starts[0]  # it may have had to compile the code


def _side_by_side(on: Stage, findings: Findings, say: Say) -> None:
    """Run the limits, our program and the peer in turn; those that do not work are idle."""
    plan = findings.plan
    with ExitStack() as stack:
        limits = {name: stack.enter_context(on.limit(name)) for name in "abcd"}
        stores = on.stores()
        product = stack.enter_context(on.product(stores))
        host = _Hosted(on, stack, plan.subscribers)
        company = _Company(on, stack, plan.subscribers)
        peer = _peer(on, findings, stack)

        def bout(program: Program, script: str, **more: object) -> Sample:
            return on.measured([program], on.order(program, script, **plan.saturated | more))

        bouts: dict[str, Callable[[], Sample]] = {
            "a": lambda: bout(limits["a"], "no_reply"),
            "b": lambda: bout(limits["b"], "no_reply"),
            "c": lambda: bout(limits["c"], "one_reply_each"),
            "d": lambda: bout(limits["d"], "one_reply_each"),
            "product": lambda: bout(product, "opt_in"),
            "c calm": lambda: bout(limits["c"], "one_reply_each", **plan.calm),
            "product calm": lambda: bout(product, "opt_in", **plan.calm),
            "passed through": lambda: host.measured(plan),
            "company": lambda: company.measured(plan),
        }
        if peer is not None:
            bouts["peer"] = lambda: bout(peer, "one_reply_each", dialect="telegram")
        for number in range(1, plan.rounds + 1):
            for name, act in bouts.items():
                say(f"{name} ({number} of {plan.rounds})")
                findings.samples[name].append(act())
        findings.messages = sum(
            sample.outcome.all_messages for name in ("product", "product calm") for sample in findings.samples[name]
        )
        findings.evidence = asyncio.run(entries(stores.database_url)).messages
        _nothing_left(product, host.program, company.program)


def _peer(on: Stage, findings: Findings, stack: ExitStack) -> Program | None:
    python = findings.plan.peer_python
    command = [str(python), "-c", "import aiogram, redis, uvloop"]
    if not python.exists() or subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode:
        findings.peer = PEER_MISSING
        return None
    return stack.enter_context(on.peer(python))


class _Hosted:
    """A host's bot, and persons whose consent to its messages stands."""

    def __init__(self, on: Stage, stack: ExitStack, persons: int) -> None:
        self._on = on
        self._watch = on.folder / "host"
        self.program = program = stack.enter_context(on.host(on.stores(), self._watch))
        self._persons = _subscribed(on, program, persons)

    def measured(self, plan: Plan) -> Sample:
        """Let the persons write what only the host can answer, each when it has got what they wrote before.

        Raises `Unreliable`. (Written without end, they would cost what it takes to store all of them, and count for
        those that came through.)
        """
        more = plan.saturated | self._persons | {"sink": str(self._watch)}
        return self._on.measured([self.program], self._on.order(self.program, "to_the_host", **more))


class _Company:
    """A process of ours, and persons to whom the company writes by API, for they agreed to it."""

    def __init__(self, on: Stage, stack: ExitStack, persons: int) -> None:
        self._on = on
        stores = on.stores()
        self._token = asyncio.run(token(on.settings(stores)))
        self.program = program = stack.enter_context(on.product(stores))
        self._persons = _subscribed(on, program, persons)

    def measured(self, plan: Plan) -> Sample:
        """Let the company write. Raises `Unreliable`."""
        sending = Sending(
            port=self.program.port,
            token=self._token,
            seconds=plan.seconds,
            at_once=min(plan.at_once, AT_ONCE),
            **self._persons,
        )
        return self._on.measured([self.program], sending)


def _subscribed(on: Stage, program: Program, number: int) -> dict[str, int]:
    """Let so many persons agree to everything, and return who they are: what an order says of it."""
    persons = {"first": on.newcomers(number), "persons": number}
    on.play(on.order(program, "subscribe", pick="each_once", **persons))
    return persons


def _nothing_left(*programs: Program) -> None:
    """Look whether anything is queued or dead. Raises `Unreliable`."""
    for program in programs:
        with urlopen(f"http://127.0.0.1:{program.port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        queued = [line for line in lines if line.startswith("consentbot_queued{")]
        left = [line for line in queued if float(line.rpartition(" ")[2])]
        if left or not queued:
            raise Unreliable(f"when all was done this was left: {', '.join(left)}")


def _second_worker(on: Stage, findings: Findings, say: Say) -> None:
    plan, stores = findings.plan, on.stores()
    with on.product(stores, "web") as web, on.product(stores, "worker") as first:

        def worked(*workers: Program) -> Sample:
            more = plan.saturated | {"at_once": 2 * plan.at_once}
            return on.measured([web, *workers], on.order(web, "opt_in", **more))

        for number in range(1, plan.rounds + 1):
            say(f"one worker ({number} of {plan.rounds})")
            findings.samples["one worker"].append(worked(first))
            with on.product(stores, "worker") as second:
                say(f"two workers ({number} of {plan.rounds})")
                findings.samples["two workers"].append(worked(first, second))
        _nothing_left(web)


def _growth(on: Stage, findings: Findings, say: Say) -> None:
    """Let persons write who are among few, and among many."""
    plan = findings.plan
    few, many = on.stores(), on.stores()
    say(f"filling the stores with {plan.small_crowd:,} and {plan.crowd:,} persons")
    asyncio.run(fill(on.settings(few), plan.small_crowd))
    findings.room = asyncio.run(fill(on.settings(many), plan.crowd))
    with on.product(few) as small, on.product(many) as large:
        for number in range(1, plan.rounds + 1):
            say(f"few persons, many persons ({number} of {plan.rounds})")
            for name, program, persons in (("few", small, plan.small_crowd), ("many", large, plan.crowd)):
                order = on.order(program, "known", pick="any", first=0, persons=persons, **plan.saturated)
                findings.samples[name].append(on.measured([program], order))
        _nothing_left(small, large)
