"""The texts of `business.toml` that customers read: the names of its purposes, translated like those of the flows.

They are checked as strictly as a translation: a brace or a hidden character in them would end every message.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..business import Business, BusinessError
from ..conversation.told import DOCUMENT
from ..conversation.world import TOLD_VALUES, Language, World
from ..i18n import faults
from ..i18n.texts import Kind, Slot, length
from ..words.intents import Keywords
from ..words.normalise import exact

_SEVERAL_LINES = frozenset({"address", "hours"})
"""Keys whose text may have line breaks."""

_TRANSLATED = {"title": Kind.ROW, "description": Kind.ROW_DESCRIPTION}
"""Keys of a purpose whose text is translated like those of the flows."""

_BRACES = frozenset("{}")


def slots(business: Business, source: str | Path = "flows/business.toml") -> list[Slot]:
    """Return title and description of each purpose as texts; `source` is the file that `business` was read from."""
    found = []
    for purpose in business.purposes:
        found += [
            Slot(
                id=f"purpose.{purpose.id}.title",
                kind=Kind.ROW,
                english=purpose.title,
                note="A kind of messages. Stands in lists, and in sentences after a colon: lower case where usual.",
                legal=True,
                source=str(source),
            ),
            Slot(
                id=f"purpose.{purpose.id}.description",
                kind=Kind.ROW_DESCRIPTION,
                english=purpose.description,
                note="Says what these messages are about; stands in the question for consent and in lists.",
                legal=True,
                source=str(source),
            ),
        ]
    return found


def check(business: Business, source: str | Path, languages: Mapping[str, object]) -> None:
    """Raise `BusinessError` with each text that can't be shown as it is, and its cure.

    `languages` are those of `locales/languages.toml`: the default must be one of them.
    """
    problems = [f"{source}: {key}: {text!a} {fault}" for key, text in _texts(business) for fault in _faults(key, text)]
    if business.default_locale not in languages:
        known = ", ".join(sorted(languages))
        problems.append(
            f"{source}: default_locale: {business.default_locale!a} is no language here; write one of {known}"
        )
    if problems:
        raise BusinessError("\n".join(problems))


def check_words(business: Business, source: str | Path, keywords: Keywords) -> None:
    """Raise `BusinessError` for a title that is a command when typed: nobody could choose a purpose named STOP."""
    problems = [
        f"{source}: purposes.{number}.title: {purpose.title!a} means {match.intent} when it is typed; "
        "write what these messages are about"
        for number, purpose in enumerate(business.purposes)
        if (match := keywords.classify(purpose.title, asked_in=business.default_locale))
    ]
    if problems:
        raise BusinessError("\n".join(problems))


def _texts(business: Business) -> Iterator[tuple[str, str]]:
    """Yield every text of the file under its key: each may be shown to somebody."""
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
    if "*" in text and (kind is Kind.ROW or key == "controller.name"):
        yield "has a *, which would end the bold print that it stands in; remove it"


def overlong(world: World) -> Iterator[str]:
    """Yield the texts that WhatsApp would refuse once they are filled with what this business says of itself."""
    for locale in world.texts.offered:
        language = world.language(locale)
        values = {**_LONGEST, **language.values, **_of_all_purposes(language)}
        lacking = set(world.texts.missing(locale))
        for slot in world.texts.slots.values():
            if slot.id in lacking or slot.id.startswith(f"{DOCUMENT}."):
                continue
            size = length(world.texts.render(slot.id, locale, values))
            if size > slot.limit:
                yield f"{slot.id} [{locale}] has {size} characters, WhatsApp takes {slot.limit}"


_LONGEST = {
    name: "M" * size for name, size in {"code": 4, "link": 90, **dict.fromkeys(TOLD_VALUES - {"link"}, 20)}.items()
}
"""What only a moment tells: a code, dates, the address of a file."""


def _of_all_purposes(language: Language) -> Mapping[str, str]:
    titles, descriptions = zip(*language.purposes.values(), strict=True)
    return {
        "purpose": max(titles, key=length),
        "description": max(descriptions, key=length),
        "purposes": language.titles([*language.purposes]),
        "choices": language.choices([*language.purposes], ()),
    }
