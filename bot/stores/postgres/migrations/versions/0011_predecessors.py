"""Remember from whom a phone number was taken: a late change of id may say that it was the same person."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column; it stays empty for present owners, as nothing is known of those before them."""
    op.add_column("addresses", sa.Column("predecessor", sa.Uuid(), comment="who had it before"))
    op.create_foreign_key(
        "addresses_predecessor_fkey", "addresses", "persons", ["predecessor"], ["id"], ondelete="SET NULL"
    )
    op.create_index("addresses_predecessor_idx", "addresses", ["predecessor"])
