"""The environment becomes `MetaSettings`, and what is missing or wrong is told as for all other settings."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app import channels
from bot.channels.meta.settings import MetaSettings
from bot.environment import SettingsError, cure_of
from bot.settings import load_settings

COMPLETE = {
    "WHATSAPP_TOKEN": "token",
    "WHATSAPP_APP_SECRET": "app-secret",
    "WHATSAPP_VERIFY_TOKEN": "verify",
    "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
}


def from_environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> MetaSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings(None).of(MetaSettings)


def plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


class TestReading:
    def test_graph_url_defaults_to_meta(self) -> None:
        assert load_settings(None).of(MetaSettings).graph_url == "https://graph.facebook.com/v26.0"

    def test_variables_are_read_without_blanks_around_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = from_environment(monkeypatch, **COMPLETE | {"WHATSAPP_TOKEN": " token\n"})
        assert plain(settings.whatsapp_token) == "token"
        assert settings.whatsapp_phone_number_id == "106540352242922"

    def test_channel_settings_are_read_from_the_same_dotenv_file(self, tmp_path: Path) -> None:
        (tmp_path / "env").write_text("WHATSAPP_TOKEN=token\nUNKNOWN=1\nPORT=5000\n")
        assert plain(load_settings(tmp_path / "env").of(MetaSettings).whatsapp_token) == "token"

    def test_changes_apply_to_both_general_and_channel_settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WHATSAPP_TOKEN", "token")
        settings = load_settings(None, port=1).changed(whatsapp_token="another", shards=2)
        assert (settings.port, settings.shards) == (1, 2)
        assert plain(settings.of(MetaSettings).whatsapp_token) == "another"


class TestMissing:
    def test_nothing_is_missing_in_a_complete_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert from_environment(monkeypatch, **COMPLETE).missing() == ()
        assert list(channels.missing(load_settings(None))) == []

    @pytest.mark.parametrize("name", COMPLETE)
    def test_each_variable_is_required(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        assert [one.name for one in from_environment(monkeypatch, **COMPLETE | {name: ""}).missing()] == [name]
        assert [one.name for one in channels.missing(load_settings(None))] == [name]

    def test_each_missing_variable_says_where_to_find_it(self) -> None:
        missing = channels.missing(load_settings(None))
        assert {one.name for one in missing} == COMPLETE.keys()
        assert all("App Dashboard" in one.cure or "Business Suite" in one.cure for one in missing)

    def test_every_variable_has_a_description(self) -> None:
        assert all(cure_of(name, MetaSettings) for name in MetaSettings.model_fields)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("WHATSAPP_PHONE_NUMBER_ID", "+49 151 123"), ("GRAPH_URL", "http://graph.example/v26.0")],
)
def test_a_wrong_value_is_reported_by_name_and_cure(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_environment(monkeypatch, **{variable: value})
    assert str(caught.value).startswith(f"{variable}: ")
    assert cure_of(variable, MetaSettings) in str(caught.value)
    assert value not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("variable", ["WHATSAPP_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"])
def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    settings = from_environment(monkeypatch, **{variable: "hush-hush"})
    around = load_settings(None, **{variable.lower(): "hush-hush"})
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(around), around.model_dump_json()):
        assert "hush" not in shown


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("WHATSAPP_PHONE_NUMBER_ID", "+49 151 123", "is not an id of 5 to 20 digits"),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", "٣٤٥٦٧٨", "is not an id of 5 to 20 digits"),
        ("WHATSAPP_TOKEN", "EAAG\nrest", "has blanks or line breaks inside"),
        ("WHATSAPP_APP_SECRET", "one two", "has blanks or line breaks inside"),
    ],
)
def test_what_was_copied_badly_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}: {told}; expected: "):
        from_environment(monkeypatch, **{variable: value})
