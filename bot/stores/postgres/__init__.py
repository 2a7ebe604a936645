"""PostgreSQL, for what may never be lost: persons and their addresses, wordings, the ledger and its signed tree.

Also requests with the steps that they took, files for persons to fetch (`exports`), what erasures left (`erasures`,
`suppressions`, `retained`), and which operator looked at whom (`reads`).

Schema in `tables` (SQLAlchemy Core), its history in `migrations` (Alembic). Queries run on asyncpg itself, as plain
SQL: one statement for a whole batch.
"""

from .migrate import migrate

__all__ = ["migrate"]
