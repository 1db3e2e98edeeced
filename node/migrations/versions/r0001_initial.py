"""The first tables: studies with their instances, refusals, jobs, results, deliveries and events."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("refusal", "study", "event", "job", "result", "series", "delivery", "instance")


def upgrade() -> None:
    """Apply."""
    _refusal()
    _study()
    _event()
    _job()
    _result()
    _series()
    _delivery()
    _instance()


def downgrade() -> None:
    """Take back."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _text(name: str, length: int | None = None, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _of(table: str) -> sa.Column[int]:
    parent = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(f"{table}_id", sa.Integer(), parent, nullable=False, index=True)


def _refusal() -> None:
    op.create_table(
        "refusal",
        _key(),
        _text("sop_instance_uid", 64, nullable=True),
        _text("calling_ae", 16),
        _number("status"),
        _text("reason"),
        _text("path", nullable=True),
        _now("at"),
    )


def _study() -> None:
    op.create_table(
        "study",
        _key(),
        _text("study_instance_uid", 64),
        sa.Column("patient_key", sa.String(64), index=True),
        sa.Column("study_date", sa.Date()),
        _number("revision"),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        _text("reason", nullable=True),
        _now("received_at"),
        _now("last_instance_at"),
        _time("complete_after"),
        sa.UniqueConstraint("study_instance_uid"),
    )


def _event() -> None:
    op.create_table(
        "event", _key(), _of("study"), _number("revision"), _text("name", 32), _json("detail"), _now("at")
    )


def _job() -> None:
    op.create_table(
        "job",
        _key(),
        _of("study"),
        _number("revision"),
        _text("kind", 16),
        _text("target", 64),
        _text("state", 16),
        _number("priority"),
        _number("attempts"),
        _now("run_after"),
        _time("lease_until"),
        _text("worker", 64, nullable=True),
        _text("error", nullable=True),
        _now("clock"),
        _json("progress"),
        sa.UniqueConstraint("study_id", "revision", "kind", "target"),
        sa.CheckConstraint("state IN ('queued','running','succeeded','failed')", name="job_state"),
    )
    op.create_index("job_claim", "job", ["kind", "state", "priority", "id"])


def _result() -> None:
    op.create_table(
        "result",
        _key(),
        _of("study"),
        _number("revision"),
        _text("kind", 24),
        _text("sop_class_uid", 64),
        _text("sop_instance_uid", 64),
        _text("path"),
        _json("summary"),
        _now("created_at"),
        sa.UniqueConstraint("sop_instance_uid"),
    )


def _series() -> None:
    op.create_table(
        "series",
        _key(),
        _of("study"),
        _text("series_instance_uid", 64),
        _text("modality", 16),
        sa.UniqueConstraint("study_id", "series_instance_uid"),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        _key(),
        _of("result"),
        sa.Column("destination", sa.String(64), nullable=False, index=True),
        _text("state", 16),
        _text("error", nullable=True),
        _time("delivered_at"),
        sa.UniqueConstraint("result_id", "destination"),
    )


def _instance() -> None:
    op.create_table(
        "instance",
        _key(),
        _of("series"),
        _text("sop_instance_uid", 64),
        _text("sop_class_uid", 64),
        _text("transfer_syntax_uid", 64),
        _text("sha256", 64),
        _number("size"),
        _text("path"),
        _text("calling_ae", 16),
        _now("received_at"),
        sa.UniqueConstraint("sop_instance_uid"),
    )
