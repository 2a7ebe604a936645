"""PostgreSQL: persons, their addresses, wordings and the ledger; what may never be lost.

Schema in `tables` (SQLAlchemy Core), its history in `migrations` (Alembic). Queries run on asyncpg itself, as plain
SQL: one statement for a whole batch.
"""

from bot.stores.postgres.migrate import migrate

__all__ = ["migrate"]
