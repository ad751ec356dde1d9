"""Call-back, re-rating and review of low ratings; cases by the time they came"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rectification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("contact_due", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("disputed_by", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("again", sa.Integer(), nullable=True))
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.create_index("ix_case_file_received_at", ["received_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.drop_index("ix_case_file_received_at")
    with op.batch_alter_table("rectification", schema=None) as batch_op:
        for name in ("again", "disputed_by", "contact_due"):
            batch_op.drop_column(name)
