"""Gaps: what the villages asked and nobody could answer comes to the editors, and only that."""

from __future__ import annotations

import pytest
from flask import Flask

from app.knowledge import gaps
from tests.app.village import Village


@pytest.mark.parametrize(
    ("decision", "more", "kept"),
    [
        ("handoff", {}, True),
        ("clarify", {}, True),
        ("clarify", {"picked": "id-card"}, False),
        ("answer", {}, False),
        ("redirect", {}, False),
        ("answer", {"declined": True}, True),
        ("redirect", {"declined": True}, True),
    ],
)
def test_a_question_is_a_gap_when_nothing_offered_was_right(
    app: Flask, decision: str, more: dict[str, object], kept: bool
) -> None:
    village = Village(app)
    asked = village.question("那个蓝本本要盖章在哪里", decision)
    asked["body"] |= more
    assert village.round(asked).json["verdicts"][0]["verdict"] == "accepted"
    with app.extensions["jjb_db"].read() as connection:
        assert [row.text for row in gaps.open_gaps(connection)] == ["那个蓝本本要盖章在哪里"] * kept
