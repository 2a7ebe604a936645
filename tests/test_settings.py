"""The environment becomes `Settings`; mistakes are told by name and cure, secrets never."""

import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from bot.environment import SettingsError
from bot.settings import Settings, cure, load_settings
from tests.stores.certificates import self_signed_certificate

KEY = "0123456789abcdef" * 4
OTHER_KEY = "fedcba9876543210" * 4


def from_environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings(None)


def url(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


class TestReading:
    def test_a_bare_environment_is_valid(self) -> None:
        settings = load_settings(None)
        assert (settings.port, settings.shards, settings.log_level) == (8000, 1, "INFO")
        assert (settings.messages_per_second, settings.inbox_limit) == (80, 100_000)
        assert settings.var_dir == Path("var")
        assert settings.embedded

    def test_variables_are_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = from_environment(
            monkeypatch, SECRET_KEY=f"{KEY}, {OTHER_KEY}", PORT="5000", LOG_LEVEL="debug", SHARDS="4"
        )
        assert [key.get_secret_value() for key in settings.secret_key] == [KEY, OTHER_KEY]
        assert (settings.port, settings.log_level, settings.shards) == (5000, "DEBUG", 4)

    def test_an_empty_variable_counts_as_unset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = from_environment(monkeypatch, REDIS_URL="", PORT="")
        assert (settings.redis_url, settings.port) == (None, 8000)

    def test_a_variable_of_blanks_counts_as_unset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = from_environment(monkeypatch, PORT=" ", APP_DIR="  ", VAR_DIR="\t", DYNO=" ", LOG_LEVEL="\n")
        assert (settings.port, settings.app_dir, settings.log_level) == (8000, None, "INFO")
        assert settings.var_dir == Path("var")
        assert not settings.on_heroku

    @pytest.mark.parametrize("quotes", ['""', "''", "“”", "„“"])
    @pytest.mark.parametrize("name", ["SECRET_KEY", "METRICS_TOKEN", "VAR_DIR", "PORT", "APP_FUNCTIONS"])
    def test_quotes_that_were_copied_along_are_told(
        self, monkeypatch: pytest.MonkeyPatch, name: str, quotes: str
    ) -> None:
        """A shell takes them away; a file for `docker run`, and a field of a web page, do not."""
        with pytest.raises(SettingsError, match=f"{name}: has quotes around it, which belong to no value; expected: "):
            from_environment(monkeypatch, **{name: f"{quotes[0]}{KEY}{quotes[1]}"})

    def test_an_old_key_that_began_with_quotes_can_be_rotated_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = from_environment(monkeypatch, SECRET_KEY=f'{OTHER_KEY},"{KEY}"')
        assert [key.get_secret_value() for key in settings.secret_key] == [OTHER_KEY, f'"{KEY}"']

    def test_whitespace_around_values_is_stripped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = from_environment(monkeypatch, REDIS_URL=" redis://h\n", BASE_URL="https://bot.example/ ")
        assert url(settings.redis_url) == "redis://h"
        assert settings.base_url == "https://bot.example"

    def test_a_dotenv_file_is_read_and_the_environment_wins(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / ".env").write_text("PORT=5000\nSHARDS=2\nUNKNOWN=1\nREDIS_URL=\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PORT", "6000")
        settings = load_settings()
        assert (settings.port, settings.shards, settings.redis_url) == (6000, 2, None)

    def test_settings_cannot_be_changed(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            load_settings(None).port = 1  # type: ignore[misc]


class TestStores:
    @pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
    def test_the_postgres_scheme_is_read_as_postgresql(self, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
        settings = from_environment(monkeypatch, DATABASE_URL=f"{scheme}://u:p%40s@h:5432/d")
        assert url(settings.database_url) == "postgresql://u:p%40s@h:5432/d"
        assert not settings.embedded

    def test_sslmode_in_the_url_becomes_database_tls(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = from_environment(
            monkeypatch, DATABASE_URL="postgres://u@/d?sslmode=verify-full&channel_binding=require&host=/run/pg"
        )
        assert url(settings.database_url) == "postgresql://u@/d?host=/run/pg"
        assert settings.database_tls_mode == "verify-full"

    def test_database_tls_wins_over_sslmode(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = from_environment(monkeypatch, DATABASE_URL="postgres://h/d?sslmode=require", DATABASE_TLS="disable")
        assert settings.database_tls_mode == "disable"

    @pytest.mark.parametrize(("dyno", "mode"), [(None, "prefer"), ("web.1", "require")])
    def test_heroku_encrypts_its_database_connections(self, dyno: str | None, mode: str) -> None:
        assert load_settings(None, dyno=dyno, database_url="postgres://h/d").database_tls_mode == mode

    @pytest.mark.parametrize(
        ("variables", "verified"),
        [
            ({}, True),
            ({"dyno": "web.1"}, False),
            ({"dyno": "web.1", "redis_tls_verify": "true"}, True),
            ({"redis_tls_verify": "0"}, False),
        ],
    )
    def test_redis_tls_is_unverified_only_on_heroku_or_when_switched_off(
        self, variables: dict[str, str], verified: bool
    ) -> None:
        assert load_settings(None, **variables).verify_redis_tls is verified

    def test_a_redis_with_a_configured_ca_is_verified_on_heroku(self, tmp_path: Path) -> None:
        authority = self_signed_certificate(tmp_path, "localhost").certificate
        assert load_settings(None, dyno="web.1", redis_ca=authority).verify_redis_tls


class TestMissing:
    def test_the_embedded_stores_need_no_settings(self) -> None:
        assert load_settings(None).missing() == ()

    def test_an_external_database_needs_a_secret_key(self) -> None:
        missing = load_settings(None, database_url="postgres://h/d").missing()
        assert "SECRET_KEY" in {one.name for one in missing}
        assert "token_hex" in next(one.cure for one in missing if one.name == "SECRET_KEY")

    def test_heroku_needs_store_urls_and_a_secret_key(self) -> None:
        names = {one.name for one in load_settings(None, dyno="web.1").missing()}
        assert {"REDIS_URL", "DATABASE_URL", "SECRET_KEY"} <= names

    def test_every_variable_has_a_description(self) -> None:
        assert all(cure(name) for name in Settings.model_fields)


class TestErrors:
    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("PORT", "99999"),
            ("PORT", "http"),
            ("SHARDS", "0"),
            ("LOG_LEVEL", "LOUD"),
            ("MESSAGES_PER_SECOND", "-1"),
            ("BASE_URL", "bot.example"),
            ("BASE_URL", "https://[bad"),
            ("REDIS_URL", "https://redis.example"),
            ("DATABASE_URL", "mysql://h/d"),
            ("DATABASE_URL", "postgres://u@[bad/d?sslmode=require"),
            ("REDIS_URL", "redis://[bad"),
            ("DATABASE_URL", "postgres://h/d?sslmode=perhaps"),
            ("DATABASE_TLS", "on"),
            ("SECRET_KEY", "too-short"),
            ("SECRET_KEY", f"{KEY},too-short"),
            ("REDIS_CA", "/nowhere/ca.pem"),
            ("BUSINESS_FILE", "/nowhere/business.toml"),
        ],
    )
    def test_a_wrong_value_is_reported_by_name_and_cure(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
    ) -> None:
        with pytest.raises(SettingsError) as caught:
            from_environment(monkeypatch, **{variable: value})
        told = "DATABASE_TLS" if "perhaps" in value else variable
        assert str(caught.value).startswith(f"{told}: ")
        assert cure(told) in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_all_wrong_settings_are_reported_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(SettingsError) as caught:
            from_environment(monkeypatch, PORT="0", SHARDS="0", LOG_LEVEL="?")
        assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["LOG_LEVEL", "PORT", "SHARDS"]


class TestSecrets:
    SECRETS = (
        ("SECRET_KEY", "hush-hush" * 8),
        ("REDIS_URL", "rediss://:hush-hush@h"),
        ("DATABASE_URL", "postgres://u:hush-hush@h/d"),
    )

    @pytest.mark.parametrize(("variable", "value"), SECRETS)
    def test_secrets_do_not_show(self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
        settings = from_environment(monkeypatch, **{variable: value})
        for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.missing())):
            assert "hush" not in shown

    @pytest.mark.parametrize(
        "variables",
        [
            {"SECRET_KEY": "hush-hush"},
            {"REDIS_URL": "hush-hush://h"},
            {"DATABASE_URL": "hush-hush://u:hush-hush@h/d?sslmode=require"},
            {"DATABASE_URL": "postgres://u:hush-hush@h/d?sslmode=hush-hush"},
            {"DATABASE_URL": "postgres://u:hush-hush@[bad/d?sslmode=require"},
            {"REDIS_URL": "redis://:hush-hush@h", "PORT": "hush-hush"},
        ],
    )
    def test_secrets_are_not_in_an_error_or_its_traceback(
        self, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
    ) -> None:
        with pytest.raises(SettingsError) as caught:
            from_environment(monkeypatch, **variables)
        assert "hush" not in "".join(traceback.format_exception(caught.value))

    def test_secrets_are_not_in_pydantic_s_own_error(self) -> None:
        wrong: dict[str, Any] = {"_env_file": None, "secret_key": "hush-hush"}
        with pytest.raises(ValidationError) as caught:
            Settings(**wrong)
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("PORT", "http", "is not a whole number"),
        ("PORT", "0", "is below 1"),
        ("PORT", "70000", "is above 65535"),
        ("WEBHOOKS_PRIVATE", "maybe", "is neither true nor false"),
        ("LOG_LEVEL", "loud", "is none of 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("METRICS_TOKEN", "short", "is shorter than 32 characters"),
    ],
)
def test_a_problem_is_told_in_words_for_people(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        from_environment(monkeypatch, **{variable: value})
    assert str(wrong.value) == f"{variable}: {told}; expected: {cure(variable)}"
