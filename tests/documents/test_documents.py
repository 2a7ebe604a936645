"""MY DATA and PROOF as PDF files: what was planted can be read in them, in every script, by another reader."""

import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pypdf import PdfReader

from bot.app.load import load_world
from bot.consent import verifier
from bot.consent.evidence import Kind, Method
from bot.consent.lifecycle import Status
from bot.consent.requests import State
from bot.consent.rights import Right
from bot.consent.verifier import check_evidence
from bot.conversation.compose import DOCUMENT
from bot.documents import Documents
from bot.documents.paper import FONTS
from bot.documents.words import BASES, METHODS, RULES, STATES, TEXTS, WAITING, DocumentWords
from bot.service.rights.gather import my_data
from bot.service.rights.my_data import MyData
from tests.consent.test_verifier import PUBLIC, evidence
from tests.documents.worlds import NAMES, many_scripts
from tests.outside import needs
from tests.service.rights.held import BUSINESS, LEDGER, NOW, PERSON

WORLD = many_scripts()
REAL = load_world()[0]
DOCUMENTS = Documents(WORLD)
ANSWERS = {
    "en": "YES",
    "de": "JA, gern",
    "el": "ΝΑΙ παρακαλώ",
    "bg": "ДА, съгласен",
    "ar": "نعم أوافق",
    "he": "כן, בבקשה",
}
BOT = Path(__file__).parents[2] / "bot"
Write = Callable[[MyData, str], bytes]


def data(answer: str = "oui", **more: Any) -> MyData:
    requested, given = ({**event, "method": "chat", "legal_basis": "consent"} for event in LEDGER["history"])
    given["answer"] = answer
    return my_data([PERSON, {**LEDGER, "history": [requested, given]}, more], BUSINESS, NOW)


