"""The program's own Valkey and PostgreSQL, for a try-out, for development and for tests; production sets two URLs.

Only `app` imports this: it asks for `engines(settings)` and hands the two URLs to the stores. They are the real
engines, from the wheels of the `embedded` extra, reached through unix sockets only. All processes with the same
`VAR_DIR` share them: the first process starts them, the last one to leave stops them, and the data stays.
"""

from .process import EngineError, NotInstalledError, writing
from .secret import MissingSecretError, local_secret
from .sharing import Engines, engines, engines_sync

__all__ = [
    "EngineError",
    "Engines",
    "MissingSecretError",
    "NotInstalledError",
    "engines",
    "engines_sync",
    "local_secret",
    "writing",
]
