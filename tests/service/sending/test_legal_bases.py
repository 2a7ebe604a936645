"""Each condition of the gate by itself: one fact is changed, and the reason changes with it."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.consent.erasure import inherited
from bot.consent.evidence import EVERY, Entry, Kind, Method
from bot.consent.lifecycle import fold
from bot.messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty, ForPurpose
from bot.messages.inbound import Sender
from bot.quiet import parse_hours
from bot.service.ports import PersonId
from bot.service.sending.gate import NEVER, Candidate, NoRecord, cap, passes_at, refusal
from bot.service.sending.reasons import Reason, Refuse
from tests.consent.facts import entry
from tests.service.sending.test_gate_paths import COMPANIES, START

DAYTIME = START + 86_400
"""22 September 2026, 16:13 in Germany."""
NIGHT = DAYTIME + 7 * 3600
MORNING = 1_790_143_200
"""At eight the next day."""

OFFER, ANSWER = ForPurpose("offers"), ForPurpose("offers", answers=True)
GERMAN, ITALIAN = Sender("+4915112345678"), Sender("+393123456789")

ASKED = entry(Kind.REQUESTED, START)
YES = [ASKED, entry(Kind.GIVEN, START + 1, expires_at=DAYTIME + 200_000)]
SOLD = [entry(Kind.RELATIONSHIP, START, expires_at=DAYTIME + 200_000)]
STOP = entry(Kind.WITHDRAWN, START + 2)
SUPPRESSED = inherited("p", fold(YES), {EVERY: START + 2}, ["offers"], 0.0)


def judged(
    facts: Sequence[Entry] | NoRecord,
    legal_basis: str,
    basis: Basis = OFFER,
    *,
    to: Sender = GERMAN,
    at: int = DAYTIME,
    late: bool = False,
    is_template: bool = True,
    sent: Sequence[int] = (),
) -> Refuse | None:
    seen = facts if isinstance(facts, NoRecord) else fold(facts)
    candidate = Candidate(PersonId("p"), to, basis, at - 1 if late else at, is_template)
    return refusal(candidate, seen, at, COMPANIES[legal_basis], sent)


PASSES: dict[str, tuple[Any, ...]] = {
    "consent": (YES, "consent"),
    "consent, late template": (YES, "consent", {"late": True}),
    "consent where a sale would do": (YES, "soft_opt_in"),
    "consent beside a sale": ([*SOLD, *YES], "soft_opt_in"),
    "consent in a country without soft opt-in": (YES, "soft_opt_in", {"to": ITALIAN}),
    "sale": (SOLD, "soft_opt_in"),
    "sale, late template": (SOLD, "soft_opt_in", {"late": True}),
    "sale after a question that nobody answered": ([*SOLD, ASKED, entry(Kind.LAPSED, START + 9)], "soft_opt_in"),
    "service": ([], "service"),
    "service, though a consent ended": ([*YES, entry(Kind.EXPIRED, START + 2)], "service"),
    "one message before": (YES, "consent", {"sent": [DAYTIME - 1]}),
    "two messages long ago": (YES, "consent", {"sent": [DAYTIME - 86_400, DAYTIME - 90_000]}),
    "answer at night": (YES, "consent", {"basis": ANSWER, "at": NIGHT}),
    "answer after many messages": (YES, "consent", {"basis": ANSWER, "sent": [DAYTIME - 1] * 9}),
    "plain answer at night": (YES, "consent", {"basis": Answer(), "at": NIGHT}),
    "opt-out confirmed at night": ([*YES, STOP], "consent", {"basis": ByLaw(Duty.OPT_OUT), "at": NIGHT}),
    "question in answer at night": ([ASKED], "consent", {"basis": AsksConsent("q1"), "at": NIGHT}),
    "question after many messages": ([ASKED], "consent", {"basis": AsksConsent("q1", "offers"), "sent": [DAYTIME] * 9}),
    "erasure told": (NoRecord.ERASED, "consent", {"basis": ByLaw(Duty.ERASURE)}),
    "unchanged": (NoRecord.UNCHANGED, "consent"),
}


@pytest.mark.parametrize("case", PASSES)
def test_what_has_a_basis_passes(case: str) -> None:
    facts, legal_basis, *more = PASSES[case]
    assert judged(facts, legal_basis, **(more[0] if more else {})) is None


_PAUSED, _RESTRICTED = entry(Kind.PAUSED, START + 3), entry(Kind.RESTRICTED, START + 3)
_ELSEWHERE = entry(Kind.RESTRICTED, START + 3, "order_updates")
_REFUSED = [ASKED, entry(Kind.REFUSED, START + 1)]

REFUSES: dict[str, tuple[Any, ...]] = {
    "no address": (Reason.NO_ADDRESS, YES, "consent", {"to": Sender()}),
    "late text": (Reason.OUTSIDE_WINDOW, YES, "consent", {"late": True, "is_template": False}),
    "late answer": (Reason.OUTSIDE_WINDOW, YES, "consent", {"late": True, "basis": Answer()}),
    "late answer for a purpose": (Reason.OUTSIDE_WINDOW, YES, "consent", {"late": True, "basis": ANSWER}),
    "late service": (Reason.OUTSIDE_WINDOW, [], "service", {"late": True}),
    "unknown purpose": (Reason.UNKNOWN_PURPOSE, YES, "consent", {"basis": ForPurpose("x")}),
    "unknown purpose, unchanged": (Reason.UNKNOWN_PURPOSE, NoRecord.UNCHANGED, "consent", {"basis": ForPurpose("x")}),
    "erased": (Reason.ERASED, NoRecord.ERASED, "consent"),
    "erased, by law": (Reason.ERASED, NoRecord.ERASED, "consent", {"basis": ByLaw(Duty.REQUEST)}),
    "another question": (Reason.QUESTION_CLOSED, [ASKED], "consent", {"basis": AsksConsent("q2")}),
    "no question": (Reason.QUESTION_CLOSED, YES, "consent", {"basis": AsksConsent("q1")}),
    "answer while restricted": (Reason.RESTRICTED, [*YES, _RESTRICTED], "consent", {"basis": Answer()}),
    **{
        f"{name}, {legal_basis}": (reason, facts, legal_basis)
        for legal_basis in ("consent", "soft_opt_in", "service")
        for name, reason, facts in (
            ("withdrawn", Reason.WITHDRAWN, [*YES, STOP]),
            ("objected", Reason.OBJECTED, [*YES, entry(Kind.OBJECTED, START + 2)]),
            ("stopped before anything else", Reason.WITHDRAWN, [STOP]),
            ("suppressed", Reason.SUPPRESSED, [*YES, *SUPPRESSED]),
            ("suppressed stranger", Reason.SUPPRESSED, [*SUPPRESSED]),
            (
                "switched off",
                Reason.MARKETING_OFF,
                [*YES, entry(Kind.WITHDRAWN, START + 2, method=Method.WHATSAPP_SETTING)],
            ),
            ("refused", Reason.NO_CONSENT, _REFUSED),
            ("paused", Reason.PAUSED, [*YES, _PAUSED]),
            ("restricted", Reason.RESTRICTED, [*YES, _RESTRICTED]),
        )
    },
    "nobody": (Reason.NO_CONSENT, [], "consent"),
    "asked": (Reason.PENDING, [ASKED], "consent"),
    "expired": (Reason.EXPIRED, [*YES, entry(Kind.EXPIRED, START + 2)], "consent"),
    "stale": (Reason.STALE, [*YES, entry(Kind.STALE, START + 2)], "consent"),
    "past its own end": (Reason.EXPIRED, [ASKED, entry(Kind.GIVEN, START + 1, expires_at=DAYTIME)], "consent"),
    "under an older notice": (
        Reason.STALE,
        [ASKED, entry(Kind.GIVEN, START + 1, notice="0", expires_at=DAYTIME + 9)],
        "consent",
    ),
    "sale where consent is needed": (Reason.NO_CONSENT, SOLD, "consent"),
    "sale in a country that has no soft opt-in": (Reason.NO_CONSENT, SOLD, "soft_opt_in", {"to": ITALIAN}),
    "sale in two countries": (Reason.NO_CONSENT, SOLD, "soft_opt_in", {"to": Sender("+4915112345678", "IT.1")}),
    "sale too long ago": (Reason.EXPIRED, [entry(Kind.RELATIONSHIP, START, expires_at=DAYTIME)], "soft_opt_in"),
    "sale to nobody": (Reason.NO_CONSENT, [], "soft_opt_in"),
    "sale, then a question": (Reason.PENDING, [*SOLD, ASKED], "soft_opt_in"),
    "sale, then a NO": (Reason.NO_CONSENT, [*SOLD, *_REFUSED], "soft_opt_in"),
    "sale, then a STOP": (Reason.WITHDRAWN, [*SOLD, STOP], "soft_opt_in"),
    "STOP, then a sale": (Reason.WITHDRAWN, [STOP, *SOLD], "soft_opt_in"),
    "sale, then a YES that ended": (Reason.EXPIRED, [*SOLD, *YES, entry(Kind.EXPIRED, START + 2)], "soft_opt_in"),
    "sale, then a new number": (Reason.NO_CONSENT, [*SOLD, entry(Kind.STALE, START + 2)], "soft_opt_in"),
    "sale, paused": (Reason.PAUSED, [*SOLD, _PAUSED], "soft_opt_in"),
    "sale, restricted": (Reason.RESTRICTED, [*SOLD, _RESTRICTED], "soft_opt_in"),
    "sale, restricted elsewhere": (Reason.RESTRICTED, [*SOLD, _ELSEWHERE], "soft_opt_in"),
    "service, restricted elsewhere": (Reason.RESTRICTED, [_ELSEWHERE], "service"),
    "service, paused": (Reason.PAUSED, [_PAUSED], "service"),
}


@pytest.mark.parametrize("case", REFUSES)
def test_what_lacks_its_basis_is_refused_with_the_reason_and_no_time(case: str) -> None:
    reason, facts, legal_basis, *more = REFUSES[case]
    assert judged(facts, legal_basis, **(more[0] if more else {})) == Refuse(reason)


@pytest.mark.parametrize(
    ("basis", "facts", "more", "refuse"),
    [
        (OFFER, YES, {"at": NIGHT}, Refuse(Reason.QUIET_HOURS, MORNING)),
        (OFFER, NoRecord.UNCHANGED, {"at": NIGHT}, Refuse(Reason.QUIET_HOURS, MORNING)),
        (AsksConsent("q1", "offers"), [ASKED], {"at": NIGHT}, Refuse(Reason.QUIET_HOURS, MORNING)),
        (OFFER, YES, {"sent": [DAYTIME - 5, DAYTIME - 1]}, Refuse(Reason.FREQUENCY_CAP, DAYTIME - 5 + 86_400)),
        (OFFER, NoRecord.UNCHANGED, {"sent": [DAYTIME, DAYTIME]}, Refuse(Reason.FREQUENCY_CAP, DAYTIME + 86_400)),
        (OFFER, YES, {"at": NIGHT, "sent": [NIGHT, NIGHT]}, Refuse(Reason.FREQUENCY_CAP, MORNING + 86_400)),
        (OFFER, [*YES, STOP], {"at": NIGHT}, Refuse(Reason.WITHDRAWN)),
    ],
)
def test_what_comes_too_soon_is_refused_until_a_time_that_is_quiet_no_more(
    basis: Basis, facts: Sequence[Entry] | NoRecord, more: dict[str, Any], refuse: Refuse
) -> None:
    assert judged(facts, "consent", basis, **more) == refuse
    if refuse.retry_at is not None:
        later = more | {"at": refuse.retry_at}
        assert judged(facts, "consent", basis, **later) is None


def test_where_it_is_always_quiet_nothing_is_sent_and_no_time_is_promised() -> None:
    """Azores and Lisbon are an hour apart, and each is quiet but for one hour."""
    company = COMPANIES["consent"]
    hours = {"quiet_hours": parse_hours("02:00-01:00")}
    company = company.model_copy(update={"purposes": tuple(one.model_copy(update=hours) for one in company.purposes)})
    portuguese = Candidate(PersonId("p"), Sender("+351912345678"), OFFER, DAYTIME)
    assert refusal(portuguese, fold(YES), DAYTIME, company) == Refuse(Reason.QUIET_HOURS)
    german = Candidate(PersonId("p"), GERMAN, OFFER, DAYTIME)
    assert refusal(german, fold(YES), DAYTIME, company) == Refuse(Reason.QUIET_HOURS, 1_790_118_000)


def test_only_messages_of_the_companys_own_accord_are_counted() -> None:
    company = COMPANIES["consent"]
    assert cap(OFFER, company) is not None
    for basis in (ANSWER, Answer(), AsksConsent("q1", "offers"), ByLaw(Duty.OPT_OUT), ForPurpose("x")):
        assert cap(basis, company) is None
    assert cap(OFFER, COMPANIES["service"]) is None


def test_a_basis_passes_at_the_last_entry_or_never() -> None:
    company = COMPANIES["consent"]
    assert passes_at(OFFER, GERMAN, fold(YES), DAYTIME, company) == 2
    assert passes_at(OFFER, GERMAN, fold([*YES, STOP]), DAYTIME, company) == NEVER
