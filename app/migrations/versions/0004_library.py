"""Long texts of the library"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "library_text",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("dated", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_library_text")),
    )
    with op.batch_alter_table("library_text", schema=None) as batch_op:
        batch_op.create_index("ix_library_text_newest", ["newest", "at"], unique=False)
        batch_op.create_index("ix_library_text_sha256", ["sha256"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("library_text", schema=None) as batch_op:
        batch_op.drop_index("ix_library_text_sha256")
        batch_op.drop_index("ix_library_text_newest")

    op.drop_table("library_text")
