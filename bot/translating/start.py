"""A new language: its table in `languages.toml`, as a draft, and its empty catalog."""

from collections.abc import Collection, Mapping
from pathlib import Path

from babel.plural import to_gettext

from ..errors import OperatorError
from ..i18n import po
from ..i18n.catalogs import LANGUAGES, LanguageEntry, catalog_path, languages
from ..i18n.cldr import babel_locale
from ..paths import COMMAND
from .examples import printed_words
from .update import updated


def start(
    folder: Path,
    code: str,
    template: po.PoFile,
    known: Collection[str] = (),
    words: Mapping[str, str] | None = None,
) -> Path:
    """Make the catalog of `code` and return its path; a catalog that a translator already sent is kept and completed.

    `known` are the languages there are, and `words` what the new one prints by placeholder: by default those of
    `folder`. Raises `OperatorError`, and `PoError` when the
    catalog sent is broken.
    """
    known = known or languages(folder)
    words = printed_words(code, folder) if words is None else words
    if code in known:
        raise OperatorError(
            f"{folder / LANGUAGES}: [{code}] is there already; `{COMMAND} i18n update {code}` updates it"
        )
    language = LanguageEntry(code=_checked(code), offered=False, plural=plural_forms(code))
    path = catalog_path(folder, code)
    catalog = po.read(path) if path.exists() else po.PoFile()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(po.written(updated(catalog, template, language, words)), "utf-8")
    with (folder / LANGUAGES).open("a", encoding="utf-8") as table:
        meta = code.replace("-", "_")
        known_to_meta = f'template = "{meta}"\n' if meta in _TEMPLATE_CODES.split() else ""
        table.write(
            f'\n[{_key(code)}]\nstatus = "draft"\n{known_to_meta}plural = "{language.plural}"\nreviewed = false\n'
        )
    return path


_TEMPLATE_CODES = (
    "ar bg ca cs da de el en es et fi fr ga he hr hu it lt lv mk nb nl pl pt_BR pt_PT ro ru sk sl sq sr sv tr uk"
)
"""European languages, and their neighbours', in which Meta takes message templates (supported-languages, Nov 2025)."""


def _key(code: str) -> str:
    """Return a code as a TOML key: `de@informal` needs quotes."""
    return code if code.replace("-", "").isalnum() else f'"{code}"'


def _checked(code: str) -> str:
    """Refuse what is not a locale code or is spelled differently (`pt_br`, `PT-BR`)."""
    try:
        locale = babel_locale(code)
    except ValueError as error:
        raise OperatorError(str(error)) from None
    spelled = str(locale).replace("_", "-")
    if spelled != code:
        raise OperatorError(f"{code!r} is another spelling; write {spelled!r}")
    return code


_RULES = (
    ("nplurals=1; plural=0;", "id ja ko lo ms th vi zh"),
    (
        "nplurals=2; plural=(n != 1);",
        "af sq az eu bg bn ca da nl en eo et fo fi gl ka de el gu ha he hi hu it kk kn ku ky lb ml mn mr nb ne nn pa "
        "pt-PT so es sv sw ta te tr ur yi",
    ),
    ("nplurals=2; plural=(n > 1);", "am fa fil fr hy pt ti"),
    ("nplurals=2; plural=(n%10!=1 || n%100==11);", "is mk"),
    ("nplurals=3; plural=(n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2;", "cs sk"),
    ("nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2);", "lv"),
    ("nplurals=3; plural=(n==1 ? 0 : (n==0 || (n%100 > 0 && n%100 < 20)) ? 1 : 2);", "ro"),
    ("nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);", "pl"),
    ("nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && (n%100<10 || n%100>=20) ? 1 : 2);", "lt"),
    (
        "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
        "be bs hr ru sr uk",
    ),
    ("nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3);", "sl"),
    (
        "nplurals=4; plural=(n==1 ? 0 : n==0 || (n%100>1 && n%100<11) ? 1 : (n%100>10 && n%100<20) ? 2 : 3);",
        "mt",
    ),
    ("nplurals=5; plural=(n==1 ? 0 : n==2 ? 1 : n<7 ? 2 : n<11 ? 3 : 4);", "ga"),
    ("nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);", "ar"),
)

_BY_CODE = {code: rule for rule, codes in _RULES for code in codes.split()}


def plural_forms(code: str) -> str:
    """Return the header's value for a language, e.g. `pt-BR`; CLDR's where the table lacks it."""
    locale = babel_locale(code)
    return _BY_CODE.get(code) or _BY_CODE.get(locale.language) or to_gettext(locale.plural_form)
