import pytest
from msgspec.structs import replace

from bot.consent.evidence import EVERY, Entry, Kind, Method, Seen
from bot.consent.lifecycle import NotAllowed, Record, Status, admit, answerable, fold
from tests.consent.facts import admitted, entry

REQUESTED = entry(Kind.REQUESTED, 100)
GIVEN = entry(Kind.GIVEN, 110)
WITHDRAWN = entry(Kind.WITHDRAWN, 120)


def status(*entries: Entry) -> Status:
    return admitted(*entries).consent("offers").status


# --- what follows on what


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], Status.NONE),
        ([REQUESTED], Status.REQUESTED),
        ([REQUESTED, GIVEN], Status.GIVEN),
        ([REQUESTED, entry(Kind.REFUSED, 110)], Status.REFUSED),
        ([REQUESTED, entry(Kind.LAPSED, 1200)], Status.NONE),
        ([REQUESTED, GIVEN, WITHDRAWN], Status.WITHDRAWN),
        ([REQUESTED, WITHDRAWN], Status.WITHDRAWN),
        ([WITHDRAWN], Status.WITHDRAWN),
        ([REQUESTED, GIVEN, entry(Kind.EXPIRED, 20_000)], Status.EXPIRED),
        ([REQUESTED, GIVEN, entry(Kind.STALE, 130)], Status.STALE),
    ],
)
def test_the_status_follows_from_the_facts(entries: list[Entry], expected: Status) -> None:
    assert status(*entries) is expected


@pytest.mark.parametrize("before", [Kind.REFUSED, Kind.WITHDRAWN, Kind.EXPIRED, Kind.STALE])
def test_a_question_without_an_answer_changes_nothing(before: Kind) -> None:
    first = [entry(Kind.REQUESTED, 100), entry(Kind.GIVEN, 110)] if before is not Kind.REFUSED else [REQUESTED]
    ended = [*first, entry(before, 120)]
    asked = [*ended, entry(Kind.REQUESTED, 200), entry(Kind.REQUESTED, 210), entry(Kind.LAPSED, 1300)]
    assert admitted(*asked).consent("offers").status is admitted(*ended).consent("offers").status
    assert admitted(*asked).consent("offers").since == 120


def test_a_late_withdrawal_holds_when_the_question_lapses() -> None:
    assert status(entry(Kind.REQUESTED, 200), WITHDRAWN, entry(Kind.LAPSED, 1300)) is Status.WITHDRAWN


ERASED = entry(Kind.ERASED, 130, EVERY)


@pytest.mark.parametrize(
    "before",
    [
        [REQUESTED],
        [REQUESTED, GIVEN],
        [REQUESTED, entry(Kind.REFUSED, 110)],
        [entry(Kind.REQUESTED, 200)],
        [REQUESTED, GIVEN, entry(Kind.PAUSED, 120)],
    ],
)
def test_an_erasure_ends_consents_pauses_and_open_questions(before: list[Entry]) -> None:
    record = admitted(*before, ERASED)
    assert (record.consent("offers").status, record.consent("offers").stopped_at) == (Status.WITHDRAWN, 130)
    assert not record.paused
    assert record.pending is None


def test_an_erasure_ends_every_known_purpose_and_creates_none() -> None:
    record = admitted(REQUESTED, GIVEN, entry(Kind.WITHDRAWN, 120, "order_updates"), ERASED)
    assert {name: consent.stopped_at for name, consent in record.consents.items()} == {
        "offers": 130,
        "order_updates": 120,
    }
    assert record.seq == 4
    assert admitted(ERASED).consents == {}


def test_a_record_counts_its_entries() -> None:
    assert admitted(REQUESTED, GIVEN, WITHDRAWN).seq == 3


# --- the question that waits


def test_a_request_waits_for_its_answer() -> None:
    pending = admitted(REQUESTED).pending
    assert pending is not None
    assert (pending.question, pending.purpose, pending.expires_at) == ("q1", "offers", 1100)


