"""Keep whose clock an entry's time is from; older entries do not say, and their hashes stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "ledger",
        sa.Column(
            "clock",
            sa.Text,
            nullable=False,
            server_default="",
            comment="whose clock at is of; empty: older than this column",
        ),
    )
