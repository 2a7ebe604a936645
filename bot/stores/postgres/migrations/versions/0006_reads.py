"""Which operator looked at whose data, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table; rows can only be added."""
    op.create_table(
        "reads",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("command", sa.Text, nullable=False, comment="by which it was looked at"),
        sa.Column("operator", sa.Text, nullable=False, comment="user of the operating system"),
        sa.PrimaryKeyConstraint("number", name="reads_pkey"),
    )
    op.create_index("reads_person_idx", "reads", ["person"])
    op.execute(
        "CREATE TRIGGER reads_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reads "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )
