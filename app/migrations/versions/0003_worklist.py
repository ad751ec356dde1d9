"""Departments, terms and owed materials of cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXTS = ("changed_by", "department", "promised", "handler", "handler_name", "result", "person_mark", "twin", "follow")


def upgrade() -> None:
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("missing", sa.Text(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("due", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("owed_due", sa.Text(), nullable=True))
        for name in TEXTS:
            batch_op.add_column(sa.Column(name, sa.Text(), server_default="", nullable=False))
        batch_op.create_index("ix_case_file_state", ["state", "due"], unique=False)
        batch_op.create_index("ix_case_file_department", ["department", "state", "due"], unique=False)
        batch_op.create_index("ix_case_file_person_mark", ["person_mark", "item"], unique=False)
    op.create_table(
        "case_owed",
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case_no", "name", name=op.f("pk_case_owed")),
    )
    op.create_table(
        "case_desk",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", "department", name=op.f("pk_case_desk")),
    )


def downgrade() -> None:
    op.drop_table("case_desk")
    op.drop_table("case_owed")
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        for name in ("person_mark", "department", "state"):
            batch_op.drop_index(f"ix_case_file_{name}")
        for name in ("version", "missing", "due", "owed_due", *TEXTS):
            batch_op.drop_column(name)
