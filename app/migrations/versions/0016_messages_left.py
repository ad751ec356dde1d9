"""What villages left when nobody took their call, and how each is called back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("point", "point_name", "region", "device", "item")),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("why", "language", "sealed_text", "day", "part")),
        sa.Column("state", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("agent", "agent_name")),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("talk", sa.Text(), nullable=True),
        *(sa.Column(n, sa.Text(), nullable=False) for n in ("due_from", "due_until", "left_at", "received_at")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("closed_at", "wiped_at")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_message_state", "message", ["state", "due_from"])
    op.create_index("ix_message_point", "message", ["point"])
    op.create_index("ix_message_talk", "message", ["talk"])


def downgrade() -> None:
    op.drop_table("message")
