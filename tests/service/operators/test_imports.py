"""What a file says is a claim unless its evidence is confirmed, and never outweighs what the person said here."""

import asyncio
import hashlib
import io
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from bot.consent.evidence import EVERY, Clock, Entry, Kind, Method
from bot.consent.lifecycle import NotAllowed, Record, Status, admit
from bot.errors import OperatorError
from bot.messages.inbound import Sender
from bot.service.operators import claims, import_rows
from bot.service.operators.claims import What
from bot.service.operators.imports import Terms
from bot.service.ports import Move, Subject, exported
from bot.service.rights.gather import gathered
from bot.service.sending.reasons import Reason
from bot.settings import Settings
from bot.times import DAY
from tests.consent.facts import entry
from tests.service.operators.files import (
    ANA,
    BEN,
    CONFIRMED,
    FORMATS,
    NOW,
    SHA256,
    SOURCE,
    TERMS,
    Company,
    company,
    format_of,
)

ASKED = entry(Kind.REQUESTED, NOW - 900, notice="2026-10")
YES = entry(Kind.GIVEN, NOW - 800, notice="2026-10", expires_at=NOW + DAY)
EARLIER = NOW - 30 * DAY
"""When the file says that they consented."""

EVERY_FORMAT = pytest.mark.parametrize("format", FORMATS)


async def _erased(shop: Company) -> None:
    await shop.knows(ANA, ASKED, YES)
    await shop.operators.person.erase(await shop.operators.find.person(ANA, BEN))


async def _suppressed_stranger(shop: Company) -> None:
    await shop.operators.suppress.addresses([ANA], None, "a letter", BEN)


async def _moved_away(shop: Company) -> None:
    """They stopped, then took another number."""
    person, before, after = await shop.knows(ANA, entry(Kind.WITHDRAWN, NOW - 700)), Sender(ANA), Sender("+491511111")
    await shop.runtime.stores.persons.note_moves([Move(before, after, NOW - 600)])
    await shop.runtime.stores.persons.set_addresses(person, after, forget=ANA)


def _known(*entries: object) -> Callable[[Company], Awaitable[object]]:
    return lambda shop: shop.knows(ANA, *entries)  # type: ignore[arg-type]


STATES: Mapping[str, tuple[Callable[[Company], Awaitable[object]], str]] = {
    "withdrawn": (_known(ASKED, YES, entry(Kind.WITHDRAWN, NOW - 700)), "withdrawn on"),
    "withdrawn before they were asked": (_known(entry(Kind.WITHDRAWN, NOW - 700)), "withdrawn on"),
    "withdrawn long before the date in the file": (_known(entry(Kind.WITHDRAWN, EARLIER - DAY)), "withdrawn on"),
    "objected": (_known(ASKED, YES, entry(Kind.OBJECTED, NOW - 700)), "objected to on"),
    "suppressed": (_suppressed_stranger, "suppressed since"),
    "erased": (_erased, "suppressed since"),
    "moved away": (_moved_away, "changed hands"),
    "restricted": (_known(entry(Kind.RESTRICTED, NOW - 700)), "restricted"),
    "in doubt": (_known(ASKED, YES, entry(Kind.PAUSED, NOW - 700, "order_updates")), "want to stop"),
    "refused": (_known(ASKED, entry(Kind.REFUSED, NOW - 700)), "said no"),
    "expired": (_known(ASKED, YES, entry(Kind.EXPIRED, NOW - 700)), "has ended"),
    "stale": (_known(ASKED, YES, entry(Kind.STALE, NOW - 700)), "has ended"),
}
"""What outweighs a file, and how a row is told of it."""


@EVERY_FORMAT
@pytest.mark.parametrize("state", STATES)
async def test_subscribed_in_a_file_changes_nothing_over_what_the_person_said(
    confirming: Company, format: str, state: str
) -> None:
    bring_about, told = STATES[state]
    await bring_about(confirming)
    before = (await confirming.person(ANA), await confirming.record(ANA), await confirming.suppressed(ANA))
    outcomes = await confirming.imports(FORMATS[format](ANA, "in", EARLIER), format=format_of(format))
    assert [(one.row, one.what, one.purpose) for one in outcomes] == [(1, What.REFUSED, "offers")]
    assert told in outcomes[0].why
    assert (await confirming.person(ANA), await confirming.record(ANA), await confirming.suppressed(ANA)) == before


