"""Finds the functions of a company's own that its flows name: `APP_FUNCTIONS=module:name`."""

from pathlib import Path

from ..conversation.functions import OURS, Functions
from ..environment import SettingsError
from ..errors import with_cure
from ..own_code import module_of
from ..settings import Settings, cure


def functions_of(settings: Settings, own: Functions | None = None) -> Functions:
    """Return everything that flows may name: ours, and a program's `own`, by default those that the settings name.

    Raises `SettingsError` if the module or the name is not there, or a name is taken.
    """
    named = settings.app_functions
    if own is None and named is None:
        return OURS
    try:
        return OURS.with_own(_named(settings, named or "") if own is None else own)
    except ValueError as error:
        raise SettingsError(with_cure(f"APP_FUNCTIONS: {error}")) from None


def _named(settings: Settings, named: str) -> Functions:
    try:
        module, name = module_of(named, settings.app_dir or Path())
    except ValueError as error:
        raise SettingsError(f"APP_FUNCTIONS: {error}") from None
    found = getattr(module, name, None)
    if not isinstance(found, Functions):
        raise SettingsError(f"APP_FUNCTIONS: {named} is no Functions; expected: {cure('app_functions')}")
    return found
