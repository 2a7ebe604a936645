from pathlib import Path

import pytest

from tests.i18n.made import LANGUAGES, german, write_catalog


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A `locales/` with German, complete and right."""
    locales = tmp_path / "locales"
    locales.mkdir()
    (locales / "languages.toml").write_text(LANGUAGES, "utf-8")
    write_catalog(locales, *german())
    return locales
