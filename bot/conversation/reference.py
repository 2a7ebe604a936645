"""`docs/flows-reference.md`: everything that a flow file may say, from the code that reads it."""

import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from ..i18n.texts import LIMITS, MAX_BUTTONS, MAX_ROWS, TextKind
from ..words.intents import Intent
from ..words.keywords import ANSWERS, COMMANDS, WORDS, Heard
from .flow_file import FlowTable, StateTable, TextTable, TransitionTable
from .functions import OURS
from .placeholders import KNOWN_VALUES, TOLD_VALUES
from .triggers import Trigger
from .turn import PERSONAL_VALUES

_INTRODUCTION = """\
# What a flow file may say

Printed by `flows reference`; a test keeps this page true. A flow file is a dialogue: `flows/*.toml` are ours, drawn in
[flows.md](flows.md), and yours lie in the folder `flows` of your own folder (`APP_DIR`). `flows lint` checks both, each
problem with its cure. How to write a dialogue of your own: [developer.md](developer.md#a-dialogue-of-your-own).
"""

_TABLES: Mapping[str, type[BaseModel]] = {
    "The file": FlowTable,
    "`[[states]]`": StateTable,
    "`[[transitions]]`": TransitionTable,
    "`[texts.NAME]`": TextTable,
}

_HEARD = {
    Heard.INSIDE: "anywhere in a message",
    Heard.ALONE: "as a whole message, at any time",
    Heard.TALK: "as a whole message, if nothing else claims it",
    Heard.ANSWER: "as an answer to a question",
}

_VALUES = {
    "business": "the name of the company",
    "notice_url": "the address of the privacy notice in the person's language",
    "third_parties": "who else gets the data",
    "storage": "where the data is stored",
    "proof_time": "how long the proof of a consent is kept after its end",
    "privacy_contact": "where to write about personal data",
    "contact": "how to reach a person, a line for each way",
    "address": "the legal name and postal address of the company",
    "purpose": "the title of the purpose in question",
    "description": "what the messages for this purpose are about",
    "purposes": "the titles of all purposes for which the person may be written to",
    "choices": "all purposes, a line for each, marked as agreed to or not",
    "code": "the code that the person is asked to type",
    "attempts": "how many wrong codes may still be typed",
    "since": "the day of the first entry about the person",
    "link": "the address of a page or file that was prepared",
    "until": "when that address ends",
    "due": "the day by which a request is answered",
    "right": "what was asked for, as its row in the list of rights says it",
    "words": "what the company's team answers, word for word",
    "number": "the person's phone number or WhatsApp ID",
    "language": "the name of the person's language, in that language",
}
"""Placeholder → what it shows, besides the words to type."""


def page() -> str:
    """Return the page as Markdown."""
    parts = (_keys(), _kinds(), _triggers(), _intents(), _functions(), _placeholders())
    return "\n".join([_INTRODUCTION, *(line for part in parts for line in part)]) + "\n"


def _keys() -> Iterator[str]:
    for title, table in _TABLES.items():
        yield f"## {title}\n\n| key | value | meaning |\n|---|---|---|"
        for name, field in table.model_fields.items():
            default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
            yield f"| `{name}` | {_type(field.annotation)}, {default} | {_line(field.description or '')} |"
        yield ""


def _type(annotation: Any) -> str:
    """Return what a value may be, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f'`"{value}"`' for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(each) for each in arguments if each is not type(None))
    if origin is tuple:
        return "tables" if _is_table(arguments[0]) else "list of texts"
    if origin is dict:
        return "tables" if _is_table(arguments[1]) else "table of texts"
    return {str: "text", bool: "true or false", TextKind: "a kind, see below"}[annotation]


def _is_table(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)


def _default(value: object) -> str:
    return f"else {str(value).lower()}" if isinstance(value, bool) else "may be left out"


def _kinds() -> Iterator[str]:
    yield (
        f"## Kinds of texts\n\nUp to {MAX_BUTTONS} choices become buttons, up to {MAX_ROWS} a list, and more are not "
        "possible.\n\n| kind | characters |\n|---|---|"
    )
    yield from (f"| `{kind}` | {LIMITS[kind]} |" for kind in TextKind)
    yield ""


def _triggers() -> Iterator[str]:
    yield "## Triggers\n\nBesides these, each of a state's `choices` and its `expires` is a trigger.\n"
    yield "| trigger | begins the dialogue of | fired when |\n|---|---|---|"
    yield from (f"| `{trigger}` | {trigger.begins or ''} | {trigger.fired} |" for trigger in Trigger)
    yield ""


def _intents() -> Iterator[str]:
    yield "## Intents\n\nOurs, each claimed by a dialogue of ours. Yours you name yourself: small letters and _."
    yield "Their words stand in `locales/LANGUAGE/keywords.toml` of your folder, under the name of the intent.\n"
    yield "| intent | heard | printed as |\n|---|---|---|"
    for intent in Intent:
        if intent in COMMANDS or intent in ANSWERS:
            shown = f"`{{{intent.placeholder}}}`" if intent.placeholder else ""
            yield f"| `{intent}` | {_HEARD[intent.heard]} | {shown} |"
    yield ""


def _functions() -> Iterator[str]:
    for title, key, functions in (
        ("Guards", "conditions", OURS.guards),
        ("Effects", "before` and `after", OURS.effects),
        ("Lists of choices", "choices_from", OURS.choices),
    ):
        yield f"## {title}\n\nNamed under `{key}`. A host program may add its own (`Functions`).\n"
        yield "| name | meaning |\n|---|---|"
        yield from (f"| `{name}` | {_doc(function)} |" for name, function in functions.items())
        yield ""


def _doc(function: Callable[..., object]) -> str:
    return _line(inspect.getdoc(function) or "")


def _placeholders() -> Iterator[str]:
    yield "## Placeholders\n\nWritten in braces: `{business}`. Filled in by the program.\n"
    yield "| placeholder | shows | where |\n|---|---|---|"
    for names, where in (
        (KNOWN_VALUES, "everywhere"),
        (PERSONAL_VALUES, "where it is about this person"),
        (TOLD_VALUES, "where a task is done"),
    ):
        for name in sorted(names):
            shows = f"the word that means {WORDS[name]}" if name in WORDS else _VALUES[name]
            yield f"| `{{{name}}}` | {shows} | {where} |"


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
