"""The environment, read once into one frozen value; every message about it names the variable and the cure.

`.env` in the working directory is read too, and over it that of the company's folder (`APP_DIR`); real environment
variables win over both, and an empty variable counts as not set. Each field is the environment variable of the same
name in capitals. A field's description is what an operator reads when it is missing or wrong: what it is, and where to
find it.
"""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .errors import OperatorError

DatabaseTls = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]

MINIMUM_SECRET_LENGTH = 32
"""Characters of one `SECRET_KEY`: 32 hexadecimal digits are 128 bits."""

ENV_FILE = Path(".env")
"""Read at the command line and by `setup`, from the working directory."""

_FILE_CURE = "save it as a text file in UTF-8 that this user may read"

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SettingsError(OperatorError):
    """The environment cannot be used; the text says which variable to change and how, never its value."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable that is not set and is needed before webhooks can be answered."""

    name: str
    cure: str


class _Environment(BaseSettings):
    """Reads environment variables that have the names of its fields in capitals."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        """Values are pasted from web pages: drop blanks and line ends around them."""
        return value.strip() if isinstance(value, str) else value


class ChannelSettings(_Environment):
    """One channel's settings from the environment; each channel has a class of its own, in its folder."""

    needed: ClassVar[Sequence[str]]
    """The fields without which the channel cannot be used."""

    def missing(self) -> tuple[Missing, ...]:
        """What must still be set before the channel can be used; empty if nothing is missing."""
        return _missing(type(self), {name: getattr(self, name) for name in self.needed})

    @property
    def begun(self) -> bool:
        """Whether something is set that only this channel needs."""
        return any(getattr(self, name) for name in self.needed if name not in Settings.model_fields)


C = TypeVar("C", bound=ChannelSettings)


class Settings(_Environment):
    """All settings from the environment except those of channels, which `of` reads from the same place."""

    _env_file: Path | None = PrivateAttr(None)
    _overrides: dict[str, Any] = PrivateAttr(default_factory=dict)
    _channels: dict[type[_Environment], Any] = PrivateAttr(default_factory=dict)
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
        return tuple(key.strip() for key in value.split(",") if key.strip()) if isinstance(value, str) else value

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
            _require_scheme(url, "redis", "rediss", "unix")
        return url

    @field_validator("database_url")
    @classmethod
    def _database_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        """Heroku writes `postgres://`, which libraries no longer read."""
        if url is None:
            return None
        _require_scheme(url, "postgresql", "postgres")
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
        try:
            parts = urlsplit(text.strip())
        except ValueError:
            return values  # reported by the field's own check
        query = dict(parse_qsl(parts.query))
        mode = query.pop("sslmode", None)
        query.pop("channel_binding", None)
        kept = SecretStr(urlunsplit(parts._replace(query=urlencode(query, safe="/:"))))
        return {**values, "database_url": kept, "database_tls": values.get("database_tls") or mode}

    @property
    def on_heroku(self) -> bool:
        """Whether this process is a Heroku dyno."""
        return self.dyno is not None

    @property
    def embedded(self) -> bool:
        """Whether the evidence is in the program's own PostgreSQL: a try-out, not production."""
        return self.database_url is None

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
        return _missing(type(self), needed)

    def of(self, channel: type[C]) -> C:
        """Return the settings of a channel, read from where these were read. Raises `SettingsError`."""
        if channel not in self._channels:
            self._channels[channel] = _read(channel, self._env_file, self._overrides)
        found: C = self._channels[channel]
        return found

    def changed(self, **changes: Any) -> "Settings":
        """Return these settings with `changes` (field names, also of channels). Raises `SettingsError`."""
        return load_settings(self._env_file, **(self._overrides | changes))


def cure(name: str, model: type[BaseSettings] = Settings) -> str:
    """What the variable is and where to find it; `name` in any case."""
    return model.model_fields[name.lower()].description or ""


def load_settings(
    env_file: Path | None = ENV_FILE, channels: Iterable[type[ChannelSettings]] = (), /, **overrides: Any
) -> Settings:
    """Read environment and `env_file`; `overrides` (field names, also of channels) win over both.

    Raises `SettingsError`, one line for each wrong variable, also those of `channels`, without any value.
    """
    models: list[type[_Environment]] = [Settings, *channels]
    found: dict[type[_Environment], Any] = {}
    wrong: list[str] = []
    for model in models:
        try:
            found[model] = _read(model, env_file, overrides)
        except SettingsError as error:
            wrong += str(error).splitlines()
    if wrong:
        raise SettingsError("\n".join(dict.fromkeys(wrong)))
    settings: Settings = found.pop(Settings)
    settings._env_file, settings._overrides, settings._channels = env_file, overrides, found
    return settings


