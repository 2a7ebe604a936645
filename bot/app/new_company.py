"""Makes a company's folder (`APP_DIR`): its `business.toml` from the sample, and what else belongs there."""

import json
import re
import secrets
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..errors import FileError, OperatorError
from ..folders import BUSINESS, Folders
from ..i18n.catalogs import languages
from ..paths import COMMAND, FLOWS
from .load import load_world

PURPOSES = tuple(str(purpose["id"]) for purpose in tomllib.loads((FLOWS / BUSINESS).read_text("utf-8"))["purposes"])
"""The purposes of the sample, whose texts are translated already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What only the company knows about itself."""

    name: str
    address: str
    email: str
    country: str
    timezone: str
    language: str
    """Spoken when nothing tells the person's."""
    languages: Sequence[str]
    """The languages that are offered; empty: all."""
    notice: Mapping[str, str]
    """Language → address of the privacy notice."""
    human_email: str
    phone: str = ""
    hours: str = ""
    dpo_name: str = ""
    dpo_email: str = ""
    """Empty: there is no data protection officer."""
    purposes: Sequence[str] = PURPOSES


def make(folder: Path, answers: Answers, today: date) -> Sequence[Path]:
    """Make the folder and return its files. Raises `OperatorError` if one is there already, or an answer is wrong."""
    files = dict(_files(answers, today))
    if there := [name for name in files if (folder / name).exists()]:
        raise OperatorError(f"{folder}: has {', '.join(there)} already; name another folder: nothing is overwritten")
    _try(folder, answers, files)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600 if name == ".env" else 0o644)
        path.write_text(content, "utf-8")
    return [folder / name for name in files]


def _try(folder: Path, answers: Answers, files: Mapping[str, str]) -> None:
    """Read the file as the program will, before anything is written. Raises `FileError` with the names to come."""
    known = languages(Folders().locales)
    unknown = [code for code in (answers.language, *answers.languages, *answers.notice) if code not in known]
    if unknown:
        raise OperatorError(f"there is no language {', '.join(unknown)}; write some of {', '.join(known)}")
    with tempfile.TemporaryDirectory() as trial:
        path = Path(trial) / BUSINESS
        path.write_text(files[BUSINESS], "utf-8")
        try:
            load_world(own=trial)
        except FileError as error:
            raise OperatorError(str(error).replace(str(path), str(folder / BUSINESS))) from None


def _files(answers: Answers, today: date) -> Iterator[tuple[str, str]]:
    yield BUSINESS, business(answers, today)
    yield "flows/README.md", _FLOWS
    yield "locales/en/keywords.toml", _WORDS
    yield ".env", _ENV.format(secret=secrets.token_hex(32), verify=secrets.token_hex(16))
    yield ".gitignore", ".env\nvar/\n*.mo\n"
    yield "Procfile", _PROCFILE
    yield "README.md", _README.format(name=answers.name, command=COMMAND)


# --- business.toml


def business(answers: Answers, today: date) -> str:
    """Return the sample with the company's answers in it; its comments stay, which explain each key."""
    values = dict(_values(answers, today))
    left_out = {f"purposes {purpose}" for purpose in PURPOSES if purpose not in answers.purposes}
    left_out |= {f"templates {purpose}" for purpose in PURPOSES if purpose not in answers.purposes}
    left_out |= set() if answers.dpo_email else {"controller.dpo"}
    lines: list[str] = []
    for header, block in _tables((FLOWS / BUSINESS).read_text("utf-8")):
        if _named(header, block) not in left_out and not (header == "third_parties" and "US" in block):
            lines += _filled(header, block, values)
    text = "\n".join(lines).replace('Replace "Blumen Haas" by your company; `doctor`', "`doctor`")
    return re.sub(r"\n{3,}", "\n\n", text) + "\n"


def _values(answers: Answers, today: date) -> Iterator[tuple[str, str]]:
    """Yield what the keys of the sample are to say, as TOML; empty: the key is left out."""
    yield "default_locale", _text(answers.language)
    yield "languages", _listed(answers.languages) if answers.languages else ""
    for key in ("name", "address", "email", "country", "timezone"):
        yield f"controller.{key}", _text(getattr(answers, key))
    yield "controller.dpo.name", _text(answers.dpo_name or f"Data protection officer of {answers.name}")
    yield "controller.dpo.email", _text(answers.dpo_email)
    yield "human.email", _text(answers.human_email)
    yield "human.phone", _text(answers.phone) if answers.phone else ""
    yield "human.hours", _text(answers.hours) if answers.hours else ""
    yield "notices.version", _text(f"{today:%Y-%m-%d}")
    yield "notices.published", today.isoformat()
    yield "notices.url", "\n".join(f"{_key(code)} = {_text(url)}" for code, url in answers.notice.items())
    yield "templates.vars", '{ order = "1042", day = "24 December 2026" }'


