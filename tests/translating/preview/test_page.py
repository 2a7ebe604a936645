"""The preview shows every text of every language, as WhatsApp draws it, also in a real browser."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot import paths
from bot.business import load as load_business
from bot.conversation.flow_file import FlowFile, read
from bot.i18n.catalogs import catalog_path, languages
from bot.i18n.po import PoEntry
from bot.i18n.po import read as read_po
from bot.i18n.slot import SourceTexts
from bot.testing import Conversation
from bot.translating.preview import Language, index, page
from bot.translating.preview.conversation import Bubble, beginnings, bubbles, exchanges
from bot.translating.preview.drawn import Texts, formatted
from bot.translating.source_texts import source_texts
from bot.words.intents import Intent, Keywords
from bot.words.keywords import WORDS
from tests.conversation.worlds import FLOWS, WORLD

CODES = list(languages(paths.LOCALES))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def files() -> list[FlowFile]:
    return read(paths.FLOWS)


@pytest.fixture(scope="module")
def texts(files: list[FlowFile]) -> SourceTexts:
    source = paths.FLOWS / "business.toml"
    return source_texts(files, load_business(source), source)


@pytest.fixture(scope="module")
def keywords() -> Keywords:
    return Keywords.load(paths.LOCALES)


def catalog(code: str) -> dict[str, PoEntry]:
    return {} if code == "en" else {entry.id: entry for entry in read_po(catalog_path(paths.LOCALES, code)).entries}


def drawn(
    code: str,
    files: list[FlowFile],
    texts: SourceTexts,
    keywords: Keywords,
    entries: Mapping[str, PoEntry] | None = None,
) -> str:
    return page(language(code, keywords, entries), files, texts, CODES, CODES)


def language(code: str, keywords: Keywords, entries: Mapping[str, PoEntry] | None = None) -> Language:
    return Language(
        code=code,
        entries=catalog(code) if entries is None else entries,
        values={name: keywords.shown(intent, code) for name, intent in WORDS.items()},
        words={intent.value: keywords.example(intent, code) for intent in Intent if intent is not Intent.MAYBE_STOP},
    )


def spoken(html: str, flow: str) -> list[str]:
    """What stands in the chat of a dialogue, from top to bottom: > said by the customer, < by the bot, = to tap."""
    (section,) = re.findall(rf'<section id="{flow}".*?</section>', html, re.DOTALL)
    section = re.sub(r'<div class="(quote|facts)".*?</(div|dl)>', "", section, flags=re.DOTALL)
    found = re.findall(r'<div class="(said|body|tap)[^"]*"[^>]*>(.*?)</div>', section, re.DOTALL)
    signs = {"said": ">", "body": "<", "tap": "="}
    return [signs[kind] + " " + re.sub(r"<[^>]*>", "", text).partition("\n")[0].strip() for kind, text in found]


@pytest.mark.parametrize("code", CODES)
def test_the_page_shows_every_text_and_works_offline(
    code: str, files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    html = drawn(code, files, texts, keywords)
    assert [slot.id for slot in texts.slots if f'id="{slot.id}"' not in html] == []
    assert f'lang="{code}"' in html
    assert ('dir="rtl"' in html) is (code in ("ar", "he"))
    assert "http-equiv" not in html
    assert not re.search(r'(src|href)="https?://', html), "it must work offline"


def test_a_dialogue_is_a_conversation_in_its_order(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    chat = spoken(drawn("de", files, texts, keywords), "delete")
    assert chat[0] == "> " + keywords.shown(Intent.DELETE, "de")
    assert "".join(line[0] for line in chat).startswith("><=><")
    assert chat[2].startswith(chat[3].replace(">", "=")), "what was tapped stands under the question"


def test_what_the_customer_answers_quotes_a_question_that_is_not_the_last(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    (section,) = re.findall(r'<section id="delete".*?</section>', drawn("de", files, texts, keywords), re.DOTALL)
    said = re.findall(r'<div class="said" dir="auto">(.*?)</div>\n?<div class="bubble">', section, re.DOTALL)
    assert ["quote" in one for one in said] == [False, False, True], "the no comes after what the first answer led to"


def test_lists_show_what_can_be_chosen(files: list[FlowFile], texts: SourceTexts, keywords: Keywords) -> None:
    html = drawn("de", files, texts, keywords)
    (title,) = (entry.translation for id, entry in catalog("de").items() if id == "purpose.order_updates.title")
    assert any(line.startswith(f"= {title}") for line in spoken(html, "my_choices"))
    assert "= English" in spoken(html, "language")
    assert sum(line.startswith("= ") for line in spoken(html, "language")) <= 11, "a list has ten rows"


@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_each_id_stands_once(code: str, files: list[FlowFile], texts: SourceTexts, keywords: Keywords) -> None:
    ids = re.findall(r' id="([^"]+)"', drawn(code, files, texts, keywords))
    assert len(ids) == len(set(ids)), sorted({id for id in ids if ids.count(id) > 1})


def test_the_index_links_every_language_and_every_text(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    html = index([language("en", keywords), language("de", keywords)], texts)
    assert "German · Deutsch" in html
    for slot in texts.slots:
        assert f'href="de.html#{slot.id}"' in html
    assert not re.search(r'(src|href)="https?://', html), "it must work offline"


def test_missing_and_fuzzy_texts_are_marked(files: list[FlowFile], texts: SourceTexts, keywords: Keywords) -> None:
    entries = catalog("de")
    entries["opt_in.ask"] = replace(entries["opt_in.ask"], fuzzy=True)
    del entries["stop.confirmed"]
    html = drawn("de", files, texts, keywords, entries)
    assert "1 to be looked at, 1 missing" in html
    assert 'class="body fuzzy"' in html
    assert 'class="body missing"' in html


def test_the_length_of_an_overlong_label_is_marked(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    entries = catalog("de")
    entries["common.yes"] = replace(entries["common.yes"], translation="Ja, damit bin ich einverstanden")
    assert '<span class="count over">31/20</span>' in drawn("de", files, texts, keywords, entries)


def test_texts_show_the_keywords_of_their_language(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    html = drawn("fr", files, texts, keywords)
    for name in ("stop_word", "choices_word", "human_word"):
        assert f"{keywords.shown(WORDS[name], 'fr')}\N{NO-BREAK SPACE}: " in html


def test_example_values_are_in_the_language_of_the_page(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    html = "".join(re.findall(r'class="chat".*?class="facts"', drawn("de", files, texts, keywords), re.DOTALL))
    for value in ("3 Jahre", "24.12.2026", "Europäische Union", "Bestellung"):
        assert value in html
    for english in ("3 years", "December", "European Union", "order updates"):
        assert english not in html


def test_a_text_whose_english_has_changed_is_counted_for_review(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    entries = catalog("de")
    entries["opt_in.ask"] = replace(entries["opt_in.ask"], english="Something else")
    assert "1 to be looked at" in drawn("de", files, texts, keywords, entries)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* and _italic_ and ~struck~", "<b>bold</b> and <i>italic</i> and <s>struck</s>"),
        ("*_both_*", "<b><i>both</i></b>"),
        ("2*3*4", "2*3*4"),
        ("* no *", "* no *"),
        ("<script>", "&lt;script&gt;"),
        ("see https://a.example/b_c_d", 'see <span class="link" dir="ltr">https://a.example/b_c_d</span>'),
    ],
)
def test_marks_are_drawn_as_whatsapp_draws_them(text: str, html: str) -> None:
    assert formatted(text) == html


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("code", ["de", "ar"])
def test_a_browser_renders_the_page(
    code: str, files: list[FlowFile], texts: SourceTexts, keywords: Keywords, tmp_path: Path
) -> None:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is not installed")
    source, picture = tmp_path / f"{code}.html", tmp_path / "page.png"
    source.write_text(drawn(code, files, texts, keywords), "utf-8")
    options = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=1100,1500",
    ]  # fmt: skip
    shown = subprocess.run(
        [CHROMIUM, *options, "--dump-dom", source.as_uri()], capture_output=True, text=True, check=True, timeout=140
    )
    assert shown.stdout.count('class="bubble"') > 20
    assert "data-item" in shown.stdout
    subprocess.run(
        [CHROMIUM, *options, f"--screenshot={picture}", source.as_uri()], capture_output=True, check=True, timeout=140
    )
    assert len(picture.read_bytes()) > 40_000, "an empty page is a few kilobytes"


def test_messages_about_completed_requests_have_the_stop_footer(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    html = drawn("en", files, texts, keywords)
    for text_id in ("my_data.summary", "proof.receipt", "correct.noted", "delete.done"):
        row = re.findall(rf'id="at-[\w-]+-{re.escape(text_id)}".*?</dl>', html, re.DOTALL)[0]
        assert "Reply STOP to unsubscribe" in row, text_id


def test_document_texts_are_not_shown_as_messages(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    (section,) = re.findall(r'<section id="document".*?</section>', drawn("en", files, texts, keywords), re.DOTALL)
    assert "Words of the documents" in section
    assert section.count('class="paper"') == sum(slot.id.startswith("document.") for slot in texts.slots)
    assert "bubble" not in section
    assert "Reply STOP to unsubscribe" not in section


def conversations(code: str, files: list[FlowFile], texts: SourceTexts, keywords: Keywords) -> list[Bubble]:
    """Every message of every dialogue, as it is drawn."""
    spoken = language(code, keywords)
    own, begins = Texts(code, texts, spoken.entries, spoken.values), beginnings(files)
    return [
        bubble
        for file in files
        for bubble in bubbles(
            exchanges(file, own, spoken.words, [], greets=Intent.START in file.table.intents, begins=begins)
        )
    ]


def ids(bubble: Bubble) -> tuple[str, ...]:
    return (*(lead.id for lead in bubble.leads), bubble.text.id)


@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_messages_are_drawn_as_the_bot_sends_them(
    code: str, files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    """What leads a message is on top of it, and the footer stands only where it is sent."""
    drawn = conversations(code, files, texts, keywords)
    chat = Conversation(WORLD, FLOWS, locale=code)
    compared = set()
    stop = (Intent.STOP, Intent.STOP)
    for said in ("Hi", Intent.YES, "🤷🤷 xq", Intent.NO, Intent.START, Intent.DELETE, "0", *stop, Intent.START):
        chat.says(keywords.shown(said, code) if isinstance(said, Intent) else said)
        for reply in chat.replies:
            alike = [one for one in drawn if ids(one) == (*reply.leads, reply.text_id)]
            assert alike, (reply.leads, reply.text_id)
            possible = {bool(one.footer) for one in alike} | {False for one in alike if one.footer_depends}
            assert bool(reply.footer) in possible, reply.text_id
            compared.add((*reply.leads, reply.text_id))
    assert ("common.hello", "opt_in.ask") in compared
    assert ("opt_in.noted", "opt_in.ask") in compared
    assert ("common.unclear", "opt_in.clarify") in compared
    assert ("delete.wrong", "delete.ask") in compared
    assert ("stop.confirmed",) in compared


def test_no_text_that_leads_another_is_drawn_as_a_message(
    files: list[FlowFile], texts: SourceTexts, keywords: Keywords
) -> None:
    begins = beginnings(files)
    assert begins >= {"common.hello", "opt_in.noted", "opt_in.time_over", "delete.wrong"}
    alone = [one for one in conversations("en", files, texts, keywords) if one.text.id in begins]
    assert all(one.goes_on and one.footer is None for one in alone)


def test_the_footer_stands_only_where_it_is_sent(files: list[FlowFile], texts: SourceTexts, keywords: Keywords) -> None:
    for one in conversations("en", files, texts, keywords):
        match one.text.id:
            case "opt_in.ask" | "opt_in.welcome":
                assert one.footer is not None
                assert not one.footer_depends
            case "stop.confirmed":
                assert one.footer is None
            case "about.why_asked":
                assert one.footer is None or one.footer_depends
