"""The table of what may be sent: every basis with every standing of a consent, restriction, window and form."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from typing import get_args

import msgspec
import pytest

from bot import business
from bot.business import Business, Notice, Purpose
from bot.consent.evidence import EVERY, Entry, Kind
from bot.consent.lifecycle import Record, Status, fold
from bot.messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty, ForPurpose
from bot.messages.inbound import WHATSAPP, Sender
from bot.messages.reply import Outbound, Reply, Template
from bot.paths import FLOWS
from bot.service.ports import PersonId
from bot.service.sending.gate import NEVER, WINDOW, NoRecord, withheld
from bot.service.sending.judge import last_seen
from bot.service.sending.reasons import Reason
from bot.service.sending.send import outbound
from bot.stores.redis.wire import encode, read_outbound
from tests.consent.facts import entry
from tests.service.sending import gate_table

BUSINESS = business.load(FLOWS / "business.toml")
PURPOSES = {purpose.category: purpose.id for purpose in BUSINESS.purposes}
NOW = 100_000
"""Between the facts, which are from 100 to 130, and the end of what was consented to."""

REQUESTED, GIVEN = (Kind.REQUESTED, 100), (Kind.GIVEN, 110)
STANDINGS: Mapping[str, Sequence[tuple[Kind, int]]] = {
    "none": [],
    "requested": [REQUESTED],
    "given": [REQUESTED, GIVEN],
    "refused": [REQUESTED, (Kind.REFUSED, 110)],
    "lapsed": [REQUESTED, (Kind.LAPSED, 110)],
    "expired": [REQUESTED, GIVEN, (Kind.EXPIRED, 120)],
    "stale": [REQUESTED, GIVEN, (Kind.STALE, 120)],
    "asked again": [REQUESTED, GIVEN, (Kind.EXPIRED, 115), (Kind.REQUESTED, 120)],
}
ENDINGS: Mapping[str, Sequence[tuple[Kind, int]]] = {
    "": [],
    "withdrawn": [(Kind.WITHDRAWN, 130)],
    "objected": [(Kind.OBJECTED, 130)],
    "withdrawn before": [(Kind.WITHDRAWN, 50)],
}
LIMITS: Mapping[str, Sequence[tuple[Kind, int]]] = {
    "": [],
    "restricted": [(Kind.RESTRICTED, 125)],
    "lifted": [(Kind.RESTRICTED, 125), (Kind.LIFTED, 126)],
    "paused": [(Kind.PAUSED, 125)],
    "kept": [(Kind.PAUSED, 125), (Kind.KEPT, 126)],
}
FORMS = {"free": Reply(body="Roses"), "template": Reply(template=Template("roses", "en"))}


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    basis: Basis
    purpose: str
    standing: str
    ending: str
    limit: str
    form: str
    in_window: bool
    notice: str
    """What became of the privacy notice since the consent: it is the same, or changed so."""
    valid: bool
    """Whether what was consented to is not yet over by its own end."""

    @property
    def business(self) -> Business:
        return BUSINESSES[self.notice]

    @property
    def record(self) -> Record:
        return record(self.purpose, self.standing, self.ending, self.limit, self.valid)

    def message(self, seen: int = NEVER) -> Outbound:
        return message(self.basis, self.form, wrote_at=NOW - WINDOW - (not self.in_window), seen=seen)


def facts(purpose: str, standing: str, ending: str, limit: str, valid: bool) -> list[Entry]:
    """Return what happened, by its time."""
    kinds = [*STANDINGS[standing], *LIMITS[limit], *ENDINGS[ending]]
    return [
        entry(kind, at, purpose, expires_at=NOW + valid) for kind, at in sorted(kinds, key=lambda happened: happened[1])
    ]


@cache
def record(purpose: str, standing: str, ending: str, limit: str, valid: bool) -> Record:
    return fold(facts(purpose, standing, ending, limit, valid))


@cache
def message(basis: Basis, form: str = "free", *, wrote_at: int = NOW, seen: int = NEVER) -> Outbound:
    to = Sender("+4915112345678")
    return outbound(
        FORMS[form], basis, id="o1", person=PersonId("p"), to=to, wrote_at=wrote_at, seen=seen, channel=WHATSAPP
    )


def _with_notice(change: str) -> Business:
    newer = Notice.model_validate(
        {"version": "newer", "published": date(2026, 11, 1), "change": change, "url": BUSINESS.notice.url}
    )
    return BUSINESS.model_copy(update={"notices": (*BUSINESS.notices, newer)})


BUSINESSES = {"same": BUSINESS, **{change: _with_notice(change) for change in ("editorial", "material")}}


def bases(purpose: str) -> list[Basis]:
    other = next(iter({*PURPOSES.values()} - {purpose}))
    return [
        Answer(),
        ForPurpose(purpose),
        ForPurpose(other),
        ForPurpose("nobody_knows_it"),
        ForPurpose(""),
        AsksConsent("q1"),
        AsksConsent("q2"),
        *(ByLaw(duty) for duty in Duty),
    ]


def why(outbound: Outbound, seen: Record | NoRecord, at: float = NOW, business: Business = BUSINESS) -> Reason | None:
    """Why the gate withholds a message; None if it lets it pass."""
    refuse = withheld(outbound, seen, at, business)
    return refuse.reason if refuse else None


def table() -> Iterator[Case]:
    windows, validities = (True, False), (True, False)
    for purpose in PURPOSES.values():
        lines = product(bases(purpose), STANDINGS, ENDINGS, LIMITS, FORMS, windows, BUSINESSES, validities)
        for basis, standing, ending, limit, form, in_window, notice, valid in lines:
            yield Case(basis, purpose, standing, ending, limit, form, in_window, notice, valid)


def may_be_sent(case: Case) -> bool:
    """The law, said once more and in other words than the gate says it."""
    if not case.in_window and (case.form == "free" or case.basis == Answer()):
        return False
    ended = case.ending in ("withdrawn", "objected")
    match case.basis:
        case ByLaw():
            return True
        case Answer():
            return case.limit != "restricted"
        case AsksConsent(question):
            return question == "q1" and case.standing in ("requested", "asked again") and not ended
        case ForPurpose(purpose):
            agreed = purpose == case.purpose and case.standing == "given" and not ended
            return agreed and case.limit not in ("restricted", "paused") and case.valid and case.notice != "material"


def test_gate_passes_exactly_what_the_law_allows() -> None:
    wrong = list[Case]()
    sent = 0
    for case in table():
        reason = why(case.message(), case.record, NOW, case.business)
        sent += reason is None
        if (reason is None) != may_be_sent(case):
            wrong.append(case)
    assert wrong == []
    assert sent > 1000


def test_table_covers_utility_and_marketing_purposes() -> None:
    assert {"utility", "marketing"} == PURPOSES.keys()


def test_erased_person_is_sent_only_the_erasure_confirmation() -> None:
    for basis in bases("offers"):
        reason = why(message(basis), NoRecord.ERASED, NOW, BUSINESS)
        told = None if basis == ByLaw(Duty.ERASURE) else Reason.ERASED
        assert reason in (told, Reason.UNKNOWN_PURPOSE), basis


def test_nothing_is_sent_without_an_address() -> None:
    for basis in bases("offers"):
        nowhere = msgspec.structs.replace(message(basis), phone=None)
        assert why(nowhere, NoRecord.UNCHANGED, NOW, BUSINESS) is Reason.NO_ADDRESS


# --- the table that people read


@pytest.mark.parametrize("basis", gate_table.BASES)
def test_one_page_row_matches_each_combination_and_gives_the_gate_outcome(basis: str) -> None:
    told: dict[tuple[str, ...], Reason | None] = {}
    for conditions, reason in gate_table.rows(basis):
        for values in product(*conditions):
            assert values not in told, values
            told[values] = reason
    combinations = product(*gate_table.dimensions(basis).values())
    assert told == dict(zip(combinations, gate_table.outcomes(basis), strict=True))


@pytest.mark.parametrize("basis", [basis for basis in gate_table.BASES if basis.startswith("ForPurpose")])
def test_no_cell_of_the_page_sends_without_a_legal_basis(basis: str) -> None:
    for conditions, reason in gate_table.rows(basis):
        cells = dict(zip(gate_table.dimensions(basis), conditions, strict=True))
        if reason is not None or cells["person"] == ("unchanged",):
            continue
        consented = cells["consent"] == ("given",) and cells["own end"] == ("ahead",)
        sold = (
            cells["sale"] == ("recorded",) and cells["consent"] == ("none",) and cells.get("country") == ("allows it",)
        )
        served = "service" in basis and not any(form.startswith("late") for form in cells["form"])
        assert consented or (sold and "soft_opt_in" in basis) or served, cells


def test_gate_page_is_up_to_date() -> None:
    cure = "run `python -m tests.service.sending.gate_table`"
    assert gate_table.PAGE.read_text("utf-8") == gate_table.document(), cure


def test_gate_page_covers_every_basis_reason_status_and_duty() -> None:
    page = gate_table.document()
    for reason in Reason:
        assert f"| `{reason}` | {reason.sentence} | {reason.cure} |" in page
        decided_before = reason.startswith("template_") or reason is Reason.NOTHING_TO_ANSWER
        assert (f"withheld: {reason}" in page) is not decided_before
    assert {f"ByLaw {duty}" for duty in Duty} <= gate_table.BASES.keys()
    assert {kind.__name__ for kind in get_args(Basis)} == {re.split("[ ,]", basis)[0] for basis in gate_table.BASES}
    assert {basis.split(", ")[1] for basis in gate_table.BASES if basis.startswith("ForPurpose")} == {
        *get_args(Purpose.model_fields["legal_basis"].annotation),
        "unknown",
    }
    records = {
        gate_table.record(PURPOSES["utility"], consent, "none", "none", "no", "ahead").consent(PURPOSES["utility"])
        for consent in gate_table.DIMENSIONS["consent"]
    }
    assert {consent.status for consent in records} == set(Status)


def test_every_reason_has_a_sentence_and_a_cure_of_its_own() -> None:
    assert len({reason.sentence for reason in Reason}) == len(Reason)
    assert all(text.endswith(".") for reason in Reason for text in (reason.sentence, reason.cure))


def test_gate_treats_a_suppression_as_a_withdrawal() -> None:
    suppressed = gate_table.record("offers", "suppressed", "none", "none", "no", "ahead")
    assert suppressed.consent("offers").status is Status.WITHDRAWN
    assert why(message(ForPurpose("offers")), suppressed) is Reason.SUPPRESSED


def test_gate_checks_only_purpose_and_window_if_the_ledger_is_unchanged() -> None:
    for case in table():
        known = not isinstance(case.basis, ForPurpose) or case.basis.purpose in PURPOSES.values()
        in_window = case.in_window or (case.form == "template" and case.basis != Answer())
        reason = why(case.message(), NoRecord.UNCHANGED, NOW, case.business)
        assert (reason is None) == (known and in_window), case


@pytest.mark.parametrize(
    ("standing", "ending", "limit", "reason"),
    [
        ("none", "", "", Reason.NO_CONSENT),
        ("refused", "", "", Reason.NO_CONSENT),
        ("lapsed", "", "", Reason.NO_CONSENT),
        ("requested", "", "", Reason.PENDING),
        ("asked again", "", "", Reason.PENDING),
        ("expired", "", "", Reason.EXPIRED),
        ("stale", "", "", Reason.STALE),
        ("given", "withdrawn", "restricted", Reason.WITHDRAWN),
        ("given", "objected", "", Reason.OBJECTED),
        ("given", "", "restricted", Reason.RESTRICTED),
        ("given", "", "paused", Reason.PAUSED),
    ],
)
def test_withheld_message_has_the_matching_reason(standing: str, ending: str, limit: str, reason: Reason) -> None:
    case = Case(ForPurpose("offers"), "offers", standing, ending, limit, "free", True, "same", True)
    assert why(case.message(), case.record, NOW, BUSINESS) is reason


def test_expired_and_stale_consents_withhold_with_their_own_reason() -> None:
    offer, given = message(ForPurpose("offers")), record("offers", "given", "", "", True)
    assert why(offer, given, NOW, BUSINESS) is None
    assert why(offer, given, NOW + 1, BUSINESS) is Reason.EXPIRED
    assert why(offer, given, NOW, BUSINESSES["material"]) is Reason.STALE


def test_an_erasure_ends_every_consent() -> None:
    erased = fold([*facts("offers", "given", "", "", True), entry(Kind.ERASED, 130, EVERY)])
    assert why(message(ForPurpose("offers")), erased, NOW, BUSINESS) is Reason.WITHDRAWN


def test_person_who_never_wrote_can_be_sent_only_templates() -> None:
    law = ByLaw(Duty.OPT_OUT)
    assert why(message(law, wrote_at=0), Record(), NOW, BUSINESS) is Reason.OUTSIDE_WINDOW
    assert why(message(law, "template", wrote_at=0), Record(), NOW, BUSINESS) is None


# --- when the ledger is looked at


@pytest.mark.parametrize("basis", [Answer(), ByLaw(Duty.REQUEST)], ids=["answer", "law"])
def test_answer_needs_no_ledger_lookup_unless_it_is_retried(basis: Basis) -> None:
    first = message(basis, seen=3)
    assert last_seen(first, BUSINESS) is None
    assert last_seen(msgspec.structs.replace(first, attempt=1), BUSINESS) == NEVER


@pytest.mark.parametrize("basis", bases("offers"), ids=repr)
def test_message_never_passed_by_the_gate_always_needs_a_ledger_lookup(basis: Basis) -> None:
    assert last_seen(message(basis), BUSINESS) == NEVER


def test_ledger_lookup_starts_at_the_last_seen_entry_unless_the_notice_changed() -> None:
    seen = msgspec.structs.replace(message(ForPurpose("offers"), seen=3), notice=BUSINESS.notice.version)
    assert last_seen(seen, BUSINESS) == 3
    assert last_seen(seen, BUSINESSES["editorial"]) == NEVER
    assert last_seen(message(AsksConsent("q1"), seen=3), BUSINESS) == 3


# --- no message without a basis


def test_a_message_without_a_basis_does_not_type_check() -> None:
    """If it did, mypy would report the comment below as unused, and `make lint` would fail."""
    with pytest.raises(TypeError, match="basis"):
        Outbound(id="o1", person="p", phone=None, bsuid=None, reply=Reply())  # type: ignore[call-arg]
    mypy = tomllib.loads((FLOWS.parent / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
    assert mypy["strict"]
    assert "tests" in mypy["packages"]


def test_a_message_without_a_basis_cannot_be_read() -> None:
    fields = msgspec.to_builtins(message(Answer()))
    assert read_outbound(encode(fields)) is not None
    del fields["basis"]
    assert read_outbound(encode(fields)) is None


@pytest.mark.parametrize("basis", [[], ["x"], "a", None, ["p"], ["l", "because"], {"type": "a"}], ids=repr)
def test_a_message_with_an_unknown_basis_cannot_be_read(basis: object) -> None:
    assert read_outbound(encode(msgspec.to_builtins(message(Answer())) | {"basis": basis})) is None


@pytest.mark.parametrize("basis", bases("offers"), ids=repr)
def test_every_basis_survives_the_outbox(basis: Basis) -> None:
    sent = message(basis, seen=7)
    assert read_outbound(encode(sent)) == sent
    assert len(encode({"basis": sent.basis})) <= 32