@EVERY_FORMAT
async def test_an_imported_consent_is_a_claim_that_allows_nothing(shop: Company, format: str) -> None:
    (outcome,) = await shop.imports(FORMATS[format](ANA, "in", EARLIER))
    assert (outcome.what, outcome.purpose) == (What.CLAIM, "offers")
    assert "[[imports]]" in outcome.why
    consent = (await shop.record(ANA)).consent("offers")
    assert (consent.status, consent.claimed, consent.claimed_at) == (Status.NONE, True, EARLIER)
    assert await shop.refusal(ANA) is Reason.NO_CONSENT
    person = await shop.person(ANA)
    assert person
    (story,) = await shop.runtime.stores.ledger.story(person)
    assert (story.kind, story.method, story.rule, story.actor, story.clock, story.legal_basis) == (
        Kind.IMPORTED,
        Method.IMPORT,
        SOURCE,
        "operator",
        Clock.FILE,
        "",
    )
    assert story.answer  # the row's own words


@EVERY_FORMAT
async def test_a_claim_counts_as_given_once_its_evidence_is_confirmed(stores: Settings, format: str) -> None:
    content = FORMATS[format](ANA, "in", EARLIER)
    async with company(stores) as shop:
        assert [one.what for one in await shop.imports(content)] == [What.CLAIM]
    async with company(stores, CONFIRMED) as shop:
        assert [one.what for one in await shop.imports(content)] == [What.GIVEN]
        consent = (await shop.record(ANA)).consent("offers")
        assert (consent.status, consent.since, consent.expires_at) == (Status.GIVEN, EARLIER, EARLIER + 365 * DAY)
        assert await shop.refusal(ANA) is None
        assert [one.what for one in await shop.imports(content)] == [What.UNCHANGED]


@pytest.mark.parametrize("other", ["file", "pipe", "API"])
async def test_only_the_file_that_was_confirmed_counts(stores: Settings, tmp_path: Path, other: str) -> None:
    file = tmp_path / "list.jsonl"
    file.write_bytes(FORMATS["bird"](ANA, "in", EARLIER))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    async with company(stores, CONFIRMED.replace(SHA256, sha256)) as shop:
        if other == "file":
            file.write_bytes(file.read_bytes() + b"\n")
            steps = [step async for step in shop.operators.imports.file(file, TERMS, BEN)]
            changed = hashlib.sha256(file.read_bytes()).hexdigest()
            assert f'this is sha256 = "{changed}"' in steps[0].outcomes[0].why
        else:
            content = file.read_bytes()
            pipe = import_rows.read("standard input", io.BytesIO(content))
            rows = pipe if other == "pipe" else import_rows.objects([json.loads(content)], "bird")
            steps = [step async for step in shop.operators.imports.rows(rows, TERMS, BEN)]
        assert steps[-1].counts == {"claim": 1}
        file.write_bytes(FORMATS["bird"](ANA, "in", EARLIER))
        steps = [step async for step in shop.operators.imports.file(file, TERMS, BEN)]
        assert (steps[-1].counts, steps[-1].sha256) == ({"given": 1}, sha256)


async def test_a_confirmed_consent_ends_by_its_original_date(confirming: Company) -> None:
    old = NOW - 400 * DAY
    assert [one.what for one in await confirming.imports(FORMATS["bird"](ANA, "in", old))] == [What.GIVEN]
    assert (await confirming.record(ANA)).consent("offers").status is Status.EXPIRED
    assert await confirming.refusal(ANA) is Reason.EXPIRED


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("{ana},single opt-in,2026-10-05,offers", "single opt-in"),
        ("{ana},subscribed,,offers", "does not say when"),
        ("{ana},subscribed,2026-11-30,offers", "newer than the confirmation"),
        ("{ana},subscribed,2026-10-05,order_updates", "nobody has confirmed"),
    ],
)
async def test_what_the_confirmation_does_not_cover_stays_a_claim(confirming: Company, row: str, why: str) -> None:
    (outcome,) = await confirming.imports(f"phone,status,date,purpose\n{row.format(ana=ANA)}\n".encode())
    assert (outcome.what, why in outcome.why) == (What.CLAIM, True)
    assert await confirming.refusal(ANA) is Reason.NO_CONSENT


