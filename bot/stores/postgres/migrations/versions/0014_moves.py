"""Remember changes of address for a while: an earlier change may be reported after a later change."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the table; earlier changes are not known."""
    op.create_table(
        "moves",
        sa.Column("token", sa.LargeBinary, comment="keyed HMAC-SHA-256 of the address before, 16 bytes"),
        sa.Column("target", sa.LargeBinary, comment="that of the address that it became"),
        sa.Column("key_id", sa.LargeBinary, nullable=False, comment="which SECRET_KEY made the tokens"),
        sa.Column("at", sa.BigInteger, nullable=False, comment="WhatsApp's time, unix seconds"),
        sa.Column("until", sa.BigInteger, nullable=False, comment="when it is forgotten, unix seconds"),
        sa.Column("addresses", sa.LargeBinary, nullable=False, comment="those before and after, encrypted"),
        sa.PrimaryKeyConstraint("token", "target", name="moves_pkey"),
    )
    op.create_index("moves_target_idx", "moves", ["target"])
