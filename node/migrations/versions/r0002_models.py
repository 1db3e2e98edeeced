"""The site's own models, who changed which is in use, and what shadow models answered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("model", "model_event", "shadow")


def upgrade() -> None:
    """Apply."""
    _model()
    _model_event()
    _shadow()


def downgrade() -> None:
    """Take back."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _text(name: str, length: int, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, index=index)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _model() -> None:
    op.create_table(
        "model",
        _key(),
        _text("name", 64),
        _text("version", 64),
        _text("kind", 16),
        _text("digest", 64),
        _text("sha256", 64),
        _text("state", 16),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        _now("added_at"),
        sa.Column("activated_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("name", "version"),
        sa.CheckConstraint("state IN ('active','shadow','candidate','retired')", name="model_state"),
    )
    active = sa.text("state = 'active'")
    op.create_index(
        "model_active", "model", ["name"], unique=True, sqlite_where=active, postgresql_where=active
    )


def _model_event() -> None:
    op.create_table(
        "model_event",
        _key(),
        _text("name", 64, index=True),
        _text("version", 64),
        _text("digest", 64),
        _text("action", 16),
        _text("who", 128),
        _now("at"),
    )


def _shadow() -> None:
    study = sa.ForeignKey("study.id", ondelete="CASCADE")
    op.create_table(
        "shadow",
        _key(),
        sa.Column("study_id", sa.Integer(), study, nullable=False, index=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        _text("name", 64, index=True),
        _text("version", 64),
        _text("digest", 64),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("active", sa.JSON(), nullable=False),
        _now("at"),
        sa.UniqueConstraint("study_id", "revision", "name", "digest"),
    )
