"""All texts of the dialogues and of the business, with where each appears: what translators are told.

The names of purposes in `business.toml` are translated like the texts of the flows, and checked as strictly as a
translation: a brace or a hidden character in them would end every message.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..business import Business
from ..conversation import templates
from ..conversation.compose import DOCUMENT
from ..conversation.flow_file import FlowFile
from ..conversation.placeholders import KNOWN_VALUES, LONGEST, TOLD_VALUES, LanguageValues
from ..conversation.world import World
from ..errors import FileError, with_cure
from ..i18n import faults
from ..i18n.catalogs import LANGUAGES, LanguageEntry
from ..i18n.slot import SourceTexts
from ..i18n.texts import LIMITS, MAX_BUTTONS, MAX_ROWS, Slot, TextError, TextKind, Texts, TextTemplate, length
from ..paths import COMMAND
from ..words.intents import Keywords
from ..words.normalise import exact

_SEVERAL_LINES = frozenset({"address", "hours", "body"})
"""Keys whose text may have line breaks."""

_TRANSLATED = {"title": TextKind.ROW, "description": TextKind.ROW_DESCRIPTION}
"""Keys of a purpose whose text is translated like those of the flows."""

_BRACES = frozenset("{}")


_MOMENTARY = {"code": 4, "link": 90, **dict.fromkeys(TOLD_VALUES - {"link"}, 20), **LONGEST}
"""Maximum characters of values known only at run time: a code, dates, the address of a file, what an operator typed."""

Question = tuple[str, Sequence[str]]
"""A text and the choices under it, by their ids."""


def source_texts(
    files: Sequence[FlowFile],
    business: Business,
    business_file: Path,
    superseded: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> SourceTexts:
    """Return every text that customers read; `superseded` as of `i18n.changes`."""
    texts: tuple[Slot, ...] = tuple(slot for file in files for slot in file.slots)
    known = {slot.id for slot in texts}
    asked = [question for file in files for question in _questions(file, known)]
    return SourceTexts(
        slots=tuple(
            replace(slot, superseded=superseded[slot.id]) if slot.id in superseded else slot
            for slot in (*texts, *slots(business, business_file))
        ),
        appearances=_appearances(asked),
        together=[
            *(options for _, options in asked),
            [slot.id for slot in texts if slot.kind is TextKind.BUTTON and slot.id.startswith("common.")],
            [f"purpose.{purpose.id}.title" for purpose in business.purposes],
        ],
        widest=_widest(),
    )


def _questions(file: FlowFile, known: Collection[str]) -> Iterator[Question]:
    for state in file.table.states:
        if state.choices:
            options = [_id(file, name, known) for name in state.choices]
            for text in state.texts:
                yield _id(file, text, known), options


def _id(file: FlowFile, name: str, known: Collection[str]) -> str:
    """Return the text id that `name` means in this flow; unknown names are reported by `flows lint`."""
    return next((text_id for text_id in file.candidates(name) if text_id in known), name)


def _appearances(asked: Sequence[Question]) -> Mapping[str, Sequence[str]]:
    appearances: dict[str, dict[str, None]] = {}
    for text_id, options in asked:
        kind = "Button" if len(options) <= MAX_BUTTONS else "Row"
        for number, option in enumerate(options, start=1):
            appearances.setdefault(option, {})[f'{kind} {number} of {len(options)} under "{text_id}".'] = None
    return {text_id: tuple(lines) for text_id, lines in appearances.items()}


def _widest() -> Mapping[str, str]:
    title, description = LIMITS[TextKind.ROW], LIMITS[TextKind.ROW_DESCRIPTION]
    sizes = {
        "business": 60,
        "purpose": title,
        "purposes": MAX_ROWS * (title + 2),
        "description": description,
        "choices": MAX_ROWS * (title + 3),
        "proof_time": 12,
        "notice_url": 80,
        "privacy_contact": 40,
        **_MOMENTARY,
        **{name: 20 for name in KNOWN_VALUES if name.endswith("_word")},
    }
    return _wide(sizes)


def _wide(sizes: Mapping[str, int]) -> Mapping[str, str]:
    return {name: "M" * size for name, size in sizes.items()}


# --- the business's own texts

_EXAMPLES = {
    "notice_url": "https://blumen-haas.example/en/privacy",
    **{name: name.removesuffix("_word").upper() for name in KNOWN_VALUES if name.endswith("_word")},
}
"""Example values of placeholders that templates need not explain."""

_PARTS = {"header": TextKind.HEADER, "body": TextKind.BODY, "footer": TextKind.FOOTER}
"""Keys of a template whose text is translated."""

_TEMPLATE_NOTES = {
    "header": "Stands in bold above a message that the business sends first.",
    "body": "Sent first, by the business. Meta wants words before the first placeholder and after the last.",
    "footer": "Stands in small letters under a message that the business sends first.",
}


def slots(business: Business, source: str | Path = "flows/business.toml") -> list[Slot]:
    """Return title and description of each purpose as texts; `source` is the file that `business` was read from."""
    found = []
    for purpose in business.purposes:
        found += [
            Slot(
                id=f"purpose.{purpose.id}.title",
                kind=TextKind.ROW,
                english=purpose.title,
                note="A kind of messages. Stands in lists, and in sentences after a colon: lower case where usual.",
                legal=True,
                source=str(source),
                company=True,
            ),
            Slot(
                id=f"purpose.{purpose.id}.description",
                kind=TextKind.ROW_DESCRIPTION,
                english=purpose.description,
                note="Says what these messages are about; stands in the question for consent and in lists.",
                legal=True,
                source=str(source),
                company=True,
            ),
        ]
    return [*found, *_template_slots(business, str(source))]


def _template_slots(business: Business, source: str) -> Iterator[Slot]:
    """Yield the parts of the company's own message templates."""
    for template in business.templates:
        for part, kind in _PARTS.items():
            if english := getattr(template, part):
                names = _names(english)
                values = {**_EXAMPLES, "business": business.controller.name, **template.vars}
                yield Slot(
                    id=templates.part_id(template.id, part),
                    kind=kind,
                    english=english,
                    note=_TEMPLATE_NOTES[part],
                    examples={name: values[name] for name in sorted(names) if name in values},
                    source=source,
                    company=True,
                )


