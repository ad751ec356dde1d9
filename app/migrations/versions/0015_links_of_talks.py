"""How the links of talks were: samples that either end told, one line for each talk"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _number(name: str, *, known: bool = True) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=not known)


def _text(name: str, *, primary_key: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False, primary_key=primary_key)


def upgrade() -> None:
    op.create_table(
        "talk_sample",
        *(_text("talk"), _text("side"), _number("n"), _text("client_id"), _text("at")),
        *(_number("span_s"), _number("rung"), _text("reason"), _number("rtt_ms", known=False), _number("loss")),
        *(_number("up"), _number("down"), _number("connect_ms", known=False), _number("voice_ms", known=False)),
        *(_number("drops"), _number("backs"), _number("back_ms")),
        sa.PrimaryKeyConstraint("talk", "side", "n"),
    )
    op.create_table(
        "talk_link",
        *(_text("talk", primary_key=True), _text("point"), _text("device"), _text("received_at")),
        *(_number("best"), _number("worst"), _text("why"), _number("changes")),
        *(_number("connect_ms", known=False), _number("voice_ms", known=False)),
        *(_number("drops"), _number("backs"), _number("back_ms"), _number("rtt_ms", known=False), _number("loss")),
        *(_number("up"), _number("down"), _number("seconds")),
    )
    with op.batch_alter_table("talk_link", schema=None) as batch_op:
        batch_op.create_index("ix_talk_link_received_at", ["received_at"], unique=False)


def downgrade() -> None:
    op.drop_table("talk_link")
    op.drop_table("talk_sample")