async def test_any_withdrawal_ends_an_imported_consent_even_one_dated_before_it(confirming: Company) -> None:
    await confirming.imports(FORMATS["bird"](ANA, "in", EARLIER))
    await confirming.imports(FORMATS["bird"](ANA, "out", EARLIER - DAY))
    assert await confirming.refusal(ANA) is Reason.SUPPRESSED


@pytest.mark.parametrize("order", [("in", "out"), ("out", "in")])
async def test_of_contradicting_rows_the_stricter_wins(confirming: Company, order: tuple[str, str]) -> None:
    words = {"in": "subscribed", "out": "unsubscribed"}
    rows = "".join(f"{ANA},{words[says]},2026-10-05\n" for says in order)
    outcomes = await confirming.imports(f"phone,status,date\n{rows}".encode())
    assert {one.what for one in outcomes} == {What.SUPPRESSED, What.REFUSED}
    assert await confirming.person(ANA) is None
    assert await confirming.suppressed(ANA)


async def test_the_same_row_twice_is_one_claim(shop: Company) -> None:
    row = f"{ANA},yes,2026-10-05\n"
    outcomes = await shop.imports(f"phone,status,date\n{row}{row}".encode())
    assert [one.what for one in outcomes] == [What.CLAIM, What.UNCHANGED]
    assert (await shop.record(ANA)).seq == 1
    assert [one.what for one in await shop.imports(f"phone,status,date\n{row}".encode())] == [What.UNCHANGED]


async def test_a_yes_given_here_is_left_as_it_is(shop: Company) -> None:
    await shop.knows(ANA, ASKED, YES)
    (outcome,) = await shop.imports(FORMATS["bird"](ANA, "in", EARLIER))
    assert (outcome.what, (await shop.record(ANA)).seq) == (What.UNCHANGED, 2)
    assert await shop.refusal(ANA) is None


# --- suppressions


@EVERY_FORMAT
async def test_unsubscribed_in_a_file_ends_a_standing_consent_at_once(shop: Company, format: str) -> None:
    person = await shop.knows(ANA, ASKED, YES)
    assert await shop.refusal(ANA) is None
    (outcome,) = await shop.imports(FORMATS[format](ANA, "out", NOW - 100))
    assert (outcome.what, outcome.purpose) == (What.SUPPRESSED, "offers")
    assert await shop.refusal(ANA) is Reason.SUPPRESSED
    assert await shop.suppressed(ANA) == {"offers": NOW - 100}
    last = (await shop.runtime.stores.ledger.story(person))[-1]
    assert (last.kind, last.method, last.rule, last.actor) == (Kind.WITHDRAWN, Method.SUPPRESSION, SOURCE, "operator")


@EVERY_FORMAT
async def test_a_suppressed_stranger_is_not_made_a_person(shop: Company, format: str) -> None:
    (outcome,) = await shop.imports(FORMATS[format](ANA, "out", NOW - 2000 * DAY))
    assert outcome.what is What.SUPPRESSED
    assert await shop.person(ANA) is None
    assert await shop.suppressed(ANA) == {"offers": NOW}  # kept from now on, however old the wish is
    assert [one.what for one in await shop.imports(FORMATS[format](ANA, "out", NOW - 2000 * DAY))] == [What.UNCHANGED]