@dataclass(frozen=True, slots=True)
class Wrong:
    """A variable that is set to something that cannot be used."""

    name: str
    """In capitals; empty if it is the file with the settings that cannot be read."""
    problem: str
    cure: str


def usable_settings(
    env_file: Path | None = ENV_FILE, channels: Iterable[type[ChannelSettings]] = (), /
) -> tuple[Settings, Sequence[Wrong]]:
    """Read what can be used of environment and `env_file`, and tell what cannot: it counts as not set.

    Only for looking: a program that works with settings other than those it was given does harm.
    """
    wrong: dict[str, Wrong] = {}
    aside: dict[str, Any] = {}
    found: dict[type[_Environment], Any] = {}
    models: list[type[_Environment]] = [Settings, *channels]
    for model in models:
        while model not in found:
            try:
                found[model] = model(_env_file=env_file, **aside)
            except ValidationError as error:
                for problem in error.errors(include_input=False, include_context=False, include_url=False):
                    name = str(problem["loc"][0])
                    wrong.setdefault(name, Wrong(name.upper(), _problem(problem), f"expected: {cure(name, model)}"))
                    aside |= {other: model.model_fields[other].get_default() for other in _together(name)}
            except (OSError, UnicodeDecodeError):
                wrong[""] = Wrong("", f"{env_file}: can't be read", _FILE_CURE)
                env_file = None
    settings: Settings = found.pop(Settings)
    settings._env_file, settings._overrides, settings._channels = env_file, aside, found
    return settings, list(wrong.values())


def _together(name: str) -> Sequence[str]:
    """Return which variables are set aside with one: the mode of TLS may be in the URL."""
    return (name, "database_url") if name == "database_tls" else (name,)


E = TypeVar("E", bound=_Environment)


class _AppDir(_Environment):
    """What must be known before anything else is read."""

    app_dir: Path | None = None


def _env_files(env_file: Path | None, overrides: Mapping[str, Any]) -> Sequence[Path]:
    """Return the files to read, the last of which wins: the company's folder has its own."""
    if env_file is None:
        return ()
    folder = overrides.get("app_dir") or _AppDir(_env_file=env_file).app_dir
    return (env_file, folder / ENV_FILE.name) if folder else (env_file,)


def _read(model: type[E], env_file: Path | None, overrides: Mapping[str, Any]) -> E:
    try:
        return model(_env_file=_env_files(env_file, overrides), **overrides)
    except ValidationError as error:
        lines = sorted(_lines(model, error.errors(include_input=False, include_context=False, include_url=False)))
    except (OSError, UnicodeDecodeError):
        lines = [f"{env_file}: can't be read; {_FILE_CURE}"]
    raise SettingsError("\n".join(lines))


def _missing(model: type[_Environment], needed: Mapping[str, object]) -> tuple[Missing, ...]:
    return tuple(Missing(name.upper(), cure(name, model)) for name, value in needed.items() if not value)


def _lines(model: type[_Environment], errors: Iterable[Mapping[str, Any]]) -> set[str]:
    found = set()
    for error in errors:
        name = str(error["loc"][0]) if error["loc"] else ""
        found.add(
            f"{name.upper()}: {_problem(error)}; expected: {cure(name, model)}"
            if name in model.model_fields
            else str(error["msg"]).removeprefix("Value error, ")
        )
    return found


def _problem(error: Mapping[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}"


def _require_scheme(url: SecretStr, *schemes: str) -> None:
    try:
        parts = urlsplit(url.get_secret_value())
        scheme, _ = parts.scheme, parts.port
    except ValueError:
        raise ValueError("is not a well-formed URL") from None
    if scheme not in schemes:
        raise ValueError(f"must start with {' or '.join(f'{allowed}://' for allowed in schemes)}")


def web_address(url: str) -> str:
    """Return a URL without the slash at its end. Raises `ValueError` unless it is https://, or of this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("must be a web address") from None
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return url.rstrip("/")
    raise ValueError("must start with https:// (http:// only on this machine)")
