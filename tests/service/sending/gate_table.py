"""What the gate says to every combination of facts, and `docs/gate.md`, which tells it in as few rows as there can be.

`python -m tests.service.sending.gate_table` writes the page.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

from bot import business
from bot.business import Business, Notice, Purpose
from bot.consent.erasure import inherited
from bot.consent.evidence import EVERY, Entry, Kind, Method
from bot.consent.lifecycle import Record, fold
from bot.messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty, ForPurpose
from bot.messages.inbound import WHATSAPP, Sender
from bot.messages.reply import Outbound, Reply, Template
from bot.paths import FLOWS
from bot.service.ports import PersonId
from bot.service.sending.gate import WINDOW, NoRecord, withheld
from bot.service.sending.reasons import Reason
from bot.service.sending.send import outbound
from tests.consent.facts import entry

PAGE = Path(__file__).parents[3] / "docs" / "gate.md"

BUSINESS = business.load(FLOWS / "business.toml")
PURPOSES: Mapping[str, str] = {purpose.category: purpose.id for purpose in BUSINESS.purposes}
NOW = 100_000
"""Early in the morning in Germany and Italy, and after all facts."""
WHO = PersonId("019a0000-0000-7000-8000-000000000001")

Facts = Mapping[str, str]

BASES: Mapping[str, str] = {
    "Answer": "It answers what the person wrote, in the 24 hours after it. No consent is needed (GDPR Art. 7(4)).",
    "AsksConsent": "It asks for a consent, in answer to what the person wrote.",
    "AsksConsent, of own accord": "It asks for a consent, and the company began.",
    "ForPurpose, consent": "It serves a purpose whose legal basis is the person's consent (GDPR Art. 6(1)(a), 7(3)).",
    "ForPurpose, soft_opt_in": "It serves a marketing purpose for own customers: a sale may stand in for the consent "
    "where the country allows it (ePrivacy Directive, Art. 13(2)).",
    "ForPurpose, service": "It serves a purpose that needs no consent, in the 24 hours after the person wrote.",
    "ForPurpose, unknown": "It serves a purpose that `business.toml` does not have (GDPR Art. 13(1)(c)).",
    "ForPurpose, consent, in answer": "As above, and it answers what the person wrote, as the host's bot does.",
    "ForPurpose, soft_opt_in, in answer": "As above, and it answers what the person wrote.",
    "ForPurpose, service, in answer": "As above, and it answers what the person wrote.",
    "ForPurpose, unknown, in answer": "As above, and it answers what the person wrote.",
    "ByLaw opt_out": "It confirms that a withdrawal or an objection is in force (GDPR Art. 7(3), 21).",
    "ByLaw request": "It answers a request about the person's data (GDPR Art. 12(3)).",
    "ByLaw erasure": "It tells that the person's data is erased (GDPR Art. 12(3), 17).",
    "ByLaw inform": "It tells a person who restricted the use of their data of their rights (GDPR Art. 12(2), 18(3)).",
}

DIMENSIONS: Mapping[str, Sequence[str]] = {
    "address": ("known", "none"),
    "form": ("text", "template", "late text", "late template"),
    "person": ("looked up", "unchanged", "erased"),
    "question": ("the last one", "another"),
    "category": ("utility", "marketing"),
    "consent": (
        "none",
        "refused",
        "requested",
        "given",
        "withdrawn",
        "objected",
        "suppressed",
        "marketing off",
        "expired",
        "stale",
    ),
    "sale": ("none", "recorded"),
    "restriction": ("none", "of this purpose", "of another", "of everything"),
    "paused": ("no", "yes"),
    "own end": ("ahead", "past"),
    "notice since": ("same", "editorial", "material"),
    "country": ("allows it", "does not", "unknown"),
    "cap": ("open", "reached"),
    "quiet": ("no", "yes"),
}

_RECORD = ("consent", "sale", "restriction", "paused", "own end")
"""What the ledger says, if it is looked up."""

_ONLY = {
    "question": ("AsksConsent",),
    "category": ("ForPurpose, consent",),
    "country": ("ForPurpose, soft_opt_in",),
    "cap": ("ForPurpose, consent", "ForPurpose, soft_opt_in"),
    "quiet": ("Answer", "AsksConsent", "ByLaw", "ForPurpose, consent", "ForPurpose, soft_opt_in"),
}
"""What can differ for some bases only: `business.toml` takes no quiet hours and no cap for service."""

_ADDRESSES = {"allows it": "+4915112345678", "does not": "+393123456789", "unknown": "+882161234"}
"""Numbers of Germany, of Italy and of no country."""

_GIVEN = [(Kind.REQUESTED, 100), (Kind.GIVEN, 110)]
_CONSENT: Mapping[str, Sequence[tuple[Kind, int]]] = {
    "none": [],
    "refused": [(Kind.REQUESTED, 100), (Kind.REFUSED, 110)],
    "requested": [(Kind.REQUESTED, 100)],
    "given": _GIVEN,
    "withdrawn": [*_GIVEN, (Kind.WITHDRAWN, 120)],
    "objected": [*_GIVEN, (Kind.OBJECTED, 120)],
    "suppressed": _GIVEN,
    "marketing off": [*_GIVEN, (Kind.WITHDRAWN, 120)],
    "expired": [*_GIVEN, (Kind.EXPIRED, 120)],
    "stale": [*_GIVEN, (Kind.STALE, 120)],
}


def dimensions(basis: str) -> Mapping[str, Sequence[str]]:
    """What can differ for messages with a basis."""
    return {name: values for name, values in DIMENSIONS.items() if basis.startswith(_ONLY.get(name, ""))}


@cache
def record(purpose: str, consent: str, sale: str, restriction: str, paused: str, own_end: str) -> Record:
    """What the ledger says of somebody."""
    other = next(id for id in PURPOSES.values() if id != purpose)
    expires_at = NOW + 1 if own_end == "ahead" else NOW
    entries: list[Entry] = [entry(Kind.RELATIONSHIP, 90, purpose, expires_at=expires_at)] if sale == "recorded" else []
    method = Method.WHATSAPP_SETTING if consent == "marketing off" else Method.CHAT
    entries += [entry(kind, at, purpose, expires_at=expires_at, method=method) for kind, at in _CONSENT[consent]]
    if consent == "suppressed":
        entries += inherited(WHO, fold(entries), {EVERY: 130}, [*PURPOSES.values()], 130.0)
    restricted = {"none": (), "of this purpose": (purpose,), "of another": (other,), "of everything": (purpose, other)}
    entries += [entry(Kind.RESTRICTED, 140, one) for one in restricted[restriction]]
    entries += [entry(Kind.PAUSED, 140, purpose)] if paused == "yes" else []
    return fold(entries)


@cache
def message(basis: str, address: str, form: str, question: str, category: str, country: str) -> Outbound:
    of: Basis
    match basis.split(", "):
        case ["Answer"]:
            of = Answer()
        case ["AsksConsent", *accord]:
            of = AsksConsent("q1" if question == "the last one" else "q2", PURPOSES[category] if accord else "")
        case ["ForPurpose", legal_basis, *answer]:
            of = ForPurpose(PURPOSES[category] if legal_basis != "unknown" else "nobody_knows_it", answers=bool(answer))
        case [by_law]:
            of = ByLaw(Duty(by_law.removeprefix("ByLaw ")))
    return outbound(
        Reply(template=Template("roses", "en")) if form.endswith("template") else Reply(body="Roses"),
        of,
        id="o1",
        person=WHO,
        to=Sender(_ADDRESSES[country]) if address == "known" else Sender(),
        wrote_at=NOW - WINDOW - form.startswith("late"),
        channel=WHATSAPP,
    )


@cache
def business_of(legal_basis: str, change: str, quiet: str) -> Business:
    """The company of `business.toml` with this legal basis of all purposes, notice and quiet hours."""
    notices = BUSINESS.notices
    if change != "same":
        newer = {"version": "newer", "published": date(2026, 11, 1), "change": change, "url": BUSINESS.notice.url}
        notices = (*notices, Notice.model_validate(newer))
    settings: dict[str, object] = {"legal_basis": legal_basis}
    if legal_basis == "soft_opt_in":
        settings |= {"category": "marketing", "soft_opt_in": {"product_family": "cut flowers"}}
    if legal_basis == "service":
        settings |= {"category": "utility"}
    else:
        settings |= {"quiet_hours": "21:00-08:00" if quiet == "yes" else "12:00-13:00", "at_most": "1 per 1d"}
    purposes = [Purpose.model_validate(purpose.model_dump() | settings) for purpose in BUSINESS.purposes]
    return BUSINESS.model_copy(update={"notices": notices, "purposes": tuple(purposes)})


def judged(basis: str, facts: Facts) -> Reason | None:
    """What the gate says."""
    category = facts.get("category", "marketing")
    seen = {"unchanged": NoRecord.UNCHANGED, "erased": NoRecord.ERASED}.get(facts["person"]) or record(
        PURPOSES[category], *(facts[name] for name in _RECORD)
    )
    named = (facts["address"], facts["form"], facts.get("question", ""), category, facts.get("country", "allows it"))
    legal_basis = next((known for known in ("soft_opt_in", "service") if known in basis), "consent")
    company = business_of(legal_basis, facts["notice since"], facts.get("quiet", "no"))
    refuse = withheld(message(basis, *named), seen, NOW, company, [NOW - 10] if facts.get("cap") == "reached" else [])
    return refuse.reason if refuse else None


@cache
def outcomes(basis: str) -> tuple[Reason | None, ...]:
    """What the gate says to each combination, the last dimension changing fastest.

    It is asked once about those that differ only in a ledger that is not there.
    """
    names = dimensions(basis)
    unread = [number for number, name in enumerate(names) if name in _RECORD]
    asked: dict[tuple[str, ...], Reason | None] = {}
    said = []
    for values in product(*names.values()):
        facts = dict(zip(names, values, strict=True))
        key = values if facts["person"] == "looked up" else _without(values, unread)
        if key not in asked:
            asked[key] = judged(basis, facts)
        said.append(asked[key])
    return tuple(said)


def _without(values: tuple[str, ...], numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple("" if number in numbers else value for number, value in enumerate(values))


Row = tuple[tuple[tuple[str, ...], ...], Reason | None]
"""For each dimension the values for which the row holds, and what the gate says then."""


def rows(basis: str) -> list[Row]:
    """As few rows as tell the same, if the dimensions are looked at in their order."""
    return list(_collapsed(list(dimensions(basis).values()), outcomes(basis)))


def _collapsed(dimensions: Sequence[Sequence[str]], said: tuple[Reason | None, ...]) -> Iterator[Row]:
    if not dimensions:
        yield (), said[0]
        return
    values, size = dimensions[0], len(said) // len(dimensions[0])
    alike: dict[tuple[Reason | None, ...], list[str]] = {}
    for index, value in enumerate(values):
        alike.setdefault(said[index * size : (index + 1) * size], []).append(value)
    for part, having in alike.items():
        for conditions, reason in _collapsed(dimensions[1:], part):
            yield (tuple(having), *conditions), reason


_HEAD = """\
# What may be sent

