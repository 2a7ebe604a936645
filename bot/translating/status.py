"""The progress of each language."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..i18n import po
from ..i18n.catalogs import SOURCE_LOCALE, LanguageEntry, catalog_path, languages
from ..i18n.slot import SourceTexts


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of texts in a language or in one of its flows."""

    total: int
    translated: int
    fuzzy: int
    missing: int
    legal_missing: int
    """Legal texts that are missing, or of an earlier English: with any of these the language is not offered."""

    @property
    def percent(self) -> int:
        """Percentage translated; 100 only if everything is."""
        return 100 * self.translated // self.total if self.total else 100


@dataclass(frozen=True, slots=True)
class Report:
    """A language's progress, overall and per flow."""

    language: LanguageEntry
    whole: Progress
    flows: dict[str, Progress]


def reports(folder: Path, sources: SourceTexts) -> list[Report]:
    """Return the progress of every language. Raises `FileError`, `PoError`, `OSError`."""
    return [
        report(language, sources, () if code == SOURCE_LOCALE else po.read(catalog_path(folder, code)).entries)
        for code, language in languages(folder).items()
    ]


def report(language: LanguageEntry, sources: SourceTexts, catalog: Iterable[po.PoEntry]) -> Report:
    """Return a language's report; English, the source, counts as translated."""
    entries = {entry.id: entry for entry in catalog}
    states: dict[str, list[tuple[str, bool]]] = {}
    for slot in sources.slots:
        entry = entries.get(slot.id)
        if language.code == SOURCE_LOCALE:
            state = "translated"
        elif entry is None or not entry.translation:
            state = "missing"
        else:
            state = "fuzzy" if entry.fuzzy or entry.english != slot.english else "translated"
        in_force = state == "translated" or (entry is not None and slot.accepts(entry.made_for))
        states.setdefault(slot.id.partition(".")[0], []).append((state, slot.legal and not in_force))
    everything = [state for flow in states.values() for state in flow]
    return Report(language, _progress(everything), {flow: _progress(found) for flow, found in states.items()})


def _progress(states: list[tuple[str, bool]]) -> Progress:
    names = [state for state, _ in states]
    return Progress(
        total=len(states),
        translated=names.count("translated"),
        fuzzy=names.count("fuzzy"),
        missing=names.count("missing"),
        legal_missing=sum(lacking for _, lacking in states),
    )
