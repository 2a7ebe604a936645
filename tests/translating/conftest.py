from tests.i18n.conftest import folder

__all__ = ["folder"]
