"""The life of a call: whom it rings at, who else takes part, how it was wrapped up; what agents say of themselves"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _talk() -> tuple[sa.Column, ...]:
    return (
        sa.Column("language", sa.Text(), nullable=False, server_default=""),
        sa.Column("department", sa.Text(), nullable=False, server_default=""),
        sa.Column("queued_at", sa.Text(), nullable=True),
        sa.Column("offered", sa.Text(), nullable=True),
        sa.Column("offered_at", sa.Text(), nullable=True),
        sa.Column("passed", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("guests", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("wrapped_at", sa.Text(), nullable=True),
        sa.Column("wrap_note", sa.Text(), nullable=True),
    )


def _seat() -> tuple[sa.Column, ...]:
    return (
        sa.Column("region", sa.Text(), nullable=False, server_default=""),
        sa.Column("role", sa.Text(), nullable=False, server_default="agent"),
        sa.Column("state", sa.Text(), nullable=False, server_default="free"),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.Column("languages", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("departments", sa.Text(), nullable=False, server_default="[]"),
    )


def upgrade() -> None:
    with op.batch_alter_table("talk", schema=None) as batch_op:
        for column in _talk():
            batch_op.add_column(column)
        batch_op.create_index("ix_talk_agent", ["agent", "state", "ended_at"], unique=False)
    with op.batch_alter_table("presence", schema=None) as batch_op:
        for column in _seat():
            batch_op.add_column(column)
    # What ended before there were wrap-ups owes none.
    op.execute("UPDATE talk SET wrapped_at = ended_at WHERE state = 'ended'")
    op.execute("UPDATE talk SET queued_at = opened_at")


def downgrade() -> None:
    with op.batch_alter_table("presence", schema=None) as batch_op:
        for column in _seat():
            batch_op.drop_column(column.name)
    with op.batch_alter_table("talk", schema=None) as batch_op:
        batch_op.drop_index("ix_talk_agent")
        for column in _talk():
            batch_op.drop_column(column.name)
