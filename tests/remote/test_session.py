from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remote import session
from remote.session import (
    Claim,
    End,
    Enter,
    GiveBack,
    Hold,
    Invite,
    Leave,
    Offer,
    Pass,
    PickUp,
    Refusal,
    Say,
    Session,
    Wrap,
    step,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "session.json").read_text())
KINDS: dict[str, Any] = {
    "offer": Offer, "pass": Pass, "claim": Claim, "pick_up": PickUp, "give_back": GiveBack, "hold": Hold,
    "invite": Invite, "enter": Enter, "leave": Leave, "say": Say, "end": End, "wrap": Wrap,
}  # fmt: skip


def of(row: dict[str, Any]) -> Session:
    lists = {"passed": tuple(row.get("passed", ())), "guests": tuple(tuple(one) for one in row.get("guests", ()))}
    return Session(**{**row, **lists})


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vector(case: dict[str, Any]) -> None:
    signal = dict(case["signal"])
    times = signal.pop("times", 1)
    if "text" in signal:
        signal["text"] *= times
    after = step(of(case["session"]), KINDS[signal.pop("type")](**signal))
    assert after == (Refusal(case["refusal"]) if "refusal" in case else of(case["after"]))


def test_notes_stay_among_agents() -> None:
    assert [session.heard_by_village(kind) for kind in session.KINDS] == [True, True, False]


def test_whoever_can_follow_a_talk_is_shown_in_it() -> None:
    modes = (session.ASKED, *session.MODES, session.AWAY)
    assert [session.shown_to_village(mode) for mode in modes] == [False, True, True, True, False]


AGENTS = st.sampled_from(["a", "b", "c"])
SIGNALS = st.one_of(
    st.builds(Offer, AGENTS, st.booleans()),
    st.builds(Pass, AGENTS, st.booleans()),
    st.builds(Claim, AGENTS),
    st.builds(PickUp),
    st.builds(GiveBack, st.none() | AGENTS, st.none() | AGENTS),
    st.builds(Hold, AGENTS, st.booleans()),
    st.builds(Invite, AGENTS, AGENTS),
    st.builds(Enter, AGENTS, st.sampled_from([*session.MODES, "away", "spy"]), st.booleans()),
    st.builds(Leave, AGENTS, st.none() | AGENTS),
    st.builds(Say, st.none() | AGENTS, st.sampled_from([*session.KINDS, "video"]), st.sampled_from(["x", " ", ""])),
    st.builds(End, st.none() | AGENTS),
    st.builds(Wrap, AGENTS),
)


@given(st.sampled_from([Session(), Session(state=session.RINGING, agent="a")]), st.lists(SIGNALS, max_size=40))
def test_no_order_of_signals_breaks_the_session(now: Session, signals: list[session.Signal]) -> None:
    away: set[str] = set()
    for signal in signals:
        after = step(now, signal)
        if isinstance(after, Refusal):
            continue
        assert now.state != session.ENDED or isinstance(signal, Wrap)
        assert (after.state in (session.ACTIVE, session.RINGING)) <= (after.agent is not None)
        assert after.state != session.WAITING or after.agent is None
        assert after.offered is None or (after.state == session.WAITING and after.offered not in after.passed)
        assert not after.held or after.state == session.ACTIVE
        assert after.last_seq - now.last_seq == isinstance(signal, Say)
        people = [person for person, _ in after.guests]
        assert len(people) == len(set(people)) and after.agent not in {
            p for p, mode in after.guests if mode != session.AWAY
        }
        if after.state != session.ENDED:
            assert away <= {person for person, mode in after.guests if mode == session.AWAY}
            away = {person for person, mode in after.guests if mode == session.AWAY}
        if isinstance(signal, Say) and signal.agent not in (None, now.agent):
            assert now.mode(signal.agent) in (session.WHISPER, session.JOIN)
        now = after
