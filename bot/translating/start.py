"""A new language: its table in `languages.toml`, as a draft, and its empty catalog."""

from pathlib import Path

from babel import Locale, UnknownLocaleError

from ..errors import OperatorError
from ..i18n import po
from ..i18n.catalogs import LANGUAGES, LanguageEntry, catalog_path, languages
from ..paths import COMMAND
from .plurals import plural_forms
from .update import updated


def start(folder: Path, code: str, template: po.PoFile) -> Path:
    """Make the catalog of `code` and return its path; a catalog that a translator already sent is kept and completed.

    Raises `OperatorError`, and `PoError` when the catalog sent is broken.
    """
    known = languages(folder)
    if code in known:
        raise OperatorError(
            f"{folder / LANGUAGES}: [{code}] is there already; `{COMMAND} i18n update {code}` updates it"
        )
    language = LanguageEntry(code=_checked(code), offered=False, plural=plural_forms(code))
    path = catalog_path(folder, code)
    catalog = po.read(path) if path.exists() else po.PoFile()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(po.written(updated(catalog, template, language)), "utf-8")
    with (folder / LANGUAGES).open("a", encoding="utf-8") as table:
        table.write(f'\n[{_key(code)}]\nstatus = "draft"\nplural = "{language.plural}"\nreviewed = false\n')
    return path


def _key(code: str) -> str:
    """Return a code as a TOML key: `de@informal` needs quotes."""
    return code if code.replace("-", "").isalnum() else f'"{code}"'


def _checked(code: str) -> str:
    """Refuse what is not a locale code or is spelled differently (`pt_br`, `PT-BR`)."""
    try:
        locale = Locale.parse(code.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        raise OperatorError(f"{code!r} is no language that CLDR knows; write e.g. it or pt-BR") from None
    spelled = str(locale).replace("_", "-")
    if spelled != code:
        raise OperatorError(f"{code!r} is another spelling; write {spelled!r}")
    return code
