from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import EVENTS
from app.oversight import rules

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FRESH = NOW - timedelta(minutes=5)


def state(**changed: object) -> rules.State:
    values: dict[str, object] = {"devices": 1, "last_contact": FRESH, "release": 2, "waiting": 0, "refused": 0}
    return rules.State(**{**values, **changed})  # type: ignore[arg-type]


def words(given_state: rules.State) -> list[str]:
    return [mark.word for mark in rules.marks(given_state, newest=2, silent_hours=24, now=NOW)]


def test_a_healthy_point_says_so_in_one_word() -> None:
    assert words(state()) == ["正常"]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"devices": 0, "last_contact": None}, "还没有设备"),
        ({"last_contact": None}, "登记后还没联系过"),
        ({"last_contact": NOW - timedelta(hours=25)}, "超过 24 小时没联系"),
        ({"release": 0}, "还没有知识"),
        ({"release": 1}, "知识落后 1 版"),
        ({"waiting": 3}, "3 条待传"),
        ({"refused": 2}, "2 条需处理"),
        ({"disk_free": 1024}, "磁盘快满了"),
        ({"clock_skew_s": -900}, "电脑时间差 15 分钟"),
        ({"answers_agree": False}, "答案与中心不一致"),
    ],
)
def test_each_trouble_has_its_own_words(changed: dict[str, object], word: str) -> None:
    assert words(state(**changed)) == [word]


def test_silence_starts_after_the_hours_not_at_them() -> None:
    assert words(state(last_contact=NOW - timedelta(hours=24))) == ["正常"]


def test_the_gravest_trouble_comes_first() -> None:
    found = rules.marks(state(waiting=1, release=1, refused=1), newest=2, silent_hours=24, now=NOW)
    assert [mark.level for mark in found] == ["bad", "warn", "warn"]


def test_a_point_is_as_old_as_its_oldest_knowledge_and_as_fresh_as_its_latest_contact() -> None:
    old = NOW - timedelta(days=3)
    both = rules.together([state(release=1, last_contact=old, waiting=2), state(release=2, waiting=1)])
    assert (both.devices, both.release, both.last_contact, both.waiting) == (2, 1, FRESH, 3)


def test_a_device_never_heard_does_not_hide_one_that_works() -> None:
    both = rules.together([state(), state(last_contact=None, release=0)])
    assert (both.devices, both.release, both.last_contact) == (2, 2, FRESH)


@pytest.mark.parametrize(
    ("each", "both"), [((True, None), True), ((True, False), False), ((None, False), False), ((None, None), None)]
)
def test_a_point_answers_as_the_centre_does_when_no_device_differs(
    each: tuple[bool | None, ...], both: bool | None
) -> None:
    assert rules.together([state(answers_agree=one) for one in each]).answers_agree is both


def test_no_devices_together_are_a_point_without_devices() -> None:
    assert words(rules.together([])) == ["还没有设备"]


TODAY = date(2026, 11, 23)


def test_without_days_the_last_week_is_shown() -> None:
    assert rules.span(None, None, TODAY) == rules.Span(date(2026, 11, 17), TODAY)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-13-01", None, "日期要写成"),
        ("gestern", None, "日期要写成"),
        (None, "2026-02-30", "日期要写成"),
        ("2026-11-23", "2026-11-22", "不能晚于"),
        ("2024-01-01", "2026-01-01", "一次最多看"),
    ],
)
def test_days_that_make_no_sense_are_refused_in_words(first: str | None, last: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rules.span(first, last, TODAY)


@given(st.one_of(st.none(), st.text(max_size=12)), st.integers(0, 10_000))
def test_every_page_asked_for_leads_to_a_page_of_the_list(asked: str | None, total: int) -> None:
    page = rules.pages(asked, total)
    assert 1 <= page.number <= page.count
    assert page.offset == 0 or page.offset < total


@given(st.integers(1, 500))
def test_pages_cover_every_row_once(total: int) -> None:
    count = rules.Pages(1, total).count
    shown = [
        row for n in range(1, count + 1) for row in range(rules.pages(str(n), total).offset, total)[: rules.PAGE_SIZE]
    ]
    assert shown == list(range(total))


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@SUM(A1)", "\tx"])
def test_a_cell_never_runs_as_a_formula(text: str) -> None:
    assert rules.cell(text) == "'" + text


def test_ordinary_cells_stay_as_they_are() -> None:
    assert [rules.cell(value) for value in ("身份证", 12, None, "")] == ["身份证", "12", "", ""]


def test_every_event_and_field_of_the_ledger_has_words() -> None:
    assert {name for name in EVENTS if name not in rules.WORDS} == set()
    fields = {field for kind in EVENTS.values() for field in kind.body.__struct_fields__}
    assert fields - set(rules.FIELD_WORDS) == set()


def test_an_unknown_event_still_gets_a_sentence() -> None:
    assert rules.word_of("future.thing") == "其他记录（future.thing）"


@pytest.mark.parametrize(
    ("last", "outcome", "word"),
    [
        ("talk.opened", "", "等待接听"),
        ("talk.returned", "", "等待接听"),
        ("talk.claimed", "", "通话中"),
        ("talk.ended", "later", "稍后回复"),
        ("talk.ended", "??", "已结束"),
    ],
)
def test_a_call_stands_where_its_last_event_left_it(last: str, outcome: str, word: str) -> None:
    assert rules.talk_state(last, outcome) == word


def test_waiting_is_told_in_words() -> None:
    said = [
        rules.lasted(NOW, claimed) for claimed in (None, NOW, NOW + timedelta(seconds=119), NOW + timedelta(minutes=3))
    ]
    assert said == ["没有接起", "0 秒", "119 秒", "3 分钟"]


def test_sealed_fields_are_never_shown() -> None:
    shown = dict(rules.shown_body({"text": "c2VjcmV0", "level": 2, "reasons": [], "ok": True}, ("text",)))
    assert shown == {"文字": "已加密", "等级": "2", "原因": "无", "ok": "是"}
