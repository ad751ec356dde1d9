from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.desk import control as hands
from remote import consent, control
from tests.app.desk.conftest import End, call, new
from tests.app.desk.test_cobrowse import META, WHOLE, Recorder, allow, seen, talking  # noqa: F401  # fixture by name
from tests.app.desk.test_media import refused
from tests.app.village import Village
from tests.wire import Wire

Talking = tuple[End, End, str, Village]


@pytest.fixture
def acting(talking: Talking) -> tuple[End, End, str, Village, Recorder]:  # noqa: F811  # the fixture
    """An agent sees a village's page and may act on it."""
    village, agent, talk, device = talking
    page = seen(village, agent, talk)
    allow(village, agent, talk, "page_control")
    for end in (village, agent):
        assert end.next("page_hand")["n"] == 0
    return village, agent, talk, device, page


def press(agent: End, talk: str, n: int, **other: Any) -> None:
    agent.send(**{"type": "page_act", "talk": talk, "n": n, "verb": "press", "mark": "next", "node": 7} | other)


def rows(app: Flask, name: str) -> list[str]:
    with app.extensions["jjb_db"].read() as connection:
        found = connection.execute(text("SELECT body FROM ledger WHERE name = :name ORDER BY seq"), {"name": name})
        return [str(row.body) for row in found]


Acting = tuple[End, End, str, Village, Recorder]


def test_an_agent_acts_the_village_answers_and_the_ledger_has_it_without_what_was_filled_in(
    app: Flask, acting: Acting
) -> None:
    village, agent, talk, _, _ = acting
    press(agent, talk, 1, verb="fill", mark="note", value="材料下周补齐")
    told = village.next("page_act")
    assert (told["mark"], told["node"], told["value"]) == ("note", 7, "材料下周补齐")
    village.send(type="page_did", talk=talk, n=1, outcome="done")
    assert agent.next("page_did")["outcome"] == "done"
    press(agent, talk, 2)
    assert village.next("page_act")["mark"] == "next"
    village.send(type="page_did", talk=talk, n=2, outcome="refused", reason="hidden")
    assert agent.next("page_did")["reason"] == "hidden"
    filled, pressed = rows(app, "talk.act")
    assert '"mark":"备注"' in filled and '"done"' in filled and "材料" not in filled
    assert '"mark":"下一步"' in pressed and '"refused"' in pressed


def test_nobody_acts_without_consent_or_before_the_page_is_seen(
    app: Flask,
    talking: Talking,  # noqa: F811
    desk: Callable[..., End],
) -> None:
    village, agent, talk, _ = talking
    press(agent, talk, 1)
    assert refused(agent) == "page.hand"
    agent.send(type="ask", talk=talk, kind="page_control")
    assert refused(agent) == "page.consent"
    village.send(type="consent", talk=talk, kind="page_control", given=True)
    assert refused(village) == "page.consent"
    agent.send(type="consent", talk=talk, kind="page_control", given=True)  # an agent only stops
    assert refused(agent) == "talk.consent"
    seen(village, agent, talk)
    press(agent, talk, 1)
    assert refused(agent) == "page.hand"
    allow(village, agent, talk, "page_control")
    other = desk("agent2")
    press(other, talk, 1)
    assert refused(other) == "talk.not_yours"
    village.send(type="page_act", talk=talk, n=1, verb="press", mark="next")
    assert refused(village) == "talk.frame"
    assert any("page_control" in row for row in rows(app, "talk.refused"))
    assert rows(app, "talk.act") == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"mark": "submit"}, "page.act"),
        ({"mark": "constructor", "verb": "fill", "value": "x"}, "page.act"),
        ({"verb": "fill"}, "page.act"),
        ({"value": "x"}, "page.act"),
        ({"verb": "fill", "mark": "note", "value": "打 138 8888 0000"}, "page.act"),
        ({"verb": "eval"}, "talk.frame"),
        ({"mark": "a.b"}, "talk.frame"),
        ({"node": 0}, "talk.frame"),
        ({"n": 0}, "talk.frame"),
        ({"n": "1"}, "talk.frame"),
        ({"value": "x" * 301}, "talk.frame"),
        ({"script": "alert(1)"}, "talk.frame"),
    ],
)
def test_what_is_not_on_the_list_goes_nowhere_and_the_talk_goes_on(
    acting: Acting, wrong: dict[str, Any], code: str
) -> None:
    village, agent, talk, _, _ = acting
    press(agent, talk, **({"n": 1} | wrong))
    assert refused(agent) == code
    press(agent, talk, 2)
    assert village.next("page_act")["n"] == 2


