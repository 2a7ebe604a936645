"""Finds the functions of a company's own that its flows name: `APP_FUNCTIONS=module:name`."""

import sys
from importlib import import_module

from ..conversation.functions import OURS, Functions
from ..errors import with_cure
from ..settings import Settings, SettingsError, cure


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
    module, _, name = named.partition(":")
    if settings.app_dir is not None and str(settings.app_dir) not in sys.path:
        sys.path.insert(0, str(settings.app_dir))
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"APP_FUNCTIONS: {error}; expected: {cure('app_functions')}") from None
    if not isinstance(found, Functions):
        raise SettingsError(f"APP_FUNCTIONS: {named} is no Functions; expected: {cure('app_functions')}")
    return found