Every message carries a basis, and one judge, `bot/service/sending/gate.py`, says whether it may be sent: when it is
queued, and again right before it leaves. The tables below say what it says to every combination of facts. They are
generated by `python -m tests.service.sending.gate_table`; a test asks the gate about each of the {count} combinations
and compares it with the row that applies, which is the only one. Don't edit.

A column that does not matter for a basis is left out, *any* stands where it does not matter for a row. The columns:

- *form*: text, or a template that Meta approved; *late*: the person wrote more than 24 hours ago (Meta:
  messages/send-messages).
- *person*: *looked up*: the ledger was read; *unchanged*: it ends where it did when the gate let the message pass;
  *erased*: there is no ledger any more (GDPR Art. 17).
- *question*: whether the message asks the last question that was asked.
- *consent*: what the ledger says of the purpose. *Suppressed* is what somebody erased, or the earlier owner of the
  number, had withdrawn under an address that is this person's now: `bot/service/incoming/inherit.py` writes it into
  their ledger as a withdrawal before anything is answered, so the gate needs to look nowhere else (GDPR Art. 7(3), 21).
  *Marketing off*: the person switched the company's marketing off in WhatsApp.
- *sale*: whether the ledger has one on which soft opt-in may rest.
- *restriction*: what the person restricted (GDPR Art. 18); *paused*: whether they were asked if they want to stop, and
  have not answered; *own end*: whether the time that was consented to, or for which a sale counts, is over; *notice
  since*: how the privacy notice changed since the consent.
