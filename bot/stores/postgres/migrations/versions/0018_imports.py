"""Remember how far each import of a file got, so that it can go on there."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "imports",
        sa.Column("key", sa.LargeBinary, primary_key=True, comment="keyed hash of the file and of how it is imported"),
        sa.Column("started_at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("finished_at", sa.BigInteger, nullable=False, server_default="0", comment="unix seconds; 0: not yet"),
        sa.Column("position", sa.BigInteger, nullable=False, server_default="0", comment="rows done"),
        sa.Column("counts", sa.Text, nullable=False, server_default="{}", comment="JSON: what came of them"),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False, comment="as the operator named it"),
        sa.Column("operator", sa.Text, nullable=False, comment="user of the operating system"),
    )
