"""`init`: make a company's own folder, by questions or by options."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from babel.core import get_global

from ..app.new_company import PURPOSES, SAMPLE_S_OFFERS, Answers, make
from ..environment import ENV_FILE
from ..errors import OperatorError
from ..folders import BUSINESS, Folders
from ..i18n.catalogs import languages as known_languages
from ..i18n.locale import languages_of, negotiate
from ..paths import COMMAND, INSTALLED
from .running import at_terminal, fail, files_told

_ALL = ",".join(PURPOSES)

Notices = Annotated[
    list[str] | None, typer.Option("--notice", metavar="LANGUAGE=URL", help="Your privacy notice; once per language.")
]


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    name: Annotated[str, typer.Option(help="Your company, as customers know it.")] = "",
    address: Annotated[str, typer.Option(help="Its legal name and postal address.")] = "",
    email: Annotated[str, typer.Option(help="Where people write about their data.")] = "",
    country: Annotated[str, typer.Option(help="Two letters, e.g. DE.")] = "",
    timezone: Annotated[str, typer.Option(help="Where a day ends, e.g. Europe/Berlin.")] = "",
    language: Annotated[str, typer.Option(help="Spoken when nothing tells the person's, e.g. de.")] = "",
    languages: Annotated[str, typer.Option(help="The languages that you offer, e.g. de,en; all when left out.")] = "",
    notice: Notices = None,
    human_email: Annotated[str, typer.Option(help="Where a person answers.")] = "",
    phone: Annotated[str, typer.Option(help="The same by phone.")] = "",
    hours: Annotated[str, typer.Option(help='When somebody is there, e.g. "Mo-Fr 9:00-17:00".')] = "",
    dpo_name: Annotated[str, typer.Option(help="Your data protection officer, if you have one.")] = "",
    dpo_email: Annotated[str, typer.Option(help="Their address.")] = "",
    purposes: Annotated[str, typer.Option(help="What you ask consent for; write your own into business.toml.")] = _ALL,
) -> None:
    """Make a folder for your company: business.toml, flows/, locales/, .env, Procfile, compose.yaml.

    At a terminal it asks for what no option says. Where nobody can type, give --name, --address, --email, --country and
    --notice; the rest follows from them. In a folder that has business.toml already it asks nothing, and adds the files
    that are missing; nothing that is there is ever overwritten.

    For example: init shop --name "Rosen Huber" --address "Huber OHG, Am Hafen 2, 20457 Hamburg"
    --email privacy@huber.de --country DE --notice de=https://huber.de/datenschutz --languages de,en
    """
    if (folder / BUSINESS).exists():
        typer.echo(f"{folder / BUSINESS} is there already and stays as it is: change what it says in the file itself")
        _write(folder, None, datetime.now(UTC).date())
        return
    ask = _Ask(asking=at_terminal())
    name = ask("--name", name, "Your company, as customers know it")
    address = ask("--address", address, "Its legal name and postal address")
    email = ask("--email", email, "E-mail address for questions about personal data")
    country = ask("--country", country, "Country, two letters (e.g. DE)").upper()
    timezone = ask("--timezone", timezone, "Time zone", _timezone(country))
    language = ask("--language", language, "Language spoken by default", _language(country))
    spoken = _split(ask("--languages", languages, "Languages offered, with commas (empty: all)", "", optional=True))
    urls = dict(map(_notice, notice or ()))
    if language not in urls:
        urls[language] = ask(f"--notice {language}=", "", f"Address of your privacy notice in {language} (https://…)")
    human_email = ask("--human-email", human_email, "E-mail address where a person answers", email)
    phone = ask("--phone", phone, "Phone number (empty: none)", "", optional=True)
    hours = ask("--hours", hours, "When somebody is there (empty: not said)", "", optional=True)
    dpo_email = ask("--dpo-email", dpo_email, "Data protection officer's e-mail (empty: none)", "", optional=True)
    ask.complain()
    answers = Answers(
        name=name,
        address=address,
        email=email,
        country=country,
        timezone=timezone,
        language=language,
        languages=spoken,
        notice=urls,
        human_email=human_email,
        phone=phone,
        hours=hours,
        dpo_name=dpo_name,
        dpo_email=dpo_email,
        purposes=_purposes(purposes),
    )
    try:
        _write(folder, answers, _today(timezone))
    except OperatorError:
        if ask.asking:
            typer.echo(f"Your answers, to correct and repeat:\n{_repeated(folder, answers)}", err=True)
        raise


def _write(folder: Path, answers: Answers | None, today: date) -> None:
    with files_told():
        made = make(folder, answers, today)
    for path, written in made.items():
        typer.echo(f"{'wrote' if written else 'kept '} {path}")
    if answers is None and made[folder / ENV_FILE.name]:
        typer.echo(
            f"{folder / ENV_FILE.name} has a new SECRET_KEY: if anything is stored already, put its own key there"
        )
    _next_steps(folder)


def _repeated(folder: Path, answers: Answers) -> str:
    """Return the command that says the same without being asked."""
    words = [str(folder)]
    for field in fields(answers):
        value = getattr(answers, field.name)
        if field.name == "notice":
            words += [word for code, url in value.items() for word in ("--notice", f"{code}={url}")]
        elif value:
            words += [f"--{field.name.replace('_', '-')}", value if isinstance(value, str) else ",".join(value)]
    return f"{COMMAND} init {shlex.join(words)}"


class _Ask:
    """Asks for what no option says; where nobody can type, notes which options are missing."""

    def __init__(self, *, asking: bool) -> None:
        self.asking = asking
        self._missing: list[str] = []

    def __call__(self, option: str, given: str, question: str, default: str = "", *, optional: bool = False) -> str:
        if given:
            return given
        if self.asking:
            prompt: Callable[..., str] = typer.prompt
            return prompt(question, default=default if default or optional else None, type=str).strip()
        if not default and not optional:
            self._missing.append(option)
        return default

    def complain(self) -> None:
        """Fail if an option is missing."""
        if self._missing:
            fail(
                f"nobody is at the terminal to be asked; give {', '.join(self._missing)} (see `{COMMAND} init --help`)"
            )


def _timezone(country: str) -> str:
    """Return the time zone of a country; empty if it has several."""
    zones = [zone for zone, territory in get_global("zone_territories").items() if territory == country]
    return _ZONES.get(country) or (zones[0] if len(zones) == 1 else "")


_ZONES = {"DE": "Europe/Berlin", "ES": "Europe/Madrid", "PT": "Europe/Lisbon", "CY": "Asia/Nicosia"}
"""Countries with more than one, most of whose people live in this."""


def _language(country: str) -> str:
    folders = Folders()
    offered = [code for code, language in known_languages(folders.locales).items() if language.offered]
    return next((code for one in languages_of(country) if (code := negotiate(one, offered))), "en")


def _notice(text: str) -> tuple[str, str]:
    code, sign, url = text.partition("=")
    if not sign:
        fail(f"--notice {text}: has no language; write for example --notice de=https://…")
    return code, url


def _purposes(text: str) -> Sequence[str]:
    named = _split(text)
    if unknown := [purpose for purpose in named if purpose not in PURPOSES]:
        fail(
            f"--purposes {', '.join(unknown)}: name some of {', '.join(PURPOSES)}; add your own to business.toml later"
        )
    return named


def _split(text: str) -> Sequence[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _today(timezone: str) -> date:
    try:
        return datetime.now(ZoneInfo(timezone)).date()
    except (OSError, ValueError, KeyError):
        return datetime.now(UTC).date()  # the time zone is refused with all that is wrong


def _next_steps(folder: Path) -> None:
    go = f"cd {shlex.quote(str(folder))}" if INSTALLED else f"export APP_DIR={shlex.quote(str(folder))}"
    typer.echo(
        f"""
Next:
  {go}
  {COMMAND} chat      # talk with it, without Meta
  {COMMAND} doctor    # what is missing, and where to find it
Then read business.toml once: what you ask consent for, who else gets data, where it is stored."""
    )
    if SAMPLE_S_OFFERS in (folder / BUSINESS).read_text("utf-8"):
        typer.echo(f"Its offers are still those of the sample, {SAMPLE_S_OFFERS}: say what yours are.")
