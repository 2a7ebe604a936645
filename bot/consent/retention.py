"""How long a consent lasts when nothing happens, and how long data is kept: each country's rules with their sources.

`retention.toml` has the numbers; `[retention]` of business.toml may set others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic_core import ErrorDetails

from .. import toml_file
from ..business import Business, Duration
from ..errors import FileError
from .lifecycle import Consent, Record

FILE = Path(__file__).with_name("retention.toml")

DEFAULT = "default"
"""Stands for every country without a rule of its own."""


class RuleName(StrEnum):
    """What a rule is about."""

    UNUSED_LAPSE = "unused_lapse"
    MAX_AGE = "max_age"
    """Only in countries where a consent ends by age alone."""
    PROOF_AFTER_WITHDRAWAL = "proof_after_withdrawal"
    SUPPRESSION = "suppression"
    PROSPECT_AFTER_LAST_CONTACT = "prospect_after_last_contact"
    CLOSED_REQUESTS = "closed_requests"
    DEAD_LETTERS = "dead_letters"
    EVENTS = "events"


class Figure(BaseModel):
    """A figure from `retention.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: Duration
    limit: Literal["most", "least"]
    basis: Literal["law", "court", "authority", "practice", "ours"]
    source: str = Field(min_length=1)
    means: str = Field(min_length=1)


class _File(RootModel[Mapping[str, Mapping[RuleName, Figure]]]):
    """Country → name → number."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A figure that applies to a business."""

    name: RuleName
    country: str
    """Where the figure comes from: a country, or `DEFAULT`."""
    after: timedelta
    figure: Figure
    """The figure in `retention.toml`; `after` differs when business.toml overrides it."""

    @property
    def seconds(self) -> int:
        """The time in seconds."""
        return int(self.after.total_seconds())

    @property
    def beyond(self) -> str:
        """`longer` or `shorter` when the figure goes beyond what its source says; otherwise empty."""
        if self.figure.limit == "most":
            return "longer" if self.after > self.figure.after else ""
        return "shorter" if self.after < self.figure.after else ""


Policy = Mapping[RuleName, Rule]
"""All rules that apply to a business; `MAX_AGE` only where there is one."""


@cache
def figures(file: Path = FILE) -> Mapping[str, Mapping[RuleName, Figure]]:
    """Read all numbers: country, or `DEFAULT`, → name → number. Raises `FileError`."""
    read = toml_file.load(file, _File, _cure, unreadable="install consentbot again").root
    if missing := set(RuleName) - {RuleName.MAX_AGE} - read.get(DEFAULT, {}).keys():
        raise FileError(f"{file}: [{DEFAULT}] lacks {', '.join(sorted(missing))}; add what every country falls back on")
    return read


def _cure(problem: ErrorDetails) -> str:
    if "[key]" in problem["loc"]:
        return f"not a rule; write one of {', '.join(RuleName)}"
    return toml_file.cure_by_example(problem, f"[{DEFAULT}] of {FILE.name}")


def policy(business: Business) -> Policy:
    """Return the rules that apply to a business: its own figure, else its country's, else the default."""
    countries, country = figures(), business.controller.country
    rules = {}
    for name in RuleName:
        whose = country if name in countries.get(country, {}) else DEFAULT
        figure = countries[whose].get(name)
        own: timedelta | None = getattr(business.retention, name)
        if figure is None and own is not None:
            figure = Figure(after=own, limit="most", basis="ours", source="business.toml", means=_OWN_MAX_AGE)
        if figure is not None:
            rules[name] = Rule(name, whose, own or figure.after, figure)
    return rules


_OWN_MAX_AGE = "A consent ends this long after it was given, whatever the purpose's valid_for says"


class End(NamedTuple):
    """When a consent that was given ends by itself, and why."""

    at: int
    """Unix seconds."""
    why: Literal["validity", "max_age", "unused_lapse"]


class Spans(NamedTuple):
    """How long a given consent lasts at most, in seconds."""

    unused: int
    """After it was given, or after the person last wrote."""
    age: int
    """After it was given."""


def spans(rules: Policy) -> Spans:
    """Return what the rules say about consents."""
    oldest = rules.get(RuleName.MAX_AGE)
    return Spans(rules[RuleName.UNUSED_LAPSE].seconds, oldest.seconds if oldest else _FOREVER)


_FOREVER = 1 << 62


def end(consent: Consent, last_contact: int, lasts: Spans) -> End:
    """Return the end of a given consent, if the person does nothing more.

    `last_contact`: when they last wrote or tapped something, unix seconds. What we send does not count as use: only the
    person can show that the consent is still their wish.
    """
    since, unused = consent.since, lasts.unused
    silent = (last_contact if last_contact > since else since) + unused
    old = since + lasts.age
    if consent.expires_at <= silent and consent.expires_at <= old:
        return End(consent.expires_at, "validity")
    return End(silent, "unused_lapse") if silent <= old else End(old, "max_age")


class What(StrEnum):
    """What falls due for a person when time passes and nothing else happens."""

    VALIDITY = "validity"
    """A consent has reached the end of its purpose's `valid_for`."""
    MAX_AGE = "max_age"
    UNUSED_LAPSE = "unused_lapse"
    QUESTION = "question_expires_after"
    """A question still waits although its time is over: the timer that should have ended it was lost."""
    PROSPECT = "prospect_after_last_contact"
    """Neither a consent nor a sale stands and the person has long been silent: their data is erased."""


class Due(NamedTuple):
    """What falls due for a person, and when."""

    at: int
    """Unix seconds."""
    what: What
    purpose: str = ""


GRACE = 3600
"""How many seconds late a timer may be."""


def due(record: Record, last_contact: int, rules: Policy) -> Iterator[Due]:
    """Yield everything that will fall due for a person if nothing more happens, or has fallen due already."""
    ends, lasts = [last_contact + rules[RuleName.PROSPECT_AFTER_LAST_CONTACT].seconds], spans(rules)
    ends += [consent.soft_until for consent in record.consents.values() if consent.is_related]
    for purpose in record.given:
        consent_end = end(record.consent(purpose), last_contact, lasts)
        ends.append(consent_end.at)
        yield Due(consent_end.at, What(consent_end.why), purpose)
    if record.pending is not None:
        ends.append(record.pending.expires_at + GRACE)
        yield Due(ends[-1], What.QUESTION, record.pending.purpose)
    yield Due(max(ends), What.PROSPECT)
