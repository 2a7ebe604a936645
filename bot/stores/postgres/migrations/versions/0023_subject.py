"""Keep whom an entry is about as salted hashes; older entries do not say, and their hashes stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add the column `subject` to `ledger`."""
    op.add_column(
        "ledger",
        sa.Column(
            "subject",
            sa.LargeBinary,
            nullable=False,
            server_default="",
            comment="salted hashes of the person's addresses, 16 bytes each; empty: as before",
        ),
    )