@pytest.mark.parametrize(
    "end", [GIVEN, entry(Kind.REFUSED, 110), entry(Kind.LAPSED, 1200), WITHDRAWN, entry(Kind.WITHDRAWN, 100)]
)
def test_the_question_is_closed_by_an_answer_a_lapse_or_a_withdrawal(end: Entry) -> None:
    assert admitted(REQUESTED, end).pending is None


@pytest.mark.parametrize("purpose", ["offers", "order_updates"])
def test_an_older_or_unrelated_withdrawal_leaves_the_question_open(purpose: str) -> None:
    withdrawn = entry(Kind.WITHDRAWN, 99 if purpose == "offers" else 120, purpose)
    assert admitted(REQUESTED, withdrawn).pending is not None


def test_a_new_question_takes_the_place_of_the_old_one() -> None:
    pending = admitted(REQUESTED, entry(Kind.REQUESTED, 130, question="q2")).pending
    assert pending is not None
    assert pending.question == "q2"


# --- which message answers it


def answers(record: Record, at: int, question: str | None = None, received_at: float | None = None) -> bool:
    received = float(at) if received_at is None else received_at
    return answerable(record, at=at, received_at=received, question=question) is not None


def test_a_typed_answer_counts_until_the_question_expires() -> None:
    record = admitted(REQUESTED)
    assert [at for at in (99, 100, 101, 1100, 1101) if answers(record, at)] == [100, 101, 1100]


def test_a_typed_answer_received_before_the_question_does_not_count() -> None:
    record = admitted(entry(Kind.REQUESTED, 100, recorded_at=105.0))
    assert not answers(record, 102, received_at=103.0)
    assert answers(record, 102, received_at=105.0)


def test_a_tapped_answer_counts_for_its_question_only() -> None:
    record = admitted(REQUESTED)
    assert answers(record, 110, "q1")
    assert not answers(record, 99, "q1")
    assert not answers(record, 110, "q0")
    assert not answers(record, 110, "")


def test_an_answer_that_is_not_newer_than_the_withdrawal_does_not_count() -> None:
    record = admitted(entry(Kind.WITHDRAWN, 100), REQUESTED)
    assert not answers(record, 100)
    assert not answers(record, 100, "q1")
    assert answers(record, 101)


def test_no_answer_counts_without_a_question() -> None:
    assert not answers(Record(), 110)
    assert not answers(Record(), 110, "q1")


# --- what is not allowed


@pytest.mark.parametrize(
    ("before", "wrong"),
    [
        ([], GIVEN),
        ([], entry(Kind.REFUSED, 110)),
        ([], entry(Kind.LAPSED, 110)),
        ([REQUESTED], entry(Kind.GIVEN, 110, question="q0")),
        ([REQUESTED], entry(Kind.GIVEN, 110, "order_updates")),
        ([REQUESTED], entry(Kind.REFUSED, 110, question="q0")),
        ([REQUESTED], entry(Kind.GIVEN, 1101)),
        ([REQUESTED], entry(Kind.GIVEN, 110, answer="")),
        ([REQUESTED], entry(Kind.GIVEN, 110, wording=b"")),
        ([REQUESTED], entry(Kind.GIVEN, 110, notice="")),
        ([REQUESTED], entry(Kind.GIVEN, 110, expires_at=110)),
        ([REQUESTED, WITHDRAWN], entry(Kind.GIVEN, 130)),
        ([entry(Kind.WITHDRAWN, 100), REQUESTED], entry(Kind.GIVEN, 100)),
        ([WITHDRAWN], entry(Kind.REQUESTED, 119)),
        ([REQUESTED, GIVEN], entry(Kind.REQUESTED, 120)),
        ([REQUESTED], entry(Kind.REQUESTED, 120, "order_updates")),
        ([], entry(Kind.REQUESTED, 100, question="")),
        ([], entry(Kind.REQUESTED, 100, wording=b"")),
        ([], entry(Kind.REQUESTED, 100, notice="")),
        ([], entry(Kind.REQUESTED, 100, expires_at=100)),
    ],
)
def test_an_entry_that_does_not_fit_the_record_is_refused(before: list[Entry], wrong: Entry) -> None:
    with pytest.raises(NotAllowed):
        admit(admitted(*before), wrong)


