"""The version of the database schema that this program expects.

A module of its own because both `connect` and what migrates need it, and migrating needs `connect`.
"""

from functools import cache
from pathlib import Path

from ...paths import COMMAND

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def expected_revision() -> str:
    """Return the schema version that this program expects: the number of the last migration."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def of_another_version(revision: str | None) -> str:
    """Say what is wrong with the tables' version, and its cure; empty when they are of this version."""
    if revision is None:
        return f"it has no tables of ours; run `{COMMAND} migrate`"
    if revision > expected_revision():
        return f"its tables are newer, {revision}, than this version; install the version that migrated it"
    if revision < expected_revision():
        return f"its tables are older, {revision}, than this version; run `{COMMAND} migrate`"
    return ""
