"""The Merkle tree over the ledger, and its signed checkpoints."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables; like the ledger's, their rows can only be added."""
    op.create_table(
        "leaves",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False, comment="in the Merkle tree, from 0"),
        sa.Column("sequence", sa.BigInteger, nullable=False, comment="of the ledger"),
        sa.Column("entry_hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="leaves_pkey"),
        sa.UniqueConstraint("sequence", name="leaves_sequence_key"),
    )
    op.create_table(
        "tiles",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False, comment="of 256 leaves each, from 0"),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="tiles_pkey"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger, nullable=False, autoincrement=False, comment="leaves of the tree"),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("edge", ARRAY(sa.LargeBinary), nullable=False, comment="roots of the complete subtrees"),
        sa.Column("at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("horizon", sa.BigInteger, nullable=False, comment="every entry up to this sequence is in the tree"),
        sa.Column("complete", sa.Boolean, nullable=False, comment="whether nothing was left for the next one"),
        sa.Column("note", sa.Text, nullable=False, comment="signed, as it is handed out"),
        sa.Column("public_key", sa.LargeBinary, nullable=False, comment="Ed25519"),
        sa.PrimaryKeyConstraint("size", name="checkpoints_pkey"),
    )
    for table in ("leaves", "tiles", "checkpoints"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
        )
