"""Let the steps of a request be forgotten together with it, once it was answered or refused."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Refuse to delete only the steps of a request that still waits."""
    op.execute("DROP TRIGGER request_steps_append_only ON request_steps")
    op.execute(
        "CREATE TRIGGER request_steps_never_all BEFORE TRUNCATE ON request_steps "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )
    op.execute(
        "CREATE FUNCTION request_steps_while_it_waits() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN "
        "IF EXISTS (SELECT FROM requests WHERE id = OLD.request AND state IN ('open', 'extended')) THEN "
        "RAISE EXCEPTION 'the steps of a request that waits are kept'; "
        "END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER request_steps_kept_while_it_waits BEFORE DELETE ON request_steps "
        "FOR EACH ROW EXECUTE FUNCTION request_steps_while_it_waits()"
    )
