"""The program's settings, read once into one frozen value; every message about them names the variable and the cure.

Each field is the environment variable of the same name in capitals; `bot/environment.py` says where it is read from. A
field's description is what an operator reads when it is missing or wrong: what it is, and where to find it.
"""

import ssl
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode

from .environment import (
    ENV_FILE,
    Environment,
    Missing,
    Source,
    Wrong,
    bare,
    complain,
    cure_of,
    find,
    missing,
    problems,
)
from .urls import require_scheme, web_address, without_sslmode

DatabaseTls = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]

MINIMUM_SECRET_LENGTH = 32
"""Characters of one `SECRET_KEY`: 32 hexadecimal digits are 128 bits."""


class ChannelSettings(Environment):
    """One channel's settings from the environment; each channel has a class of its own, in its folder."""

    needed: ClassVar[Sequence[str]]
    """The fields without which the channel cannot be used."""

    def missing(self) -> tuple[Missing, ...]:
        """What must still be set before the channel can be used; empty if nothing is missing."""
        return missing(type(self), {name: getattr(self, name) for name in self.needed})

    @property
    def begun(self) -> bool:
        """Whether something is set that only this channel needs."""
        return any(getattr(self, name) for name in self.needed if name not in Settings.model_fields)


C = TypeVar("C", bound=ChannelSettings)


