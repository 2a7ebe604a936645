"""Where the project's own data is: flows and catalogs, in a source checkout or inside an installed wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

COMMAND = f"python -m {__package__}"
"""How to run one of our commands: `python -m bot` in a checkout, `python -m consentbot` where a wheel is installed."""


def _data_root() -> Path:
    """Prefer the wheel's copy: a folder above an installed package may be anybody's, and hold a pyproject.toml."""
    installed = PACKAGE / "_data"
    return installed if installed.is_dir() else PACKAGE.parent


FLOWS = _data_root() / "flows"
"""The dialogues (`*.toml`) and the default `business.toml`."""

LOCALES = _data_root() / "locales"
"""`bot.pot`, `languages.toml` and `<lang>/LC_MESSAGES/bot.po`."""
