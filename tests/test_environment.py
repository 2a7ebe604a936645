"""`.env` is read from the working directory and from the company's folder, and nothing of it is lost in silence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.app import channels
from bot.environment import SettingsError
from bot.settings import Settings, load_settings, usable_settings

KEY = "0123456789abcdef" * 4


def looked_at() -> Settings:
    """What `doctor` reads, which must find nothing wrong."""
    settings, wrong = usable_settings()
    assert wrong == []
    return settings


READ_BY = pytest.mark.parametrize("read", [load_settings, looked_at], ids=["load_settings", "usable_settings"])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in which there is nothing, and beside it the folder of a shop."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@READ_BY
def test_the_file_in_the_company_s_folder_is_read(
    read: Callable[[], Settings], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / ".env").write_text(f"SHARDS=3\nSECRET_KEY={KEY}\n")
    monkeypatch.setenv("APP_DIR", str(shop))
    assert read().shards == 3
    assert read().secret_key[0].get_secret_value() == KEY


@READ_BY
def test_the_environment_wins_over_the_company_s_file_and_that_over_the_working_directory_s(
    read: Callable[[], Settings], shop: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".env").write_text(f"APP_DIR={shop}\nSHARDS=2\nPORT=5002\nMETRICS_PORT=9002\n")
    (shop / ".env").write_text("SHARDS=3\nPORT=5003\n")
    monkeypatch.setenv("SHARDS", "1")
    settings = read()
    assert (settings.shards, settings.port, settings.metrics_port) == (1, 5003, 9002)


@READ_BY
@pytest.mark.parametrize("named", ["environment", "file"])
def test_a_folder_that_calls_itself_a_dot_is_found_from_elsewhere(
    read: Callable[[], Settings], named: str, shop: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`init` writes `APP_DIR=.`, which from elsewhere would be another folder."""
    (shop / ".env").write_text("APP_DIR=.\nSHARDS=3\n")
    if named == "file":
        (elsewhere / ".env").write_text("APP_DIR=../shop\n")
    else:
        monkeypatch.setenv("APP_DIR", "../shop")
    assert (read().app_dir or Path()).resolve() == shop
    assert read().shards == 3


@READ_BY
def test_an_empty_variable_hides_no_file(
    read: Callable[[], Settings], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / ".env").write_text("SHARDS=3\n")
    monkeypatch.setenv("APP_DIR", str(shop))
    monkeypatch.setenv("SHARDS", "")
    assert read().shards == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("PORT=1\nSHARDS 3\n", 2),
        ("SHARDS: 3\n", 1),
        ("\n\n# a comment\nSHARDS\n", 4),
        ('PORT=1\n\nBASE_URL="https://shop.de\n', 3),
        (" = 3\n", 1),
        ("PORT=1\r\nSHARDS 3\r\n", 2),
    ],
)
def test_a_line_that_sets_nothing_is_named_by_file_and_number(
    text: str, line: int, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / ".env").write_bytes(text.encode())
    monkeypatch.setenv("APP_DIR", str(shop))
    told = f"{shop / '.env'}: line {line} sets no variable"
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{told}; write NAME=value")
    _, (wrong,) = usable_settings()
    assert (wrong.name, wrong.problem) == ("", told)


def test_a_malformed_line_is_told_without_what_stands_in_it(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text(f"SECRET_KEY {KEY}\nPORT=x\n")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert KEY not in str(caught.value)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [".env", "PORT"]


@pytest.mark.parametrize(
    "text", ["", "# only this\n", "export PORT=1\n", 'NOTE="two\nlines"\n', "A='x' # why\n", "A=\n"]
)
def test_whatever_may_stand_in_such_a_file_is_read(text: str, elsewhere: Path) -> None:
    (elsewhere / ".env").write_text(text)
    assert looked_at().shards == 1


def test_of_two_files_the_one_that_cannot_be_read_is_named(
    shop: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".env").write_text("PORT=5000\n")
    (shop / ".env").write_bytes("PORT=8000".encode("utf-16"))
    monkeypatch.setenv("APP_DIR", str(shop))
    with pytest.raises(SettingsError, match=f"^{shop / '.env'}: can't be read"):
        load_settings()
    settings, (wrong,) = usable_settings()
    assert (settings.port, wrong.problem) == (5000, f"{shop / '.env'}: can't be read")


def test_channels_read_the_company_s_file_too(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / ".env").write_text("WHATSAPP_PHONE_NUMBER_ID=+49\n")
    monkeypatch.setenv("APP_DIR", str(shop))
    with pytest.raises(SettingsError, match="WHATSAPP_PHONE_NUMBER_ID"):
        load_settings(Path(".env"), channels.models())
    _, (wrong,) = usable_settings(Path(".env"), channels.models())
    assert wrong.name == "WHATSAPP_PHONE_NUMBER_ID"
