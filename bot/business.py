"""The company as data: `flows/business.toml` → `Business`, validated once at start."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from . import toml_file
from .quiet import WEEKDAYS, AtMost, DailyHours, QuietTimes, Weekday, parse_at_most, parse_hours
from .times import parse_duration

_EMAIL = r"^[^@\s]+@[^@\s]+$"
_COUNTRY = r"^[A-Z]{2}$"
_ID = r"^[a-z][a-z0-9_]{0,39}$"

_FORMS = {
    _EMAIL: "not an e-mail address; write one, e.g. privacy@blumen-haas.example",
    _COUNTRY: "not a country; write its two capital letters, e.g. DE",
    _ID: "not an id; write small letters, digits and _, a letter first, 40 at most",
}
"""Pattern → what to write."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


class Contact(_Table):
    """A named contact, e.g. the data protection officer (GDPR Art. 37(7))."""

    name: str = Field(min_length=1)
    email: str = Field(pattern=_EMAIL)


class Controller(_Table):
    """Who decides on purposes and means (GDPR Art. 13(1)(a))."""

    name: str = Field(min_length=1, max_length=60)
    address: str = Field(min_length=1)
    email: str = Field(pattern=_EMAIL)
    country: str = Field(pattern=_COUNTRY)
    region: str | None = None
    """A part of the country with public holidays of its own, e.g. BY."""
    timezone: str = "UTC"
    """IANA, e.g. Europe/Berlin: deadlines end there at midnight."""
    dpo: Contact | None = None

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, timezone: str) -> str:
        if timezone not in available_timezones():
            raise ValueError("not a time zone; write it as in the IANA database, e.g. Europe/Berlin")
        return timezone

    @model_validator(mode="after")
    def _has_a_calendar(self) -> "Controller":
        """Without a calendar no request could be noted: each needs the day by which it must be answered."""
        import holidays  # slow to import, so only when needed

        regions = holidays.list_supported_countries().get(self.country)
        if regions is None:
            raise ValueError(f"country: no public holidays are known of {self.country!r}; write it as in ISO 3166")
        if self.region is not None and self.region not in regions:
            known = ", ".join(regions) or "none"
            raise ValueError(f"region: {self.region!r} is none of {self.country}; there are: {known}")
        return self

    @property
    def privacy_contact(self) -> str:
        """Where a person writes about their data: the data protection officer, else the controller."""
        return self.dpo.email if self.dpo else self.email


class StaffChat(_Table):
    """The company's staff answers in the chat: what a person writes to them goes to the company's own system."""

    not_understood: bool = False
    """Whether not only HUMAN begins a conversation, but also what no dialogue understands."""
    ends_after: Duration = Field(timedelta(hours=24), le=timedelta(days=30))
    """The silence of the person after which it ends."""
    keep: Duration = timedelta(days=30)
    """How long what they wrote is kept after its end."""


class Human(_Table):
    """How to reach a person (WhatsApp Business Messaging Policy, automation)."""

    email: str = ""
    phone: str = ""
    url: str = ""
    hours: str = ""
    chat: StaffChat | None = None
    """None: nobody answers in the chat."""

    def lines(self) -> str:
        """Return the contact ways, one on each line."""
        return "\n".join(way for way in (self.email, self.phone, self.url, self.hours) if way)


AskFirst = Literal["at_once", "after_answer", "when_asked"]


class FirstContact(_Table):
    """What happens when somebody writes who was never asked for consent.

    They are answered in any case: that may not depend on a consent (GDPR Art. 7(4)).
    """

    ask: AskFirst | None = None
    """When they are asked for it: at once; once the host's bot has answered them, which is at once where there is none;
    or only when they, a form or the API ask for it. None: after the answer of the host's bot, if there is one."""


class SoftOptIn(_Table):
    """What marketing to own customers may be about without their consent (ePrivacy Directive, Art. 13(2))."""

    product_family: str = Field(min_length=1, max_length=60)
    """The goods, similar to those sold."""