def check_texts(business: Business, source: str | Path, languages: Mapping[str, object]) -> None:
    """Raise `FileError` with each text that can't be shown as it is, and its cure.

    `languages` are those of `locales/languages.toml`: the default must be one of them.
    """
    problems = [f"{source}: {key}: {text!a} {fault}" for key, text in _texts(business) for fault in _faults(key, text)]
    known = ", ".join(sorted(languages))
    if business.default_locale not in languages:
        problems.append(
            f"{source}: default_locale: {business.default_locale!a} is no language here; write one of {known}"
        )
    problems += [
        f"{source}: languages: {code!a} is no language here; write some of {known}"
        for code in business.languages
        if code not in languages
    ]
    problems += [f"{source}: {key}: {fault}" for key, fault in _template_faults(business, str(source))]
    if problems:
        raise FileError("\n".join(problems))


def check_default(business: Business, source: str | Path, languages: Mapping[str, LanguageEntry], texts: Texts) -> None:
    """Raise `FileError` if the default language is not offered: most customers would silently get English."""
    code = business.default_locale
    if code in texts.offered:
        return
    if not languages[code].offered:
        why, cure = "it is a draft", f"set its status in {LANGUAGES}"
    else:
        lacking = ", ".join(texts.lacking.get(code, ())) or "its catalog"
        why, cure = f"it lacks {lacking}", f"run `{COMMAND} i18n update {code}`, translate, or write another language"
    raise FileError(f"{source}: default_locale: {code!a} is not offered: {why}; {cure}")


