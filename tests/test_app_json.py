"""What Heroku and other hosts read at deploy time: app.json, Procfile, .python-version, bin/post_compile, .env."""

import json
import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.app.channels import missing, variables
from bot.settings import load_settings

ROOT = Path(__file__).parent.parent
HEROKU_SETS = {"REDIS_URL", "DATABASE_URL", "PORT", "DYNO"}
SUPPORTED_PYTHON = {"3.11", "3.12", "3.13", "3.14"}


class _Strict(BaseModel):
    """Heroku's schema knows no other properties than the named ones."""

    model_config = ConfigDict(extra="forbid")


class Addon(_Strict):
    plan: Annotated[str, Field(pattern=r"^[a-z-]+:[a-z0-9-]+$")]
    as_: Annotated[str, Field(alias="as")]


class Variable(_Strict):
    description: Annotated[str, Field(min_length=20)]
    value: str | None = None
    required: bool = True
    generator: Literal["secret"] | None = None


class Dynos(_Strict):
    quantity: Annotated[int, Field(ge=0)]
    size: Literal["eco", "basic", "standard-1x", "standard-2x"]


class Buildpack(_Strict):
    url: str


class AppJson(_Strict):
    """The part of app.json's schema that we use."""

    name: Annotated[str, Field(min_length=3, max_length=30)]
    description: str
    keywords: list[str]
    success_url: Annotated[str, Field(pattern=r"^/")]
    buildpacks: list[Buildpack]
    addons: list[Addon]
    formation: dict[str, Dynos]
    env: dict[str, Variable]


def app_json() -> AppJson:
    return AppJson.model_validate_json((ROOT / "app.json").read_text())


def procfile() -> dict[str, str]:
    return dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def test_app_json_has_heroku_s_schema() -> None:
    app_json()


def test_both_stores_are_attached_under_the_names_we_read() -> None:
    assert {addon.plan.partition(":")[0]: addon.as_ for addon in app_json().addons} == {
        "heroku-redis": "REDIS",
        "heroku-postgresql": "DATABASE",
    }


def test_every_variable_is_a_setting() -> None:
    assert {name.lower() for name in app_json().env} <= variables().keys()


def test_app_json_asks_for_every_setting_that_webhooks_need() -> None:
    needed = {one.name for one in missing(load_settings(None, dyno="web.1"))}
    assert needed <= app_json().env.keys() | HEROKU_SETS


def test_every_setting_that_webhooks_need_is_required() -> None:
    env = app_json().env
    for one in missing(load_settings(None, dyno="web.1")):
        if one.name not in HEROKU_SETS:
            assert env[one.name].required


def test_only_secrets_that_meta_does_not_issue_are_generated() -> None:
    made = {name for name, variable in app_json().env.items() if variable.generator}
    assert made == {"SECRET_KEY", "WHATSAPP_VERIFY_TOKEN"}


def test_the_secret_key_s_description_says_it_is_deleted_with_the_app() -> None:
    assert "deleted with the app" in app_json().env["SECRET_KEY"].description


def test_no_value_is_preset() -> None:
    assert all(variable.value is None for variable in app_json().env.values())


def test_the_procfile_runs_what_the_formation_scales() -> None:
    assert procfile().keys() - {"release"} == app_json().formation.keys()


def test_the_procfile_migrates_and_checks_before_a_new_version_starts() -> None:
    assert procfile() == {
        "release": "python -m bot migrate && python -m bot doctor --release"
        ' && if [ -n "$HONCHO_PROCESS_NAME" ]; then exec tail -f /dev/null; fi',
        "web": "python -m bot web",
        "worker": "python -m bot worker",
    }


def test_the_python_version_is_a_supported_minor_without_patch() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert version in SUPPORTED_PYTHON
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_there_are_files_of_only_one_package_manager() -> None:
    others = ("Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "setup.py", "runtime.txt")
    assert [name for name in others if (ROOT / name).exists()] == []


def test_the_build_hook_is_executable() -> None:
    assert os.access(ROOT / "bin" / "post_compile", os.X_OK)


def test_env_example_names_settings_and_is_valid_as_it_is(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    names = {line.partition("=")[0] for line in text.splitlines() if line and not line.startswith("#")}
    assert {name.lower() for name in names} <= variables().keys()
    copy = tmp_path / ".env"
    copy.write_text(text)
    assert load_settings(copy).model_dump() == load_settings(None).model_dump()


def test_app_json_is_written_without_duplicate_keys() -> None:
    def refuse(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    json.loads((ROOT / "app.json").read_text(), object_pairs_hook=refuse)
