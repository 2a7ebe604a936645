"""What the gate says to every combination of facts, and `docs/gate.md`, which tells it in as few rows as there can be.

`python -m tests.service.sending.gate_table` writes the page.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

from bot import business
from bot.business import Business, Notice
from bot.consent.erasure import inherited
from bot.consent.evidence import EVERY, Entry, Kind
from bot.consent.lifecycle import Record, fold
from bot.messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty, ForPurpose
from bot.messages.inbound import WHATSAPP, Sender
from bot.messages.reply import Outbound, Reply, Template
from bot.paths import FLOWS
from bot.service.ports import PersonId
from bot.service.sending.gate import WINDOW, NoRecord, Reason, withheld
from bot.service.sending.send import outbound
from tests.consent.facts import entry

PAGE = Path(__file__).parents[3] / "docs" / "gate.md"

BUSINESS = business.load(FLOWS / "business.toml")
PURPOSES: Mapping[str, str] = {purpose.category: purpose.id for purpose in BUSINESS.purposes}
NOW = 100_000
WHO = PersonId("019a0000-0000-7000-8000-000000000001")

Facts = Mapping[str, str]

BASES: Mapping[str, str] = {
    "Answer": "It answers what the person wrote, in the 24 hours after it. No consent is needed (GDPR Art. 7(4)).",
    "AsksConsent": "It asks for a consent.",
    "ForPurpose": "It serves a purpose, and needs the consent to that (GDPR Art. 7(3)).",
    "ByLaw opt_out": "It confirms that a withdrawal or an objection is in force (GDPR Art. 7(3), 21).",
    "ByLaw request": "It answers a request about the person's data (GDPR Art. 12(3)).",
    "ByLaw erasure": "It tells that the person's data is erased (GDPR Art. 12(3), 17).",
    "ByLaw inform": "It tells a person who restricted the use of their data of their rights (GDPR Art. 12(2), 18(3)).",
}

DIMENSIONS: Mapping[str, Sequence[str]] = {
    "address": ("known", "none"),
    "form": ("text", "template", "late text", "late template"),
    "purpose": ("in business.toml", "unknown"),
    "person": ("looked up", "unchanged", "erased"),
    "question": ("the last one", "another"),
    "consent": ("none", "refused", "requested", "given", "withdrawn", "suppressed", "expired", "stale"),
    "restriction": ("none", "of this purpose", "of another", "of everything"),
    "paused": ("no", "yes"),
    "own end": ("ahead", "past"),
    "notice since": ("same", "editorial", "material"),
    "category": ("utility", "marketing"),
}

_GIVEN = [(Kind.REQUESTED, 100), (Kind.GIVEN, 110)]
_CONSENT: Mapping[str, Sequence[tuple[Kind, int]]] = {
    "none": [],
    "refused": [(Kind.REQUESTED, 100), (Kind.REFUSED, 110)],
    "requested": [(Kind.REQUESTED, 100)],
    "given": _GIVEN,
    "withdrawn": [*_GIVEN, (Kind.WITHDRAWN, 120)],
    "suppressed": _GIVEN,
    "expired": [*_GIVEN, (Kind.EXPIRED, 120)],
    "stale": [*_GIVEN, (Kind.STALE, 120)],
}


@cache
def record(category: str, consent: str, restriction: str, paused: str, own_end: str) -> Record:
    """What the ledger says of somebody."""
    purpose, other = PURPOSES[category], next(id for one, id in PURPOSES.items() if one != category)
    expires_at = NOW + 1 if own_end == "ahead" else NOW
    entries: list[Entry] = [entry(kind, at, purpose, expires_at=expires_at) for kind, at in _CONSENT[consent]]
    if consent == "suppressed":
        entries += inherited(WHO, fold(entries), {EVERY: 130}, [*PURPOSES.values()], 130.0)
    restricted = {"none": (), "of this purpose": (purpose,), "of another": (other,), "of everything": (purpose, other)}
    entries += [entry(Kind.RESTRICTED, 140, one) for one in restricted[restriction]]
    entries += [entry(Kind.PAUSED, 140, purpose)] if paused == "yes" else []
    return fold(entries)


@cache
def message(basis: str, address: str, form: str, purpose: str, question: str, category: str) -> Outbound:
    of: Basis
    match basis.split():
        case ["Answer"]:
            of = Answer()
        case ["AsksConsent"]:
            of = AsksConsent("q1" if question == "the last one" else "q2")
        case ["ForPurpose"]:
            of = ForPurpose(PURPOSES[category] if purpose == "in business.toml" else "nobody_knows_it")
        case [_, duty]:
            of = ByLaw(Duty(duty))
    return outbound(
        Reply(template=Template("roses", "en")) if form.endswith("template") else Reply(body="Roses"),
        of,
        id="o1",
        person=WHO,
        to=Sender("+4915112345678") if address == "known" else Sender(),
        wrote_at=NOW - WINDOW - form.startswith("late"),
        channel=WHATSAPP,
    )


@cache
def _business(change: str) -> Business:
    if change == "same":
        return BUSINESS
    newer = Notice.model_validate(
        {"version": "newer", "published": date(2026, 11, 1), "change": change, "url": BUSINESS.notice.url}
    )
    return BUSINESS.model_copy(update={"notices": (*BUSINESS.notices, newer)})


def judged(basis: str, facts: Facts) -> Reason | None:
    """What the gate says."""
    look = {"unchanged": NoRecord.UNCHANGED, "erased": NoRecord.ERASED}
    seen = look.get(facts["person"]) or record(
        facts["category"], facts["consent"], facts["restriction"], facts["paused"], facts["own end"]
    )
    outgoing = message(basis, *(facts[name] for name in ("address", "form", "purpose", "question", "category")))
    return withheld(outgoing, seen, NOW, _business(facts["notice since"]))


def combinations() -> Iterator[Facts]:
    """Every combination of facts, the last dimension changing fastest."""
    for values in product(*DIMENSIONS.values()):
        yield dict(zip(DIMENSIONS, values, strict=True))


@cache
def outcomes(basis: str) -> tuple[Reason | None, ...]:
    """What the gate says to each combination."""
    return tuple(judged(basis, facts) for facts in combinations())


Row = tuple[tuple[tuple[str, ...], ...], Reason | None]
"""For each dimension the values for which the row holds, and what the gate says then."""


def rows(basis: str) -> list[Row]:
    """As few rows as tell the same, if the dimensions are looked at in their order."""
    return list(_collapsed(list(DIMENSIONS.values()), outcomes(basis)))


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
queued, and again right before it leaves. These tables say what it says to every combination of facts. They are
generated by `python -m tests.service.sending.gate_table`; a test asks the gate about each of the {count} combinations
and compares it with the row that applies, which is the only one. Don't edit.

A column that does not matter for a basis is left out, *any* stands where it does not matter for a row. The columns:

- *form*: text, or a template that Meta approved; *late*: the person wrote more than 24 hours ago (Meta:
  messages/send-messages).
- *purpose*: whether `business.toml` has it (GDPR Art. 13(1)(c)); its *category*, utility or marketing, never matters:
  both need their consent alike.
- *person*: *looked up*: the ledger was read; *unchanged*: it ends where it did when the gate let the message pass;
  *erased*: there is no ledger any more (GDPR Art. 17).
- *question*: whether the message asks the last question that was asked.
- *consent*: what the ledger says of the purpose. *Suppressed* is what somebody erased, or the earlier owner of the
  number, had withdrawn under an address that is this person's now: `bot/service/incoming/inherit.py` writes it into
  their ledger as a withdrawal before anything is answered, so the gate needs to look nowhere else (GDPR Art. 7(3), 21).
- *restriction*: what the person restricted (GDPR Art. 18); *paused*: whether they were asked if they want to stop, and
  have not answered; *own end*: whether the time that was consented to is over; *notice since*: how the privacy notice
  changed since the consent.
"""


def document() -> str:
    """Return `docs/gate.md`."""
    return _HEAD.format(count=f"{len(BASES) * len(outcomes('Answer')):,}") + "".join(map(_section, BASES))


def _section(basis: str) -> str:
    found = rows(basis)
    names = [
        name
        for index, (name, values) in enumerate(DIMENSIONS.items())
        if any(len(conditions[index]) < len(values) for conditions, _ in found)
    ]
    lines = [f"\n## {basis}\n", BASES[basis] + "\n", f"| {' | '.join(names)} | |", "|---" * len(names) + "|---|"]
    for conditions, reason in found:
        cells = dict(zip(DIMENSIONS, conditions, strict=True))
        told = [", ".join(cells[name]) if len(cells[name]) < len(DIMENSIONS[name]) else "any" for name in names]
        lines.append(f"| {' | '.join(told)} | {f'withheld: {reason}' if reason else '**sent**'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(document(), "utf-8")
