"""PostgreSQL, for what may never be lost: persons and their addresses, wordings, the ledger and its signed tree.

Also requests with their steps, files for persons to fetch (`exports`), what erasures leave (`erasures`,
`suppressions`, `retained`), and which operator looked at whom (`reads`).

Schema in `tables` (SQLAlchemy Core), its history in `migrations` (Alembic). Queries run on asyncpg
directly, as plain SQL: one statement for a whole batch.
"""

from .migrate import migrate

__all__ = ["migrate"]