# --- withdrawal, in whatever order


def test_a_withdrawal_not_older_than_the_request_ends_the_consent() -> None:
    for at in (100, 105, 110, 115):
        assert status(REQUESTED, GIVEN, entry(Kind.WITHDRAWN, at)) is Status.WITHDRAWN


def test_a_withdrawal_older_than_the_request_is_only_remembered() -> None:
    consent = admitted(REQUESTED, GIVEN, entry(Kind.WITHDRAWN, 99)).consent("offers")
    assert consent.status is Status.GIVEN
    assert consent.stopped_at == 99


def test_the_newest_withdrawal_is_remembered() -> None:
    consent = admitted(WITHDRAWN, entry(Kind.WITHDRAWN, 90)).consent("offers")
    assert (consent.since, consent.stopped_at) == (120, 120)


# --- asked anew before the end

AGAIN = entry(Kind.REQUESTED, 6000, question="q2")
"""In the second half of the validity of a consent given at 110, until 10,110."""
YES_AGAIN = entry(Kind.GIVEN, 6010, question="q2")


def test_a_consent_stands_during_its_renewal() -> None:
    record = admitted(REQUESTED, GIVEN, AGAIN)
    assert record.allows("offers", 6001)
    assert not record.allows("offers", 10_110)
    assert record.pending is not None


def test_a_yes_to_a_renewal_starts_a_new_validity() -> None:
    consent = admitted(REQUESTED, GIVEN, AGAIN, YES_AGAIN).consent("offers")
    assert (consent.status, consent.since, consent.asked_at, consent.expires_at) == (Status.GIVEN, 6010, 6000, 16_010)
    assert (consent.question, consent.renewal_at) == ("q2", 0)


def test_a_no_to_a_renewal_ends_the_consent_at_once() -> None:
    assert status(REQUESTED, GIVEN, AGAIN, entry(Kind.REFUSED, 6010, question="q2")) is Status.REFUSED


def test_an_unanswered_renewal_does_not_change_when_the_consent_ends() -> None:
    silent = [REQUESTED, GIVEN, AGAIN, entry(Kind.LAPSED, 7001, question="q2")]
    assert admitted(*silent).allows("offers", 10_109)
    assert not admitted(*silent).allows("offers", 10_110)


@pytest.mark.parametrize(
    ("end", "left"),
    [(Kind.EXPIRED, Status.EXPIRED), (Kind.STALE, Status.STALE), (Kind.WITHDRAWN, Status.WITHDRAWN)],
)
def test_a_consent_that_ends_during_its_renewal_stays_ended_without_a_yes(end: Kind, left: Status) -> None:
    ended = [REQUESTED, GIVEN, AGAIN, entry(end, 5000 if end is Kind.WITHDRAWN else 6500)]
    assert status(*ended) is left
    assert status(*ended, entry(Kind.LAPSED, 7001, question="q2")) is left
    assert status(*ended, entry(Kind.GIVEN, 6600, question="q2")) is Status.GIVEN


@pytest.mark.parametrize("at", [6000, 6005, 6010, 6500])
def test_a_stop_not_older_than_the_renewal_ends_consent_and_question(at: int) -> None:
    record = admitted(REQUESTED, GIVEN, AGAIN, entry(Kind.WITHDRAWN, at))
    assert (record.consent("offers").status, record.pending) == (Status.WITHDRAWN, None)
    assert status(REQUESTED, GIVEN, AGAIN, YES_AGAIN, entry(Kind.WITHDRAWN, at)) is Status.WITHDRAWN


def test_a_stop_older_than_the_renewal_ends_only_the_old_consent() -> None:
    late = entry(Kind.WITHDRAWN, 5000)
    assert status(REQUESTED, GIVEN, AGAIN, late) is Status.WITHDRAWN
    assert status(REQUESTED, GIVEN, AGAIN, late, YES_AGAIN) is Status.GIVEN
    assert status(REQUESTED, GIVEN, AGAIN, YES_AGAIN, late) is Status.GIVEN


