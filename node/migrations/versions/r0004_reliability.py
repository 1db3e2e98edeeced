"""What a node that is left alone has to remember: priorities, completeness, commitments, retrievals."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "study": (
        ("priority", "Integer"),
        ("incomplete", "String"),
        ("opened_at", "DateTime"),
        ("checked_at", "DateTime"),
    ),
    "series": (("description", "String"),),
    "job": (("rank", "DateTime"), ("cause", "String"), ("rung", "Integer")),
    "delivery": (("transaction_uid", "String"), ("sent_at", "DateTime"), ("confirmed_by", "String")),
}
NUMBERED = {("study", "priority"), ("job", "rung")}  #: never null, 0 at first


def upgrade() -> None:
    """Apply."""
    for table, columns in COLUMNS.items():
        for name, kind in columns:
            op.add_column(table, _column(table, name, kind))
    op.execute("UPDATE job SET rank = clock")
    op.execute("UPDATE study SET opened_at = received_at")
    op.create_index("delivery_transaction", "delivery", ["transaction_uid"])
    op.drop_index("job_claim", "job")
    op.create_index("job_claim", "job", ["kind", "state", "rank", "id"])
    _commitment()
    _retrieval()


def downgrade() -> None:
    """Take back."""
    op.drop_table("retrieval")
    op.drop_table("commitment")
    op.drop_index("job_claim", "job")
    op.create_index("job_claim", "job", ["kind", "state", "priority", "id"])
    op.drop_index("delivery_transaction", "delivery")
    for table, columns in COLUMNS.items():
        for name, _ in columns:
            op.drop_column(table, name)


def _column(table: str, name: str, kind: str) -> sa.Column[object]:
    if (table, name) in NUMBERED:
        return sa.Column(name, sa.Integer(), nullable=False, server_default="0")
    return sa.Column(name, _time() if kind == "DateTime" else getattr(sa, kind)())


def _time() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, _time(), server_default=sa.func.now(), nullable=False)


def _commitment() -> None:
    op.create_table(
        "commitment",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("transaction_uid", sa.String(64), nullable=False),
        sa.Column("calling_ae", sa.String(16), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _now("run_after"),
        sa.Column("error", sa.String()),
        _now("at"),
        sa.UniqueConstraint("transaction_uid", "calling_ae"),
    )


def _retrieval() -> None:
    op.create_table(
        "retrieval",
        sa.Column("id", sa.Integer(), primary_key=True),
        _study(),
        sa.Column("modality", sa.String(16), nullable=False),
        sa.Column("source", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _now("run_after"),
        sa.Column("error", sa.String()),
        _now("at"),
        sa.UniqueConstraint("study_id", "modality"),
    )


def _study() -> sa.Column[int]:
    key = sa.ForeignKey("study.id", ondelete="CASCADE")
    return sa.Column("study_id", sa.Integer(), key, nullable=False, index=True)
