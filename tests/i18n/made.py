"""A small set of texts and catalogs to break."""

from pathlib import Path

from bot.i18n.slot import Slot, SourceTexts, TextKind

ASK = Slot(
    id="opt_in.ask",
    kind=TextKind.BODY,
    english="May *{business}* write to you?\n\nReply *{yes_word}*. More: https://shop.example/privacy",
    note="The question.",
    legal=True,
    examples={"business": "Blumen Haas", "yes_word": "YES"},
    source="flows/opt_in.toml",
)
YES = Slot(id="common.yes", kind=TextKind.BUTTON, english="Yes, I agree", legal=True, source="flows/common.toml")
NO = Slot(id="common.no", kind=TextKind.BUTTON, english="No", legal=True, source="flows/common.toml")
HELP = Slot(id="help.help", kind=TextKind.BODY, english="How can I help?", source="flows/help.toml")
FOOTER = Slot(
    id="common.footer",
    kind=TextKind.FOOTER,
    english="Reply {stop_word} to unsubscribe",
    legal=True,
    examples={"stop_word": "STOP"},
    source="flows/common.toml",
)
SLOTS = (ASK, YES, NO, HELP, FOOTER)
SOURCES = SourceTexts(
    slots=SLOTS,
    appearances={"common.yes": ('Button 1 of 2 under "opt_in.ask".',)},
    together=[("common.yes", "common.no")],
    widest={"business": "M" * 60},
)

GERMAN = {
    "opt_in.ask": "Darf *{business}* Ihnen schreiben?\n\nAntworten Sie *{yes_word}*. Mehr: https://shop.example/privacy",
    "common.yes": "Ja, ich stimme zu",
    "common.no": "Nein",
    "help.help": "Wie kann ich helfen?",
    "common.footer": "Mit {stop_word} abmelden",
}

HEADERS = """msgid ""
msgstr ""
"Project-Id-Version: consentbot\\n"
"Language: de\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""

LANGUAGES = """
[en]
status = "offered"

[de]
status = "offered"
template = "de"
plural = "nplurals=2; plural=(n != 1);"
"""


def quoted(text: str) -> str:
    """A text as PO writes it."""
    return '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') + '"'


def entry(text_id: str, english: str, translation: str, above: str = "") -> str:
    """An entry as a translator's editor saves it; `above` are its comment lines."""
    return f"{above}msgctxt {quoted(text_id)}\nmsgid {quoted(english)}\nmsgstr {quoted(translation)}\n"


def write_catalog(folder: Path, *blocks: str, code: str = "de", headers: str = HEADERS) -> Path:
    """Save a catalog."""
    path = folder / code / "LC_MESSAGES" / "bot.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((headers, *blocks)), "utf-8")
    return path


def german(**changes: str) -> list[str]:
    """All entries in German; `opt_in_ask="…"` puts another translation in place of that of opt_in.ask."""
    texts = GERMAN | {
        name.replace("_", ".", 1) if name != "opt_in_ask" else "opt_in.ask": text for name, text in changes.items()
    }
    return [entry(slot.id, slot.english, texts[slot.id]) for slot in SLOTS]