@pytest.mark.parametrize(
    ("before", "at"),
    [
        ([], 5109),
        ([AGAIN, entry(Kind.LAPSED, 7001, question="q2")], 8000),
        ([entry(Kind.PAUSED, 5500)], 6000),
        ([entry(Kind.RESTRICTED, 5500)], 6000),
    ],
)
def test_a_renewal_is_refused_too_early_twice_paused_or_restricted(before: list[Entry], at: int) -> None:
    with pytest.raises(NotAllowed):
        admit(admitted(REQUESTED, GIVEN, *before), entry(Kind.REQUESTED, at, question="q3"))


def test_an_open_renewal_question_may_be_asked_again() -> None:
    record = admitted(REQUESTED, GIVEN, AGAIN, entry(Kind.REQUESTED, 6100, question="q3"))
    assert record.pending is not None
    assert record.pending.question == "q3"


def test_a_renewed_consent_may_be_renewed_again() -> None:
    admitted(REQUESTED, GIVEN, AGAIN, YES_AGAIN, entry(Kind.REQUESTED, 12_000, question="q3"))


# --- what may be sent


def test_a_consent_allows_messages_until_it_ends() -> None:
    record = admitted(REQUESTED, GIVEN)
    assert record.allows("offers", 110)
    assert record.allows("offers", 10_109)
    assert not record.allows("offers", 10_110)
    assert not record.allows("order_updates", 110)


def test_a_pause_allows_nothing_until_it_ends() -> None:
    paused = admitted(REQUESTED, GIVEN, entry(Kind.PAUSED, 120))
    assert paused.paused
    assert not paused.allows("offers", 121)
    assert paused.given == ("offers",)
    kept = admit(paused, entry(Kind.KEPT, 130))
    assert kept.allows("offers", 131)


@pytest.mark.parametrize("end", [Kind.WITHDRAWN, Kind.EXPIRED, Kind.STALE])
def test_a_pause_ends_with_the_consent(end: Kind) -> None:
    assert not admitted(REQUESTED, GIVEN, entry(Kind.PAUSED, 120), entry(end, 130)).paused


def test_a_new_yes_ends_the_pause() -> None:
    ended = [REQUESTED, GIVEN, entry(Kind.PAUSED, 120), entry(Kind.STALE, 130)]
    again = [entry(Kind.REQUESTED, 140, question="q2"), entry(Kind.GIVEN, 150, question="q2")]
    assert admitted(*ended, *again).allows("offers", 151)


def test_a_given_consent_knows_its_question_and_its_notice() -> None:
    consent = admitted(REQUESTED, GIVEN).consent("offers")
    assert (consent.question, consent.notice) == ("q1", "2026-10")


def test_folding_facts_gives_the_same_record_as_admitting_them() -> None:
    assert fold([REQUESTED, GIVEN, WITHDRAWN]) == admitted(REQUESTED, GIVEN, WITHDRAWN)


def test_lifting_a_restriction_never_undoes_a_newer_restriction() -> None:
    first, lift, second = entry(Kind.RESTRICTED, 100), entry(Kind.LIFTED, 150), entry(Kind.RESTRICTED, 200)
    assert admitted(first, second, lift).restricted
    assert admitted(first, lift, second).restricted
    assert admitted(second, first, lift).restricted
    assert not admitted(first, lift).restricted
    assert not admitted(first, second, entry(Kind.LIFTED, 201)).restricted
    assert admitted(first, entry(Kind.LIFTED, 100)).restricted, "at equal time the restriction wins"


# --- what ended it


@pytest.mark.parametrize("method", [Method.CHAT, Method.SUPPRESSION, Method.WHATSAPP_SETTING])
def test_a_withdrawal_tells_how_it_came_about(method: Method) -> None:
    consent = fold([REQUESTED, GIVEN, entry(Kind.WITHDRAWN, 130, method=method)]).consent("offers")
    assert (consent.ended_by, consent.objected) == (method, False)