def read(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def signed() -> dict[str, Any]:
    return evidence() | {"public_key": PUBLIC.hex()}


def has(text: str, pdf: bytes) -> bool:
    """Whether the words of a text are there, each letter by letter; the order of words is a matter of direction."""
    told = read(pdf)
    return all(word in told for word in text.split())


@pytest.fixture(params=["my_data", "receipt"])
def write(request: pytest.FixtureRequest) -> Write:
    made: Write = getattr(DOCUMENTS, request.param)
    return made


@pytest.mark.parametrize("locale", ANSWERS)
def test_an_answer_appears_unchanged_in_both_documents(write: Write, locale: str) -> None:
    assert has(ANSWERS[locale].replace(",", ""), write(data(ANSWERS[locale]), locale))


@pytest.mark.parametrize("locale", NAMES)
def test_labels_are_in_the_requested_language(write: Write, locale: str) -> None:
    pdf = write(data(), locale)
    assert has(NAMES[locale]["answer"], pdf)
    assert has(NAMES[locale]["agreed"], pdf)


def test_dates_languages_and_countries_are_in_the_requested_language() -> None:
    told = read(DOCUMENTS.my_data(data(), "de"))
    assert "20.11.2026, 11:01:00 MEZ" in told
    assert "Times: Mitteleuropäische Zeit (Europe/Paris)" in told, "the person's own, by their number"
    assert "Französisch" in told
    assert "Vereinigte Staaten" in told


def test_my_data_contains_everything_known_about_a_person() -> None:
    request = {
        "id": "0199c7a0-0000-7000-8000-000000000002",
        "right": "access",
        "received_at": "2026-11-25T10:00:00Z",
        "due": "2026-12-28",
        "state": "open",
        "steps": [{"at": "2026-11-25T10:00:00Z", "state": "open", "reason": "my name is Ana"}],
    }
    looks = [{"at": "2026-11-25T10:00:00Z", "how": "person show", "why": "a complaint"}]
    messages = [{"id": "m1", "at": "2026-11-25T10:00:00Z", "purpose": "offers", "withheld": "withdrawn"}]
    waiting = {"what": "to_you", "since": "2026-11-25T10:00:00Z", "text": "on its way *here*"}
    told = read(DOCUMENTS.my_data(data(requests=[request], waiting=[waiting], looks=looks, messages=messages), "en"))
    for planted in (
        "+33600000001",
        "FR.10000000000000000001",
        "French",
        "On vous écrit ?",
        "oui",
        "2026-10: https://blumen-haas.example/fr/confidentialite",
        "See my data (GDPR Art. 15): Nov 25, 2026 – to be answered by Dec 28, 2026",
        "Message to you",
        "on its way here",
        "offers and news: asked",
        "my name is Ana",
        "Our staff looked at your data",
        "a complaint",
        "Not sent to you",
        "Meta Platforms Ireland Ltd. (WhatsApp): Ireland",
        "No decision about you is made by a computer alone",
    ):
        assert planted in told


def test_my_data_does_not_show_names_of_flows_and_states() -> None:
    talk = {"language": "fr", "flow": "opt_in", "state": "waiting_for_words", "purpose": "offers"}
    told = read(DOCUMENTS.my_data(data(talk=talk), "en"))
    assert "offers and news: asked" in told
    assert not [name for name in ("opt_in", "waiting_for_words", "What else is stored") if name in told]


def test_the_reason_of_an_answer_is_told_in_the_person_s_language_and_not_in_ours() -> None:
    steps = [
        {"state": "open", "by": "person", "reason": "Ich heiße Müller"},
        {"state": "refused", "by": "company", "because": "checked", "reason": "Rufen Sie an"},
        {"state": "refused", "by": "program", "reason": "the answer was delivered"},
    ]
    request: dict[str, Any] = {
        "id": "1",
        "right": "rectification",
        "received_at": "2026-11-25T10:00:00Z",
        "due": "2026-12-28",
    }
    request |= {
        "state": "refused",
        "steps": [{"at": f"2026-11-2{day}T10:00:00Z"} | step for day, step in enumerate(steps, 5)],
    }
    told = read(Documents(REAL).my_data(data(requests=[request]), "de"))
    for planted in ("Ich heiße Müller", "Rufen Sie an", "26.11.2026: Wir haben es geprüft: Die Daten stimmen so."):
        assert planted in told
    assert "abgelehnt, 26.11.2026" in told, "not the day on which it was delivered"
    assert not [ours for ours in ("checked", "delivered") if ours in told]


@pytest.mark.parametrize("state", ["done", "refused"])
def test_a_closed_request_shows_when_it_was_closed(state: str) -> None:
    steps = [{"at": "2026-11-25T10:00:00Z", "state": "open"}, {"at": "2026-11-27T10:00:00Z", "state": state}]
    request = {"id": "1", "right": "access", "received_at": "2026-11-25T10:00:00Z", "due": "2026-12-28"}
    told = read(DOCUMENTS.my_data(data(requests=[request | {"state": state, "steps": steps}]), "en"))
    said = {"done": "answered", "refused": "declined"}[state]
    assert f"See my data (GDPR Art. 15): Nov 25, 2026 – {said}, Nov 27, 2026" in told
    assert "\ufffd" not in told, "no font has it"


def test_a_receipt_contains_the_proof_of_a_consent() -> None:
    told = read(DOCUMENTS.receipt(data(), "en"))
    for planted in (
        "Proof of your choices at Blumen Haas",
        "offers and news: agreed",
        "On vous écrit ?",
        "oui",
        "WhatsApp's clock: Nov 20, 2026",
        "How: in this chat, in your own words",
        "Legal basis: your consent",
        f"Fingerprint (SHA-256): {'ab' * 32}",
    ):
        assert planted in told
    assert "yes:fr:exact" not in told, "a word for machines"


@pytest.mark.parametrize("page", ["https://bot.blumen-haas.example/verify", ""])
def test_a_receipt_carries_all_that_is_needed_to_check_it(page: str) -> None:
    pdf = DOCUMENTS.receipt(data(), "en", signed(), page)
    told, attached = read(pdf), PdfReader(BytesIO(pdf)).attachments
    assert "How to check this document" in told
    assert signed()["checkpoint"].splitlines()[2] in told
    assert ("verify.py is attached" in told) == (not page)
    assert page in told
    assert check_evidence(json.loads(attached["evidence.json"][0]), PUBLIC)
    assert attached["verify.py"] == [Path(verifier.__file__).read_bytes()]


@needs("zbarimg", "zbar-tools")
def test_the_code_on_a_receipt_leads_to_the_page_and_the_checkpoint(tmp_path: Path) -> None:
    page = "https://bot.blumen-haas.example/verify"
    (tmp_path / "receipt.pdf").write_bytes(DOCUMENTS.receipt(data(), "en", signed(), page))
    subprocess.run(["pdftoppm", "-r", "150", "-png", "receipt.pdf", "page"], cwd=tmp_path, check=True)
    images = sorted(tmp_path.glob("*.png"))
    read_out = subprocess.run(["zbarimg", "-q", "--raw", *images], capture_output=True, text=True)  # it is on one page
    assert read_out.stdout.strip() == f"{page}#{quote(signed()['checkpoint'])}"


def test_the_properties_of_a_file_name_the_company_and_no_program(write: Write) -> None:
    pdf = write(data(), "en")
    told = PdfReader(BytesIO(pdf)).metadata
    assert told is not None
    assert told.author == "Blumen Haas"
    assert set(told) == {"/Title", "/Author", "/CreationDate"}
    assert b"fpdf" not in pdf.lower()
    assert b"consentbot" not in pdf.lower()


def test_each_page_says_which_of_how_many_it_is_and_looks_like_the_others(write: Write) -> None:
    history = [{**LEDGER["history"][1], "answer": f"answer-{number}"} for number in range(40)]
    pages = PdfReader(BytesIO(write(my_data([PERSON, {"history": history}], BUSINESS, NOW), "en"))).pages
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        told = page.extract_text()
        assert f"Page {number} of {len(pages)}" in told
        assert "at Blumen Haas" in told, "the running head"


@pytest.mark.parametrize("lines", [1, 20, 34])
def test_neither_a_box_nor_what_belongs_to_it_is_split_over_pages(lines: int) -> None:
    history = [{**LEDGER["history"][1], "answer": f"begins-{n}\n" + "x\n" * lines + f"ends-{n}"} for n in range(7)]
    pdf = DOCUMENTS.receipt(my_data([PERSON, {"history": history}], BUSINESS, NOW), "en")
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    for number in range(7):
        (page,) = [page for page in pages if f"begins-{number}\n" in page]
        assert f"ends-{number}" in page
    assert all(page.count("Fingerprint") == page.count("You answered") for page in pages)


@pytest.mark.parametrize("locale", REAL.texts.offered)
def test_a_document_has_no_words_for_machines(locale: str) -> None:
    """Neither raw marks nor identifiers, in any language; each identifier of a record has its label."""
    ways = zip(Method, cycle([*RULES, "yes:fr:exact"]))
    own = (Method.IMPORT, Method.SALE)  # their rules are the company's own words
    methods = [
        {**LEDGER["history"][1], "method": method, "rule": "File 7" if method in own else rule} for method, rule in ways
    ]
    wording = "*Blumen Haas*: *JA* 2*3"
    history = [{**LEDGER["history"][0], "wording": wording}, *methods, *({**methods[0], "purpose": "*"},)]
    rights = [
        {"id": "0199c7a0-0000-7000-8000-00000000000a", "right": right, "received_at": "2026-11-25T10:00:00Z"}
        | {"due": "2026-12-28", "state": state, "steps": []}
        for right, state in zip(Right, cycle(State), strict=False)
    ]
    waiting = [{"what": what, "text": {"sent_to_you": "offers"}.get(what, "")} for what in WAITING]
    waiting += [{"what": "kept_after_an_erasure", "text": text} for text in ("*", "proof until 2029-11-25")]
    held = [PERSON, {**LEDGER, "history": history}, {"requests": rights, "waiting": waiting}]
    told = read(Documents(REAL).my_data(my_data(held, BUSINESS, NOW), locale))
    assert set(re.findall(r"\S*\*\S*", told)) == {"2*3"}, "what the person typed stays"
    words = {
        "order_updates",
        "sent_to_you",
        "kept_after",
        "notice_change",
        "superseded",
        "unused_lapse",
        "rectification",
    }
    assert not [word for word in words if word in told]
    assert told.count(PERSON["person"]["id"]) == 1
    assert "proof until" not in told
    assert (
        locale == "en"
        or not [word for word in ("GDPR Art.", "in this chat", "your consent") if word in told]
        or (locale in ("da", "sv"))
    ), "the abbreviation is the same there"


def test_commas_are_those_of_the_language() -> None:
    assert DocumentWords(REAL, "ar").in_a_row(["a", "", "b"]) == "a\u060c b"
    assert DocumentWords(REAL, "he").in_a_row(["a", "", "b"]) == "a, b"
    assert "\u060c" in DocumentWords(REAL, "ar").how(data().history[1])


def test_a_time_without_a_short_name_for_its_zone_shows_the_offset() -> None:
    summer = datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert DocumentWords(REAL, "fr", "Europe/Paris").time(summer).endswith("12:00:00 UTC+2")
    assert DocumentWords(REAL, "de", "Europe/Paris").time(summer).endswith("12:00:00 MESZ")
    assert DocumentWords(REAL, "en", "Asia/Kolkata").time(summer).endswith("UTC+5:30")
    assert DocumentWords(REAL, "en", "America/Caracas").time(summer).endswith("UTC-4")


def test_the_same_data_makes_the_same_bytes(write: Write) -> None:
    assert write(data(), "ar") == write(data(), "ar")


def test_a_document_states_its_language_and_the_date_of_its_data(write: Write) -> None:
    reader = PdfReader(BytesIO(write(data(), "he")))
    assert reader.metadata is not None
    assert reader.metadata.creation_date == data().made_at
    assert str(reader.root_object["/Lang"]) == "he"


def test_characters_missing_in_all_fonts_are_replaced(write: Write) -> None:
    assert "yes \ufffd\ufffd \ufffd" in read(write(data("yes 👍🏽 谢"), "en"))


@pytest.mark.parametrize("answer", ["x" * 4096, "word " * 800, "a\nb\x00\tc\u2028d", "\n\n", "{business} %s *b* **c**"])
def test_any_answer_can_be_written(write: Write, answer: str) -> None:
    assert write(data(answer), "en").startswith(b"%PDF")


def test_a_long_history_spans_several_pages() -> None:
    history = [
        {**LEDGER["history"][1], "answer": f"answer-{number}", "wording": f"A long question {number}\n" * 5}
        for number in range(60)
    ]
    pdf = DOCUMENTS.my_data(my_data([PERSON, {"history": history}], BUSINESS, NOW), "en")
    reader = PdfReader(BytesIO(pdf))
    assert len(reader.pages) > 5
    assert "answer-59" in read(pdf)


@pytest.mark.parametrize("locale", ["ar", "he"])
def test_all_lines_of_a_notice_have_the_same_font_size(locale: str) -> None:
    sizes: dict[float, str] = {}
    for page in PdfReader(BytesIO(Documents(load_world()[0]).my_data(data(), locale))).pages:
        page.extract_text(visitor_text=lambda text, _, __, ___, size: sizes.update({size: sizes.get(size, "") + text}))
    assert all(planted in sizes[10.0] for planted in ("Heroku (Salesfo", "whatsapp.com/legal", "/en/privacy"))


def test_every_kind_and_status_has_a_text_and_every_right_an_article() -> None:
    assert {*Kind, *Status} - {Status.NONE} <= TEXTS.keys()
    assert all(right.article for right in Right)


def test_every_method_and_every_text_named_here_exists() -> None:
    assert set(Method) == METHODS.keys()
    named = {*METHODS.values(), *RULES.values(), *BASES.values(), *STATES.values(), *WAITING.values()}
    assert {f"{DOCUMENT}.{name}" for name in named} <= WORLD.texts.slots.keys()
    assert {state for state in State if not state.is_open} <= STATES.keys()


def test_neither_a_claim_nor_a_purchase_reads_as_a_consent() -> None:
    assert not {TEXTS[kind] for kind in (Kind.IMPORTED, Kind.RELATIONSHIP)} & {TEXTS[Kind.GIVEN], TEXTS[Kind.KEPT]}


def test_the_text_of_every_kind_and_status_exists() -> None:
    assert {f"{DOCUMENT}.{word}" for word in TEXTS.values()} <= WORLD.texts.slots.keys()


def test_every_text_of_the_documents_is_used() -> None:
    sources = "".join(path.read_text() for room in ("documents", "web") for path in (BOT / room).rglob("*.py"))
    names = {
        text_id.removeprefix(f"{DOCUMENT}.") for text_id in WORLD.texts.slots if text_id.startswith(f"{DOCUMENT}.")
    }
    assert {name for name in names if not re.search(rf"[\"']{name}[\"']", sources)} == set()


def test_a_language_lacking_a_text_gets_the_whole_document_in_its_fallback() -> None:
    world = many_scripts()
    del world.texts._templates["de"]["document.answer"]
    assert DocumentWords(world, "de").locale == "en"


def test_the_fonts_are_small_and_free() -> None:
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < 1_500_000
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text()


@needs("pdftoppm", "poppler-utils")
@pytest.mark.parametrize("locale", ANSWERS)
def test_another_pdf_reader_finds_the_answer_and_renders_the_page(write: Write, tmp_path: Path, locale: str) -> None:
    pdf = tmp_path / "document.pdf"
    pdf.write_bytes(write(data(ANSWERS[locale]), locale))
    told = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, check=True).stdout.decode()
    told = re.sub(r"[\u202a-\u202e]", "", told)
    assert all(word in told for word in re.split(r",? ", ANSWERS[locale]))
    subprocess.run(["pdftoppm", "-r", "30", "-gray", "-singlefile", pdf, tmp_path / "page"], check=True)
    pixels = (tmp_path / "page.pgm").read_bytes()[-50_000:]
    assert min(pixels) < 120 < max(pixels)
