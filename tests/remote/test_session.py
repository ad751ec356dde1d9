from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remote import session
from remote.session import Claim, End, GiveBack, Refusal, Say, Session, step

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "session.json").read_text())
KINDS: dict[str, Any] = {"claim": Claim, "give_back": GiveBack, "say": Say, "end": End}


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vector(case: dict[str, Any]) -> None:
    signal = dict(case["signal"])
    signal["text"] = signal["text"] * signal.pop("times", 1) if "text" in signal else None
    kind = KINDS[signal.pop("type")]
    after = step(
        Session(**case["session"]), kind(**{name: v for name, v in signal.items() if name != "text" or v is not None})
    )
    if "refusal" in case:
        assert after == Refusal(case["refusal"])
    else:
        assert after == Session(**case["after"])


def test_notes_stay_among_agents() -> None:
    assert [session.heard_by_village(kind) for kind in session.KINDS] == [True, True, False]


AGENTS = st.sampled_from(["a", "b"])
SIGNALS = st.one_of(
    st.builds(Claim, AGENTS),
    st.builds(GiveBack, st.none() | AGENTS),
    st.builds(Say, st.none() | AGENTS, st.sampled_from([*session.KINDS, "video"]), st.sampled_from(["x", " ", ""])),
    st.builds(End, st.none() | AGENTS),
)


@given(st.lists(SIGNALS, max_size=40))
def test_no_order_of_signals_breaks_the_session(signals: list[session.Signal]) -> None:
    now = Session()
    for signal in signals:
        after = step(now, signal)
        if isinstance(after, Refusal):
            continue
        assert now.state != session.ENDED
        assert (after.state == session.ACTIVE) <= (after.agent is not None)
        assert after.state != session.WAITING or after.agent is None
        assert after.last_seq - now.last_seq == isinstance(signal, Say)
        speaker = getattr(signal, "agent", None)
        assert isinstance(signal, Claim) or speaker in (None, now.agent)
        now = after
