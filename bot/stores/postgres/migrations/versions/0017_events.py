"""Events for the company's own systems, the endpoints that they are sent to, and what must be sent again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Create the tables; what happened before is not told."""
    _create_events()
    _create_endpoints()
    _create_deliveries()


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column(
            "xid",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            comment="transaction that noted it: read up to the oldest one under way, so that none is passed over",
        ),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column(
            "id",
            sa.Uuid,
            nullable=False,
            server_default=sa.text("gen_random_uuid()"),
            comment="unique; of webhooks as well",
        ),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="when it happened, unix seconds"),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("person", sa.Uuid),
        sa.Column(
            "subject",
            sa.Text,
            nullable=False,
            server_default="",
            comment="our id of the message or request it is about",
        ),
        sa.Column("data", postgresql.JSONB, nullable=False, comment="facts: no address, no name, no text"),
        sa.PrimaryKeyConstraint("xid", "number", name="events_pkey"),
    )
    op.create_index("events_person_idx", "events", ["person"])
    op.create_index("events_subject_idx", "events", ["subject"], postgresql_where=sa.text("subject <> ''"))


def _create_endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Uuid, nullable=False, comment="UUIDv7"),
        sa.Column("sealed", sa.LargeBinary, nullable=False, comment="the URL and the secrets, encrypted"),
        sa.Column("types", postgresql.ARRAY(sa.Text), nullable=False, comment="of events; empty: all"),
        sa.Column("with_address", sa.Boolean, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False, comment="when it was added or replayed, unix milliseconds"),
        sa.Column("xid", sa.BigInteger, nullable=False, comment="with number: events up to here are dealt with"),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("worker", sa.Text, nullable=False, server_default="", comment="that alone sends to it"),
        sa.Column("held_until", sa.BigInteger, nullable=False, server_default="0", comment="unix milliseconds"),
        sa.Column(
            "failures", sa.Integer, nullable=False, server_default="0", comment="rounds in a row without a delivery"
        ),
        sa.Column("rests_until", sa.BigInteger, nullable=False, server_default="0", comment="unix milliseconds"),
        sa.Column("status", sa.Text, nullable=False, server_default="", comment="what the last attempt led to"),
        sa.PrimaryKeyConstraint("id", name="endpoints_pkey"),
    )


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("endpoint", sa.Uuid, nullable=False),
        sa.Column("xid", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Uuid),
        sa.Column(
            "since", sa.BigInteger, nullable=False, comment="from when on its time is counted, unix milliseconds"
        ),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False, comment="unix milliseconds"),
        sa.Column("dead", sa.Boolean, nullable=False, comment="whether it was given up"),
        sa.PrimaryKeyConstraint("endpoint", "xid", "number", name="deliveries_pkey"),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name="deliveries_endpoint_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["xid", "number"],
            ["events.xid", "events.number"],
            name="deliveries_xid_number_fkey",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
    )
    op.create_index("deliveries_xid_number_idx", "deliveries", ["xid", "number"])
    for column in ("person", "next_at"):
        op.create_index(
            f"deliveries_{column}_idx", "deliveries", ["endpoint", column], postgresql_where=sa.text("NOT dead")
        )
