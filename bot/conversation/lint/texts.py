"""Texts: named texts exist, are of the right kind and fit with their example values; none is left over."""

from collections.abc import Iterator
from typing import NamedTuple

from ...i18n.texts import MAX_ROWS, Slot, TextError, TextKind, TextTemplate, length
from ..compose import DOCUMENT, FOOTER, HELLO, LIST, TOLD
from ..flow_file import FlowFile
from ..placeholders import KNOWN_VALUES, TOLD_VALUES
from ..turn import PERSONAL_VALUES
from .problem import Dialogues, Problem, at, at_state, at_transition

_SAID_BY_CODE = frozenset(
    {FOOTER, HELLO, LIST, "common.undelivered", "help.unsubscribed"}
    | {f"common.{said}" for said in ("notice", "reach", "unclear", "voice", "text_only", "ways")}
    | {"my_choices.on", "my_choices.off", "language.more"}
    | {f"common.{way}" for way in ("start", "my_choices", "privacy", "human")}
)
"""Texts that no flow needs to name."""

_DOCUMENT_VALUES = frozenset({"at", "recorded", "version", "url", "date", "page", "pages", "article", "link"})
"""Placeholders that only the texts of documents may use."""

_BODIES = (TextKind.BODY, TextKind.TEXT)
_LABELS = (TextKind.BUTTON, TextKind.ROW)


class _Mention(NamedTuple):
    """A mention of a text in a flow."""

    where: str
    name: str
    kinds: tuple[TextKind, ...]


def _mentions(file: FlowFile) -> Iterator[_Mention]:
    for state in file.table.states:
        where = at_state(file, state)
        chosen = state.choices or state.choices_from
        for said in state.texts:
            yield _Mention(where, said, (TextKind.BODY,) if chosen else _BODIES)
        for choice in state.choices:
            yield _Mention(where, choice, _LABELS)
        if chosen and not state.say:
            yield _Mention(where, "", ())
    for transition in file.table.transitions:
        for said in transition.says:
            yield _Mention(at_transition(file, transition), said, _BODIES)


def mentions(file: FlowFile, dialogues: Dialogues) -> Iterator[Problem]:
    """A named text exists and is of a kind that can be used there."""
    for where, name, kinds in _mentions(file):
        text = dialogues.text(file, name)
        if not name:
            yield Problem(where, "has choices under no text", "add say = …")
        elif text is None:
            yield Problem(where, f"there is no text {name!r}", f"add [texts.{name}], or correct the name")
        elif text.kind not in kinds:
            what = f"text {text.id!r} is a {text.kind} and can't stand here"
            yield Problem(where, what, f"make its kind {' or '.join(kinds)}")


def fits(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """A text can be filled and, with its example values, is not too long."""
    for slot in file.slots:
        where = at(file, f"texts.{slot.id.partition('.')[2]}")
        try:
            template = TextTemplate.parse(slot.english)
            example = template.fill(slot.examples)
        except TextError as error:
            yield Problem(where, str(error), "write {name} and give each placeholder an example under vars")
            continue
        yield from _placeholders(where, slot, template)
        if length(example) > slot.limit:
            what = f"has {length(example)} characters with its example values"
            yield Problem(where, what, f"shorten it: a {slot.kind} may have {slot.limit}")
        if slot.single_line and "\n" in example:
            yield Problem(where, "has a line break", f"a {slot.kind} is one line")


def _placeholders(where: str, slot: Slot, template: TextTemplate) -> Iterator[Problem]:
    known = KNOWN_VALUES | _others(slot)
    for name in sorted(template.names - known):
        yield Problem(where, f"nothing fills {{{name}}}", f"use one of: {', '.join(sorted(known))}")
    for name in sorted(slot.examples.keys() - template.names):
        yield Problem(where, f"vars has {name!r}, which the text does not use", "remove it", harmless=True)


def _others(slot: Slot) -> frozenset[str]:
    """Return the placeholders that this text may use besides those that every text may use."""
    if slot.id.startswith(f"{DOCUMENT}."):
        return _DOCUMENT_VALUES
    return PERSONAL_VALUES | (TOLD_VALUES if slot.id in TOLD else frozenset())


def alike(file: FlowFile, dialogues: Dialogues) -> Iterator[Problem]:
    """Choices under one text are few enough, and differ."""
    for state in file.table.states:
        texts = [dialogues.text(file, choice) for choice in state.choices]
        labels = {text.english.casefold() for text in texts if text is not None}
        if len(state.choices) > MAX_ROWS:
            what = f"has {len(state.choices)} choices"
            yield Problem(at_state(file, state), what, f"leave {MAX_ROWS} at most: WhatsApp's lists have no more")
        if None not in texts and len(labels) < len(texts):
            yield Problem(at_state(file, state), "two of its choices look the same", "reword one")


def said_first(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """What the business may say first by a template has a text, and buttons that are always the same."""
    for state in file.table.states:
        if state.template and (not state.say or state.choices_from):
            what = "is said first by a template, but has no text, or choices that differ by person"
            yield Problem(at_state(file, state), what, "give it say = … and fixed choices, or take its template away")


def unsaid(dialogues: Dialogues) -> Iterator[Problem]:
    """Every text is said somewhere."""
    said = {*_SAID_BY_CODE, *TOLD}
    for file in dialogues.files:
        found = (dialogues.text(file, mention.name) for mention in _mentions(file))
        said.update(text.id for text in found if text is not None)
    for file in dialogues.files:
        for slot in () if file.table.flow == DOCUMENT else file.slots:
            if slot.id not in said:
                where = at(file, f"texts.{slot.id.partition('.')[2]}")
                yield Problem(where, "is never said", "remove it, or say it somewhere", harmless=True)
    for text_id in sorted((_SAID_BY_CODE | TOLD) - dialogues.texts.keys()):
        flow, _, name = text_id.partition(".")
        yield Problem(dialogues.folder, f"there is no text {text_id!r}", f"add [texts.{name}] to the flow {flow}")
