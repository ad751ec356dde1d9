"""Files of cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_attachment",
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("material", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_no", "position", name=op.f("pk_case_attachment")),
    )
    op.create_table(
        "case_blob",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("point", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("arrived", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=True),
        sa.Column("stored_at", sa.Text(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_blob")),
        sa.UniqueConstraint("case_no", "sha256", name="uq_case_blob_content"),
    )
    op.create_index("ix_case_blob_device", "case_blob", ["device", "stored_at"])


def downgrade() -> None:
    op.drop_index("ix_case_blob_device", table_name="case_blob")
    op.drop_table("case_blob")
    op.drop_table("case_attachment")