- *category*: of the purpose; it never matters: both need their consent alike. *Country*: whether the law of the
  person's country allows soft opt-in (`bot/consent/soft_opt_in.toml`), as far as their number or BSUID tells.
- *cap*: whether the person has got as many messages as the purpose's `at_most` allows; *quiet*: whether it is a quiet
  time where they are. Messages withheld for these carry the time at which to ask again.

## Reasons

| reason | what is the case | what to do |
|---|---|---|
"""


def document() -> str:
    """Return `docs/gate.md`."""
    reasons = [f"| `{reason}` | {reason.sentence} | {reason.cure} |\n" for reason in Reason]
    count = sum(len(outcomes(basis)) for basis in BASES)
    return _HEAD.format(count=f"{count:,}") + "".join(reasons) + _TEMPLATES + "".join(map(_section, BASES))


_TEMPLATES = """
`nothing_to_answer` and the reasons about templates are given before the gate is asked, by what names the message and
what picks the template.
"""


def _section(basis: str) -> str:
    found, columns = rows(basis), dimensions(basis)
    names = [
        name
        for index, (name, values) in enumerate(columns.items())
        if any(len(conditions[index]) < len(values) for conditions, _ in found)
    ]
    lines = [f"\n## {basis}\n", BASES[basis] + "\n", f"| {' | '.join(names)} | |", "|---" * len(names) + "|---|"]
    for conditions, reason in found:
        cells = dict(zip(columns, conditions, strict=True))
        told = ["; ".join(cells[name]) if len(cells[name]) < len(columns[name]) else "any" for name in names]
        lines.append(f"| {' | '.join(told)} | {f'withheld: {reason}' if reason else '**sent**'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(document(), "utf-8")
