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

from .. import __version__
from ..business import load
from ..environment import ENV_FILE
from ..errors import FileError, OperatorError
from ..folders import BUSINESS, Folders
from ..i18n.catalogs import languages
from ..paths import FLOWS
from .load import load_world

PURPOSES = tuple(str(purpose["id"]) for purpose in tomllib.loads((FLOWS / BUSINESS).read_text("utf-8"))["purposes"])
"""The purposes of the sample, whose texts are translated already."""

SAMPLE_S_OFFERS = "seasonal flowers"
"""What the sample offers; it cannot be left out of its text, which is translated."""

_TEMPLATES = Path(__file__).parent / "company_folder"
"""What is in the folder besides `business.toml`. It is for the installed package, also where a checkout makes it."""

_FILLED = ("env", "README.md", "requirements.txt")
"""Those in which values are put."""

_DOTTED = {"env": ENV_FILE.name, "gitignore": ".gitignore", "dockerignore": ".dockerignore"}
"""Those that are named otherwise, so that they have no effect in the program's own folder."""


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


def make(folder: Path, answers: Answers | None, today: date) -> Mapping[Path, bool]:
    """Write what the folder lacks, and overwrite nothing; return each file with whether it was written.

    Without `answers`, `business.toml` is there already. Raises `OperatorError` if that or an answer is wrong.
    """
    if folder.resolve() in (FLOWS.parent, FLOWS):
        raise OperatorError(f"{folder}: is the program's own folder; name another")
    if answers is None:
        name = load(folder / BUSINESS).controller.name
    else:
        name = answers.name
        _try(folder, answers, today)
    made = {}
    for path, content in _files(folder, name, answers, today):
        made[path] = not path.exists()
        if made[path]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600 if path.name == ENV_FILE.name else 0o644)
            path.write_text(content, "utf-8")
    return made


def _try(folder: Path, answers: Answers, today: date) -> None:
    """Read the file as the program will, before anything is written. Raises `FileError` with the names to come."""
    known = languages(Folders().locales)
    unknown = [code for code in (answers.language, *answers.languages, *answers.notice) if code not in known]
    if unknown:
        raise OperatorError(f"there is no language {', '.join(unknown)}; write some of {', '.join(known)}")
    with tempfile.TemporaryDirectory() as trial:
        path = Path(trial) / BUSINESS
        path.write_text(business(answers, today), "utf-8")
        try:
            load_world(own=trial)
        except FileError as error:
            raise OperatorError(str(error).replace(str(path), str(folder / BUSINESS))) from None


def _files(folder: Path, name: str, answers: Answers | None, today: date) -> Iterator[tuple[Path, str]]:
    """Yield every file with what it says at first."""
    yield folder / BUSINESS, business(answers, today) if answers else ""
    values = {"secret": secrets.token_hex(32), "verify": secrets.token_hex(16), "password": secrets.token_hex(32)}
    values |= {"name": name, "version": __version__}
    for template in sorted(path for path in _TEMPLATES.rglob("*") if path.is_file()):
        inside = template.relative_to(_TEMPLATES)
        content = template.read_text("utf-8")
        filled = content.format(**values) if inside.as_posix() in _FILLED else content
        yield folder / inside.with_name(_DOTTED.get(inside.name, inside.name)), filled


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