class Purpose(_Table):
    """One reason to write. Consent is per person and purpose (GDPR Art. 6(1)(a), EDPB 05/2020 on granularity)."""

    id: str = Field(pattern=_ID)
    category: Literal["marketing", "utility"]
    title: str = Field(min_length=1, max_length=24)
    description: str = Field(min_length=1, max_length=72)
    legal_basis: Literal["consent", "soft_opt_in", "service"] = "consent"
    """Why it may be written about: consent; consent or, where the country allows it, a sale; or, within 24 hours, that
    the person wrote."""
    soft_opt_in: SoftOptIn | None = None
    valid_for: Duration
    refresh_before: Duration | None = None
    """How long before a consent ends the person is asked again, once they write; None: after it has ended."""
    quiet_hours: Annotated[DailyHours, BeforeValidator(parse_hours)] | None = None
    """When nothing is sent of the company's own accord, where the person is."""
    quiet_days: tuple[Weekday, ...] = ()
    at_most: Annotated[AtMost, BeforeValidator(parse_at_most)] | None = None
    """How many messages a person gets of the company's own accord."""

    @property
    def quiet(self) -> QuietTimes | None:
        """When nothing is sent of the company's own accord; None: that is never so."""
        days = frozenset(WEEKDAYS.index(day) for day in self.quiet_days)
        return QuietTimes(self.quiet_hours, days) if self.quiet_hours or days else None

    @model_validator(mode="after")
    def _fits_its_legal_basis(self) -> "Purpose":
        if self.legal_basis == "soft_opt_in" and (self.category != "marketing" or self.soft_opt_in is None):
            raise ValueError(
                'legal_basis soft_opt_in is for marketing to own customers; set category = "marketing" and add '
                "[purposes.soft_opt_in] with product_family"
            )
        if self.legal_basis != "soft_opt_in" and self.soft_opt_in is not None:
            raise ValueError("soft_opt_in is not the legal_basis; remove [purposes.soft_opt_in] or change legal_basis")
        if self.legal_basis == "service" and self.category != "utility":
            raise ValueError('marketing is no service; set legal_basis = "consent" or category = "utility"')
        if self.legal_basis == "service" and (self.quiet_hours or self.quiet_days or self.at_most):
            raise ValueError(
                "service answers people, which nothing holds back; remove quiet_hours, quiet_days, at_most"
            )
        return self

    @model_validator(mode="after")
    def _leaves_a_day(self) -> "Purpose":
        if len(set(self.quiet_days)) == len(WEEKDAYS):
            raise ValueError("quiet_days names every day, so nothing could ever be sent; leave a day out")
        return self

    @model_validator(mode="after")
    def _not_too_early(self) -> "Purpose":
        if self.refresh_before and 2 * self.refresh_before > self.valid_for:
            raise ValueError("refresh_before is more than half of valid_for; make it shorter")
        return self


class Notice(_Table):
    """A version of the privacy notice."""

    version: str = Field(min_length=1, max_length=40)
    published: date
    change: Literal["material", "editorial"]
    url: dict[str, HttpUrl]

    def url_for(self, locale: str, default: str) -> str:
        """Return the notice's address in `locale`, else in another variety of its language, else in `default`."""
        language = _language(locale)
        same = (url for known, url in self.url.items() if _language(known) == language)
        return str(self.url.get(locale) or self.url.get(language) or next(same, self.url[default]))


def _language(locale: str) -> str:
    return re.split("[-_@]", locale, maxsplit=1)[0]


class ThirdParty(_Table):
    """A recipient of the data (GDPR Art. 13(1)(e), 28)."""

    name: str
    role: Literal["processor", "controller"]
    what: str
    country: str = Field(pattern=_COUNTRY)


class Storage(_Table):
    """Where the data is stored (GDPR Art. 13(1)(f))."""

    places: tuple[str, ...] = Field(min_length=1)
    """Codes of countries, or EU, which are named in each language; anything else is used as it is written."""


class Retention(_Table):
    """How long data is kept and a consent holds, where it differs from the defaults of `bot.consent.retention`."""

    unused_lapse: Duration | None = None
    max_age: Duration | None = None
    proof_after_withdrawal: Duration | None = None
    suppression: Duration | None = None
    prospect_after_last_contact: Duration | None = None
    closed_requests: Duration | None = None
    dead_letters: Duration | None = None
    events: Duration | None = None


class ConfirmedImport(_Table):
    """A source of imported consents whose evidence the controller has seen and confirmed (GDPR Art. 7(1))."""

    source: str = Field(min_length=1, max_length=200)
    """As `import --source` names it."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Of the file that was seen: nothing else of this source counts."""
    evidence: str = Field(min_length=1, max_length=200)
    """Where the evidence is kept, e.g. the number of a file."""
    confirmed_by: str = Field(min_length=1, max_length=100)
    confirmed_on: date
    """Consents of later days are not covered."""
    purposes: tuple[str, ...] = Field(min_length=1)
    notice: str
    """The version of the privacy notice that these persons were shown."""


class TemplateTable(_Table):
    """`[[templates]]`: what the company says first, for one of its purposes. Its English texts are translated."""

    id: str = Field(pattern=_ID)
    purpose: str
    category: Literal["marketing", "utility"]
    header: str = Field("", max_length=60)
    body: str = Field(min_length=1, max_length=1024)
    footer: str = Field("", max_length=60)
    """Instead of the footer that our own messages have, which tells how to stop."""
    buttons: tuple[str, ...] = Field((), max_length=10)
    """Quick replies: the names of flows' buttons, such as `my_choices`."""
    vars: dict[str, str] = Field(default_factory=dict)
    """An example value for each placeholder of the body that is filled anew for each message."""