def test_an_act_sent_again_or_out_of_order_counts_once(acting: Acting) -> None:
    village, agent, talk, _, _ = acting
    for n, code in ((5, ""), (5, "page.act"), (6, "page.act"), (4, "page.act")):  # again, too soon, late
        press(agent, talk, n)
        if code:
            assert refused(agent) == code
    assert village.next("page_act")["n"] == 5
    village.send(type="page_did", talk=talk, n=5, outcome="done")
    village.send(type="page_did", talk=talk, n=5, outcome="refused", reason="mark")  # said before
    agent.next("page_did")
    press(agent, talk, 6)
    assert village.next("page_act")["n"] == 6


def test_the_guides_pause_holds_at_the_centre_until_he_lets_go(acting: Acting) -> None:
    village, agent, talk, _, _ = acting
    village.send(type="page_hold", talk=talk, on=True)
    assert agent.next("page_hand")["paused"] is True
    press(agent, talk, 1)
    assert refused(agent) == "page.held"
    village.send(type="page_hold", talk=talk, on=False)
    assert agent.next("page_hand")["paused"] is False
    press(agent, talk, 1)
    assert village.next("page_act")["n"] == 1


@pytest.mark.parametrize(("kind", "by"), [("page_control", 0), ("page_control", 1), ("page", 0), ("page", 1)])
def test_either_end_stops_it_alone_or_with_the_page_also_in_the_middle_of_an_act(
    app: Flask, acting: Acting, kind: str, by: int
) -> None:
    village, agent, talk, _, _ = acting
    press(agent, talk, 1)
    village.next("page_act")
    acting[by].send(type="consent", talk=talk, kind=kind, given=False)
    for end in (village, agent):
        ended = end.until(lambda frame: frame["type"] == "consent" and frame["kind"] == "page_control")[-1]
        assert ended["given"] is False
    press(agent, talk, 2)
    assert refused(agent) == "page.hand"
    assert '"unanswered"' in rows(app, "talk.act")[-1]
    if kind == "page_control":  # the page is still seen
        agent.send(type="page_point", talk=talk, kind="frame", node=2)
        assert village.next("page_point")["node"] == 2


def test_ten_minutes_later_nothing_passes_and_both_ends_hear_it(
    app: Flask, acting: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    village, agent, talk, _, _ = acting
    assert consent.LONGEST_S["page_control"] == 600
    monkeypatch.setitem(consent.LONGEST_S, "page_control", 0)
    allow(village, agent, talk, "page_control")
    press(agent, talk, 1)
    assert refused(agent) == "page.hand"
    allow(village, agent, talk, "page_control")
    with app.app_context():
        hands.sweep()
    assert agent.next("consent")["given"] is False
    assert app.extensions["jjb_hands"].held == {}


def test_after_a_cut_it_goes_on_where_it_was_and_never_longer_than_granted(
    wire: Wire,
    acting: Acting,
    desk: Callable[..., End],
) -> None:
    village, agent, talk, device, page = acting
    press(agent, talk, 3)
    village.next("page_act")
    village.ws.close()
    agent.next("away")
    press(agent, talk, 4)
    assert refused(agent) == "page.act"  # nothing is kept for a village that is away
    again = call(wire, device, talk)
    fresh = Recorder(again, talk)
    again.send(type="page", talk=talk, stream=fresh.stream, was=page.stream)
    hand = again.next("page_hand")
    assert (hand["paused"], hand["n"]) == (False, 3) and 0 < hand["left_s"] < 600
    fresh.tell(META, WHOLE)
    second = desk()  # the agent's own page was opened anew
    second.send(type="see", talk=talk)
    assert second.next("page_hand")["n"] == 3
    again.send(type="page_did", talk=talk, n=3, outcome="done")
    press(second, talk, 4)
    assert again.next("page_act")["n"] == 4


def test_a_reload_of_the_village_ends_it(app: Flask, wire: Wire, acting: Acting) -> None:
    village, agent, talk, device, _ = acting
    village.ws.close()
    again = call(wire, device, talk)
    again.send(type="page", talk=talk, stream=new())
    assert refused(again) == "page.consent"
    press(agent, talk, 1)
    assert refused(agent) == "page.hand"
    assert not app.extensions["jjb_grants"].allows(talk, "page_control", "agent")


def test_an_act_that_the_village_never_answers_is_in_the_ledger_as_that(
    app: Flask, acting: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    village, agent, talk, _, _ = acting
    press(agent, talk, 1)
    village.next("page_act")
    monkeypatch.setattr(control, "ANSWER_S", 0.0)
    press(agent, talk, 2)
    village.next("page_act")
    assert '"unanswered"' in rows(app, "talk.act")[-1]
