"""The secret key of a try-out: made once beside the embedded data, which it protects and with which it goes."""

import os
import secrets

from pydantic import SecretStr

from ..settings import Settings, cure


class MissingSecretError(Exception):
    """`SECRET_KEY` is not set and must be: the data lies in a database of the operator's own."""


def local_secret(settings: Settings) -> SecretStr:
    """The key in `VAR_DIR/secret_key`, made at first use, readable by its owner only.

    Only for data in the embedded PostgreSQL. A key made up in production would be lost with the machine's disk, and
    all addresses with it: `MissingSecretError`.
    """
    if not settings.embedded or settings.on_heroku:
        raise MissingSecretError(f"Set SECRET_KEY: {cure('secret_key')}.")
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    path = settings.var_dir / "secret_key"
    if not path.exists():
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(aside)  # fails where another process was first: then its key counts
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return SecretStr(path.read_text().strip())