@pytest.mark.parametrize("format", ["twilio", "infobip"])
async def test_a_bare_block_list_suppresses_everything(shop: Company, format: str) -> None:
    await shop.knows(ANA, ASKED, YES)
    content = f"{ANA}\nwhatsapp:+4915123456780\n".encode()
    outcomes = await shop.imports(content, Terms(SOURCE), format)
    assert [(one.what, one.purpose) for one in outcomes] == [(What.SUPPRESSED, EVERY)] * 2
    assert await shop.refusal(ANA) is Reason.SUPPRESSED
    assert (await shop.record(ANA)).consent("order_updates").status is Status.WITHDRAWN
    assert await shop.suppressed("+4915123456780") == {EVERY: NOW}


async def test_a_withdrawal_older_than_a_yes_given_here_does_not_undo_it(shop: Company) -> None:
    await shop.knows(ANA, ASKED, YES)
    for _ in range(2):
        (outcome,) = await shop.imports(FORMATS["bird"](ANA, "out", EARLIER))
        assert (outcome.what, "agreed here later" in outcome.why) == (What.UNCHANGED, True)
    assert await shop.refusal(ANA) is None


@pytest.mark.parametrize("other", ["2026-11-29", "soon"])
async def test_the_newest_date_of_a_suppression_counts_and_none_if_any_is_unclear(shop: Company, other: str) -> None:
    yes = entry(Kind.GIVEN, NOW - 9 * DAY + 1, notice="2026-10", expires_at=NOW + DAY)
    await shop.knows(ANA, entry(Kind.REQUESTED, NOW - 9 * DAY, notice="2026-10"), yes)
    assert await shop.refusal(ANA) is None
    content = f"contact_id,status,date_of_consent,Date\n{ANA},opt-out,2026-10-05,{other}\n"
    assert [one.what for one in await shop.imports(content.encode())] == [What.SUPPRESSED]
    assert await shop.refusal(ANA) is Reason.SUPPRESSED


async def test_a_list_in_a_row_counts_as_a_whole(shop: Company) -> None:
    row = b'{"phone":"%s","channel":["sms","whatsapp"],"consent":"unsubscribed","purposes":["order_updates","offers"]}'
    await shop.imports(row % ANA.encode())
    assert await shop.suppressed(ANA) == {"order_updates": NOW, "offers": NOW}


async def test_each_json_row_says_by_itself_if_it_is_about_consent(shop: Company) -> None:
    row = b'{"phone":"%s","name":"Ana"}\n' % ANA.encode()
    outcomes = await shop.imports(row * 150 + b'{"phone":"%s","status":"unsubscribed"}' % ANA.encode())
    assert [one.what for one in outcomes] == [What.UNCHANGED] * 150 + [What.SUPPRESSED]


@pytest.mark.parametrize(("word", "suppressed"), [("true", True), ("complained", True), ("no", False), ("", False)])
async def test_a_column_of_suppressions_suppresses(shop: Company, word: str, suppressed: bool) -> None:
    await shop.imports(f"phone,suppressed\n{ANA},{word}\n".encode())
    assert bool(await shop.suppressed(ANA)) is suppressed


async def test_a_number_that_can_be_read_in_two_ways_is_suppressed_in_both_and_claimed_in_none(shop: Company) -> None:
    (claimed,) = await shop.imports(b"phone,status\n3612345678,subscribed\n")
    assert (claimed.what, "country" in claimed.why) == (What.REFUSED, True)
    await shop.imports(b"phone,status\n3612345678,unsubscribed\n")
    assert await shop.suppressed("+3612345678")
    assert await shop.suppressed("+493612345678")


async def test_an_unclear_row_that_says_stop_is_obeyed(shop: Company) -> None:
    (outcome,) = await shop.imports(f"phone,status,date,purpose\n{ANA},STOP,yesterday,bulletin\n".encode())
    assert (outcome.what, outcome.purpose) == (What.SUPPRESSED, EVERY)


# --- rows and files


@pytest.mark.parametrize(
    ("columns", "why"),
    [("2026-10-05,someday", "date is not understood"), ("0000000000,", "date is not understood")],
)
async def test_a_row_with_a_wrong_date_is_refused(confirming: Company, columns: str, why: str) -> None:
    (outcome,) = await confirming.imports(f"phone,status,date,until\n{ANA},yes,{columns}\n".encode())
    assert (outcome.what, why in outcome.why) == (What.REFUSED, True), outcome


