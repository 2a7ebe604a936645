"""The secret key of a try-out: made once, kept beside the embedded data that it protects."""

import os
import secrets

from pydantic import SecretStr

from ..settings import Settings, cure


class MissingSecretError(Exception):
    """`SECRET_KEY` must be set, because the data is in the operator's own database."""


def local_secret(settings: Settings) -> SecretStr:
    """Return the key in `VAR_DIR/secret_key`, made on first use, readable by its owner only.

    Only for data in the embedded PostgreSQL. Otherwise raises `MissingSecretError`: a key generated in production
    would be lost with the machine's disk, and all addresses with it.
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
            path.hardlink_to(aside)  # fails if another process was first; then its key counts
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return SecretStr(path.read_text().strip())