class Business(_Table):
    """Everything in `business.toml`."""

    default_locale: str
    languages: tuple[str, ...] = ()
    """The languages that customers are offered, of those in `locales/languages.toml`; empty: all of them."""
    question_expires_after: Duration
    controller: Controller
    human: Human
    first_contact: FirstContact = FirstContact()
    purposes: tuple[Purpose, ...] = Field(min_length=1, max_length=10)
    notices: tuple[Notice, ...] = Field(min_length=1)
    third_parties: tuple[ThirdParty, ...] = ()
    templates: tuple[TemplateTable, ...] = ()
    storage: Storage
    retention: Retention = Retention()
    imports: tuple[ConfirmedImport, ...] = ()

    @field_validator("purposes")
    @classmethod
    def _differ(cls, purposes: tuple[Purpose, ...]) -> tuple[Purpose, ...]:
        if len({purpose.id for purpose in purposes}) != len(purposes):
            raise ValueError("two purposes have the same id; rename one")
        if len({purpose.title.casefold() for purpose in purposes}) != len(purposes):
            raise ValueError("two purposes have the same title, and WhatsApp takes no equal buttons; rename one")
        if all(purpose.legal_basis == "service" for purpose in purposes):
            raise ValueError('nothing to agree to: all are service; add a purpose with legal_basis = "consent"')
        return purposes

    @field_validator("human")
    @classmethod
    def _reachable(cls, human: Human) -> Human:
        if not human.email and not human.phone and not human.url:
            raise ValueError("WhatsApp's policy demands a way to a person; name at least one of email, phone, url")
        return human

    @model_validator(mode="after")
    def _notices_in_the_default_language(self) -> "Business":
        for notice in self.notices:
            if self.default_locale not in notice.url:
                raise ValueError(
                    f"notices: version {notice.version!r} has no url for default_locale {self.default_locale!r}; add it"
                )
        return self

    @model_validator(mode="after")
    def _imports_name_what_there_is(self) -> "Business":
        known = {"purposes": {purpose.id for purpose in self.purposes}, "notice": {one.version for one in self.notices}}
        for one in self.imports:
            for key, named in (("purposes", one.purposes), ("notice", (one.notice,))):
                if wrong := set(named) - known[key]:
                    there = ", ".join(sorted(known[key]))
                    raise ValueError(f"imports: {key}: there is no {', '.join(sorted(wrong))}; write one of: {there}")
        if len({one.source for one in self.imports}) != len(self.imports):
            raise ValueError("imports: two tables have the same source; put them together")
        return self

    @model_validator(mode="after")
    def _templates_serve_purposes(self) -> "Business":
        if len({template.id for template in self.templates}) != len(self.templates):
            raise ValueError("templates: two have the same id; rename one")
        for template in self.templates:
            purpose = self.purpose(template.purpose)
            if purpose is None:
                known = ", ".join(purpose.id for purpose in self.purposes)
                raise ValueError(f"templates: {template.id!r} serves no purpose of this file; name one of {known}")
            if template.category == "marketing" and purpose.category == "utility":
                raise ValueError(
                    f"templates: {template.id!r} is marketing, but its purpose is not; give it another purpose"
                )
        return self

    @property
    def notice(self) -> Notice:
        """The notice in force."""
        return self.notices[-1]

    def notice_stands(self, version: str) -> bool:
        """Whether a consent under this version of the notice still holds: no material change came after it."""
        versions = [notice.version for notice in self.notices]
        later = self.notices[versions.index(version) + 1 if version in versions else 0 :]
        return not version or all(notice.change == "editorial" for notice in later)

    @property
    def consentable(self) -> Sequence[Purpose]:
        """The purposes that a person can agree to; service is not asked about."""
        return [purpose for purpose in self.purposes if purpose.legal_basis != "service"]

    def confirmed(self, source: str) -> ConfirmedImport | None:
        """Return what was confirmed about a source of imported consents."""
        return next((one for one in self.imports if one.source == source), None)

    def purpose(self, purpose_id: str) -> Purpose | None:
        """Return the purpose with this id."""
        return next((purpose for purpose in self.purposes if purpose.id == purpose_id), None)


def load(path: Path) -> Business:
    """Read `business.toml`. Raises `FileError` naming each wrong key and its cure."""
    return toml_file.load(path, Business, _cure, unreadable="set BUSINESS_FILE to your business.toml")


def _cure(problem: ErrorDetails) -> str:
    limits = problem.get("ctx", {})
    match problem["type"]:
        case "string_too_short":
            return "empty; fill it in"
        case "string_too_long":
            return f"longer than {limits['max_length']} characters; shorten it"
        case "string_pattern_mismatch":
            return _FORMS[limits["pattern"]]
        case "too_short":
            return "empty; name at least one"
        case "too_long":
            return f"more than {limits['max_length']}; leave some out"
        case "literal_error":
            return f"none of the known words; write {limits['expected']}"
        case "tuple_type":
            return 'not a list; write one, e.g. ["EU"]'
        case kind if kind.startswith("url"):
            return "not a web address; write one that begins with https://"
        case kind if kind.startswith("date"):
            return "not a date; write one without quotes, e.g. 2026-10-01"
        case _:
            return toml_file.cure_by_example(problem, "flows/business.toml in the repository")