class Settings(Environment):
    """All settings from the environment except those of channels, which `of` reads from the same place."""

    _source: Source = PrivateAttr(default_factory=Source)
    _channels: dict[type[Environment], Any] = PrivateAttr(default_factory=dict)
    """The settings of channels that were read already."""

    secret_key: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="encryption and lookup keys derive from it; comma-separated, newest first, to rotate. Make one "
        "with: python -c 'import secrets; print(secrets.token_hex(32))'. Keep a copy: without it addresses and "
        "answers cannot be read again",
    )

    redis_url: SecretStr | None = Field(
        None, description="redis://, rediss:// or unix:// address of Redis or Valkey 7.2 or newer (Heroku sets it)"
    )
    redis_ca: Path | None = Field(None, description="PEM file of the authority that signed the Redis certificate")
    redis_tls_verify: bool | None = Field(
        None, description="whether rediss:// checks the certificate; by default yes, except on Heroku without REDIS_CA"
    )
    database_url: SecretStr | None = Field(
        None, description="postgresql:// address of PostgreSQL 14 or newer (Heroku sets it)"
    )
    database_ca: Path | None = Field(None, description="PEM file of the authority that signed PostgreSQL's certificate")
    database_tls: DatabaseTls | None = Field(
        None,
        description="disable, prefer, require, verify-ca or verify-full; by default the URL's sslmode, else require on "
        "Heroku, else prefer",
    )

    port: int = Field(8000, ge=1, le=65535, description="TCP port of the web server (Heroku sets it)")
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="TCP port of its own for /metrics, /healthz and /readyz, in web and in worker; PORT then has no "
        "/metrics. Each process on a machine needs another one; keep it inside your network",
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=MINIMUM_SECRET_LENGTH,
        description="what a monitoring program must send as a Bearer token to read /metrics, 32 characters or more; "
        "without it, and without METRICS_PORT, anybody may read them",
    )
    base_url: str | None = Field(
        None,
        description="public https:// address of this app, for links in messages; without it MY DATA has no link",
    )
    app_dir: Path | None = Field(
        None,
        description="the company's own folder, which `init` makes: business.toml, flows/*.toml, locales/ and .env",
    )
    app_functions: str | None = Field(
        None,
        description="module:name of your own `Functions`, which your flows name; the module may be in APP_DIR",
    )
    business_file: Path | None = Field(
        None, description="the company's business.toml; by default that of APP_DIR, else flows/business.toml"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    shards: int = Field(
        1, ge=1, le=100, description="parts that inbox and outbox are split into; change only when empty"
    )
    messages_per_second: int = Field(
        80, ge=1, le=100_000, description="what the number may send: 80 unless Meta has raised it (up to 1000)"
    )
    api_per_minute: int = Field(
        6000, ge=1, le=1_000_000, description="calls of the REST API that each token may make in a minute"
    )
    inbox_limit: int = Field(
        100_000, ge=1, description="unread events per shard after which webhooks get 503, so that Meta retries"
    )
    inbox_megabytes: int = Field(
        8, ge=1, description="memory of unread events per shard after which the same happens: at most a third of Redis"
    )
    takeover_seconds: int = Field(
        30,
        ge=1,
        le=3600,
        description="seconds after which a worker takes over what another one, dead or cut off, has left unfinished",
    )
    checkpoint_minutes: int = Field(10, ge=1, le=1440, description="how often the ledger's tree is signed")
    webhooks_private: bool = Field(
        False,
        description="true: events may also go to http:// and to addresses inside your own network, which by default "
        "are refused",
    )
    var_dir: Path = Field(
        Path("var"),
        description="folder for the data of the engines that the program starts itself, and the list of erasures",
    )
    dyno: str | None = Field(None, description="set by Heroku; tells the program that it runs there")

    @field_validator("log_level", mode="before")
    @classmethod
    def _capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("secret_key", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(key.strip() for key in bare(value).split(",") if key.strip()) if isinstance(value, str) else value

    @field_validator("secret_key")
    @classmethod
    def _keys_are_long(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, key in enumerate(keys, start=1):
            if len(key.get_secret_value()) < MINIMUM_SECRET_LENGTH:
                raise ValueError(f"key {number} is shorter than {MINIMUM_SECRET_LENGTH} characters")
        return keys

    @field_validator("base_url")
    @classmethod
    def _base_is_encrypted(cls, url: str | None) -> str | None:
        return url if url is None else web_address(url)

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            require_scheme(url, "redis", "rediss", "unix")
        return url

    @field_validator("database_url")
    @classmethod
    def _database_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        """Heroku writes `postgres://`, which libraries no longer read."""
        if url is None:
            return None
        require_scheme(url, "postgresql", "postgres")
        return SecretStr("postgresql://" + url.get_secret_value().partition("://")[2])

    @field_validator("redis_ca", "database_ca")
    @classmethod
    def _certificates(cls, path: Path | None) -> Path | None:
        if path is not None and path.is_file():
            try:
                ssl.create_default_context(cafile=str(path))
            except (OSError, ValueError):
                raise ValueError("the file holds no certificate in PEM") from None
        return path

    @field_validator("redis_ca", "database_ca", "business_file")
    @classmethod
    def _file_exists(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("there is no such file")
        return path

    @field_validator("app_dir")
    @classmethod
    def _folder_exists(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_dir():
            raise ValueError("there is no such folder")
        return path

    @model_validator(mode="before")
    @classmethod
    def _sslmode_is_database_tls(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Hosts put `sslmode` into the URL, where asyncpg under SQLAlchemy does not understand it."""
        url = values.get("database_url")
        text = url.get_secret_value() if isinstance(url, SecretStr) else url
        if not isinstance(text, str) or "?" not in text:
            return values
        kept, mode = without_sslmode(text)
        return {**values, "database_url": SecretStr(kept), "database_tls": values.get("database_tls") or mode}

    @property
    def on_heroku(self) -> bool:
        """Whether this process is a Heroku dyno."""
        return self.dyno is not None

    @property
    def embedded(self) -> bool:
        """Whether the evidence is in the program's own PostgreSQL: a try-out, not production."""
        return self.database_url is None

    @property
    def own_engines(self) -> tuple[str, ...]:
        """The variables in whose place the program starts its own Valkey or PostgreSQL, with the data in `VAR_DIR`."""
        if self.on_heroku:
            return ()
        urls = {"REDIS_URL": self.redis_url, "DATABASE_URL": self.database_url}
        return tuple(name for name, url in urls.items() if url is None)

    @property
    def verify_redis_tls(self) -> bool:
        """Whether `rediss://` checks the certificate. Heroku's is self-signed by an authority it does not publish."""
        if self.redis_tls_verify is not None:
            return self.redis_tls_verify
        return self.redis_ca is not None or not self.on_heroku

    @property
    def database_tls_mode(self) -> DatabaseTls:
        """How the connection to PostgreSQL is encrypted, in libpq's words."""
        return self.database_tls or ("require" if self.on_heroku else "prefer")

    def missing(self) -> tuple[Missing, ...]:
        """What the stores still need before webhooks can be answered; empty if nothing is missing."""
        needed: dict[str, object] = {}
        if self.on_heroku:
            needed = {"redis_url": self.redis_url, "database_url": self.database_url, "secret_key": self.secret_key}
        elif not self.embedded:
            needed = {"secret_key": self.secret_key}
        return missing(type(self), needed)

    def of(self, channel: type[C]) -> C:
        """Return the settings of a channel, read from where these were read. Raises `SettingsError`."""
        if channel not in self._channels:
            self._channels[channel] = self._source.required(channel)
        found: C = self._channels[channel]
        return found

    def changed(self, **changes: Any) -> "Settings":
        """Return these settings with `changes` (field names, also of channels). Raises `SettingsError`."""
        source = self._source.over(changes)
        return _with({Settings: source.required(Settings)}, source)


def cure(name: str) -> str:
    """What the variable is and where to find it; `name` in any case."""
    return cure_of(name, Settings)


def load_settings(
    env_file: Path | None = ENV_FILE, channels: Iterable[type[ChannelSettings]] = (), /, **overrides: Any
) -> Settings:
    """Read environment and `env_file`; `overrides` (field names, also of channels) win over both.

    Raises `SettingsError`, one line for each wrong variable, also those of `channels`, without any value.
    """
    source, faults = find(env_file, overrides)
    found: dict[type[Environment], Any] = {}
    wrong: dict[str, Wrong] = {}
    models: list[type[Environment]] = [Settings, *channels]
    for model in models:
        try:
            found[model] = source.read(model)
        except ValidationError as error:
            wrong |= dict(problems(model, error))
    complain((*faults, *(wrong[name] for name in sorted(wrong))))
    return _with(found, source)


def usable_settings(
    env_file: Path | None = ENV_FILE, channels: Iterable[type[ChannelSettings]] = (), /
) -> tuple[Settings, Sequence[Wrong]]:
    """Read what can be used of environment and `env_file`, and tell what cannot: it counts as not set.

    Only for looking: a program that works with settings other than those it was given does harm.
    """
    source, faults = find(env_file, {})
    found: dict[type[Environment], Any] = {}
    wrong: dict[str, Wrong] = {}
    models: list[type[Environment]] = [Settings, *channels]
    for model in models:
        while model not in found:
            try:
                found[model] = source.read(model)
            except ValidationError as error:
                for name, problem in problems(model, error):
                    wrong.setdefault(name, problem)
                    aside = {other: model.model_fields[other].get_default() for other in _together(name)}
                    source = source.over(aside)
    return _with(found, source), [*faults, *wrong.values()]


def _with(found: dict[type[Environment], Any], source: Source) -> Settings:
    """Return the settings; they remember where they came from, and what was read for channels."""
    settings: Settings = found.pop(Settings)
    settings._source, settings._channels = source, found
    return settings


def _together(name: str) -> Sequence[str]:
    """Return which variables are set aside with one: the mode of TLS may be in the URL."""
    return (name, "database_url") if name == "database_tls" else (name,)
