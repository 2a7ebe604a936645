"""The `Plural-Forms` header of each language, as GNU gettext writes it.

A single table, because tools disagree (Babel has one form for Turkish and Hungarian) and would keep rewriting each
other's headers. No text of ours has plural forms; numbers come from CLDR.
"""

from babel import Locale
from babel.plural import to_gettext

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
    locale = Locale.parse(code.replace("-", "_"))
    return _BY_CODE.get(code) or _BY_CODE.get(locale.language) or to_gettext(locale.plural_form)