async def test_an_end_in_a_year_far_away_is_none(confirming: Company) -> None:
    (outcome,) = await confirming.imports(f"phone,status,date,until\n{ANA},yes,2026-10-05,9999-12-31\n".encode())
    assert outcome.what is What.GIVEN


async def test_what_the_law_does_not_allow_is_refused_and_the_file_goes_on(
    confirming: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_consents(record: Record, new: Entry) -> Record:
        if new.kind is Kind.GIVEN:
            raise NotAllowed("a rule")
        return admit(record, new)

    monkeypatch.setattr(claims, "admit", no_consents)
    outcomes = await confirming.imports(f"phone,status,date\n{ANA},yes,2026-10-05\n+4915123456780,yes,\n".encode())
    assert [(one.what, "a rule; " in one.why) for one in outcomes] == [(What.REFUSED, True), (What.CLAIM, False)]
    assert await confirming.person(ANA) is None


async def test_a_row_that_is_nested_too_deeply_is_refused(shop: Company) -> None:
    deep = b'{"a":' * 1000 + b"{}" + b"}" * 1000
    outcomes = await shop.imports(deep + b'\n{"phone":"%s","status":"no"}' % ANA.encode())
    assert [one.what for one in outcomes] == [What.REFUSED, What.SUPPRESSED]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("4.915e+13,subscribed,", "rounded by a spreadsheet"),
        ('"4,91512E+12",subscribed,', "rounded by a spreadsheet"),
        ("4915123456789.0,subscribed,", "rounded by a spreadsheet"),
        ("hello,subscribed,", "not a phone number"),
        (",subscribed,", "no number"),
        ("{ana},perhaps,", "not understood"),
        ("{ana},double opt-in pending,", "not completed"),
        ("{ana},Ausstehend,", "not completed"),
        ("{ana},subscribed,05/10/2026", "date is not understood"),
        ("{ana},subscribed,2027-01-01", "in the future"),
        ("{ana},subscribed,2026-01-01,x", "more cells than the header"),
    ],
)
async def test_a_row_that_is_not_clear_is_refused_with_its_cure(confirming: Company, row: str, why: str) -> None:
    (outcome,) = await confirming.imports(f"phone,status,date\n{row.format(ana=ANA)}\n".encode())
    assert (outcome.what, why in outcome.why) == (What.REFUSED, True), outcome
    assert ";" in outcome.why
    assert ANA[1:] not in outcome.why
    assert await confirming.person(ANA) is None


@pytest.mark.parametrize("word", ["", "null", "None", "n/a", "NOT_SUBSCRIBED", "NotSeen", "unknown"])
async def test_a_row_that_says_nothing_about_consent_changes_nothing(shop: Company, word: str) -> None:
    (outcome,) = await shop.imports(f"phone,status\n{ANA},{word}\n".encode())
    assert (outcome.what, await shop.person(ANA), await shop.suppressed(ANA)) == (What.UNCHANGED, None, {})


@pytest.mark.parametrize(
    "word",
    ["Subscribed", "OPT_IN", "opted in", "Yes", "TRUE", "1", "Ja", "oui", "Sí", "CONFIRMED_OPT_IN", "single_opt_in"],
)
async def test_words_for_yes_are_read_in_any_case_and_many_languages(shop: Company, word: str) -> None:
    assert [one.what for one in await shop.imports(f"phone,status\n{ANA},{word}\n".encode())] == [What.CLAIM]