def _tables(text: str) -> Iterator[tuple[str, str]]:
    """Yield each table of the sample: its name and its lines, with the comments above it."""
    header, block = "", list[str]()
    for line in text.splitlines():
        if found := re.match(r"\[+([\w.]+)\]+", line):
            above = next((number for number, old in enumerate(reversed(block)) if not old.startswith("#")), len(block))
            cut = len(block) - above
            yield header, "\n".join(block[:cut])
            header, block = found[1], block[cut:]
        block.append(line)
    yield header, "\n".join(block)


def _named(header: str, block: str) -> str:
    """Return the name of a table, of those that stand there several times with the purpose that they are about."""
    about = re.search(r'^(?:purpose|id) = "(\w+)"', block, re.MULTILINE)
    if header == "templates":
        about = re.search(r'^purpose = "(\w+)"', block, re.MULTILINE)
    return f"{header} {about[1]}" if about else header


def _filled(header: str, block: str, values: Mapping[str, str]) -> Iterator[str]:
    for line in block.split("\n"):
        key = re.match(r"(\w+) = ", line)
        name = ".".join(filter(None, (header, key[1]))) if key else ""
        if header == "notices.url" and key:
            continue
        if name in values and key:
            if values[name] and not (name == "templates.vars" and "offer" in line):
                yield f"{key[1]} = {values[name]}{_comment(line)}"
            elif values[name]:
                yield 'vars = { offer = "10 % off", day = "31 December 2026" }'
            if name == "default_locale" and values["languages"]:
                yield f"languages = {values['languages']}"
            continue
        yield line
        if header == "notices.url" and line.startswith("["):
            yield values["notices.url"]


def _comment(line: str) -> str:
    """Return the comment at the end of a line of the sample, with the space before it."""
    found = re.search(r"\s+#[^\"]*$", line)
    return found[0] if found else ""


def _text(value: str) -> str:
    """Return a text as TOML writes it."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(code: str) -> str:
    return code if code.replace("-", "").isalnum() else _text(code)


def _listed(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


# --- what else is in the folder

_FLOWS = """\
Your own dialogues: one file each, `<name>.toml`. `consentbot flows lint` checks them together with ours, and
`consentbot flows reference` prints everything that such a file may say.

People begin a dialogue by the words that stand under the name of its intent in `../locales/<language>/keywords.toml`.
"""

_WORDS = """\
# Words that your customers type, besides ours: they are added in this language, and work in every language.
# The name is that of an intent of yours, which a file in flows/ claims, or of ours (help, human, stop …):
#
# [hours]
# words = ["opening hours", "when are you open"]
"""

_ENV = """\
# Read from this folder; a variable of the environment wins. Keep it secret, and keep a copy of SECRET_KEY: without it
# nothing that is stored can be read again.
APP_DIR=.
SECRET_KEY={secret}

# From Meta: App Dashboard > WhatsApp > API Setup, and App settings > Basic
WHATSAPP_TOKEN=
WHATSAPP_APP_SECRET=
WHATSAPP_PHONE_NUMBER_ID=
WHATSAPP_BUSINESS_ACCOUNT_ID=
# Enter the same at App Dashboard > WhatsApp > Configuration
WHATSAPP_VERIFY_TOKEN={verify}

# Without them the program starts its own Valkey and PostgreSQL, for a try-out
REDIS_URL=
DATABASE_URL=

# The public https:// address of this app
BASE_URL=
"""

_PROCFILE = f"""\
release: {COMMAND} migrate && {COMMAND} doctor --release
web: {COMMAND} web
worker: {COMMAND} worker
"""

_README = """\
# consentbot for {name}

- `business.toml`: who you are, what you ask consent for, your privacy notice, who else gets data.
- `flows/`: dialogues of your own. `locales/`: translations of your texts, and words of your own.
- `.env`: what the program needs to run; never in version control.

Here, or anywhere with APP_DIR set to this folder:

    {command} chat               # talk with it, without Meta
    {command} doctor             # what is missing or wrong, with its cure
    {command} i18n update        # after a change of your English texts: what is to be translated
    {command} i18n confirm       # what was reworded, and whether people would agree to something else now
    {command} flows lint         # after a change in flows/
"""
