"""Where the project's own data is: flows and catalogs, in a source checkout or inside an installed wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

COMMAND = f"python -m {__package__}"
"""How to run one of our commands: `python -m bot` in a checkout, `python -m consentbot` where a wheel is installed."""


INSTALLED = PACKAGE / "_data" if (PACKAGE / "_data").is_dir() else None
"""Where an installed wheel has its data, which nobody may write; None in a source checkout."""

_ROOT = INSTALLED or PACKAGE.parent  # a folder above an installed package may be anybody's, and hold a pyproject.toml

FLOWS = _ROOT / "flows"
"""The dialogues (`*.toml`) and the default `business.toml`."""

LOCALES = _ROOT / "locales"
"""`bot.pot`, `languages.toml` and `<lang>/LC_MESSAGES/bot.po`."""