@pytest.mark.parametrize(
    "word", ["UnSubscribed", "Opt Out", "opt-out", "BLOCKED", "No", "0", "Nein", "désabonné", "нет"]
)
async def test_words_for_no_are_read_in_any_case_and_many_languages(shop: Company, word: str) -> None:
    assert [one.what for one in await shop.imports(f"phone,status\n{ANA},{word}\n".encode())] == [What.SUPPRESSED]


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeffphone;status\r\n{ANA};unsubscribed\r\n".encode(),
        f"phone\tstatus\n{ANA}\tunsubscribed\n".encode("utf-16"),
        f"phone,status\n{ANA},unsubscribed\n".encode("utf-16-le"),
        f'"status","Phone Number"\n"unsubscribed","{ANA}"'.encode(),
        b"phone,status\n015123456789,unsubscribed\n",
        b"phone,status\n0049 (0)1512 3456789,unsubscribed\n".replace(b"(0)", b""),
        f'{{"mobile": "{ANA}", "status": false}}\n'.encode(),
        b'{"number": 4915123456789, "status": 0}\n',
    ],
    ids=range(8),
)
async def test_usual_ways_to_write_a_file_are_read(shop: Company, content: bytes) -> None:
    assert [one.what for one in await shop.imports(content)] == [What.SUPPRESSED]
    assert await shop.suppressed(ANA) == {"offers": NOW}


async def test_digits_without_plus_are_read_as_the_mobile_number_that_they_may_be(shop: Company) -> None:
    assert [one.what for one in await shop.imports(b"phone,status\n4915123456789,yes\n")] == [What.CLAIM]
    assert (await shop.record(ANA)).consent("offers").claimed


@pytest.mark.parametrize(
    "content", [f"phone,name\n{ANA},Ana\n", f'{{"phone": "{ANA}", "name": "Ana"}}\n'], ids=["csv", "jsonl"]
)
async def test_a_file_without_consent_columns_changes_no_consent_and_says_so(shop: Company, content: str) -> None:
    await shop.knows(ANA, ASKED, YES)
    (outcome,) = await shop.imports(content.encode())
    assert (outcome.what, "no column about consent" in outcome.why) == (What.UNCHANGED, True)
    assert (await shop.record(ANA)).seq == 2


async def test_a_consent_for_another_channel_is_none_for_whatsapp(confirming: Company) -> None:
    row = f'{{"handle": "{ANA}", "channel": "sms", "status": "granted", "created_at": "2026-10-05"}}'
    assert [one.what for one in await confirming.imports(row.encode())] == [What.UNCHANGED]
    assert await confirming.person(ANA) is None


