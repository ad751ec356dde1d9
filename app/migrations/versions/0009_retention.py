"""How long personal data stay: runs, holds, and what was wiped when"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("dry", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_index("ix_retention_run_started_at", "retention_run", ["started_at"], unique=False)
    op.create_table(
        "retention_hold",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_retention_hold")),
    )
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("village_wiped_at", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("wiped_at", sa.Text(), nullable=True))
    with op.batch_alter_table("talk", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wiped_at", sa.Text(), nullable=True))
    with op.batch_alter_table("downlink", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner", sa.Text(), server_default="", nullable=False))
        batch_op.create_index("ix_downlink_owner", ["owner"], unique=False)
    _give_owners()
    op.execute(sa.text("UPDATE rectification SET note = ''"))  # it stands sealed in the ledger; nobody read it here


def _give_owners() -> None:
    """Messages already queued belong to the case they are about, so that they go with it."""
    connection = op.get_bind()
    downlink = sa.table("downlink", sa.column("cursor"), sa.column("body"), sa.column("owner"))
    for cursor, body in connection.execute(sa.select(downlink.c.cursor, downlink.c.body)).all():
        owner = str(json.loads(body).get("case_no", ""))
        connection.execute(sa.update(downlink).where(downlink.c.cursor == cursor).values(owner=owner))


def downgrade() -> None:
    with op.batch_alter_table("downlink", schema=None) as batch_op:
        batch_op.drop_index("ix_downlink_owner")
        batch_op.drop_column("owner")
    with op.batch_alter_table("talk", schema=None) as batch_op:
        batch_op.drop_column("wiped_at")
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.drop_column("wiped_at")
        batch_op.drop_column("village_wiped_at")
    op.drop_table("retention_hold")
    op.drop_table("retention_run")