def _template_faults(business: Business, source: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the company's templates, by key."""
    for number, template in enumerate(business.templates):
        for part in _PARTS:
            names = _names(getattr(template, part))
            for name in sorted(names - KNOWN_VALUES - (template.vars.keys() if part == "body" else set())):
                cure = "give it an example in vars, or leave it out: only a body has vars"
                yield f"templates.{number}.{part}", f"nothing fills {{{name}}}; {cure}"
        for name in sorted(template.vars.keys() & KNOWN_VALUES):
            yield f"templates.{number}.vars", f"{name!r} is filled by the program; rename it"
        for name in sorted(template.vars.keys() - _names(template.body)):
            yield f"templates.{number}.vars", f"the body does not use {name!r}; remove it"
    for slot in _template_slots(business, source):
        for fault in faults.errors(slot, slot.english):
            yield slot.id, with_cure(fault.message)


def _names(text: str) -> frozenset[str]:
    try:
        return TextTemplate.parse(text).names
    except TextError:
        return frozenset()


def check_titles(business: Business, source: str | Path, keywords: Keywords) -> None:
    """Raise `FileError` for a title that is a command when typed: nobody could choose a purpose named STOP."""
    problems = [
        f"{source}: purposes.{number}.title: {purpose.title!a} means {match.intent} when it is typed; "
        "write what these messages are about"
        for number, purpose in enumerate(business.purposes)
        if (match := keywords.classify(purpose.title, asked_in=business.default_locale))
    ]
    if problems:
        raise FileError("\n".join(problems))


def _texts(business: Business) -> Iterator[tuple[str, str]]:
    """Yield every text of the file with its key, since each may be shown to customers."""
    return _strings("", business.model_dump(mode="json"))


def _strings(key: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in value.items():
                yield from _strings(f"{key}.{name}" if key else name, inner)
        case list():
            for number, inner in enumerate(value):
                yield from _strings(f"{key}.{number}", inner)


def _faults(key: str, text: str) -> Iterator[str]:
    table, name = key.partition(".")[0], key.rpartition(".")[2]
    if table == "templates" and name in _PARTS:
        return  # they are whole texts, with placeholders: see `_template_faults`
    kind = _TRANSLATED.get(name) if table == "purposes" else None
    if kind and not _BRACES.isdisjoint(text):
        yield "has a brace, which stands for a placeholder in texts; remove it"
    elif kind:
        yield from (fault.message for fault in faults.errors(Slot(key, kind, english=text), text))
        if not exact(text):
            yield "has no letter or digit; write what these messages are about"
    else:
        yield from faults.unshowable(text, single_line=name not in _SEVERAL_LINES)
    for mark in faults.drawn(text):
        yield f"would be drawn without its {mark}; remove them"
    if "*" in text and (kind is TextKind.ROW or key == "controller.name"):
        yield "has a *, which would end the bold print that it stands in; remove it"


def overlong(world: World) -> Iterator[str]:
    """Yield the texts that WhatsApp would refuse once they are filled with this business's own words."""
    for locale in world.texts.offered:
        language = world.language(locale)
        values = {**_wide(_MOMENTARY), **language.values, **_of_all_purposes(language)}
        lacking = set(world.texts.missing(locale))
        for slot in world.texts.slots.values():
            if slot.id in lacking or slot.id.startswith(f"{DOCUMENT}."):
                continue
            size = length(world.texts.render(slot.id, locale, {**slot.examples, **values}))
            if size > slot.limit:
                yield f"{slot.id} [{locale}] has {size} characters, WhatsApp takes {slot.limit}"


def _of_all_purposes(language: LanguageValues) -> Mapping[str, str]:
    titles, descriptions = zip(*language.purposes.values(), strict=True)
    return {
        "purpose": max(titles, key=length),
        "description": max(descriptions, key=length),
        "purposes": language.titles([*language.purposes]),
        "choices": language.choices([*language.purposes], ()),
    }
