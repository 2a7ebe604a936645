"""Keep whose clock tells when something happened; entries of before have none, and their hashes stay as they are."""

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
