"""Clinical variables that a site has given for its patients."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "clinical",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("patient_key", sa.String(64), nullable=False, unique=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("clinical")