async def test_a_customer_whom_shopify_never_asked_is_not_opted_out(shop: Company) -> None:
    content = f"Phone,Accepts WhatsApp Marketing\n{ANA},no\n".encode()
    assert [one.what for one in await shop.imports(content)] == [What.UNCHANGED]
    assert await shop.suppressed(ANA) == {}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"[{}]", "one object on each line"),
        (b"name,status\nAna,yes\n", "no column with numbers"),
        (b"phone,status\n+49151,\xff\n", "not UTF-8"),
        (b'phone,status\n+49151,"yes"no\n', "correct the quotes"),
        (b"phone,status\n" + b"x" * (1 << 20), "is longer than"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_with_its_cure(shop: Company, content: bytes, problem: str) -> None:
    with pytest.raises(OperatorError, match=problem) as raised:
        await shop.imports(content)
    assert "; " in str(raised.value)


@pytest.mark.parametrize("terms", [Terms(""), Terms(" "), Terms(SOURCE, ["nonsense"]), Terms(SOURCE, (), {"a": "b"})])
async def test_an_import_needs_its_source_and_purposes_that_exist(shop: Company, terms: Terms) -> None:
    with pytest.raises(OperatorError, match=r"--source|name one of"):
        await shop.imports(FORMATS["bird"](ANA, "in", EARLIER), terms)


async def test_names_of_purposes_in_the_file_are_translated(shop: Company) -> None:
    content = f"phone,status,purpose\n{ANA},yes,0ZW1\n".encode()
    assert [one.what for one in await shop.imports(content)] == [What.REFUSED]
    (outcome,) = await shop.imports(content, Terms(SOURCE, (), {"0ZW1": "offers"}))
    assert (outcome.what, outcome.purpose) == (What.CLAIM, "offers")


async def test_a_new_person_gets_the_language_that_the_file_names(shop: Company) -> None:
    await shop.imports(f"phone,status,locale\n{ANA},yes,fr_FR\n".encode())
    person = await shop.person(ANA)
    assert person
    assert (await shop.runtime.stores.persons.load([person]))[person].locale == "fr"


async def test_a_dry_run_reports_the_same_and_changes_nothing(confirming: Company) -> None:
    ben = "+4915123456780"
    await confirming.knows(ben, ASKED, YES)
    content = f"phone,status,date\n{ANA},yes,2026-10-05\n{ben},no,\n{ben},yes,2026-10-05\nhello,yes,\n".encode()
    told = await confirming.imports(content, dry_run=True)
    assert await confirming.person(ANA) is None
    assert ((await confirming.record(ben)).seq, await confirming.suppressed(ben)) == (2, {})
    done = await confirming.imports(content)
    assert [one.what for one in told] == [one.what for one in done]


async def test_whoever_is_known_is_looked_at_and_that_is_recorded_in_a_dry_run_too(shop: Company) -> None:
    person = await shop.knows(ANA, ASKED, YES)
    await shop.imports(FORMATS["bird"](ANA, "in", EARLIER), dry_run=True)
    assert [(read.command, read.operator) for read in await shop.runtime.stores.reads.of(person)] == [("import", "ben")]


# --- the person's own view


async def test_my_data_tells_the_claim_with_its_source(shop: Company) -> None:
    await shop.imports(FORMATS["bird"](ANA, "in", EARLIER))
    person = await shop.person(ANA)
    assert person
    mine = gathered(await exported(shop.runtime.use_cases.data_holders, Subject(person)))
    assert [(one.purpose, one.status) for one in mine.consents] == [("offers", "claimed")]
    (claim,) = mine.history
    assert (claim.kind, claim.method, claim.rule, "preference.granted" in claim.answer) == (
        "imported",
        "import",
        SOURCE,
        True,
    )


async def test_an_erased_person_s_claim_can_no_longer_be_read_and_does_not_come_back(shop: Company) -> None:
    await shop.imports(FORMATS["bird"](ANA, "in", EARLIER))
    person = await shop.person(ANA)
    assert person
    await shop.operators.person.erase(await shop.operators.find.person(ANA, BEN))
    assert next(iter(await shop.runtime.stores.ledger.story(person))).answer is None
    assert [one.what for one in await shop.imports(FORMATS["bird"](ANA, "in", EARLIER))] == [What.REFUSED]
    assert await shop.person(ANA) is None


# --- long files


def numbers(count: int) -> list[str]:
    return [f"+49151{20_000_000 + number}" for number in range(count)]


async def test_an_interrupted_import_goes_on_where_it_ended(shop: Company, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("phone,status\n" + "".join(f"{number},yes\n" for number in numbers(1200)), "utf-8")
    running = shop.operators.imports.file(file, TERMS, BEN)
    first = await anext(running)
    await running.aclose()  # type: ignore[attr-defined]
    assert first.position == 500
    steps = [step async for step in shop.operators.imports.file(file, TERMS, BEN)]
    assert [len(step.outcomes) for step in steps] == [500, 200]
    assert (steps[-1].position, steps[-1].counts) == (1200, {"claim": 1200})
    again = [step async for step in shop.operators.imports.file(file, TERMS, BEN)]
    assert (again[0].position, again[-1].counts) == (500, {"unchanged": 1200})


async def test_two_imports_of_one_file_at_once_claim_each_consent_once(shop: Company) -> None:
    content = b"phone,status\n" + b"".join(f"{number},yes\n".encode() for number in numbers(300))
    both = await asyncio.gather(shop.imports(content), shop.imports(content))
    assert sorted(one.what for outcomes in both for one in outcomes) == [What.CLAIM] * 300 + [What.UNCHANGED] * 300
    assert {(await shop.record(number)).seq for number in numbers(300)} == {1}


async def test_addresses_of_one_person_lead_to_one_claim_each_in_the_same_record(shop: Company) -> None:
    (person,) = await shop.runtime.stores.persons.create([Sender(ANA, "DE.123")])
    await shop.imports(f"bsuid,phone,status\nDE.123,,yes\n,{ANA},yes\n".encode())
    record = await shop.record(ANA)
    assert (await shop.person("DE.123"), record.consent("offers").claimed) == (person, True)