def test_the_latest_withdrawal_tells_in_whatever_order_they_arrive() -> None:
    older, newer = entry(Kind.WITHDRAWN, 130, method=Method.SUPPRESSION), entry(Kind.WITHDRAWN, 140)
    for both in ([older, newer], [newer, older]):
        assert fold([REQUESTED, GIVEN, *both]).consent("offers").ended_by is Method.CHAT


def test_an_objection_stays_one_until_a_new_yes() -> None:
    objected = [REQUESTED, GIVEN, entry(Kind.OBJECTED, 130), entry(Kind.WITHDRAWN, 140)]
    assert fold(objected).consent("offers").objected
    again = [*objected, entry(Kind.REQUESTED, 150, question="q2"), entry(Kind.GIVEN, 160, question="q2")]
    assert not fold(again).consent("offers").objected
    assert not fold([*again, entry(Kind.OBJECTED, 145)]).consent("offers").objected  # late, and the YES is newer


def test_an_objection_during_a_newer_question_holds_once_that_lapses() -> None:
    asked = [entry(Kind.REQUESTED, 100), entry(Kind.OBJECTED, 90)]
    lapsed = fold([*asked, entry(Kind.LAPSED, 1200)]).consent("offers")
    assert (lapsed.status, lapsed.objected) == (Status.WITHDRAWN, True)


# --- what a file says


CLAIMED = entry(Kind.IMPORTED, 50, method=Method.IMPORT, rule="shop")
CONFIRMED = entry(Kind.GIVEN, 50, method=Method.IMPORT, rule="shop", seen=Seen.UNKNOWN, question="")


def test_a_claim_is_no_consent() -> None:
    consent = admitted(CLAIMED).consent("offers")
    assert (consent.status, consent.claimed, consent.claimed_at) == (Status.NONE, True, 50)
    assert not admitted(CLAIMED).allows("offers", 60)


def test_a_claim_counts_only_after_it_was_recorded() -> None:
    assert admitted(CLAIMED, CONFIRMED).allows("offers", 60)
    with pytest.raises(NotAllowed, match="needs its claim first"):
        admit(Record(), CONFIRMED)


@pytest.mark.parametrize(
    "before",
    [
        [WITHDRAWN],
        [entry(Kind.WITHDRAWN, 10)],
        [REQUESTED, GIVEN, entry(Kind.OBJECTED, 120)],
        [entry(Kind.RESTRICTED, 120)],
        [entry(Kind.RESTRICTED, 120, "order_updates")],
        [REQUESTED, GIVEN, entry(Kind.PAUSED, 120)],
        [REQUESTED],
        [REQUESTED, GIVEN],
        [REQUESTED, entry(Kind.REFUSED, 110)],
        [REQUESTED, GIVEN, entry(Kind.EXPIRED, 120)],
        [REQUESTED, GIVEN, ERASED],
    ],
    ids=lambda entries: " ".join(f"{one.kind}" for one in entries),
)
@pytest.mark.parametrize("claimed_before", [False, True])
def test_nothing_imported_outweighs_what_the_person_said(before: list[Entry], claimed_before: bool) -> None:
    record = admitted(*([CLAIMED] if claimed_before else []), *before)
    for one in (CLAIMED, CONFIRMED):
        with pytest.raises(NotAllowed):
            admit(record, one)


@pytest.mark.parametrize("missing", [{"rule": ""}, {"notice": ""}, {"expires_at": 50}])
def test_an_imported_consent_needs_source_notice_and_end(missing: dict[str, object]) -> None:
    with pytest.raises(NotAllowed):
        admit(admitted(CLAIMED), replace(CONFIRMED, **missing))


def test_a_claim_over_a_withdrawal_is_refused_for_that_reason() -> None:
    with pytest.raises(NotAllowed, match="nothing imported lifts a withdrawal"):
        admit(admitted(WITHDRAWN), CLAIMED)


def test_any_withdrawal_ends_an_imported_consent() -> None:
    lapsed = [entry(Kind.REQUESTED, 100), entry(Kind.LAPSED, 1200)]
    assert status(*lapsed, CLAIMED, CONFIRMED, entry(Kind.WITHDRAWN, 20)) is Status.WITHDRAWN
