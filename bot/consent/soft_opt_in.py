"""Soft opt-in: where marketing to own customers may rest on a sale instead of a consent, and how a sale is recorded.

ePrivacy Directive 2002/58/EC, Art. 13(2): who got somebody's address at a sale may write to them about similar goods
of their own, if the person could object when it was collected and can in each message, until they object. CJEU
C-654/23 (13 November 2025) needs no further basis in the GDPR. Each country has written it into a law of its own;
`soft_opt_in.toml` has what we know, and everywhere else the gate refuses.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic_core import ErrorDetails

from .. import toml_file
from ..business import Duration, Purpose
from .evidence import OBJECTION_OFFERED, SOFT_OPT_IN, Clock, Entry, Kind, Method
from .lifecycle import Consent, NotAllowed

FILE = Path(__file__).with_name("soft_opt_in.toml")


class CountryRule(BaseModel):
    """What a country's law says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allowed: bool
    within: Duration | None = None
    """How long after the last sale at most; None: the law names no time, and the purpose's `valid_for` decides."""
    source: str = Field(min_length=1)
    means: str = Field(min_length=1)


class _File(RootModel[Mapping[str, CountryRule]]):
    """Country → rule."""


@cache
def rules(file: Path = FILE) -> Mapping[str, CountryRule]:
    """Read all rules, by country. Raises `FileError`."""
    return toml_file.load(file, _File, _cure, unreadable="install consentbot again").root


def _cure(problem: ErrorDetails) -> str:
    return toml_file.cure_by_example(problem, f"[DE] of {FILE.name}")


def allowed(countries: Collection[str], sold_at: int, at: float) -> bool:
    """Whether a sale may be relied on at `at` for somebody in these countries; both times are unix seconds.

    Each country must allow it: the stricter side wins. Nowhere known, it is not allowed.
    """
    found = [rules().get(country) for country in countries]
    return bool(found) and all(rule is not None and _allows(rule, sold_at, at) for rule in found)


def _allows(rule: CountryRule, sold_at: int, at: float) -> bool:
    return rule.allowed and (rule.within is None or at < sold_at + rule.within.total_seconds())


def holds(consent: Consent, countries: Collection[str], at: float) -> bool:
    """Whether something may be sent on a recorded relationship at `at` (unix seconds)."""
    return consent.is_related and at < consent.soft_until and allowed(countries, consent.sold_at, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A sale in which the person gave their number."""

    reference: str
    """The company's own, such as the number of the order; never empty."""
    at: int
    """Unix seconds."""
    product_family: str
    """What was sold, as `business.toml` calls it."""
    objection_offered: bool
    """Whether the person could object, free of charge and easily, when they gave their number."""


def relationship(sale: Sale, purpose: Purpose, person: str, *, now: float, actor: str) -> Entry:
    """Return the ledger's entry for a sale to a person (by id), for `lifecycle.admit`.

    `actor`: who recorded it, never the person. The same sale is recorded once, however often it is told. Raises
    `NotAllowed`, saying what is missing.
    """
    if purpose.soft_opt_in is None:
        raise NotAllowed(f"purpose {purpose.id!r} has no legal_basis = 'soft_opt_in' in business.toml")
    if not sale.objection_offered:
        raise NotAllowed("no objection was offered when the number was collected (ePrivacy Art. 13(2))")
    if sale.product_family != purpose.soft_opt_in.product_family:
        raise NotAllowed("the goods sold are not those that the purpose is about (ePrivacy Art. 13(2))")
    if not sale.reference:
        raise NotAllowed("the sale has no reference, so nothing proves it")
    return Entry(
        kind=Kind.RELATIONSHIP,
        purpose=purpose.id,
        at=sale.at,
        recorded_at=now,
        expires_at=sale.at + int(purpose.valid_for.total_seconds()),
        inbound=f"sale {person} {sale.reference} {sale.at}",
        method=Method.SALE,
        answer=sale.reference,
        rule=f"{OBJECTION_OFFERED}: {sale.product_family}",
        legal_basis=SOFT_OPT_IN,
        actor=actor,
        clock=Clock.ARRIVAL,
    )
