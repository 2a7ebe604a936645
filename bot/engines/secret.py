"""The secret key of a try-out: made once, kept beside the embedded data that it protects."""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from ..errors import OperatorError
from ..settings import MINIMUM_SECRET_LENGTH, Settings, cure
from .process import writing


class MissingSecretError(OperatorError):
    """`SECRET_KEY` is not set and must be: the data lies in a database of the operator's own."""


def local_secret(settings: Settings) -> SecretStr:
    """Return the key in `VAR_DIR/secret_key`, made on first use, readable by its owner only.

    Only for data in the embedded PostgreSQL. Otherwise raises `MissingSecretError`: a key generated in production
    would be lost with the machine's disk, and all addresses with it.
    """
    if not settings.embedded or settings.on_heroku:
        raise MissingSecretError(f"SECRET_KEY is not set; set it: {cure('secret_key')}")
    path = settings.var_dir / "secret_key"
    with writing(settings.var_dir):
        settings.var_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        secret = path.read_text("ascii", errors="replace").strip()
    if len(secret) < MINIMUM_SECRET_LENGTH:
        raise MissingSecretError(f"{path}: is not whole; restore it, as nothing in VAR_DIR can be read without it")
    return SecretStr(secret)


def _make(path: Path) -> None:
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
