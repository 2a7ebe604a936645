"""What is translated, and where the translations are written: into the company's folder, if it has one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from ..business import Business, load
from ..conversation.flow_file import FlowFile
from ..conversation.flow_file import read as read_flows
from ..errors import OperatorError
from ..folders import Folders
from ..i18n import changes, po
from ..i18n.catalogs import SOURCE_LOCALE, LanguageEntry, catalog_path, languages
from ..i18n.slot import Slot, SourceTexts
from ..paths import COMMAND, INSTALLED
from ..words.intents import Keywords
from .examples import printed_words
from .extract import template
from .source_texts import source_texts
from .update import updated


@dataclass(frozen=True)
class Project:
    """The folders that translators' commands work in, and what is in them. Raises `FileError` for what can't be read.

    A company with a folder of its own translates only its own texts, except into languages that we don't have.
    """

    folders: Folders = field(default_factory=Folders)
    business_file: Path | None = None

    @property
    def locales(self) -> Path:
        """Where catalogs are written. Raises `OperatorError` where they would go into an installed package."""
        if INSTALLED and self.folders.written_locales.is_relative_to(INSTALLED):
            raise OperatorError(
                f"{self.folders.written_locales} belongs to the installed package; make a folder of your own with "
                f"`{COMMAND} init DIR`, and set APP_DIR to it"
            )
        return self.folders.written_locales

    @property
    def ours(self) -> "Project":
        """The same without the company's folder."""
        return replace(self, folders=replace(self.folders, own=None))

    @cached_property
    def business(self) -> Business:
        """The company."""
        return load(self.folders.business_file(self.business_file))

    @cached_property
    def flows(self) -> Sequence[FlowFile]:
        """All dialogues."""
        return read_flows(self.folders.flows, self.folders.own_flows)

    @cached_property
    def known(self) -> Mapping[str, LanguageEntry]:
        """All languages, ours and the company's; a company that names its languages works on these alone."""
        found = languages(self.folders.locales, self.folders.own_locales)
        named = self.business.languages if self.folders.own else ()
        added = found.keys() - languages(self.folders.locales).keys()
        kept = {*named, *added, SOURCE_LOCALE} if named else found.keys()
        return {code: language for code, language in found.items() if code in kept}

    @property
    def keywords(self) -> Keywords:
        """All words."""
        return Keywords.load(self.folders.locales, self.folders.own_locales)

    @cached_property
    def everything(self) -> SourceTexts:
        """Every English text."""
        file = self.folders.business_file(self.business_file)
        confirmed = changes.superseded(changes.read(self.folders.written_locales))
        return source_texts(self.flows, self.business, file, confirmed)

    def sources(self, code: str = "") -> SourceTexts:
        """Return the English texts that the catalog of a language holds; of all languages when left out."""
        if self.folders.own is None or (code and code not in languages(self.folders.locales)):
            return self.everything
        return replace(self.everything, slots=tuple(slot for slot in self.everything.slots if slot.company))

    def template(self, code: str = "") -> po.PoFile:
        """Return the template of a language's catalog."""
        root = self.folders.own or self.folders.locales.parent
        return template(self.sources(code), root, self.printed(SOURCE_LOCALE))

    def printed(self, code: str) -> Mapping[str, str]:
        """Return placeholder → the word that a language prints."""
        return printed_words(code, self.folders.locales, self.folders.own_locales)

    def catalog(self, code: str) -> po.PoFile:
        """Return the catalog of a language, brought up to date; the company's begins with what ours has."""
        path = catalog_path(self.folders.written_locales, code)
        written = po.read(path) if path.exists() and path.stat().st_size else po.PoFile()
        ours = catalog_path(self.folders.locales, code)
        if self.folders.own is not None and ours.exists():
            translated = {entry.id for entry in written.entries if entry.translation}
            rest = [entry for entry in po.read(ours).entries if entry.translation and entry.id not in translated]
            kept = [entry for entry in written.entries if entry.id not in {entry.id for entry in rest}]
            wanted = {slot.id for slot in self.sources(code).slots}
            written = replace(written, entries=(*kept, *(entry for entry in rest if entry.id in wanted)))
        return updated(written, self.template(code), self.known[code], self.printed(code))

    def codes(self, wanted: Collection[str] | None = None) -> list[str]:
        """Return the languages to work on. Raises `OperatorError` for an unknown language."""
        known = [code for code in self.known if code != SOURCE_LOCALE]
        for code in wanted or ():
            if code == SOURCE_LOCALE:
                where = f"{self.folders.flows}, and `{COMMAND} i18n check` without a language checks them"
                raise OperatorError(f"English is what the others are translated from; its texts stand in {where}")
            if code not in known:
                cure = f"name one of {', '.join(known)}, or begin it by `{COMMAND} i18n init {code}`"
                raise OperatorError(f"there is no language {code!r}; {cure}")
        return [code for code in known if not wanted or code in wanted]

    # --- rewording

    def reworded(self) -> Mapping[str, Mapping[str, str]]:
        """Return text id → language → the earlier English that its translation was made for and that still counts."""
        slots = {slot.id: slot for slot in self.everything.slots if slot.company}
        found: dict[str, dict[str, str]] = {}
        for code in self.codes():
            for entry in self.catalog(code).entries:
                slot = slots.get(entry.id)
                if slot and entry.made_for != slot.english and slot.accepts(entry.made_for):
                    found.setdefault(slot.id, {})[code] = entry.made_for
        return found

    def confirm_legal(self, text_ids: Collection[str], today: date) -> Sequence[Path]:
        """Let the translations of the earlier English count no longer; return the file that says so."""
        return [changes.add(self.locales, [self._change(text_id, "legal", today) for text_id in text_ids])]

    def confirm_editorial(self, text_ids: Collection[str], today: date) -> Sequence[Path]:
        """Take the translations of the earlier English for translations of today's; return the files written."""
        noted = [self._change(text_id, "editorial", today) for text_id in text_ids]
        files = []
        for code in self.codes():
            catalog = self.catalog(code)
            entries = tuple(
                replace(entry, fuzzy=False, previous="") if entry.id in text_ids and entry.made_for else entry
                for entry in catalog.entries
            )
            files.append(write(catalog_path(self.locales, code), replace(catalog, entries=entries)))
        return [changes.add(self.locales, noted), *files]

    def _change(self, text_id: str, change: changes.Kind, today: date) -> changes.Change:
        slot: Slot = next(slot for slot in self.everything.slots if slot.id == text_id)
        earlier = sorted(set(self.reworded()[text_id].values()))
        return changes.Change(
            id=text_id, change=change, confirmed_on=today, english=slot.english, superseded=tuple(earlier)
        )


def write(path: Path, catalog: po.PoFile) -> Path:
    """Write a catalog where there may be no folder yet; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(po.written(catalog), "utf-8")
    return path
