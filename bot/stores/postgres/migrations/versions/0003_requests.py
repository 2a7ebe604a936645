"""Requests of data subjects, and the steps that they take."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables; a request outlives its person, whose id tells nothing once they are erased."""
    op.create_table(
        "requests",
        sa.Column("id", sa.Uuid, nullable=False, comment="UUIDv7"),
        sa.Column("received_at", sa.BigInteger, nullable=False, comment="WhatsApp's time, unix seconds"),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("due", sa.Date, nullable=False, comment="last day to answer, where the controller is"),
        sa.Column("right_asked", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("inbound", sa.LargeBinary, nullable=False, comment="keyed hash of the message's id"),
        sa.PrimaryKeyConstraint("id", name="requests_pkey"),
        sa.UniqueConstraint("inbound", "right_asked", name="requests_inbound_right_asked_key"),
    )
    op.create_index("requests_person_idx", "requests", ["person"])
    op.create_table(
        "request_steps",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="our time, unix seconds"),
        sa.Column("request", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="request_steps_pkey"),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name="request_steps_request_fkey"),
    )
    op.create_index("request_steps_request_idx", "request_steps", ["request"])
    op.execute(
        "CREATE TRIGGER request_steps_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON request_steps "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )
